import { buildSchema, graphql, type GraphQLSchema, subscribe, parse } from "graphql";

/**
 * A gateway in memory: it answers the pages' own trusted documents by the project's own schema, so a document that the
 * schema does not know fails here as it would there. What it knows is plain data that a test can change.
 */

export type Row = Record<string, unknown>;

export interface BackendData {
  signedIn: boolean;
  /** Who is signed in. */
  reader: Row;
  liteLLM: { reachable: boolean; checkedAt: string };
  provider: string;
  models: Row[];
  subscriptions: Row[];
  keys: Row[];
  usage: Row;
  ledger: Row;
  notifications: Row[];
  sessions: Row[];
  tokens: Row[];
  people: Row[];
  auditLog: Row[];
  keyPolicy: Row;
  policies: Row[];
  system: Row;
  /** Fields that fail, by name, with the code that they fail with. */
  failures: Record<string, string>;
  /** In how many seconds what fails may be asked again. */
  retryAfter?: number;
  /** Mutations' answers that a test prescribes, by field name. */
  answers: Record<string, Row>;
}

export const NOW = Date.UTC(2026, 10, 23, 12, 30);
export const TOKEN_SECRET = "lmt_test0123456789abcdefghijklmnop";
export const SECRET = "sk-test-0123456789abcdefghijklmnop";
const iso = (ago: number) => new Date(NOW - ago).toISOString();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export const ALICE: Row = {
  __typename: "User",
  id: nodeId("User", 1),
  username: "alice",
  displayName: "Alice",
  email: "alice@example.com",
  role: "USER",
  createdAt: iso(90 * DAY),
  lastSignedInAt: iso(HOUR),
  disabledAt: null,
  openSubscriptions: 2,
  livingApiKeys: 1,
  recentUsage: totals(42, "1.234", 2),
};
export const ADA: Row = { ...ALICE, id: nodeId("User", 9), username: "ada", displayName: "Ada", role: "ADMIN" };

export function nodeId(type: string, number: number): string {
  return btoa(`${type}:00000000-0000-0000-0000-${String(number).padStart(12, "0")}`);
}

export function aModel(number: number, changes: Row = {}): Row {
  return {
    __typename: "Model",
    id: nodeId("Model", number),
    name: `model-${number}`,
    provider: "openai",
    mode: "CHAT",
    description: "A general model for everyday questions.",
    contextWindow: 131072,
    maxOutputTokens: 16384,
    inputCostPerMillion: "0.15",
    outputCostPerMillion: "0.6",
    capabilities: ["FUNCTION_CALLING", "STREAMING"],
    access: "OPEN",
    lifecycle: "AVAILABLE",
    mySubscription: null,
    successor: null,
    subscriptionPolicy: aPolicy(),
    ...changes,
  };
}

/** What subscriptions get by default: nothing is limited. */
export function aPolicy(changes: Row = {}): Row {
  return {
    maxBudget: null,
    maxRequests: null,
    maxTokens: null,
    budgetDuration: null,
    rpmLimit: null,
    tpmLimit: null,
    lifeDays: null,
    model: null,
    ...changes,
  };
}

export function aNotification(number: number, changes: Row = {}): Row {
  return {
    __typename: "Notification",
    id: nodeId("Notification", number),
    kind: "API_KEY_BLOCKED",
    actor: "ada",
    reason: null,
    days: null,
    expiresAt: null,
    createdAt: iso(HOUR),
    readAt: null,
    subscription: null,
    model: null,
    apiKey: null,
    ...changes,
  };
}

export function aSession(number: number, changes: Row = {}): Row {
  return {
    __typename: "LoginSession",
    id: nodeId("LoginSession", number),
    createdAt: iso(3 * HOUR),
    lastSeenAt: iso(HOUR),
    expiresAt: iso(-21 * HOUR),
    address: "10.0.0.7",
    userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    current: false,
    ...changes,
  };
}

export function aToken(number: number, changes: Row = {}): Row {
  return {
    __typename: "AccessToken",
    id: nodeId("AccessToken", number),
    name: `token ${number}`,
    lastFour: "x9y8",
    scopes: ["READ"],
    status: "ACTIVE",
    createdAt: iso(DAY),
    expiresAt: iso(-89 * DAY),
    revokedAt: null,
    lastUsedAt: null,
    lastUsedAddress: null,
    user: ALICE,
    ...changes,
  };
}

