import type { Row } from "./base";

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
