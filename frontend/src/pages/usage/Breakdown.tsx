import { Button, Card, CardBody, CardTitle } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { largest, type Slice } from "../../lib/breakdown";
import { formatMoney } from "../../lib/money";
import { formatCount, formatShare } from "../../lib/numbers";
import { type Metric, METRICS, metricValue, type Totals } from "../../lib/series";
import { type Dimension, DIMENSION_NAMES } from "../../lib/usageChoice";
import { type Asked, CALLS, useUsageLink } from "./asked";
import { ShareBar } from "./ShareBar";
import { valueLabel } from "./values";
import type { Breakdown_slices$key } from "./__generated__/Breakdown_slices.graphql";

interface BreakdownProps {
  by: Dimension;
  slices: Breakdown_slices$key;
  asked: Asked;
}

/** What the totals are made of in one dimension: bars with their figures. A name leads to its part of the page. */
export function Breakdown({ by, slices: slicesRef, asked }: BreakdownProps) {
  const slices = useFragment(
    graphql`
      fragment Breakdown_slices on UsageSlice @relay(plural: true) {
        key
        label
        totals {
          requests
          failures
          promptTokens
          completionTokens
          totalTokens
          spend
        }
      }
    `,
    slicesRef,
  );
  const [showAll, setShowAll] = useState(false);
  const linkTo = useUsageLink();
  const { metric } = asked.choice;
  const { parts, others } = largest(slices, metric, showAll);
  const all = slices.reduce((sum, { totals }) => sum + metricValue(metric, totals), 0);
  const name = DIMENSION_NAMES[by];
  const title = `${METRICS[metric]} by ${name.toLowerCase()}`;
  const hidden = slices.length - parts.length;

  /** The value that the filter takes; null when there is none for it. */
  const valueOf = ({ key, label }: Slice) => (by === "provider" || by === "status" ? label : (key ?? null));
  const share = (totals: Totals) => (all === 0 ? 0 : metricValue(metric, totals) / all);
  return (
    <Card isFullHeight>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>
        <Table aria-label={title} variant="compact" gridBreakPoint="grid-md">
          <Thead>
            <Tr>
              <Th width={45}>{name}</Th>
              <Th modifier="nowrap">{METRICS[metric]}</Th>
              <Th modifier="nowrap">Share</Th>
              <Th modifier="nowrap">{metric === "requests" ? "Spend" : "Requests"}</Th>
            </Tr>
          </Thead>
          <Tbody>
            {parts.map((slice) => {
              const value = valueOf(slice);
              const label = valueLabel(by, slice.label);
              return (
                <Tr key={value ?? slice.label}>
                  <Td dataLabel={name}>
                    {value ? <Link to={linkTo({ [by]: value })}>{label}</Link> : label}
                    <ShareBar share={share(slice.totals)} />
                  </Td>
                  <Td dataLabel={METRICS[metric]}>{figure(metric, slice.totals)}</Td>
                  <Td dataLabel="Share">{formatShare(share(slice.totals))}</Td>
                  <Td dataLabel={metric === "requests" ? "Spend" : "Requests"}>
                    {metric === "requests" ? (
                      formatMoney(slice.totals.spend)
                    ) : value ? (
                      <Link to={linkTo({ ...CALLS, [by]: value })} aria-label={`${formatCount(slice.totals.requests)} calls, ${label}`}>
                        {formatCount(slice.totals.requests)}
                      </Link>
                    ) : (
                      formatCount(slice.totals.requests)
                    )}
                  </Td>
                </Tr>
              );
            })}
            {others ? (
              <Tr>
                <Td dataLabel={name}>
                  {hidden} others
                  <ShareBar share={share(others)} />
                </Td>
                <Td dataLabel={METRICS[metric]}>{figure(metric, others)}</Td>
                <Td dataLabel="Share">{formatShare(share(others))}</Td>
                <Td dataLabel={metric === "requests" ? "Spend" : "Requests"}>
                  {metric === "requests" ? formatMoney(others.spend) : formatCount(others.requests)}
                </Td>
              </Tr>
            ) : null}
          </Tbody>
        </Table>
        {others || showAll ? (
          <Button variant="link" isInline onClick={() => setShowAll(!showAll)}>
            {showAll ? "Show the largest" : `Show all ${slices.length}`}
          </Button>
        ) : null}
      </CardBody>
    </Card>
  );
}

function figure(metric: Metric, totals: Totals): string {
  return metric === "spend" ? formatMoney(totals.spend) : formatCount(metricValue(metric, totals));
}
