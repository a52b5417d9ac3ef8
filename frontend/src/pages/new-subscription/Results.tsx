import { Alert, Button, Flex, Stack, StackItem } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useEffect, useRef } from "react";
import { Link } from "react-router";

import { ButtonLink } from "../../components/ButtonLink";
import { StatusLabel } from "../../components/StatusLabel";
import { createKeyPath, modelPath } from "../../lib/paths";
import type { Outcome } from "./useSubscribing";

const NEXT: Record<string, string> = {
  ACTIVE: "You can use it now: a key calls it.",
  PENDING: "An administrator decides; you are told, and see it in your subscriptions.",
  SUSPENDED: "You have it already, but it is on hold.",
};

interface ResultsProps {
  outcomes: readonly Outcome[];
  /** Back to the form, with those that were refused. */
  onAgain: () => void;
}

/** What became of each model, and the next step. */
export function Results({ outcomes, onAgain }: ResultsProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const active = outcomes.filter(({ status }) => status === "ACTIVE");
  const refused = outcomes.filter(({ refusal }) => refusal);
  return (
    <Stack hasGutter>
      <StackItem>
        <div role="status" ref={box} tabIndex={-1} className="outcomes">
          <Alert
            isInline
            component="h2"
            variant={refused.length === 0 ? "success" : refused.length === outcomes.length ? "danger" : "warning"}
            title={titleOf(outcomes)}
          />
        </div>
      </StackItem>
      <StackItem>
        <Table aria-label="What became of each model" variant="compact" gridBreakPoint="grid-md">
          <Thead>
            <Tr>
              <Th>Model</Th>
              <Th>Result</Th>
              <Th>Next</Th>
            </Tr>
          </Thead>
          <Tbody>
            {outcomes.map(({ model, status, refusal }) => (
              <Tr key={model.id}>
                <Td dataLabel="Model">
                  <Link to={modelPath(model.id)}>{model.name}</Link>
                </Td>
                <Td dataLabel="Result">
                  <div>{status ? <StatusLabel of="subscription" status={status} /> : "Not subscribed"}</div>
                </Td>
                <Td dataLabel="Next" modifier="breakWord">
                  {status ? (NEXT[status] ?? "") : refusal}
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      </StackItem>
      <StackItem>
        <Flex columnGap={{ default: "columnGapSm" }} rowGap={{ default: "rowGapSm" }}>
          {active.length > 0 ? (
            <ButtonLink to={createKeyPath(active.length === 1 ? active[0]!.model.id : undefined)}>Create a key</ButtonLink>
          ) : null}
          {refused.length > 0 ? (
            <Button variant={active.length > 0 ? "secondary" : "primary"} onClick={onAgain}>
              Change it and try again
            </Button>
          ) : null}
          <ButtonLink to="/subscriptions" variant={active.length + refused.length > 0 ? "link" : "primary"}>
            See my subscriptions
          </ButtonLink>
        </Flex>
      </StackItem>
    </Stack>
  );
}

function titleOf(outcomes: readonly Outcome[]): string {
  const count = (fits: (outcome: Outcome) => boolean) => outcomes.filter(fits).length;
  const parts = [
    [count(({ status }) => status === "ACTIVE"), "ready to use"],
    [count(({ status }) => status !== undefined && status !== "ACTIVE"), "waiting for a decision"],
    [count(({ refusal }) => refusal !== undefined), "not subscribed"],
  ] as const;
  return parts
    .filter(([number]) => number > 0)
    .map(([number, words]) => `${number} ${words}`)
    .join(", ");
}
