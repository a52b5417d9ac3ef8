import { Content, DescriptionList, Stack, StackItem } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";

import { Fact } from "../../components/Fact";
import { Limits } from "../../components/Limits";
import { estimateMonthlyCost, limitInput, limitValues } from "../../lib/limits";
import { formatMoney } from "../../lib/money";
import { AccessLabel } from "../models/ModelLabels";
import { type ModelChoice, needsApproval, wantedLimits } from "./modelChoice";
import type { Needs } from "./NeedsStep";

const NO_LIMITS = limitInput(limitValues({}));

/** All that will be asked for, and what happens then. */
export function ReviewStep({ models, needs: { justification, limits } }: { models: readonly ModelChoice[]; needs: Needs }) {
  return (
    <Stack hasGutter>
      <StackItem>
        <Table aria-label="Models asked for" variant="compact" gridBreakPoint="grid-md">
          <Thead>
            <Tr>
              <Th modifier="wrap">Model</Th>
              <Th modifier="wrap">Access</Th>
              <Th modifier="nowrap">Limits</Th>
              <Th modifier="wrap">What happens next</Th>
              <Th modifier="wrap">Cost in 30 days</Th>
            </Tr>
          </Thead>
          <Tbody>
            {models.map((model) => {
              const wanted = wantedLimits(model, limits);
              const cost = estimateMonthlyCost(wanted, model);
              return (
                <Tr key={model.id}>
                  <Td dataLabel="Model">{model.name}</Td>
                  <Td dataLabel="Access">
                    <div>
                      <AccessLabel access={model.access} />
                    </div>
                  </Td>
                  <Td dataLabel="Limits">
                    <div>
                      <Limits {...NO_LIMITS} {...wanted} />
                    </div>
                  </Td>
                  <Td dataLabel="What happens next">
                    {needsApproval(model, limits) ? "An administrator decides" : "You can use it at once"}
                  </Td>
                  <Td dataLabel="Cost in 30 days">{cost === null ? "No bound" : `At most ${formatMoney(cost)}`}</Td>
                </Tr>
              );
            })}
          </Tbody>
        </Table>
      </StackItem>
      <StackItem>
        <DescriptionList>
          <Fact name="What for">
            <span className="words">{justification.trim() || "Nothing said"}</span>
          </Fact>
        </DescriptionList>
      </StackItem>
      <StackItem>
        <Content component="small">
          Budgets are checked before a call and booked after it, so a burst can pass them a little.
        </Content>
      </StackItem>
    </Stack>
  );
}
