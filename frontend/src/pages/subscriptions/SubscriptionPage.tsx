import { Button, Card, CardBody, CardTitle, DescriptionList, Flex, Grid, GridItem, PageSection, Skeleton } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link, useParams } from "react-router";

import { Fact } from "../../components/Fact";
import { Limits } from "../../components/Limits";
import { Missing } from "../../components/Missing";
import { RelativeTime } from "../../components/RelativeTime";
import { StatusLabel } from "../../components/StatusLabel";
import { providerLabel } from "../../lib/labels";
import { formatMoney } from "../../lib/money";
import { modelPath } from "../../lib/paths";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { CancelDialog } from "./CancelDialog";
import { QuotaChangeDialog } from "./QuotaChangeDialog";
import { QuotaRequest } from "./QuotaRequest";
import { QuotaUse } from "./QuotaUse";
import { SubscriptionHistory } from "./SubscriptionHistory";
import type { SubscriptionPage_subscription$key } from "./__generated__/SubscriptionPage_subscription.graphql";
import type { SubscriptionPageQuery } from "./__generated__/SubscriptionPageQuery.graphql";

const PARENT = { title: "My subscriptions", to: "/subscriptions" };
const CANCELLABLE = ["PENDING", "ACTIVE", "SUSPENDED"];

function Details({ subscription: ref }: { subscription: SubscriptionPage_subscription$key }) {
  const subscription = useFragment(
    graphql`
      fragment SubscriptionPage_subscription on ModelSubscription {
        id
        status
        justification
        reason
        maxBudget
        maxRequests
        maxTokens
        budgetDuration
        rpmLimit
        tpmLimit
        spend
        createdAt
        expiresAt
        model {
          id
          name
          provider
        }
        quotaChange {
          id
        }
        ...CancelDialog_subscription
        ...QuotaChangeDialog_subscription
        ...QuotaRequest_subscription
        ...QuotaUse_subscription
        ...SubscriptionHistory_subscription
      }
    `,
    ref,
  );
  const [dialog, setDialog] = useState<"cancel" | "quota">();
  const { status, model, expiresAt } = subscription;
  const close = () => setDialog(undefined);
  return (
    <>
      <PageHeading
        title={model.name}
        parent={PARENT}
        actions={
          <Flex columnGap={{ default: "columnGapSm" }}>
            {status === "ACTIVE" && !subscription.quotaChange ? (
              <Button variant="secondary" onClick={() => setDialog("quota")}>
                Ask for other limits
              </Button>
            ) : null}
            {CANCELLABLE.includes(status) ? (
              <Button variant="danger" onClick={() => setDialog("cancel")}>
                {status === "PENDING" ? "Withdraw the request" : "Cancel subscription"}
              </Button>
            ) : null}
          </Flex>
        }
      />
      <PageSection isFilled>
        <Grid hasGutter>
          <GridItem lg={6}>
            <Card isFullHeight>
              <CardTitle component="h2">About</CardTitle>
              <CardBody>
                <DescriptionList columnModifier={{ default: "1Col", sm: "2Col" }}>
                  <Fact name="Model">
                    <Link to={modelPath(model.id)}>{model.name}</Link>, {providerLabel(model.provider)}
                  </Fact>
                  <Fact name="Status">
                    <StatusLabel of="subscription" status={status} />
                  </Fact>
                  {subscription.reason ? <Fact name="The administrator’s words">{subscription.reason}</Fact> : null}
                  {subscription.justification ? <Fact name="Your reason">{subscription.justification}</Fact> : null}
                  <Fact name="Limits">
                    <Limits {...subscription} />
                  </Fact>
                  <Fact name="Spend">{formatMoney(subscription.spend)}</Fact>
                  <Fact name="Since">
                    <RelativeTime at={subscription.createdAt} />
                  </Fact>
                  <Fact name="Expires">{expiresAt ? <RelativeTime at={expiresAt} /> : "Never"}</Fact>
                </DescriptionList>
              </CardBody>
            </Card>
          </GridItem>
          <GridItem lg={6}>
            <QuotaUse subscription={subscription} />
          </GridItem>
          <QuotaRequest subscription={subscription} />
          <GridItem>
            <SubscriptionHistory subscription={subscription} />
          </GridItem>
        </Grid>
      </PageSection>
      {dialog === "cancel" ? <CancelDialog subscription={subscription} onClose={close} /> : null}
      {dialog === "quota" ? <QuotaChangeDialog subscription={subscription} onClose={close} /> : null}
    </>
  );
}

function Loaded({ id }: { id: string }) {
  const { node } = usePageQuery<SubscriptionPageQuery>(
    graphql`
      query SubscriptionPageQuery($id: ID!) {
        node(id: $id) {
          ...SubscriptionPage_subscription @alias(as: "subscription")
        }
      }
    `,
    { id },
  );
  if (node?.subscription) return <Details subscription={node.subscription} />;
  return (
    <Missing title="Subscription not found" parent={PARENT}>
      It may belong to somebody else.
    </Missing>
  );
}

const skeleton = (
  <>
    <PageHeading title="Subscription" parent={PARENT} />
    <PageSection isFilled>
      <Skeleton height="14rem" screenreaderText="Loading the subscription" />
    </PageSection>
  </>
);

/** One subscription: what it allows, what was used of it, and all that was done to it. */
export function SubscriptionPage() {
  const { id = "" } = useParams();
  return (
    <QueryBoundary key={id} skeleton={skeleton}>
      <Loaded id={id} />
    </QueryBoundary>
  );
}
