import { Alert, Button, Flex, Label } from "@patternfly/react-core";
import { ExpandableRowContent, Tbody, Td, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { Limits } from "../../components/Limits";
import { RelativeTime } from "../../components/RelativeTime";
import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { modelPath } from "../../lib/paths";
import { DecisionForm } from "./DecisionForm";
import type { ApprovalRow_subscription$key } from "./__generated__/ApprovalRow_subscription.graphql";
import type { Decision } from "./useDecisions";

interface ApprovalRowProps {
  subscription: ApprovalRow_subscription$key;
  canDecide: boolean;
  /** Nobody decides on what they asked for themselves. */
  isMine: boolean;
  isChosen: boolean;
  onChoose: (isChosen: boolean) => void;
  isOpen: boolean;
  onOpen: (isOpen: boolean) => void;
  isRunning: boolean;
  refusal: string | undefined;
  onDecide: (decision: Decision) => void;
}

/** One request, with what an admin needs to decide on it in place. */
export function ApprovalRow({ subscription: ref, canDecide, isMine, isOpen, onOpen, refusal, ...rest }: ApprovalRowProps) {
  const subscription = useFragment(
    graphql`
      fragment ApprovalRow_subscription on ModelSubscription {
        id
        status
        justification
        awaitingSince
        maxBudget
        maxRequests
        maxTokens
        budgetDuration
        rpmLimit
        tpmLimit
        expiresAt
        highestMonthlyCost
        model {
          id
          name
        }
        user {
          username
          displayName
        }
        ownersUsage {
          requests
          spend
        }
        quotaChange {
          id
          justification
          maxBudget
          maxRequests
          maxTokens
          budgetDuration
          rpmLimit
          tpmLimit
          highestMonthlyCost
        }
      }
    `,
    ref,
  );
  const [verdict, setVerdict] = useState<"APPROVE" | "DENY">("APPROVE");
  const { model, user, ownersUsage, awaitingSince } = subscription;
  const change = subscription.status === "PENDING" ? null : subscription.quotaChange;
  const asked = change ?? subscription;
  const what = `${model.name} for ${user?.displayName ?? "somebody"}`;
  const open = (next: "APPROVE" | "DENY") => {
    setVerdict(next);
    onOpen(true);
  };
  return (
    <Tbody isExpanded={isOpen || refusal !== undefined}>
      <Tr>
        {canDecide ? (
          <Td
            dataLabel="Choose"
            select={{
              rowIndex: 0,
              isSelected: rest.isChosen,
              isDisabled: isMine,
              onSelect: (_, isChosen) => rest.onChoose(isChosen),
              props: { "aria-label": `Choose ${what}` },
            }}
          />
        ) : null}
        <Td dataLabel="Request">
          <div>
            <Link to={modelPath(model.id)}>{model.name}</Link>
            {change ? (
              <>
                {" "}
                <Label isCompact color="blue">
                  Other limits
                </Label>
              </>
            ) : null}
          </div>
        </Td>
        <Td dataLabel="From">
          <div>
            {user ? `${user.displayName} (${user.username})` : "Somebody"}
            <br />
            <small>
              In 30 days: {formatCount(ownersUsage.requests)} {ownersUsage.requests === 1 ? "request" : "requests"},{" "}
              {formatMoney(ownersUsage.spend)}
            </small>
          </div>
        </Td>
        <Td dataLabel="Reason" modifier="breakWord">
          {asked.justification || "None given"}
        </Td>
        <Td dataLabel="Limits asked for">
          <div>
            <Limits {...asked} />
            <small>
              {asked.highestMonthlyCost == null
                ? "No bound on the cost"
                : `At most ${formatMoney(asked.highestMonthlyCost)} in 30 days`}
            </small>
            {change ? (
              <div>
                <small>
                  Now: <Limits {...subscription} />
                </small>
              </div>
            ) : null}
          </div>
        </Td>
        <Td dataLabel="Waiting since" modifier="nowrap">
          {awaitingSince ? <RelativeTime at={awaitingSince} /> : null}
        </Td>
        {canDecide ? (
          <Td dataLabel="Decision">
            {isMine ? (
              <small>Your own: another administrator decides.</small>
            ) : (
              <Flex columnGap={{ default: "columnGapSm" }} rowGap={{ default: "rowGapXs" }} flexWrap={{ md: "nowrap" }}>
                <Button
                  size="sm"
                  isDisabled={rest.isRunning}
                  aria-label={`Approve ${what}`}
                  onClick={() => rest.onDecide({ verdict: "APPROVE", reason: null })}
                >
                  Approve
                </Button>
                <Button
                  size="sm"
                  variant="secondary"
                  isDisabled={rest.isRunning}
                  aria-expanded={isOpen && verdict === "APPROVE"}
                  aria-label={`Approve ${what} with changes`}
                  onClick={() => open("APPROVE")}
                >
                  Change…
                </Button>
                <Button
                  size="sm"
                  variant="secondary"
                  isDanger
                  isDisabled={rest.isRunning}
                  aria-expanded={isOpen && verdict === "DENY"}
                  aria-label={`Deny ${what}`}
                  onClick={() => open("DENY")}
                >
                  Deny…
                </Button>
              </Flex>
            )}
          </Td>
        ) : null}
      </Tr>
      {isOpen || refusal !== undefined ? (
        <Tr isExpanded>
          <Td colSpan={7}>
            <ExpandableRowContent>
              {refusal ? (
                <div role="alert">
                  <Alert isInline variant="danger" title="Not decided" component="h3">
                    {refusal}
                  </Alert>
                </div>
              ) : null}
              {isOpen ? (
                <DecisionForm
                  // A form of its own for each verdict, with its own focus.
                  key={verdict}
                  name={verdict === "APPROVE" ? `Approve ${what}` : `Deny ${what}`}
                  verdict={verdict}
                  limits={asked}
                  expiresAt={subscription.expiresAt}
                  isRunning={rest.isRunning}
                  onDecide={rest.onDecide}
                  onCancel={() => onOpen(false)}
                />
              ) : null}
            </ExpandableRowContent>
          </Td>
        </Tr>
      ) : null}
    </Tbody>
  );
}
