import { Alert, DescriptionList, Spinner } from "@patternfly/react-core";
import { useMemo, useState } from "react";
import { graphql, useSubscription } from "react-relay";
import type { GraphQLSubscriptionConfig } from "relay-runtime";

import { Fact } from "../../components/Fact";
import { RelativeTime } from "../../components/RelativeTime";
import { explainCallError } from "../../lib/callErrors";
import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { useLiveStatus } from "../../relay/LiveContext";
import type { FirstCallPanelSubscription } from "./__generated__/FirstCallPanelSubscription.graphql";

type Use = FirstCallPanelSubscription["response"]["apiKeyUsed"];

/** Waits for a call with this key and says how it went: the proof that the key works, or why it does not. */
export function FirstCallPanel({ apiKeyId }: { apiKeyId: string }) {
  const [use, setUse] = useState<Use>();
  const [isRefused, setRefused] = useState(false);
  const { status } = useLiveStatus(false);
  const config = useMemo<GraphQLSubscriptionConfig<FirstCallPanelSubscription>>(
    () => ({
      subscription: graphql`
        subscription FirstCallPanelSubscription($apiKeyId: ID!, $after: BigInt) {
          apiKeyUsed(apiKeyId: $apiKeyId, after: $after) {
            position
            apiKey {
              id
              spend
              lastUsedAt
            }
            model
            at
            success
            errorCode
            totalTokens
            spend
            latencyMs
          }
        }
      `,
      variables: { apiKeyId, after: null }, // moves on with each call, so that none is missed while the connection is away
      onNext: (response) => response && setUse(response.apiKeyUsed),
      onError: () => setRefused(true),
    }),
    [apiKeyId],
  );
  useSubscription(config);

  // One live region for all states, so that each change of it is read out.
  return (
    <div role="status">
      {use ? <Arrived use={use} /> : <Waiting isOffline={isRefused || status === "stale" || status === "reconnecting"} />}
    </div>
  );
}

function Waiting({ isOffline }: { isOffline: boolean }) {
  if (isOffline) {
    return (
      <Alert isInline variant="info" title="Not listening for calls at the moment" component="h3">
        The live connection is interrupted. The key works all the same; its use appears under “Last used”.
      </Alert>
    );
  }
  return (
    <Alert
      isInline
      variant="custom"
      variantLabel="Info alert:"
      customIcon={<Spinner size="md" aria-label="Waiting" />}
      title="Waiting for a call with this key"
      component="h3"
    >
      Run a sample; the call shows here about a second after its answer.
    </Alert>
  );
}

function Arrived({ use }: { use: Use }) {
  if (!use.success) {
    const { what, fix } = explainCallError(use.errorCode);
    return (
      <Alert isInline variant="danger" title={`The call to ${use.model} failed`} component="h3">
        <p>{what}</p>
        <p>{fix}</p>
        {use.errorCode ? <small>LiteLLM answered {use.errorCode}. Still listening.</small> : null}
      </Alert>
    );
  }
  return (
    <Alert isInline variant="success" title={`It works: ${use.model} answered`} component="h3">
      <DescriptionList isCompact isHorizontal columnModifier={{ default: "1Col", sm: "2Col" }}>
        <Fact name="Took">{use.latencyMs == null ? "not measured" : `${formatCount(use.latencyMs)} ms`}</Fact>
        <Fact name="Tokens">{formatCount(use.totalTokens)}</Fact>
        <Fact name="Cost">{formatMoney(use.spend)}</Fact>
        <Fact name="When">
          <RelativeTime at={use.at} />
        </Fact>
      </DescriptionList>
    </Alert>
  );
}
