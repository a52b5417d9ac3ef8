import { Button, Card, CardBody, CardTitle } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { largest, MOST, type Slice } from "../../lib/breakdown";
import { NOBODYS, notOf, onlyOf } from "../../lib/callChoice";
import { formatMoney } from "../../lib/money";
import { formatCount, formatShare } from "../../lib/numbers";
import { type Metric, METRICS, metricValue, type Totals } from "../../lib/series";
import { type Dimension, DIMENSION_NAMES } from "../../lib/usageChoice";
import { type Asked, CALLS, useUsageLink } from "./asked";
import { ShareBar } from "./ShareBar";
import { valueLabel } from "./values";
import type { Breakdown_whole$key } from "./__generated__/Breakdown_whole.graphql";
import type { Breakdown_slices$key } from "./__generated__/Breakdown_slices.graphql";

interface BreakdownProps {
  by: Dimension;
  slices: Breakdown_slices$key;
  whole: Breakdown_whole$key;
  asked: Asked;
}

/** What the totals are made of in one dimension: bars with their figures. A name leads to its part of the page, a number to its calls. */
export function Breakdown({ by, slices: slicesRef, whole: wholeRef, asked }: BreakdownProps) {
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
  const whole = useFragment(
    graphql`
      fragment Breakdown_whole on Usage {
        totals {
          requests
          failures
          promptTokens
          completionTokens
          spend
        }
      }
    `,
    wholeRef,
  ).totals;
  const [showAll, setShowAll] = useState(false);
  const linkTo = useUsageLink();
  const { metric } = asked.choice;
  const { parts, others } = largest(slices, whole, metric, showAll);
  const all = [...parts.map(({ totals }) => totals), ...(others ? [others] : [])].reduce(
    (sum, totals) => sum + metricValue(metric, totals),
    0,
  );
  const name = DIMENSION_NAMES[by];
  const second = metric === "requests" ? "Spend" : "Requests";
  const title = `${METRICS[metric]} by ${name.toLowerCase()}`;
  const othersName = slices.length < MOST ? `${slices.length - parts.length} others` : "All others";

  /** The value that the filter takes; null when there is none for it. */
  const valueOf = ({ key, label }: Slice) => (by === "provider" || by === "status" ? label : (key ?? null));
  /** What the server counts it as: models by their names, and what is not of LiteMaaS together. */
  const memberOf = ({ key, label }: Slice) => (by === "key" || by === "person" ? (key ?? NOBODYS) : label);
  const toCallsOf = (slice: Slice) => {
    const value = valueOf(slice);
    return linkTo({ ...CALLS, ...(value ? { [by]: value } : { [onlyOf(by)]: memberOf(slice) }) });
  };
  const figures = (of: string, totals: Totals, to: string) => {
    const requests = (
      <Link to={to} aria-label={`${formatCount(totals.requests)} calls, ${of}`}>
        {formatCount(totals.requests)}
      </Link>
    );
    return (
      <>
        <Td dataLabel={METRICS[metric]}>{metric === "requests" ? requests : figure(metric, totals)}</Td>
        <Td dataLabel="Share">{formatShare(share(totals))}</Td>
        <Td dataLabel={second}>{metric === "requests" ? formatMoney(totals.spend) : requests}</Td>
      </>
    );
  };
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
              <Th modifier="nowrap">{second}</Th>
            </Tr>
          </Thead>
          <Tbody>
            {parts.map((slice) => {
              const value = valueOf(slice);
              const label = valueLabel(by, slice.label);
              return (
                <Tr key={value ?? slice.label}>
                  <Td dataLabel={name} modifier="breakWord">
                    {value ? <Link to={linkTo({ [by]: value })}>{label}</Link> : label}
                    <ShareBar share={share(slice.totals)} />
                  </Td>
                  {figures(label, slice.totals, toCallsOf(slice))}
                </Tr>
              );
            })}
            {others ? (
              <Tr>
                <Td dataLabel={name} modifier="breakWord">
                  {othersName}
                  <ShareBar share={share(others)} />
                </Td>
                {figures(othersName, others, linkTo({ ...CALLS, [notOf(by)]: parts.map(memberOf) }))}
              </Tr>
            ) : null}
          </Tbody>
        </Table>
        {slices.length > parts.length || showAll ? (
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
