import { getResizeObserver } from "@patternfly/react-core";
import {
  Chart,
  ChartAxis,
  ChartBar,
  ChartLegend,
  ChartStack,
  ChartThemeColor,
  ChartVoronoiContainer,
} from "@patternfly/react-charts/victory";
import { useEffect, useRef, useState } from "react";

export interface ChartPart {
  name: string;
  /** One value for each label. */
  values: readonly number[];
}

interface SeriesChartProps {
  /** What the chart shows, in one sentence, for those who don't see it. */
  title: string;
  labels: readonly string[];
  parts: readonly ChartPart[];
  formatValue: (value: number) => string;
}

const HEIGHT = 280;
const PADDING = { top: 20, bottom: 70, left: 70, right: 20 };
const TICK_WIDTH = 70;

/** Stacked bars over time. The only place that knows the charting library; always shown with a table of the same figures. */
export function SeriesChart({ title, labels, parts, formatValue }: SeriesChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);

  useEffect(() => {
    const measure = () => box.current && setWidth(box.current.clientWidth);
    measure();
    return getResizeObserver(box.current!, measure);
  }, []);

  const space = width - PADDING.left - PADDING.right;
  // As many labels as fit without touching each other, and always the last.
  const every = Math.max(1, Math.ceil(labels.length / Math.max(1, Math.floor(space / TICK_WIDTH))));
  const ticks = labels.map((_, index) => index).filter((index) => (labels.length - 1 - index) % every === 0);
  const largest = Math.max(0, ...labels.map((_, index) => parts.reduce((sum, part) => sum + (part.values[index] ?? 0), 0)));

  return (
    <div ref={box} className="series-chart">
      <Chart
        ariaTitle={title}
        ariaDesc={title}
        name="series"
        width={width}
        height={HEIGHT}
        padding={PADDING}
        themeColor={ChartThemeColor.multiOrdered}
        domain={{ x: [-0.5, labels.length - 0.5], y: [0, largest || 1] }}
        containerComponent={
          <ChartVoronoiContainer
            constrainToVisibleArea
            voronoiDimension="x"
            labels={({ datum }: { datum: { y: number; label: string; part: string } }) =>
              `${datum.label} · ${datum.part}: ${formatValue(datum.y)}`
            }
          />
        }
        legendComponent={<ChartLegend data={parts.map(({ name }) => ({ name }))} />}
        legendPosition="bottom"
      >
        <ChartAxis tickValues={ticks} tickFormat={(index: number) => labels[index] ?? ""} />
        <ChartAxis dependentAxis showGrid tickCount={4} tickFormat={formatValue} />
        <ChartStack>
          {parts.map(({ name, values }) => (
            <ChartBar
              key={name}
              barWidth={Math.max(2, Math.min(32, (space / labels.length) * 0.6))}
              data={values.map((y, x) => ({ x, y, label: labels[x], part: name }))}
            />
          ))}
        </ChartStack>
      </Chart>
    </div>
  );
}
