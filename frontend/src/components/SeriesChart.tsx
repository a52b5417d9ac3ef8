import "@patternfly/patternfly/patternfly-charts.css";

import { getResizeObserver } from "@patternfly/react-core";
import {
  Chart,
  ChartAxis,
  ChartBar,
  ChartLegend,
  ChartLine,
  ChartStack,
  ChartVoronoiContainer,
} from "@patternfly/react-charts/victory";
import { chart_color_black_500 } from "@patternfly/react-tokens/dist/esm/chart_color_black_500";
import { chart_color_blue_300 } from "@patternfly/react-tokens/dist/esm/chart_color_blue_300";
import { chart_color_red_orange_400 } from "@patternfly/react-tokens/dist/esm/chart_color_red_orange_400";
import { chart_color_teal_300 } from "@patternfly/react-tokens/dist/esm/chart_color_teal_300";
import { useEffect, useRef, useState } from "react";

import type { Tone } from "../lib/series";

export interface ChartPart {
  name: string;
  tone: Tone;
  /** One value for each label. */
  values: readonly number[];
}

interface SeriesChartProps {
  /** What the chart shows, in one sentence, for those who don't see it. */
  title: string;
  labels: readonly string[];
  parts: readonly ChartPart[];
  /** What the bars are compared with: a line, which may end earlier. */
  line?: { name: string; values: readonly number[] };
  /** Which bar is pointed out. */
  marked: number | null;
  /** A bar was clicked. */
  onMark: (index: number) => void;
  height: number;
  formatValue: (value: number) => string;
  /** Whether there are no values between 1 and 2. */
  isWhole: boolean;
}

/** Below this there is no room for bars beside the axis. */
const SMALLEST_WIDTH = 200;
const PADDING = { top: 20, bottom: 60, left: 60, right: 36 };
const COLORS: Record<Tone, string> = {
  main: chart_color_blue_300.var,
  second: chart_color_teal_300.var,
  bad: chart_color_red_orange_400.var,
};
/** What is not the main thing is hatched, so that it differs from it by more than its colour. */
const FILLS: Record<Tone, string> = { main: COLORS.main, second: "url(#hatched-second)", bad: "url(#hatched-bad)" };
const LINE = chart_color_black_500.var;
const TICK_WIDTH = 70;

/** Stacked bars over time. The only place that knows the charting library; always shown with a table of the same figures. */
export function SeriesChart({ title, labels, parts, line, marked, onMark, height, formatValue, isWhole }: SeriesChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(SMALLEST_WIDTH);

  useEffect(() => {
    const measure = () => box.current && setWidth(Math.max(SMALLEST_WIDTH, box.current.clientWidth));
    measure();
    return getResizeObserver(box.current!, measure);
  }, []);

  const space = width - PADDING.left - PADDING.right;
  // As many labels as fit without touching each other, and always the last.
  const every = Math.max(1, Math.ceil(labels.length / Math.max(1, Math.floor(space / TICK_WIDTH))));
  const ticks = labels.map((_, index) => index).filter((index) => (labels.length - 1 - index) % every === 0);
  const sums = labels.map((_, index) => parts.reduce((sum, part) => sum + (part.values[index] ?? 0), 0));
  const largest = Math.max(0, ...sums, ...(line?.values ?? []));
  const mark = (x: number) => {
    const place = x - box.current!.getBoundingClientRect().left - PADDING.left;
    if (place >= 0 && place < space) onMark(Math.floor((place / space) * labels.length));
  };
  const legend = [
    ...parts.map(({ name, tone }) => ({ name, symbol: { fill: FILLS[tone] } })),
    ...(line ? [{ name: line.name, symbol: { fill: LINE, type: "minus" } }] : []),
  ];

  return (
    // With the keyboard the chart is read by what is around it.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions
    <div ref={box} className="series-chart" onClick={(event) => mark(event.clientX)}>
      <Hatches />
      <Chart
        ariaTitle={title}
        ariaDesc={title}
        name="series"
        width={width}
        height={height}
        padding={PADDING}
        domain={{ x: [-0.5, labels.length - 0.5], y: [0, largest || 1] }}
        containerComponent={
          <ChartVoronoiContainer
            constrainToVisibleArea
            voronoiDimension="x"
            labels={({ datum }: { datum: { y: number; bucket: string; part: string } }) =>
              `${datum.bucket} · ${datum.part}: ${formatValue(datum.y)}`
            }
          />
        }
        legendComponent={<ChartLegend data={legend} />}
        legendPosition="bottom"
      >
        <ChartAxis tickValues={ticks} tickFormat={(index: number) => labels[index] ?? ""} />
        {/* It stands at the edge; by itself it would cross the other axis at zero, in the middle of the first bar. */}
        <ChartAxis dependentAxis showGrid axisValue={-0.5} tickFormat={formatValue} {...valueTicks(largest, isWhole)} />
        <ChartStack>
          {parts.map(({ name, tone, values }) => (
            <ChartBar
              key={name}
              barWidth={Math.max(2, Math.min(32, (space / labels.length) * 0.6))}
              style={{
                data: {
                  fill: FILLS[tone],
                  opacity: ({ index }) => (marked === null || marked === index ? 1 : 0.4),
                  // The line between the parts of a bar must not show where there is no bar.
                  strokeWidth: ({ datum }) => (datum?.y ? 1 : 0),
                },
              }}
              data={values.map((y, x) => ({ x, y, bucket: labels[x], part: name }))}
            />
          ))}
        </ChartStack>
        {line ? (
          <ChartLine
            style={{ data: { stroke: LINE, strokeDasharray: "4,3", strokeWidth: 2 } }}
            data={line.values.map((y, x) => ({ x, y, bucket: labels[x], part: line.name }))}
          />
        ) : null}
      </Chart>
    </div>
  );
}

function Hatches() {
  return (
    <svg width="0" height="0" aria-hidden className="hatches">
      <defs>
        {(["second", "bad"] as const).map((tone) => (
          <pattern key={tone} id={`hatched-${tone}`} patternUnits="userSpaceOnUse" width="6" height="6" patternTransform="rotate(45)">
            <rect width="4" height="6" style={{ fill: COLORS[tone] }} />
          </pattern>
        ))}
      </defs>
    </svg>
  );
}

/** About four marks, and of a few calls no fractions. */
function valueTicks(largest: number, isWhole: boolean) {
  if (isWhole && largest < 4) return { tickValues: Array.from({ length: (largest || 1) + 1 }, (_, value) => value) };
  return { tickCount: 4 };
}
