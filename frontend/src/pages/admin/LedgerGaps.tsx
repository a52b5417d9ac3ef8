import { Card, CardBody, CardTitle, Content, Label, type LabelProps } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { readable } from "../../lib/labels";
import { callsPath } from "../../lib/paths";
import { formatDuration, formatExact } from "../../lib/time";
import type { LedgerGaps_ledger$key } from "./__generated__/LedgerGaps_ledger.graphql";

const REASONS: Record<string, { text: string; status: LabelProps["status"] }> = {
  WAITING: { text: "Its turn comes soon", status: "info" },
  HISTORY: { text: "From before LiteMaaS, being imported", status: "info" },
  UNANSWERED: { text: "LiteLLM does not answer", status: "danger" },
};

/** The times that should have been compared and were not. */
export function LedgerGaps({ ledger: ledgerRef }: { ledger: LedgerGaps_ledger$key }) {
  const { gaps } = useFragment(
    graphql`
      fragment LedgerGaps_ledger on Ledger {
        gaps {
          start
          end
          reason
          error
        }
      }
    `,
    ledgerRef,
  );
  return (
    <Card>
      <CardTitle component="h2">Gaps</CardTitle>
      <CardBody>
        {gaps.length === 0 ? (
          <Content component="p">None: all that can be compared was compared.</Content>
        ) : (
          <Table aria-label="Gaps" variant="compact" gridBreakPoint="grid-md">
            <Thead>
              <Tr>
                <Th>From</Th>
                <Th>To</Th>
                <Th>Length</Th>
                <Th>Why</Th>
                <Th>Booked</Th>
              </Tr>
            </Thead>
            <Tbody>
              {gaps.map(({ start, end, reason, error }) => (
                <Tr key={start}>
                  <Td dataLabel="From">{formatExact(Date.parse(start))}</Td>
                  <Td dataLabel="To">{formatExact(Date.parse(end))}</Td>
                  <Td dataLabel="Length">{formatDuration(Date.parse(end) - Date.parse(start))}</Td>
                  <Td dataLabel="Why">
                    <Label isCompact status={REASONS[reason]?.status}>
                      {REASONS[reason]?.text ?? readable(reason)}
                    </Label>
                    {error ? <div>{error}</div> : null}
                  </Td>
                  <Td dataLabel="Booked">
                    <Link to={callsPath(Date.parse(start), Date.parse(end))}>See the calls</Link>
                  </Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </CardBody>
    </Card>
  );
}
