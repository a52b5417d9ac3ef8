import {
  Button,
  Card,
  CardBody,
  CardFooter,
  CardTitle,
  Content,
  Flex,
  Form,
  HelperText,
  HelperTextItem,
  Stack,
  StackItem,
} from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { ActionError } from "../../components/ActionError";
import { AuditorNote } from "../../components/AuditorNote";
import { ButtonLink } from "../../components/ButtonLink";
import { RelativeTime } from "../../components/RelativeTime";
import { StatusLabel } from "../../components/StatusLabel";
import { WordsField } from "../../components/WordsField";
import { createKeyPath, newSubscriptionPath } from "../../lib/paths";
import { useAction } from "../../relay/useAction";
import { useIsAuditor } from "../../relay/useIsAuditor";
import type { SubscribePanel_model$key } from "./__generated__/SubscribePanel_model.graphql";
import type { SubscribePanelMutation } from "./__generated__/SubscribePanelMutation.graphql";

/** What a new request can follow on. */
const ENDED = ["DENIED", "EXPIRED", "CANCELLED"];

/** How the reader stands to this model, and the one thing they can do next. */
export function SubscribePanel({ model: modelRef }: { model: SubscribePanel_model$key }) {
  const model = useFragment(
    graphql`
      fragment SubscribePanel_model on Model {
        id
        name
        access
        lifecycle
        mySubscription {
          status
          reason
          createdAt
        }
      }
    `,
    modelRef,
  );
  const subscription = model.mySubscription;
  const isAuditor = useIsAuditor();
  const canAsk = !subscription || ENDED.includes(subscription.status);

  return (
    <Card isFullHeight>
      <CardTitle component="h2">Your access</CardTitle>
      <CardBody>
        <Stack hasGutter>
          {subscription ? (
            <StackItem>
              <StatusLabel of="subscription" status={subscription.status} /> since{" "}
              <RelativeTime at={subscription.createdAt} />
            </StackItem>
          ) : null}
          {subscription?.reason ? <StackItem>Reason: {subscription.reason}</StackItem> : null}
          <StackItem>
            {!canAsk ? (
              <Content component="p">{NEXT[subscription.status]}</Content>
            ) : isAuditor ? (
              <AuditorNote />
            ) : (
              <Ask modelId={model.id} access={model.access} lifecycle={model.lifecycle} />
            )}
          </StackItem>
        </Stack>
      </CardBody>
      {subscription?.status === "ACTIVE" && !isAuditor ? (
        <CardFooter>
          <ButtonLink to={createKeyPath(model.id)}>Create a key for it</ButtonLink>
        </CardFooter>
      ) : null}
    </Card>
  );
}

const NEXT: Record<string, string> = {
  ACTIVE: "You can call this model with any key that lists it.",
  PENDING: "An administrator decides. This page and “My subscriptions” show the answer.",
  SUSPENDED: "Your subscription is on hold; calls are refused for now. Ask an administrator why.",
};

interface AskProps {
  modelId: string;
  access: string;
  lifecycle: string;
}

function Ask({ modelId, access, lifecycle }: AskProps) {
  const [justification, setJustification] = useState("");
  const [refusal, setRefusal] = useState<{ field?: string; message: string }>();
  const { run, isRunning, error } = useAction<SubscribePanelMutation>(graphql`
    mutation SubscribePanelMutation($input: RequestModelSubscriptionInput!) {
      requestModelSubscription(input: $input) {
        __typename
        ... on RequestModelSubscriptionSuccess {
          subscription {
            id
            model {
              id
              mySubscription {
                id
                status
                reason
                createdAt
              }
            }
          }
        }
        ... on AlreadySubscribed {
          message
          subscription {
            id
            model {
              id
              mySubscription {
                id
                status
                reason
                createdAt
              }
            }
          }
        }
        ... on ModelUnavailable {
          message
        }
        ... on InvalidInput {
          message
          field
        }
      }
    }
  `);

  if (lifecycle === "RETIRED") {
    return (
      <Content component="p">
        This model is retired and takes no new subscriptions. <Link to="/models">Find another one</Link>.
      </Content>
    );
  }

  const isOpen = access === "OPEN";
  const submit = () => {
    setRefusal(undefined);
    run({
      variables: { input: { modelId, justification: isOpen ? null : justification.trim() } },
      onCompleted: ({ requestModelSubscription: result }) => {
        if (result.__typename === "InvalidInput") setRefusal({ field: result.field, message: result.message });
        else if (result.__typename === "ModelUnavailable") setRefusal({ message: result.message });
      },
    });
  };
  const atField = refusal?.field?.endsWith("justification");

  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Content component="p">
        {isOpen
          ? "You can use it at once; no approval is needed."
          : "It needs approval. An administrator sees your reason and decides; you see the answer here."}
      </Content>
      {isOpen ? null : (
        <WordsField
          label="What do you need it for?"
          help="A sentence on the purpose and how much you expect to use helps."
          error={atField ? refusal?.message : undefined}
          isRequired={false}
          value={justification}
          onChange={setJustification}
        />
      )}
      <ActionError error={error} title="You are not subscribed" />
      {refusal && !atField ? (
        <HelperText isLiveRegion>
          <HelperTextItem variant="error">{refusal.message}</HelperTextItem>
        </HelperText>
      ) : null}
      <Flex columnGap={{ default: "columnGapSm" }}>
        <Button type="submit" isLoading={isRunning} isDisabled={isRunning}>
          {isOpen ? "Subscribe" : "Ask for access"}
        </Button>
        <ButtonLink to={newSubscriptionPath(modelId)} variant="link">
          With limits
        </ButtonLink>
      </Flex>
    </Form>
  );
}
