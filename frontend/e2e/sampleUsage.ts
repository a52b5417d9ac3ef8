import { expect, request } from "@playwright/test";
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { createKey, modelId, revokeKey, signIn, subscribe } from "./portal";

const DAYS = 30;
const DAY = 86_400_000;
/** Programs with the models that they call, US dollars per million tokens, calls on a busy day, and days until the key ends. */
const PROGRAMS = [
  { name: "Invoice assistant", model: "gpt-5-mini", input: 0.25, output: 2, busy: 150, days: 90 },
  { name: "Document search", model: "granite-4-h-small", input: 0.06, output: 0.25, busy: 240, days: 365 },
  { name: "Code review", model: "claude-haiku-4-5", input: 1, output: 5, busy: 90, days: 30 },
];
const FAILURES = 0.015;

/**
 * Gives a person three keys in use, a revoked one and a month of usage, reported as LiteLLM would have: to the webhook,
 * with the sandbox's own secret. The last calls are as good as new. The same figures each time.
 */
export async function fillUsage(baseURL: string, username: string, dataDir: string): Promise<void> {
  const { webhook_secret } = JSON.parse(readFileSync(join(dataDir, "secrets.json"), "utf8")) as Record<string, string>;
  const liteLLM = await request.newContext({ baseURL, extraHTTPHeaders: { Authorization: `Bearer ${webhook_secret}` } });
  const portal = await request.newContext({ baseURL });
  await signIn(portal, username);
  await subscribe(portal, [await modelId(portal, "mistral-small")]);
  const old = await createKey(portal, "First experiment", ["mistral-small"]);
  await revokeKey(portal, old.id);
  const chance = seeded(7);
  for (const program of PROGRAMS) {
    const { secret } = await createKey(portal, program.name, [program.model], new Date(Date.now() + program.days * DAY));
    const hash = createHash("sha256").update(secret).digest("hex");
    const events = history(program, hash, chance);
    const answer = await liteLLM.post("/webhooks/litellm", { data: events });
    expect(await answer.json()).toMatchObject({ stored: events.length });
  }
  await Promise.all([liteLLM.dispose(), portal.dispose()]);
}

function history(program: (typeof PROGRAMS)[number], hash: string, chance: () => number): object[] {
  const now = Date.now() / 1000;
  const events = [];
  for (let day = 0; day < DAYS; day++) {
    const weekend = [0, 6].includes(new Date((now - day * 86_400) * 1000).getUTCDay());
    const calls = Math.round(program.busy * (weekend ? 0.25 : 0.7 + 0.3 * chance()) * (1 - day / DAYS / 2));
    for (let call = 0; call < calls; call++) {
      // Most of a day's calls fall in its working hours.
      const hours = day + call === 0 ? 0 : 24 * (day + (chance() + chance() + chance()) / 3);
      const startTime = now - hours * 3600;
      const failed = chance() < FAILURES;
      const prompt = Math.round(200 + 1800 * chance());
      const completion = failed ? 0 : Math.round(60 + 600 * chance());
      events.push({
        litellm_call_id: randomUUID(),
        status: failed ? "failure" : "success",
        call_type: "acompletion",
        startTime,
        endTime: startTime + 0.4 + 2 * chance(),
        model_group: program.model,
        prompt_tokens: failed ? 0 : prompt,
        completion_tokens: completion,
        total_tokens: failed ? 0 : prompt + completion,
        response_cost: failed ? 0 : (prompt * program.input + completion * program.output) / 1_000_000,
        metadata: { user_api_key_hash: hash },
        error_information: failed ? { error_code: "429", error_class: "RateLimitError" } : null,
      });
    }
  }
  return events;
}

/** Numbers from 0 to 1 that look like chance and are the same each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
