import { Button, Card, CardBody, CardTitle, DescriptionList, Flex, Grid, GridItem, PageSection, Skeleton } from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link, useParams } from "react-router";

import { Expiry } from "../../components/Expiry";
import { Fact } from "../../components/Fact";
import { Limits } from "../../components/Limits";
import { Missing } from "../../components/Missing";
import { RelativeTime } from "../../components/RelativeTime";
import { StatusLabel } from "../../components/StatusLabel";
import { providerLabel } from "../../lib/labels";
import { formatMoney } from "../../lib/money";
import { modelPath } from "../../lib/paths";
import { isAuditor, type Reader } from "../../lib/reader";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { AdminDialog } from "./AdminDialog";
import { CancelDialog } from "./CancelDialog";
import { QuotaChangeDialog } from "./QuotaChangeDialog";
import { QuotaRequest } from "./QuotaRequest";
import { QuotaUse } from "./QuotaUse";
import { SubscriptionHistory } from "./SubscriptionHistory";
import { type AdminAction, adminActions } from "./subscriptionActions";
import type { SubscriptionPage_subscription$key } from "./__generated__/SubscriptionPage_subscription.graphql";
import type { SubscriptionPageQuery } from "./__generated__/SubscriptionPageQuery.graphql";

const PARENT = { title: "My subscriptions", to: "/subscriptions" };
const ALL = { title: "All subscriptions", to: "/admin/subscriptions" };
const CANCELLABLE = ["PENDING", "ACTIVE", "SUSPENDED"];

interface DetailsProps {
  subscription: SubscriptionPage_subscription$key;
  reader: Reader | null | undefined;
}

function Details({ subscription: ref, reader }: DetailsProps) {
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
        user {
          id
          displayName
          username
        }
        ...AdminDialog_subscription
        ...CancelDialog_subscription
        ...QuotaChangeDialog_subscription
        ...QuotaRequest_subscription
        ...QuotaUse_subscription
        ...SubscriptionHistory_subscription
      }
    `,
    ref,
  );
  const [dialog, setDialog] = useState<"cancel" | "quota" | AdminAction>();
  const { status, model, user, expiresAt } = subscription;
  const isMine = user?.id === reader?.id;
  const mayChange = isMine && !isAuditor(reader);
  const close = () => setDialog(undefined);
  return (
    <>
      <PageHeading
        title={model.name}
        parent={isMine ? PARENT : ALL}
        actions={
          <Flex columnGap={{ default: "columnGapSm" }} rowGap={{ default: "rowGapSm" }}>
            {adminActions(subscription, reader).map(({ action, title, isDanger }) => (
              <Button key={action} variant="secondary" isDanger={isDanger} onClick={() => setDialog(action)}>
                {title}
              </Button>
            ))}
            {mayChange && status === "ACTIVE" && !subscription.quotaChange ? (
              <Button variant="secondary" onClick={() => setDialog("quota")}>
                Ask for other limits
              </Button>
            ) : null}
            {mayChange && CANCELLABLE.includes(status) ? (
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
                  {isMine ? null : <Fact name="Owner">{user ? `${user.displayName} (${user.username})` : "–"}</Fact>}
                  {subscription.reason ? <Fact name="The administrator’s words">{subscription.reason}</Fact> : null}
                  {subscription.justification ? <Fact name={isMine ? "Your reason" : "The requester’s reason"}>{subscription.justification}</Fact> : null}
                  <Fact name="Limits">
                    <Limits {...subscription} />
                  </Fact>
                  <Fact name="Spend">{formatMoney(subscription.spend)}</Fact>
                  <Fact name="Since">
                    <RelativeTime at={subscription.createdAt} />
                  </Fact>
                  <Fact name="Expires">
                    <Expiry at={expiresAt} isOver={!CANCELLABLE.includes(status)} />
                  </Fact>
                </DescriptionList>
              </CardBody>
            </Card>
          </GridItem>
          <GridItem lg={6}>
            <QuotaUse subscription={subscription} />
          </GridItem>
          <QuotaRequest subscription={subscription} isMine={isMine} mayWithdraw={mayChange} />
          <GridItem>
            <SubscriptionHistory subscription={subscription} />
          </GridItem>
        </Grid>
      </PageSection>
      {dialog && dialog !== "cancel" && dialog !== "quota" ? (
        <AdminDialog action={dialog} subscription={subscription} onClose={close} />
      ) : null}
      {dialog === "cancel" ? <CancelDialog subscription={subscription} onClose={close} /> : null}
      {dialog === "quota" ? <QuotaChangeDialog subscription={subscription} onClose={close} /> : null}
    </>
  );
}

function Loaded({ id }: { id: string }) {
  const { node, viewer } = usePageQuery<SubscriptionPageQuery>(
    graphql`
      query SubscriptionPageQuery($id: ID!) {
        viewer {
          user {
            id
            role
          }
        }
        node(id: $id) {
          ...SubscriptionPage_subscription @alias(as: "subscription")
        }
      }
    `,
    { id },
  );
  if (node?.subscription) return <Details subscription={node.subscription} reader={viewer.user} />;
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
