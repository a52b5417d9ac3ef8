import { Card, CardBody, CardTitle } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { keyPath, modelPath } from "../../lib/paths";
import type { UsageBreakdown_slices$key } from "./__generated__/UsageBreakdown_slices.graphql";

interface UsageBreakdownProps {
  title: string;
  /** What a slice is. */
  name: "Model" | "Key";
  slices: UsageBreakdown_slices$key;
}

const PATHS = { Model: modelPath, Key: keyPath };

/** Who or what the totals are made of. A slice without an id is something that is no longer there. */
export function UsageBreakdown({ title, name, slices: slicesRef }: UsageBreakdownProps) {
  const slices = useFragment(
    graphql`
      fragment UsageBreakdown_slices on UsageSlice @relay(plural: true) {
        key
        label
        totals {
          requests
          failures
          totalTokens
          spend
        }
      }
    `,
    slicesRef,
  );
  return (
    <Card isFullHeight>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>
        <Table aria-label={title} variant="compact" gridBreakPoint="grid-md">
          <Thead>
            <Tr>
              <Th>{name}</Th>
              <Th modifier="nowrap">Requests</Th>
              <Th modifier="nowrap">Failed</Th>
              <Th modifier="nowrap">Tokens</Th>
              <Th modifier="nowrap">Spend</Th>
            </Tr>
          </Thead>
          <Tbody>
            {slices.map(({ key, label, totals }) => (
              <Tr key={key ?? label}>
                <Td dataLabel={name}>{key ? <Link to={PATHS[name](key)}>{label}</Link> : label}</Td>
                <Td dataLabel="Requests">{formatCount(totals.requests)}</Td>
                <Td dataLabel="Failed">{formatCount(totals.failures)}</Td>
                <Td dataLabel="Tokens">{formatCount(totals.totalTokens)}</Td>
                <Td dataLabel="Spend">{formatMoney(totals.spend)}</Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      </CardBody>
    </Card>
  );
}
