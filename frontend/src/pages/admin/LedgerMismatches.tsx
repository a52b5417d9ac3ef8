import { Card, CardBody, CardTitle, Content } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, useFragment } from "react-relay";

import { readable } from "../../lib/labels";
import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { formatExact } from "../../lib/time";
import type { LedgerMismatches_ledger$key } from "./__generated__/LedgerMismatches_ledger.graphql";

const COLUMNS = ["Call", "Began", "Model", "Differs in", "Booked", "In LiteLLM’s log"];

/** Calls of which the two books say different things. */
export function LedgerMismatches({ ledger: ledgerRef }: { ledger: LedgerMismatches_ledger$key }) {
  const { mismatches, mismatchExamples } = useFragment(
    graphql`
      fragment LedgerMismatches_ledger on Ledger {
        mismatches
        mismatchExamples {
          callId
          at
          model
          problems
          spend
          ledgerTokens
          liteLLMSpend
          liteLLMTokens
        }
      }
    `,
    ledgerRef,
  );
  return (
    <Card>
      <CardTitle component="h2">Booked with other numbers</CardTitle>
      <CardBody>
        {mismatchExamples.length === 0 ? (
          <Content component="p">None: LiteMaaS and LiteLLM say the same of every call.</Content>
        ) : (
          <>
            <Content component="p">
              Nothing is changed here: LiteLLM may correct its log. {formatCount(mismatchExamples.length)} of{" "}
              {formatCount(mismatches)}, found last first:
            </Content>
            <Table aria-label="Booked with other numbers" variant="compact" gridBreakPoint="grid-lg">
              <Thead>
                <Tr>
                  {COLUMNS.map((column) => (
                    <Th key={column}>{column}</Th>
                  ))}
                </Tr>
              </Thead>
              <Tbody>
                {mismatchExamples.map(({ callId, at, model, problems, ...numbers }) => (
                  <Tr key={callId}>
                    <Td dataLabel="Call" modifier="breakWord">
                      <code>{callId}</code>
                    </Td>
                    <Td dataLabel="Began">{formatExact(Date.parse(at))}</Td>
                    <Td dataLabel="Model" modifier="breakWord">
                      {model}
                    </Td>
                    <Td dataLabel="Differs in">{problems.map(readable).join(", ")}</Td>
                    <Td dataLabel="Booked">{both(numbers.spend, numbers.ledgerTokens)}</Td>
                    <Td dataLabel="In LiteLLM’s log">{both(numbers.liteLLMSpend, numbers.liteLLMTokens)}</Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          </>
        )}
      </CardBody>
    </Card>
  );
}

function both(spend: string | null | undefined, tokens: number | null | undefined): string {
  if (spend == null && tokens == null) return "Not booked";
  return [spend == null ? null : formatMoney(spend), tokens == null ? null : `${formatCount(tokens)} tokens`]
    .filter((each) => each !== null)
    .join(", ");
}
