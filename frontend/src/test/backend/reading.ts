import type { Row } from "./base";
import { aPolicy } from "./catalog";
import type { BackendData } from "./data";
import { CodedError } from "./errors";
import { connection, facet, type Filter, type ListArgs, matches, type Page, type PeopleArgs, some } from "./lists";
import { ERASURE_IMPACT } from "./people";

/** The calls are a list that a test can change; the schema has pages of them. */
function usageOf(data: BackendData) {
  const { calls, ...sums } = data.usage;
  return { ...sums, calls: (page: Page) => connection((calls ?? []) as Row[], page) };
}

function viewerOf(data: BackendData) {
  if (!data.signedIn) throw new CodedError("UNAUTHENTICATED");
  return {
    user: data.reader,
    modelSubscriptions: (args: ListArgs) => some(data.subscriptions, args),
    apiKeys: (args: ListArgs) => some(data.keys, args),
    notifications: ({ unread, ...page }: Page & { unread?: boolean }) =>
      connection(
        data.notifications.filter(({ readAt }) => !unread || readAt === null),
        page,
      ),
    keyPolicy: data.keyPolicy,
    subscriptionPolicy: aPolicy(),
    usage: () => usageOf(data),
    sessions: (page: Page) => connection(data.sessions, page),
    accessTokens: (page: Page) => connection(data.tokens, page),
    erasureImpact: ERASURE_IMPACT,
  };
}

function adminOf(data: BackendData) {
  if (data.reader.role === "USER") throw new CodedError("FORBIDDEN");
  return {
    modelSubscriptions: (args: ListArgs) => some(data.subscriptions, args),
    apiKeys: (args: ListArgs) => some(data.keys, args),
    modelChangeImpact: ({ existing }: { existing: string }) => ({
      activeSubscriptions: 3,
      pendingSubscriptions: 1,
      suspendedSubscriptions: 0,
      people: 3,
      keys: 2,
      becomingSuspended: existing === "SUSPEND" ? 3 : 0,
      becomingCancelled: existing === "CANCEL" ? 3 : 0,
      becomingDenied: existing === "CANCEL" ? 1 : 0,
    }),
    subscriptionPolicies: data.policies,
    users: ({ search, role, disabled, ...page }: PeopleArgs) =>
      connection(
        data.people.filter(
          (person) =>
            `${person.username} ${person.displayName}`.toLowerCase().includes((search ?? "").toLowerCase()) &&
            (!role?.length || role.includes(person.role as string)) &&
            (disabled == null || disabled === (person.disabledAt !== null)),
        ),
        page,
      ),
    user: ({ userId }: { userId: string }) => {
      const person = data.people.find(({ id }) => id === userId);
      if (!person) throw new CodedError("NOT_FOUND");
      return person;
    },
    offboardingImpact: () => ({
      sessions: 1,
      accessTokens: 2,
      keys: 3,
      keysInUse: 1,
      activeSubscriptions: 4,
      pendingSubscriptions: 1,
      suspendedSubscriptions: 0,
    }),
    erasureImpact: () => ERASURE_IMPACT,
    accessTokens: (page: Page) => connection(data.tokens, page),
    auditLog: ({ filter, ...page }: Page & { filter?: Row }) =>
      connection(
        data.auditLog.filter(
          (entry) =>
            (!filter?.actor || filter.actor === entry.actor) &&
            (!filter?.outcome || filter.outcome === entry.outcome) &&
            (!filter?.target || (entry.target as string).startsWith(filter.target as string)) &&
            (!filter?.action || filter.action === entry.action),
        ),
        page,
      ),
    auditRemoval: data.auditRemoval,
    system: data.system,
    usage: () => usageOf(data),
    ledger: data.ledger,
  };
}

/** What can be asked at the top. */
export function readingOf(data: BackendData): Record<string, (args: never) => unknown> {
  return {
    viewer: () => viewerOf(data),
    admin: () => adminOf(data),
    portal: () => ({
      llmBaseUrl: "http://127.0.0.1:8081",
      version: "1.0.0",
      liteLLM: data.liteLLM,
      signIn: {
        provider: data.provider,
        loginUrl: "/auth/login",
        sandboxUsers: [
          { username: "alice", displayName: "Alice", role: "USER" },
          { username: "ada", displayName: "Ada", role: "ADMIN" },
        ],
      },
    }),
    node: ({ id }: { id: string }) =>
      [...data.models, ...data.keys, ...data.subscriptions, ...data.notifications].find((row) => row.id === id) ?? null,
    models: ({ filter, ...page }: Page & { filter?: Filter }) =>
      connection(
        data.models.filter((model) => matches(model, filter ?? {})),
        page,
      ),
    modelFacets: () => ({
      providers: facet(data.models.map(({ provider }) => provider)),
      modes: facet(data.models.map(({ mode }) => mode)),
      capabilities: facet(data.models.flatMap(({ capabilities }) => capabilities)),
    }),
  };
}