export function anEntry(number: number, changes: Row = {}): Row {
  return {
    __typename: "AuditEntry",
    id: nodeId("AuditEntry", number),
    at: iso(number * HOUR),
    actor: "alice",
    action: "key.created",
    target: "api_key:00000000-0000-0000-0000-000000000001",
    targetId: nodeId("ApiKey", 1),
    outcome: "DONE",
    requestId: `request-${number}`,
    address: "10.0.0.7",
    facts: [{ name: "name", value: "invoice bot" }],
    ...changes,
  };
}

/** An installation in which all is well. */
export function aSystem(changes: Row = {}): Row {
  return {
    version: "1.0.0",
    databaseRevision: "0002",
    liteLLM: { reachable: true, checkedAt: iso(0), version: "1.108.5", verdict: "GOOD", verdictReason: null, circuit: "CLOSED" },
    settlement: { waiting: 0, failingSince: null },
    driftedKeys: 0,
    jobs: [],
    ...changes,
  };
}

/** A subscription to a model, which then knows of it. */
export function aSubscription(number: number, model: Row, changes: Row = {}): Row {
  const subscription = {
    __typename: "ModelSubscription",
    id: nodeId("ModelSubscription", number),
    model,
    status: "ACTIVE",
    justification: null,
    reason: null,
    maxBudget: null,
    budgetDuration: null,
    maxRequests: null,
    maxTokens: null,
    rpmLimit: null,
    tpmLimit: null,
    spend: "0.0421",
    createdAt: iso(3 * DAY),
    expiresAt: null,
    awaitingSince: null,
    user: ALICE,
    quota: null,
    quotaChange: null,
    highestMonthlyCost: null,
    ownersUsage: totals(12, "0.34"),
    history: [],
    ...changes,
  };
  model.mySubscription = subscription;
  return subscription;
}

export function aKey(number: number, models: Row[], changes: Row = {}): Row {
  return {
    __typename: "ApiKey",
    id: nodeId("ApiKey", number),
    name: `key ${number}`,
    prefix: "sk-lm",
    lastFour: "a1b2",
    status: "ACTIVE",
    models,
    maxBudget: null,
    budgetDuration: null,
    rpmLimit: null,
    tpmLimit: null,
    spend: "0.0123",
    createdAt: iso(2 * DAY),
    expiresAt: iso(-88 * DAY),
    lastUsedAt: null,
    inSync: true,
    drift: [],
    user: ALICE,
    generations: [
      {
        number: 1,
        prefix: "sk-lm",
        lastFour: "a1b2",
        status: "ACTIVE",
        createdAt: iso(2 * DAY),
        endsAt: null,
        lastUsedAt: null,
        requestsLastDay: 0,
      },
    ],
    ...changes,
  };
}

export function totals(requests: number, spend: string, failures = 0): Row {
  return {
    requests,
    failures,
    promptTokens: requests * 120,
    completionTokens: requests * 80,
    totalTokens: requests * 200,
    spend,
    cachedTokens: requests * 20,
    cacheHits: 0,
    unpricedRequests: 0,
    successRate: requests ? (requests - failures) / requests : null,
  };
}

/** A week in which a model was called with one key on one day. */
export function someUsage(model: Row, changes: Row = {}): Row {
  const sums = totals(42, "1.234", 2);
  const slice = (key: unknown, label: unknown, counted: Row = sums) => ({ key, label, totals: counted });
  return {
    id: nodeId("Usage", 1),
    totals: sums,
    series: Array.from({ length: 7 }, (_, day) => ({
      start: iso(12.5 * HOUR + (6 - day) * DAY),
      totals: day === 6 ? sums : totals(0, "0"),
    })),
    byModel: [slice(model.id, model.name)],
    byApiKey: [slice(nodeId("ApiKey", 1), "invoice bot")],
    byPerson: [slice(ALICE.id, "Alice")],
    byProvider: [slice(null, "openai")],
    byStatus: [slice(null, "success", totals(40, "1.234")), slice(null, "429", totals(2, "0", 2))],
    heatmap: Array.from({ length: 168 }, (_, hour) => ({
      weekday: Math.floor(hour / 24) + 1,
      hour: hour % 24,
      totals: hour === 10 ? sums : totals(0, "0"),
    })),
    latency: { calls: 40, p50Ms: 820, p95Ms: 2100, p99Ms: 4000 },
    timeToFirstToken: { calls: 0, p50Ms: null, p95Ms: null, p99Ms: null },
    calls: [aCall(1, model), aCall(2, model, { success: false, status: "429", spend: "0", latencyMs: 35 })],
    asOf: iso(DAY),
    complete: true,
    ...changes,
  };
}

