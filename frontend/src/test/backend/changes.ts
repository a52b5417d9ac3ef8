import { aToken, TOKEN_SECRET } from "./account";
import type { Row } from "./base";
import { aSubscription } from "./catalog";
import type { BackendData } from "./data";
import { aKey, SECRET } from "./keys";

/** What can be changed. */
export function changesOf(data: BackendData): Record<string, (args: never) => unknown> {
  return {
    markNotificationsRead: ({ input }: { input: { notificationIds?: string[] | null } }) => {
      const unread = data.notifications.filter(
        ({ id, readAt }) => readAt === null && (input.notificationIds?.includes(id as string) ?? true),
      );
      for (const each of unread) each.readAt = new Date().toISOString();
      return { __typename: "MarkNotificationsReadSuccess", marked: unread.length };
    },
    requestModelSubscription: ({ input }: { input: { modelId: string; justification?: string } }) => {
      const model = data.models.find(({ id }) => id === input.modelId)!;
      if (model.lifecycle === "RETIRED") return { __typename: "ModelUnavailable", message: "It is gone.", model };
      const subscription = aSubscription(data.subscriptions.length + 1, model, {
        status: model.access === "OPEN" ? "ACTIVE" : "PENDING",
        justification: input.justification ?? null,
        createdAt: new Date().toISOString(),
      });
      data.subscriptions.unshift(subscription);
      return { __typename: "RequestModelSubscriptionSuccess", subscription };
    },
    createApiKey: ({ input }: { input: { name: string; modelIds: string[] } }) => {
      const models = data.models.filter(({ id }) => input.modelIds.includes(id as string));
      const { name, maxBudget = null, budgetDuration = null, rpmLimit = null, tpmLimit = null, expiresAt = null } =
        input as Row;
      const apiKey = aKey(data.keys.length + 1, models, {
        ...{ name, maxBudget, budgetDuration, rpmLimit, tpmLimit, expiresAt },
        createdAt: new Date().toISOString(),
        spend: "0",
      });
      data.keys.unshift(apiKey);
      return { __typename: "CreateApiKeySuccess", apiKey, secret: SECRET };
    },
    createAccessToken: ({ input }: { input: Row }) => {
      const accessToken = aToken(data.tokens.length + 1, input);
      data.tokens.unshift(accessToken);
      return { __typename: "CreateAccessTokenSuccess", accessToken, secret: TOKEN_SECRET };
    },
    endSession: ({ input }: { input: { sessionId: string } }) => {
      data.sessions = data.sessions.filter(({ id }) => id !== input.sessionId);
      return { __typename: "EndSessionSuccess", sessionId: input.sessionId };
    },
    endOtherSessions: () => {
      const ended = data.sessions.filter(({ current }) => !current).length;
      data.sessions = data.sessions.filter(({ current }) => current);
      return { __typename: "EndOtherSessionsSuccess", ended };
    },
    revokeApiKey: ({ input }: { input: { apiKeyId: string } }) => {
      const apiKey = data.keys.find(({ id }) => id === input.apiKeyId)!;
      apiKey.status = "REVOKED";
      return { __typename: "RevokeApiKeySuccess", apiKey };
    },
  };
}
