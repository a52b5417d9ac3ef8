import { Label } from "@patternfly/react-core";
import { CheckCircleIcon } from "@patternfly/react-icons";
import { graphql, useFragment } from "react-relay";

import { StatusLabel } from "../../components/StatusLabel";
import type { MySubscriptionLabel_model$key } from "./__generated__/MySubscriptionLabel_model.graphql";

/** How the reader stands to a model; nothing when they never asked for it. */
export function MySubscriptionLabel({ model: modelRef }: { model: MySubscriptionLabel_model$key }) {
  const { mySubscription } = useFragment(
    graphql`
      fragment MySubscriptionLabel_model on Model {
        mySubscription {
          status
        }
      }
    `,
    modelRef,
  );
  if (!mySubscription || mySubscription.status === "CANCELLED") return null;
  if (mySubscription.status === "ACTIVE") {
    return (
      <Label isCompact color="green" icon={<CheckCircleIcon />}>
        Subscribed
      </Label>
    );
  }
  return <StatusLabel of="subscription" status={mySubscription.status} />;
}