export function aCall(number: number, model: Row, changes: Row = {}): Row {
  return {
    callId: `call-${number}`,
    requestId: `chatcmpl-${number}`,
    model: model.name,
    provider: "openai",
    at: iso(number * HOUR),
    success: true,
    status: "success",
    callType: "acompletion",
    stream: false,
    cacheHit: false,
    promptTokens: 120,
    cachedTokens: 20,
    completionTokens: 80,
    totalTokens: 200,
    spend: "0.0123",
    priced: true,
    latencyMs: 820,
    timeToFirstTokenMs: null,
    price: { inputCostPerMillion: "0.15", outputCostPerMillion: "0.6", validFrom: iso(9 * DAY) },
    apiKey: { id: nodeId("ApiKey", 1), name: "invoice bot" },
    user: ALICE,
    ...changes,
  };
}

/** A ledger that was compared up to a minute ago. */
export function aLedger(changes: Row = {}): Row {
  return {
    checkedUntil: iso(60_000),
    lagSeconds: 60,
    settleSeconds: 60,
    newestEventAt: iso(1_000),
    gaps: [],
    gapSeconds: 0,
    repaired: 0,
    repairs: [],
    mismatches: 0,
    mismatchExamples: [],
    missingInLog: 0,
    history: null,
    lastError: null,
    failingSince: null,
    nextTryAt: null,
    ...changes,
  };
}

export function someData(): BackendData {
  const chat = aModel(1, { name: "gpt-4o-mini" });
  const restricted = aModel(2, { name: "claude-opus", provider: "anthropic", access: "RESTRICTED" });
  const embedding = aModel(3, {
    name: "text-embedding",
    mode: "EMBEDDING",
    capabilities: [],
    outputCostPerMillion: "0",
    maxOutputTokens: null,
  });
  const models = [chat, restricted, embedding];
  return {
    signedIn: true,
    reader: ALICE,
    liteLLM: { reachable: true, checkedAt: iso(0) },
    provider: "SANDBOX",
    models,
    subscriptions: [aSubscription(1, chat), aSubscription(2, embedding)],
    keys: [aKey(1, [chat], { name: "invoice bot", lastUsedAt: iso(HOUR) })],
    usage: someUsage(chat),
    ledger: aLedger(),
    notifications: [],
    sessions: [aSession(1, { current: true })],
    tokens: [],
    people: [ALICE, ADA],
    auditLog: [],
    policies: [],
    system: aSystem(),
    keyPolicy: {
      maxBudget: null,
      budgetDuration: null,
      rpmLimit: null,
      tpmLimit: null,
      maxParallelRequests: null,
      maxLifeDays: null,
      defaultLifeDays: null,
      maxKeys: null,
    },
    failures: {},
    answers: {},
  };
}

export class CodedError extends Error {
  readonly extensions: { code: string; retryAfter?: number };
  constructor(code: string, message = code, retryAfter?: number) {
    super(message);
    this.extensions = { code, retryAfter };
  }
}

interface Page {
  first: number;
  after?: string | null;
}

function connection(rows: Row[], { first, after }: Page) {
  const start = after ? Number(after) + 1 : 0;
  const page = rows.slice(start, start + first);
  return {
    totalCount: rows.length,
    edges: page.map((node, index) => ({ node, cursor: String(start + index) })),
    pageInfo: {
      hasNextPage: start + first < rows.length,
      hasPreviousPage: start > 0,
      startCursor: page.length ? String(start) : null,
      endCursor: page.length ? String(start + page.length - 1) : null,
    },
  };
}

interface Filter {
  search?: string;
  provider?: string[];
  mode?: string[];
  capabilities?: string[];
  access?: string[];
}

function matches(model: Row, filter: Filter): boolean {
  const among = (values: string[] | undefined, value: unknown) => !values?.length || values.includes(value as string);
  return (
    among(filter.provider, model.provider) &&
    among(filter.mode, model.mode) &&
    among(filter.access, model.access) &&
    (filter.capabilities ?? []).every((each) => (model.capabilities as string[]).includes(each)) &&
    `${model.name} ${model.description}`.toLowerCase().includes((filter.search ?? "").toLowerCase())
  );
}

