import {
  Alert,
  Button,
  Card,
  CardBody,
  CardFooter,
  CardHeader,
  CardTitle,
  Checkbox,
  Content,
  DescriptionList,
  Flex,
  Label,
} from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { Fact } from "../../components/Fact";
import { Limits } from "../../components/Limits";
import { RelativeTime } from "../../components/RelativeTime";
import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { modelPath } from "../../lib/paths";
import { DecisionForm } from "./DecisionForm";
import type { ApprovalCard_subscription$key } from "./__generated__/ApprovalCard_subscription.graphql";
import type { Decision } from "./useDecisions";

interface ApprovalCardProps {
  subscription: ApprovalCard_subscription$key;
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
export function ApprovalCard({ subscription: ref, canDecide, isMine, isOpen, onOpen, refusal, ...rest }: ApprovalCardProps) {
  const subscription = useFragment(
    graphql`
      fragment ApprovalCard_subscription on ModelSubscription {
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
  const who = user?.displayName ?? "somebody";
  const what = `${model.name} for ${who}`;
  const open = (next: "APPROVE" | "DENY") => {
    setVerdict(next);
    onOpen(true);
  };
  return (
    <Card isCompact aria-label={what}>
      <CardHeader
        actions={
          canDecide && !isMine
            ? {
                hasNoOffset: true,
                actions: (
                  <Checkbox
                    id={`choose-${subscription.id}`}
                    aria-label={`Choose ${what}`}
                    isChecked={rest.isChosen}
                    onChange={(_, isChosen) => rest.onChoose(isChosen)}
                  />
                ),
              }
            : undefined
        }
      >
        <CardTitle component="h2">
          <Link to={modelPath(model.id)}>{model.name}</Link> for {who}{" "}
          {change ? (
            <Label isCompact color="blue">
              Other limits
            </Label>
          ) : null}
        </CardTitle>
      </CardHeader>
      <CardBody>
        <Content component="p" className="words">
          {asked.justification ? `“${asked.justification}”` : "No reason given."}
        </Content>
        <DescriptionList isCompact columnModifier={{ default: "1Col", sm: "2Col", xl: change ? "3Col" : undefined }}>
          <Fact name="Limits asked for">
            <Limits {...asked} />
          </Fact>
          {change ? (
            <Fact name="Limits now">
              <Limits {...subscription} />
            </Fact>
          ) : null}
          <Fact name="Cost in 30 days">
            {asked.highestMonthlyCost == null ? "No bound" : `At most ${formatMoney(asked.highestMonthlyCost)}`}
          </Fact>
          <Fact name={`${who} in the last 30 days`}>
            {formatCount(ownersUsage.requests)} {ownersUsage.requests === 1 ? "request" : "requests"},{" "}
            {formatMoney(ownersUsage.spend)}
          </Fact>
          <Fact name="Waiting since">{awaitingSince ? <RelativeTime at={awaitingSince} /> : "–"}</Fact>
        </DescriptionList>
      </CardBody>
      {refusal ? (
        <CardBody>
          <div role="alert">
            <Alert isInline variant="danger" title="Not decided" component="h3">
              {refusal}
            </Alert>
          </div>
        </CardBody>
      ) : null}
      {isMine && canDecide ? <CardFooter>Your own request: another administrator decides.</CardFooter> : null}
      {canDecide && !isMine ? (
        <CardFooter>
          <Flex columnGap={{ default: "columnGapSm" }} rowGap={{ default: "rowGapSm" }}>
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
              aria-label={`Approve with changes: ${what}`}
              onClick={() => open("APPROVE")}
            >
              Approve with changes
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
              Deny
            </Button>
          </Flex>
        </CardFooter>
      ) : null}
      {isOpen ? (
        <CardBody>
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
        </CardBody>
      ) : null}
    </Card>
  );
}
