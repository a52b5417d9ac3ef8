import { Alert, Skeleton } from "@patternfly/react-core";
import { graphql } from "react-relay";

import { formatCount } from "../../lib/numbers";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import type { ExistingSubscriptions, ModelImpactQuery } from "./__generated__/ModelImpactQuery.graphql";

interface ModelImpactProps {
  modelId: string;
  existing: ExistingSubscriptions;
}

/** Whom a change of a model concerns, before it is made. */
export function ModelImpact(props: ModelImpactProps) {
  return (
    <div role="status">
      <QueryBoundary skeleton={<Skeleton height="4rem" screenreaderText="Counting whom it concerns" />} resetOn={props.existing}>
        <Counted {...props} />
      </QueryBoundary>
    </div>
  );
}

const count = (number: number, one: string, many = `${one}s`) => `${formatCount(number)} ${number === 1 ? one : many}`;

function Counted({ modelId, existing }: ModelImpactProps) {
  const { admin } = usePageQuery<ModelImpactQuery>(
    graphql`
      query ModelImpactQuery($modelId: ID!, $existing: ExistingSubscriptions!) {
        admin {
          modelChangeImpact(modelId: $modelId, existing: $existing) {
            activeSubscriptions
            pendingSubscriptions
            suspendedSubscriptions
            people
            keys
            becomingSuspended
            becomingCancelled
            becomingDenied
          }
        }
      }
    `,
    { modelId, existing },
    "network-only",
  );
  const impact = admin.modelChangeImpact;
  const done = [
    impact.becomingSuspended ? `suspends ${count(impact.becomingSuspended, "subscription")}` : "",
    impact.becomingCancelled ? `ends ${count(impact.becomingCancelled, "subscription")}` : "",
    impact.becomingDenied ? `denies ${count(impact.becomingDenied, "waiting request")}` : "",
  ].filter(Boolean);
  return (
    <Alert
      isInline
      variant={done.length > 0 ? "warning" : "info"}
      component="h2"
      title={done.length > 0 ? `This ${done.join(" and ")}` : "Everybody who has it keeps it"}
    >
      {count(impact.people, "person has", "people have")} it, in {count(impact.activeSubscriptions, "active subscription")};{" "}
      {count(impact.pendingSubscriptions, "request waits", "requests wait")}, {formatCount(impact.suspendedSubscriptions)} on
      hold. {count(impact.keys, "key holds", "keys hold")} it
      {impact.becomingSuspended + impact.becomingCancelled > 0 ? " and can’t call it any more within seconds, as far as its owner is concerned." : "."}
    </Alert>
  );
}
