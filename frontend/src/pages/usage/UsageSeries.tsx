import { Card, CardBody, CardHeader, CardTitle, Flex, FlexItem, Skeleton, ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { lazy, Suspense, useState } from "react";
import { graphql, useFragment } from "react-relay";

import { CURRENCY, formatMoney } from "../../lib/money";
import { formatCompact, formatCount } from "../../lib/numbers";
import { bucketLabel, fillSeries, type Metric, metricParts, METRICS, type SeriesPoint } from "../../lib/series";
import { RANGE_LABELS, type UsageRange } from "../../lib/usageRange";
import type { UsageSeries_usage$key } from "./__generated__/UsageSeries_usage.graphql";

const SeriesChart = lazy(async () => ({ default: (await import("../../components/SeriesChart")).SeriesChart }));

const formatSpend = (value: number) =>
  new Intl.NumberFormat(undefined, { style: "currency", currency: CURRENCY, maximumSignificantDigits: 3 }).format(value);

/** Usage over time, as a chart or as the table of the same figures. */
export function UsageSeries({ usage: usageRef, range }: { usage: UsageSeries_usage$key; range: UsageRange }) {
  const usage = useFragment(
    graphql`
      fragment UsageSeries_usage on Usage @argumentDefinitions(interval: { type: "Interval!" }) {
        series(interval: $interval) {
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
  const [metric, setMetric] = useState<Metric>("requests");
  const [view, setView] = useState<"chart" | "table">("chart");
  const points = fillSeries(usage.series, range.start, range.end, range.interval);
  const title = `${METRICS[metric]} by ${range.interval === "HOUR" ? "hour" : "day (UTC)"}, ${RANGE_LABELS[range.name].toLowerCase()}`;

  return (
    <Card>
      <CardHeader hasWrap>
        <Flex justifyContent={{ default: "justifyContentSpaceBetween" }}>
          <FlexItem>
            <CardTitle component="h2">{title}</CardTitle>
          </FlexItem>
          <FlexItem>
            <Flex>
              <ToggleGroup aria-label="Figure" isCompact>
                {(Object.entries(METRICS) as [Metric, string][]).map(([each, label]) => (
                  <ToggleGroupItem
                    key={each}
                    text={label}
                    isSelected={each === metric}
                    onChange={() => setMetric(each)}
                  />
                ))}
              </ToggleGroup>
              <ToggleGroup aria-label="Shown as" isCompact>
                <ToggleGroupItem text="Chart" isSelected={view === "chart"} onChange={() => setView("chart")} />
                <ToggleGroupItem text="Table" isSelected={view === "table"} onChange={() => setView("table")} />
              </ToggleGroup>
            </Flex>
          </FlexItem>
        </Flex>
      </CardHeader>
      <CardBody>
        {view === "chart" ? (
          <Suspense fallback={<Skeleton height="280px" screenreaderText="Loading the chart" />}>
            <SeriesChart
              title={title}
              labels={points.map(({ start }) => bucketLabel(start, range.interval))}
              parts={metricParts(metric).map(({ name, tone, value }) => ({
                name,
                tone,
                values: points.map(({ totals }) => value(totals)),
              }))}
              formatValue={metric === "spend" ? formatSpend : formatCompact}
              isWhole={metric !== "spend"}
            />
          </Suspense>
        ) : (
          <SeriesTable title={title} points={points} range={range} />
        )}
      </CardBody>
    </Card>
  );
}

function SeriesTable({ title, points, range }: { title: string; points: SeriesPoint[]; range: UsageRange }) {
  const name = range.interval === "HOUR" ? "Hour" : "Day (UTC)";
  return (
    <Table aria-label={title} variant="compact" gridBreakPoint="grid-md">
      <Thead>
        <Tr>
          <Th>{name}</Th>
          <Th modifier="nowrap">Requests</Th>
          <Th modifier="nowrap">Failed</Th>
          <Th modifier="nowrap">Input tokens</Th>
          <Th modifier="nowrap">Output tokens</Th>
          <Th modifier="nowrap">Spend</Th>
        </Tr>
      </Thead>
      <Tbody>
        {points.map(({ start, totals }) => (
          <Tr key={start}>
            <Td dataLabel={name}>{bucketLabel(start, range.interval)}</Td>
            <Td dataLabel="Requests">{formatCount(totals.requests)}</Td>
            <Td dataLabel="Failed">{formatCount(totals.failures)}</Td>
            <Td dataLabel="Input tokens">{formatCount(totals.promptTokens)}</Td>
            <Td dataLabel="Output tokens">{formatCount(totals.completionTokens)}</Td>
            <Td dataLabel="Spend">{formatMoney(totals.spend)}</Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
