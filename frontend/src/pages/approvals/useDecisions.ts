import { useCallback, useState } from "react";
import { ConnectionHandler, graphql, readInlineData } from "react-relay";

import type { RequestError } from "../../relay/errors";
import { useAction } from "../../relay/useAction";
import type { useDecisions_subscription$key } from "./__generated__/useDecisions_subscription.graphql";
import type {
  SubscriptionDecisionInput,
  useDecisionsMutation,
} from "./__generated__/useDecisionsMutation.graphql";

export type Decision = Pick<SubscriptionDecisionInput, "verdict" | "reason"> &
  Partial<Omit<SubscriptionDecisionInput, "verdict" | "reason" | "subscriptionId" | "quotaChangeId">>;

/** What became of one decision; `refusal` is why it was not carried out. */
export interface Outcome {
  id: string;
  title: string;
  verdict: string;
  refusal?: string;
}

const readRequest = (ref: useDecisions_subscription$key) =>
  readInlineData(
    graphql`
      fragment useDecisions_subscription on ModelSubscription @inline {
        id
        status
        model {
          name
        }
        user {
          displayName
        }
        quotaChange {
          id
        }
      }
    `,
    ref,
  );

interface Decisions {
  decide: (requests: readonly useDecisions_subscription$key[], decision: Decision, onDone: () => void) => void;
  isRunning: boolean;
  /** Why the whole of it did not happen. */
  error: RequestError | null;
  outcomes: readonly Outcome[];
  clearOutcomes: () => void;
  /** Why a request was not decided, by its id. */
  refusals: ReadonlyMap<string, string>;
}

/** Decides on one request or many, each for itself, and takes those that are decided out of the list. */
export function useDecisions(connection: string): Decisions {
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([]);
  const [refusals, setRefusals] = useState<ReadonlyMap<string, string>>(new Map());
  const { run, isRunning, error } = useAction<useDecisionsMutation>(graphql`
    mutation useDecisionsMutation($input: DecideModelSubscriptionsInput!) {
      decideModelSubscriptions(input: $input) {
        __typename
        ... on DecideModelSubscriptionsSuccess {
          results {
            subscriptionId
            subscription {
              id
              status
              reason
              awaitingSince
              quotaChange {
                id
              }
            }
            error {
              message
              code
            }
          }
        }
        ... on InvalidInput {
          message
          field
        }
      }
    }
  `);

  const decide: Decisions["decide"] = (refs, decision, onDone) => {
    const requests = refs.map(readRequest);
    const titles = new Map(requests.map(({ id, model, user }) => [id, `${model.name} for ${user?.displayName ?? "somebody"}`]));
    const decisions = requests.map(({ id, status, quotaChange }) => ({
      ...decision,
      subscriptionId: id,
      quotaChangeId: status === "PENDING" ? null : quotaChange?.id,
    }));
    setOutcomes([]);
    run({
      variables: { input: { decisions } },
      updater: (store, data) => {
        const result = data?.decideModelSubscriptions;
        const list = store.get(connection);
        if (!list || result?.__typename !== "DecideModelSubscriptionsSuccess") return;
        for (const { subscriptionId, error: refused } of result.results) {
          if (!refused) ConnectionHandler.deleteNode(list, subscriptionId);
        }
      },
      onCompleted: ({ decideModelSubscriptions: result }) => {
        if (result.__typename === "DecideModelSubscriptionsSuccess") {
          const { results } = result;
          setOutcomes(
            results.map(({ subscriptionId: id, error: refused }) => ({
              id,
              title: titles.get(id) ?? id,
              verdict: decision.verdict,
              refusal: refused?.message,
            })),
          );
          setRefusals(
            (before) =>
              new Map([
                ...[...before].filter(([id]) => !titles.has(id)),
                ...results.flatMap(({ subscriptionId: id, error: refused }) =>
                  refused ? [[id, refused.message] as const] : [],
                ),
              ]),
          );
          onDone();
        } else if (result.__typename === "InvalidInput") {
          setRefusals(new Map([...titles.keys()].map((id) => [id, result.message])));
        }
      },
    });
  };
  const clearOutcomes = useCallback(() => setOutcomes([]), []);
  return { decide, isRunning, error, outcomes, clearOutcomes, refusals };
}