function facet(values: unknown[]) {
  const counts = new Map<unknown, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).toSorted((a, b) => b.count - a.count);
}

interface ListArgs extends Page {
  status?: string[];
  search?: string;
  orderBy?: string;
  unusedDays?: number;
  modelId?: string;
  drifted?: boolean;
}

interface PeopleArgs extends Page {
  search?: string;
  role?: string[];
  disabled?: boolean;
}

/** A page of subscriptions or keys, as far as their filters matter to a test. */
function some(rows: Row[], { status, search, orderBy, unusedDays, modelId, drifted, ...page }: ListArgs) {
  const text = ({ name, model, user }: Row) => `${name} ${(model as Row | undefined)?.name} ${(user as Row).displayName}`.toLowerCase();
  const isUnused = ({ lastUsedAt, createdAt }: Row) =>
    Date.parse((lastUsedAt ?? createdAt) as string) < NOW - unusedDays! * DAY;
  const found = rows.filter(
    (row) =>
      (!status?.length || status.includes(row.status as string)) &&
      (!search || text(row).includes(search.toLowerCase())) &&
      (unusedDays === undefined || isUnused(row)) &&
      (!modelId || (row.models as Row[]).some(({ id }) => id === modelId)) &&
      (!drifted || (row.drift as unknown[]).length > 0),
  );
  return connection(orderBy === "OLDEST" ? found.toReversed() : found, page);
}

/** The resolvers of the root types over `data`. */
export function rootOf(data: BackendData) {
  // The calls are a list that a test can change; the schema has pages of them.
  const usage = () => {
    const { calls, ...sums } = data.usage;
    return { ...sums, calls: (page: Page) => connection((calls ?? []) as Row[], page) };
  };
  const viewer = () => {
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
      usage,
      sessions: (page: Page) => connection(data.sessions, page),
      accessTokens: (page: Page) => connection(data.tokens, page),
    };
  };
  const fields: Record<string, (args: never) => unknown> = {
    viewer,
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
    admin: () => {
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
        system: data.system,
        usage,
        ledger: data.ledger,
      };
    },
    markNotificationsRead: ({ input }: { input: { notificationIds?: string[] | null } }) => {
      const unread = data.notifications.filter(
        ({ id, readAt }) => readAt === null && (input.notificationIds?.includes(id as string) ?? true),
      );
      for (const each of unread) each.readAt = new Date().toISOString();
      return { __typename: "MarkNotificationsReadSuccess", marked: unread.length };
    },
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
  // A test may prescribe an answer for a field that has no resolver above.
  const prescribed = Object.keys({ ...data.answers, ...data.failures }).map((name) => [name, () => null]);
  return Object.fromEntries(
    Object.entries<(args: never) => unknown>({ ...Object.fromEntries(prescribed), ...fields }).map(([name, resolve]) => [
      name,
      (args: never) => {
        if (data.failures[name]) throw new CodedError(data.failures[name], undefined, data.retryAfter);
        return data.answers[name] ?? resolve(args);
      },
    ]),
  );
}

export interface Request {
  query: string;
  variables?: Record<string, unknown>;
}

export class Backend {
  readonly schema: GraphQLSchema;
  readonly requests: Request[] = [];

  constructor(
    sdl: string,
    private readonly documents: Record<string, string>,
    readonly data: BackendData = someData(),
  ) {
    this.schema = buildSchema(sdl);
  }

  /** The text of a trusted document; anything else passes, as GraphiQL's queries do. */
  textOf(query: string): string {
    if (!query.startsWith("sha256:")) return query;
    const text = this.documents[query.slice("sha256:".length)];
    if (text === undefined) throw new CodedError("PERSISTED_QUERY_NOT_FOUND");
    return text;
  }

  execute(request: Request) {
    this.requests.push(request);
    return graphql({
      schema: this.schema,
      source: this.textOf(request.query),
      rootValue: rootOf(this.data),
      variableValues: request.variables,
    });
  }

  subscribe(request: Request, rootValue: unknown) {
    return subscribe({
      schema: this.schema,
      document: parse(this.textOf(request.query)),
      rootValue,
      variableValues: request.variables,
    });
  }

  /** Stands in for the browser's `fetch`. */
  readonly fetch: typeof fetch = async (_input, init) => {
    const result = await this.execute(JSON.parse(init!.body as string) as Request);
    return new Response(JSON.stringify(result), { headers: { "Content-Type": "application/json" } });
  };
}
