import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { Link } from "react-router";

import { FAILED } from "../../lib/callChoice";
import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { bucketLabel } from "../../lib/series";
import { type Asked, useUsageLink } from "./asked";
import { callsOfPoint, type Point, POINT_NAMES } from "./points";

interface SeriesTableProps {
  title: string;
  points: readonly Point[];
  before: readonly Point[] | undefined;
  asked: Asked;
  hasDays: boolean;
}

/** The chart's figures, each row with the way to its calls. */
export function SeriesTable({ title, points, before, asked, hasDays }: SeriesTableProps) {
  const linkTo = useUsageLink();
  const name = POINT_NAMES[asked.range.interval];
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
          {before ? <Th modifier="nowrap">Spend before</Th> : null}
        </Tr>
      </Thead>
      <Tbody>
        {points.map(({ start, totals }, index) => (
          <Tr key={start}>
            <Td dataLabel={name}>{bucketLabel(start, asked.range.interval, hasDays)}</Td>
            <Td dataLabel="Requests">
              {totals.requests === 0 ? (
                "0"
              ) : (
                <Link to={linkTo(callsOfPoint(points, index, asked.range))}>{formatCount(totals.requests)}</Link>
              )}
            </Td>
            <Td dataLabel="Failed">
              {totals.failures === 0 ? (
                "0"
              ) : (
                <Link to={linkTo({ ...callsOfPoint(points, index, asked.range), ...FAILED })}>{formatCount(totals.failures)}</Link>
              )}
            </Td>
            <Td dataLabel="Input tokens">{formatCount(totals.promptTokens)}</Td>
            <Td dataLabel="Output tokens">{formatCount(totals.completionTokens)}</Td>
            <Td dataLabel="Spend">{formatMoney(totals.spend)}</Td>
            {before ? (
              <Td dataLabel="Spend before">
                {(before[index]?.totals.requests ?? 0) > 0 ? (
                  <Link to={linkTo(callsOfPoint(before, index, asked.range.before))}>{formatMoney(before[index]!.totals.spend)}</Link>
                ) : (
                  "–"
                )}
              </Td>
            ) : null}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
