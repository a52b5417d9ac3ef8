import { useState } from "react";
import { commitMutation, graphql, useRelayEnvironment } from "react-relay";

import { explain, toRequestError } from "../../relay/errors";
import { refusalOf } from "../../relay/refusal";
import type { ModelChoice } from "./modelChoice";
import type { RequestModelSubscriptionInput, useSubscribingMutation } from "./__generated__/useSubscribingMutation.graphql";

/** What became of asking for one model: the status that its subscription has, or why there is none. */
export interface Outcome {
  model: ModelChoice;
  status?: string;
  refusal?: string;
  /** The field of the input that was refused, if it was one. */
  field?: string;
}

const mutation = graphql`
  mutation useSubscribingMutation($input: RequestModelSubscriptionInput!) {
    requestModelSubscription(input: $input) {
      __typename
      ... on RequestModelSubscriptionSuccess {
        subscription {
          status
          model {
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
        subscription {
          status
          model {
            mySubscription {
              id
              status
              reason
              createdAt
            }
          }
        }
      }
      ... on Error {
        message
      }
      ... on InvalidInput {
        field
      }
    }
  }
`;

/** Asks for one model after the other; what is refused keeps none of the others from being asked for. */
export function useSubscribing() {
  const environment = useRelayEnvironment();
  const [isRunning, setRunning] = useState(false);
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([]);

  const ask = (model: ModelChoice, rest: Omit<RequestModelSubscriptionInput, "modelId">) =>
    new Promise<Outcome>((resolve) => {
      commitMutation<useSubscribingMutation>(environment, {
        mutation,
        variables: { input: { modelId: model.id, ...rest } },
        onCompleted: ({ requestModelSubscription: result }) => {
          // Who has it already has what was asked for.
          if (result.subscription) resolve({ model, status: result.subscription.status });
          else resolve({ model, refusal: refusalOf(result).message, field: result.field?.split(".").at(-1) });
        },
        onError: (reason) => {
          const { title, help, detail } = explain(toRequestError(reason));
          resolve({ model, refusal: `${detail ?? title} ${help}` });
        },
      });
    });

  const subscribe = async (models: readonly ModelChoice[], rest: Omit<RequestModelSubscriptionInput, "modelId">) => {
    setRunning(true);
    const done: Outcome[] = [];
    // One at a time: the server judges each by what the reader has by then.
    for (const model of models) done.push(await ask(model, rest));
    setOutcomes((before) => [...before.filter(({ refusal }) => !refusal), ...done]);
    setRunning(false);
  };
  return { subscribe, isRunning, outcomes };
}
