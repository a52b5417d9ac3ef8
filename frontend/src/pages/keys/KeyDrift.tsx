import { Alert, AlertActionLink, AlertGroup, Content } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, useFragment } from "react-relay";

import { HelpButton } from "../../components/HelpButton";
import type { KeyDrift_key$key } from "./__generated__/KeyDrift_key.graphql";

const FIELDS: Record<string, string> = {
  exists: "Whether it is there",
  blocked: "Blocked",
  models: "Models",
  maxBudget: "Budget",
  budgetDuration: "Window of the budget",
  rpmLimit: "Requests a minute",
  tpmLimit: "Tokens a minute",
  maxParallelRequests: "Requests at the same time",
  expiresAt: "Expires",
};

const COLUMNS = ["What", "Here", "In LiteLLM"];

interface KeyDriftProps {
  apiKey: KeyDrift_key$key;
  onRepair: (() => void) | undefined;
  onAdopt: (() => void) | undefined;
}

/** What somebody has changed in LiteLLM itself, and what can be done about it; nothing, if nothing was. */
export function KeyDrift({ apiKey: keyRef, onRepair, onAdopt }: KeyDriftProps) {
  const { drift } = useFragment(
    graphql`
      fragment KeyDrift_key on ApiKey {
        drift {
          field
          ours
          found
        }
      }
    `,
    keyRef,
  );
  if (drift.length === 0) return null;
  return (
    <AlertGroup>
      <Alert
        isInline
        variant="warning"
        component="h2"
        title="Somebody changed this key in LiteLLM itself"
        actionLinks={
          <>
            {onRepair ? <AlertActionLink onClick={onRepair}>Repair: as it stands here</AlertActionLink> : null}
            {onAdopt ? <AlertActionLink onClick={onAdopt}>Adopt: as it is in LiteLLM</AlertActionLink> : null}
          </>
        }
      >
        <Content component="p">
          What LiteLLM has goes on to hold until somebody decides. <HelpButton about="drift" />
        </Content>
        <Table aria-label="Differences" variant="compact" gridBreakPoint="grid-md">
          <Thead>
            <Tr>
              {COLUMNS.map((column) => (
                <Th key={column}>{column}</Th>
              ))}
            </Tr>
          </Thead>
          <Tbody>
            {drift.map(({ field, ours, found }) => (
              <Tr key={field}>
                <Td dataLabel="What">{FIELDS[field] ?? field}</Td>
                <Td dataLabel="Here" modifier="breakWord">{ours ?? "–"}</Td>
                <Td dataLabel="In LiteLLM" modifier="breakWord">{found ?? "–"}</Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      </Alert>
    </AlertGroup>
  );
}
