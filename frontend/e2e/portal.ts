import { type APIRequestContext, expect } from "@playwright/test";

/** The portal and LiteLLM without a browser, for what a test needs to stand there before it begins. */

const HEADERS = { "X-LiteMaaS-Request": "1" };
/** A server may close an idle connection at the moment in which it is used again. */
const maxRetries = 2;

export async function signIn(request: APIRequestContext, username: string): Promise<void> {
  const answer = await request.post("/auth/sandbox", { headers: HEADERS, form: { username }, maxRedirects: 0, maxRetries });
  expect(answer.status(), `signing in as ${username}`).toBe(303);
}

/** Runs a query or mutation as whoever is signed in, and returns its data. */
export async function graphql<T>(request: APIRequestContext, query: string, variables: object = {}): Promise<T> {
  const answer = await request.post("/graphql", { headers: HEADERS, data: { query, variables }, maxRetries });
  const body = (await answer.json()) as { data: T; errors?: unknown };
  expect(body.errors).toBeUndefined();
  return body.data;
}

export interface Key {
  id: string;
  name: string;
  secret: string;
  llmBaseUrl: string;
}

/** The id of the model of that name. */
export async function modelId(request: APIRequestContext, name: string): Promise<string> {
  const { models } = await graphql<{ models: { edges: { node: { id: string; name: string } }[] } }>(
    request,
    `query ($name: String) { models(first: 100, filter: { search: $name }) { edges { node { id name } } } }`,
    { name },
  );
  const found = models.edges.find(({ node }) => node.name === name);
  if (!found) throw new Error(`The sandbox has no model called ${name}.`);
  return found.node.id;
}

/** The id of the person of that username, for an admin or auditor. */
export async function userId(request: APIRequestContext, username: string): Promise<string> {
  const { admin } = await graphql<{ admin: { users: { edges: { node: { id: string; username: string } }[] } } }>(
    request,
    `query ($name: String) { admin { users(first: 100, search: $name) { edges { node { id username } } } } }`,
    { name: username },
  );
  const found = admin.users.edges.find(({ node }) => node.username === username);
  if (!found) throw new Error(`Nobody called ${username} has signed in.`);
  return found.node.id;
}

/** Subscribes to open models; it may be so already. */
export async function subscribe(request: APIRequestContext, modelIds: string[]): Promise<void> {
  for (const id of modelIds) {
    await graphql(
      request,
      `mutation ($id: ID!) { requestModelSubscription(input: { modelId: $id }) { __typename } }`,
      { id },
    );
  }
}

/** Subscribes to the models and makes a key for them. */
export async function createKey(
  request: APIRequestContext,
  name: string,
  models: string[],
  expiresAt: Date | null = null,
): Promise<Key> {
  const modelIds = await Promise.all(models.map((model) => modelId(request, model)));
  await subscribe(request, modelIds);
  const { createApiKey } = await graphql<{ createApiKey: { apiKey: { id: string }; secret: string } }>(
    request,
    `mutation ($input: CreateApiKeyInput!) {
      createApiKey(input: $input) { ... on CreateApiKeySuccess { apiKey { id } secret } }
    }`,
    { input: { name, modelIds, expiresAt } },
  );
  const { portal } = await graphql<{ portal: { llmBaseUrl: string } }>(request, `{ portal { llmBaseUrl } }`);
  return { id: createApiKey.apiKey.id, name, secret: createApiKey.secret, llmBaseUrl: portal.llmBaseUrl };
}

export async function revokeKey(request: APIRequestContext, id: string): Promise<void> {
  await graphql(request, `mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { __typename } }`, { id });
}

/** A chat completion straight at LiteLLM, as a program makes it. */
export function chat(request: APIRequestContext, url: string, secret: string, model: string, prompt = "Say hello.") {
  return request.post(url, {
    headers: { Authorization: `Bearer ${secret}` },
    data: { model, messages: [{ role: "user", content: prompt }] },
    maxRetries,
  });
}

/** LiteLLM's address for chats, from the base URL that the portal shows. */
export const chatUrl = (baseUrl: string) => `${baseUrl.replace(/\/(v1\/?)?$/, "")}/v1/chat/completions`;
