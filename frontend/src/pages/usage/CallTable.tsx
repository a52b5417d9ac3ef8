import { Button, Label } from "@patternfly/react-core";
import { CheckCircleIcon, ExclamationCircleIcon } from "@patternfly/react-icons";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { keyPath } from "../../lib/paths";
import { formatDuration, formatSecond } from "../../lib/time";
import { statusLabel } from "./values";
import type { CallTable_call$key } from "./__generated__/CallTable_call.graphql";

export const callColumns = (all: boolean) => [
  "When",
  "Model",
  "Key",
  ...(all ? ["Person"] : []),
  "Result",
  "Tokens in, out",
  "Cost",
  "Latency",
  "First token",
];

interface CallTableProps {
  calls: readonly CallTable_call$key[];
  /** Whether the calls are everybody's. */
  all: boolean;
  onOpen: (callId: string) => void;
}

/** Calls, a row each. */
export function CallTable({ calls, all, onOpen }: CallTableProps) {
  return (
    <Table aria-label="Calls" variant="compact" gridBreakPoint="grid-lg">
      <Thead>
        <Tr>
          {callColumns(all).map((column) => (
            <Th key={column} modifier="wrap">
              {column}
            </Th>
          ))}
        </Tr>
      </Thead>
      <Tbody>
        {calls.map((call, index) => (
          <Row key={index} call={call} all={all} onOpen={onOpen} />
        ))}
      </Tbody>
    </Table>
  );
}

interface RowProps extends Omit<CallTableProps, "calls"> {
  call: CallTable_call$key;
}

function Row({ call: callRef, all, onOpen }: RowProps) {
  const call = useFragment(
    graphql`
      fragment CallTable_call on UsageCall {
        callId
        model
        at
        success
        status
        promptTokens
        completionTokens
        spend
        priced
        latencyMs
        timeToFirstTokenMs
        apiKey {
          id
          name
        }
        user {
          displayName
        }
      }
    `,
    callRef,
  );
  const { callId, apiKey, success } = call;
  return (
    <Tr>
      <Td dataLabel="When" modifier="nowrap">
        <Button variant="link" isInline onClick={() => onOpen(callId)}>
          {formatSecond(Date.parse(call.at))}
        </Button>
      </Td>
      <Td dataLabel="Model" modifier="breakWord">
        {call.model}
      </Td>
      <Td dataLabel="Key" modifier="breakWord">
        {apiKey ? <Link to={keyPath(apiKey.id)}>{apiKey.name}</Link> : "Not of LiteMaaS"}
      </Td>
      {all ? <Td dataLabel="Person">{call.user?.displayName ?? "–"}</Td> : null}
      <Td dataLabel="Result">
        <Label
          isCompact
          color={success ? "green" : "red"}
          icon={success ? <CheckCircleIcon /> : <ExclamationCircleIcon />}
        >
          {statusLabel(call.status)}
        </Label>
      </Td>
      <Td dataLabel="Tokens in, out" modifier="nowrap">
        {formatCount(call.promptTokens)}, {formatCount(call.completionTokens)}
      </Td>
      <Td dataLabel="Cost" modifier="nowrap">{success && !call.priced ? "No price" : formatMoney(call.spend)}</Td>
      <Td dataLabel="Latency" modifier="nowrap">{call.latencyMs == null ? "–" : formatDuration(call.latencyMs)}</Td>
      <Td dataLabel="First token" modifier="nowrap">{call.timeToFirstTokenMs == null ? "–" : formatDuration(call.timeToFirstTokenMs)}</Td>
    </Tr>
  );
}
