import { Card, CardBody, CardTitle, Content } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { callsPath } from "../../lib/paths";
import { formatExact, formatUtcDay } from "../../lib/time";
import type { LedgerRepairs_ledger$key } from "./__generated__/LedgerRepairs_ledger.graphql";

const DAY = 86_400_000;
const COLUMNS = ["Day (UTC)", "Lost reports", "Older calls", "Spend of both", "Last booked"];

/** What was booked from LiteLLM's log, day by day. */
export function LedgerRepairs({ ledger: ledgerRef }: { ledger: LedgerRepairs_ledger$key }) {
  const { repairs } = useFragment(
    graphql`
      fragment LedgerRepairs_ledger on Ledger {
        repairs {
          day
          repaired
          imported
          spend
          lastAt
        }
      }
    `,
    ledgerRef,
  );
  return (
    <Card>
      <CardTitle component="h2">Booked from LiteLLM’s log</CardTitle>
      <CardBody>
        {repairs.length === 0 ? (
          <Content component="p">Nothing: every call was reported.</Content>
        ) : (
          <Table aria-label="Booked from LiteLLM’s log" variant="compact" gridBreakPoint="grid-md">
            <Thead>
              <Tr>
                {COLUMNS.map((column) => (
                  <Th key={column}>{column}</Th>
                ))}
              </Tr>
            </Thead>
            <Tbody>
              {repairs.map(({ day, repaired, imported, spend, lastAt }) => (
                <Tr key={day}>
                  <Td dataLabel="Day (UTC)">
                    <Link to={callsPath(Date.parse(day), Date.parse(day) + DAY)}>{formatUtcDay(Date.parse(day))}</Link>
                  </Td>
                  <Td dataLabel="Lost reports">{formatCount(repaired)}</Td>
                  <Td dataLabel="Older calls">{formatCount(imported)}</Td>
                  <Td dataLabel="Spend of both">{formatMoney(spend)}</Td>
                  <Td dataLabel="Last booked">{formatExact(Date.parse(lastAt))}</Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </CardBody>
    </Card>
  );
}
