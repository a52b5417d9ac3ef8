/** Ready-made code for calling a model. Values are quoted for the language they stand in. */

export type SnippetMode = "chat" | "embedding";
export interface Call {
  /** LiteLLM's public address, with or without `/v1`. */
  baseUrl: string;
  /** The model's name as LiteLLM knows it. */
  model: string;
  mode: SnippetMode;
  /** The key's secret, or absent: the code then reads it from the environment. */
  secret?: string;
}

export const KEY_VARIABLE = "OPENAI_API_KEY";

/** The address that OpenAI clients want: one that ends in `/v1`. */
export function openAiBaseUrl(baseUrl: string): string {
  const trimmed = baseUrl.replace(/\/+$/, "");
  return trimmed.endsWith("/v1") ? trimmed : `${trimmed}/v1`;
}

/** Which sample fits a model of this mode; undefined where there is none yet. */
export function snippetMode(mode: string): SnippetMode | undefined {
  if (mode === "CHAT") return "chat";
  if (mode === "EMBEDDING") return "embedding";
  return undefined;
}

const shell = (value: string) => `'${value.replaceAll("'", `'\\''`)}'`;
const quoted = (value: string) => JSON.stringify(value);

const PROMPT = "Say hello in five words.";
const TEXT = "LiteMaaS makes models easy to reach.";

export function curl({ baseUrl, model, mode, secret }: Call): string {
  const path = mode === "chat" ? "chat/completions" : "embeddings";
  const body =
    mode === "chat" ? { model, messages: [{ role: "user", content: PROMPT }] } : { model, input: [TEXT] };
  return [
    `curl ${openAiBaseUrl(baseUrl)}/${path} \\`,
    `  -H ${secret ? shell(`Authorization: Bearer ${secret}`) : `"Authorization: Bearer $${KEY_VARIABLE}"`} \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d ${shell(JSON.stringify(body))}`,
  ].join("\n");
}

export function python({ baseUrl, model, mode, secret }: Call): string {
  const call =
    mode === "chat"
      ? [
          `answer = client.chat.completions.create(`,
          `    model=${quoted(model)},`,
          `    messages=[{"role": "user", "content": ${quoted(PROMPT)}}],`,
          `)`,
          `print(answer.choices[0].message.content)`,
        ]
      : [
          `answer = client.embeddings.create(`,
          `    model=${quoted(model)},`,
          `    input=[${quoted(TEXT)}],`,
          `)`,
          `print(len(answer.data[0].embedding), "dimensions")`,
        ];
  return [
    `# pip install openai`,
    ...(secret ? [] : [`import os`, ``]),
    `from openai import OpenAI`,
    ``,
    `client = OpenAI(`,
    `    base_url=${quoted(openAiBaseUrl(baseUrl))},`,
    `    api_key=${secret ? quoted(secret) : `os.environ["${KEY_VARIABLE}"]`},`,
    `)`,
    ...call,
  ].join("\n");
}

export function javascript({ baseUrl, model, mode, secret }: Call): string {
  const call =
    mode === "chat"
      ? [
          `const answer = await client.chat.completions.create({`,
          `  model: ${quoted(model)},`,
          `  messages: [{ role: "user", content: ${quoted(PROMPT)} }],`,
          `});`,
          `console.log(answer.choices[0].message.content);`,
        ]
      : [
          `const answer = await client.embeddings.create({`,
          `  model: ${quoted(model)},`,
          `  input: [${quoted(TEXT)}],`,
          `});`,
          `console.log(answer.data[0].embedding.length, "dimensions");`,
        ];
  return [
    `// npm install openai`,
    `import OpenAI from "openai";`,
    ``,
    `const client = new OpenAI({`,
    `  baseURL: ${quoted(openAiBaseUrl(baseUrl))},`,
    `  apiKey: ${secret ? quoted(secret) : `process.env.${KEY_VARIABLE}`},`,
    `});`,
    ...call,
  ].join("\n");
}

/** A `.env` file as OpenAI's clients read it. */
export function dotEnv({ baseUrl, model, secret }: Call): string {
  return [
    `OPENAI_BASE_URL=${openAiBaseUrl(baseUrl)}`,
    `${KEY_VARIABLE}=${secret ?? ""}`,
    `OPENAI_MODEL=${shell(model)}`,
    ``,
  ].join("\n");
}

/** A name that Kubernetes accepts: lower case letters, digits and dashes, 63 at most. */
export function secretName(keyName: string): string {
  const name = keyName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 54)
    .replace(/^-+|-+$/g, "");
  return name ? `litemaas-${name}` : "litemaas-key";
}

/** The command that stores the key in an OpenShift project. */
export function ocCreateSecret(keyName: string, { baseUrl, secret }: Call): string {
  return [
    `oc create secret generic ${secretName(keyName)} \\`,
    `  --from-literal=OPENAI_BASE_URL=${shell(openAiBaseUrl(baseUrl))} \\`,
    `  --from-literal=${KEY_VARIABLE}=${shell(secret ?? "")}`,
  ].join("\n");
}
