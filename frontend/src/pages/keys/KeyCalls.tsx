import { Button, Content } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { graphql } from "react-relay";

import { TableSkeleton } from "../../components/TableSkeleton";
import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { formatExact } from "../../lib/time";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import type { KeyCallsQuery } from "./__generated__/KeyCallsQuery.graphql";

const COLUMNS = ["When", "Model", "Result", "Tokens", "Cost"];
const FIRST = 25;
const MORE = 75;

interface KeyCallsProps {
  apiKeyId: string;
  /** ISO time. */
  since: string;
}

/** The calls that were made with a key since a time, the newest first. */
export function KeyCalls(props: KeyCallsProps) {
  const [first, setFirst] = useState(FIRST);
  return (
    <QueryBoundary skeleton={<TableSkeleton columns={COLUMNS} name="the calls" />} resetOn={first}>
      <Calls {...props} first={first} onMore={() => setFirst(FIRST + MORE)} />
    </QueryBoundary>
  );
}

function Calls({ apiKeyId, since, first, onMore }: KeyCallsProps & { first: number; onMore: () => void }) {
  const { node } = usePageQuery<KeyCallsQuery>(
    graphql`
      query KeyCallsQuery($id: ID!, $since: DateTime!, $first: Int!) {
        node(id: $id) {
          ... on ApiKey {
            calls(first: $first, since: $since) {
              totalCount
              edges {
                cursor
                node {
                  model
                  at
                  success
                  errorCode
                  totalTokens
                  spend
                }
              }
            }
          }
        }
      }
    `,
    { id: apiKeyId, since, first },
    "network-only",
  );
  const calls = node?.calls;
  if (!calls || calls.totalCount === 0) {
    return <Content component="p">No call was made with it since {formatExact(Date.parse(since))}.</Content>;
  }
  return (
    <>
      <Content component="p">
        {formatCount(calls.totalCount)} {calls.totalCount === 1 ? "call" : "calls"} since {formatExact(Date.parse(since))}
        {calls.totalCount > calls.edges.length ? `; the newest ${calls.edges.length}:` : ":"}
      </Content>
      <Table aria-label="Calls with this key" variant="compact" gridBreakPoint="grid-md">
        <Thead>
          <Tr>
            {COLUMNS.map((column) => (
              <Th key={column}>{column}</Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          {calls.edges.map(({ cursor, node: call }) => (
            <Tr key={cursor}>
              <Td dataLabel="When">{formatExact(Date.parse(call.at))}</Td>
              <Td dataLabel="Model">{call.model}</Td>
              <Td dataLabel="Result">{call.success ? "Answered" : `Failed${call.errorCode ? ` (${call.errorCode})` : ""}`}</Td>
              <Td dataLabel="Tokens">{formatCount(call.totalTokens)}</Td>
              <Td dataLabel="Cost">{formatMoney(call.spend)}</Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      {calls.totalCount > calls.edges.length && first === FIRST ? (
        <Button variant="link" isInline onClick={onMore}>
          Show up to {FIRST + MORE}
        </Button>
      ) : null}
    </>
  );
}
