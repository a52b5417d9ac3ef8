import { DAY, HOUR, iso, nodeId, type Row } from "./base";
import { ALICE } from "./people";
import { totals } from "./totals";

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
