import {
  Button,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  Flex,
  FlexItem,
  Skeleton,
  ToggleGroup,
  ToggleGroupItem,
} from "@patternfly/react-core";
import { CompressIcon, ExpandIcon } from "@patternfly/react-icons";
import { lazy, Suspense, useRef, useState } from "react";
import { graphql, useFragment } from "react-relay";

import { formatCompact } from "../../lib/numbers";
import { formatRoughMoney } from "../../lib/money";
import { bucketLabel, metricParts, METRICS, metricValue } from "../../lib/series";
import { formatSpan } from "../../lib/time";
import { useAddress } from "../../lib/useAddress";
import { useFullScreen } from "../../lib/useFullScreen";
import { PERIODS } from "../../lib/usageRange";
import type { Asked } from "./asked";
import { SeriesReader } from "./SeriesReader";
import { SeriesTable } from "./SeriesTable";
import type { UsageSeries_before$key } from "./__generated__/UsageSeries_before.graphql";
import type { UsageSeries_usage$key } from "./__generated__/UsageSeries_usage.graphql";

const SeriesChart = lazy(async () => ({ default: (await import("../../components/SeriesChart")).SeriesChart }));

const HEIGHT = 300;
/** What the card's head and the line below the chart need of a full screen. */
const AROUND = 220;
const INTERVALS = { HOUR: "hour", DAY: "day", MONTH: "month" };

interface UsageSeriesProps {
  usage: UsageSeries_usage$key;
  /** The period before; null when it is not compared with. */
  before: UsageSeries_before$key | null;
  asked: Asked;
}

/** Usage over time, as a chart or as the table of the same figures. */
export function UsageSeries({ usage: usageRef, before: beforeRef, asked }: UsageSeriesProps) {
  const { series } = useFragment(
    graphql`
      fragment UsageSeries_usage on Usage
      @argumentDefinitions(interval: { type: "Interval!" }, timeZone: { type: "String!" }) {
        series(interval: $interval, timeZone: $timeZone) {
          start
          totals {
            requests
            failures
            promptTokens
            completionTokens
            spend
          }
        }
      }
    `,
    usageRef,
  );
  const before = useFragment(
    graphql`
      fragment UsageSeries_before on Usage
      @argumentDefinitions(interval: { type: "Interval!" }, timeZone: { type: "String!" }) {
        series(interval: $interval, timeZone: $timeZone) {
          start
          totals {
            requests
            failures
            promptTokens
            completionTokens
            spend
          }
        }
      }
    `,
    beforeRef,
  )?.series;
  const [, change] = useAddress();
  const [view, setView] = useState<"chart" | "table">("chart");
  const [marked, setMarked] = useState<number | null>(null);
  const card = useRef<HTMLDivElement>(null);
  const { isFull, toggle } = useFullScreen(card);

  const { choice, range } = asked;
  const { metric } = choice;
  const title = `${METRICS[metric]} by ${INTERVALS[range.interval]}, ${choice.period === "own" ? formatSpan(Date.parse(range.start), Date.parse(range.end)) : PERIODS[choice.period].toLowerCase()}`;
  const hasDays = range.interval === "HOUR" && choice.period !== "today";
  const format = metric === "spend" ? formatRoughMoney : formatCompact;

  return (
    <Card ref={card}>
      <CardHeader hasWrap>
        <Flex justifyContent={{ default: "justifyContentSpaceBetween" }}>
          <FlexItem>
            <CardTitle component="h2">{title}</CardTitle>
          </FlexItem>
          <FlexItem>
            <Flex>
              <ToggleGroup aria-label="Figure" isCompact>
                {(Object.keys(METRICS) as (keyof typeof METRICS)[]).map((each) => (
                  <ToggleGroupItem
                    key={each}
                    text={METRICS[each]}
                    isSelected={each === metric}
                    onChange={() => change({ figure: each === "spend" ? null : each }, true)}
                  />
                ))}
              </ToggleGroup>
              <ToggleGroup aria-label="Shown as" isCompact>
                <ToggleGroupItem text="Chart" isSelected={view === "chart"} onChange={() => setView("chart")} />
                <ToggleGroupItem text="Table" isSelected={view === "table"} onChange={() => setView("table")} />
              </ToggleGroup>
              {toggle ? (
                <Button
                  variant="plain"
                  size="sm"
                  icon={isFull ? <CompressIcon /> : <ExpandIcon />}
                  aria-label={isFull ? "Leave the full screen" : "Full screen"}
                  onClick={toggle}
                />
              ) : null}
            </Flex>
          </FlexItem>
        </Flex>
      </CardHeader>
      <CardBody className={isFull ? "scrolling" : undefined}>
        {view === "chart" ? (
          <SeriesReader points={series} before={before} asked={asked} hasDays={hasDays} marked={marked} onMark={setMarked}>
            <Suspense fallback={<Skeleton height={`${HEIGHT}px`} screenreaderText="Loading the chart" />}>
              <SeriesChart
                title={title}
                labels={series.map(({ start }) => bucketLabel(start, range.interval, hasDays))}
                parts={metricParts(metric).map(({ name, tone, value }) => ({
                  name,
                  tone,
                  values: series.map(({ totals }) => value(totals)),
                }))}
                line={
                  before?.some(({ totals }) => totals.requests > 0)
                    ? { name: "Before", values: before.slice(0, series.length).map(({ totals }) => metricValue(metric, totals)) }
                    : undefined
                }
                marked={marked}
                onMark={setMarked}
                height={isFull ? window.innerHeight - AROUND : HEIGHT}
                formatValue={format}
                isWhole={metric !== "spend"}
              />
            </Suspense>
          </SeriesReader>
        ) : (
          <SeriesTable title={title} points={series} before={before} asked={asked} hasDays={hasDays} />
        )}
      </CardBody>
    </Card>
  );
}
