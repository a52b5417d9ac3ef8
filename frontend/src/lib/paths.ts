/** Addresses of pages about one thing. */
export const modelPath = (id: string) => `/models/${encodeURIComponent(id)}`;
export const subscriptionPath = (id: string) => `/subscriptions/${encodeURIComponent(id)}`;
export const keyPath = (id: string) => `/keys/${encodeURIComponent(id)}`;
/** The keys page with the form for a new key open, this model chosen. */
export const createKeyPath = (modelId?: string) =>
  `/keys?${new URLSearchParams({ create: "1", ...(modelId ? { model: modelId } : {}) })}`;
/** The way to a new subscription, this model chosen. */
export const newSubscriptionPath = (modelId?: string) =>
  modelId ? `/subscriptions/new?${new URLSearchParams({ model: modelId })}` : "/subscriptions/new";
export const personPath = (id: string) => `/admin/people/${encodeURIComponent(id)}`;
/** Everybody's calls of a time; its ends are milliseconds. */
export const callsPath = (start: number, end: number) =>
  `/admin/usage?${new URLSearchParams({ range: "own", from: new Date(start).toISOString(), to: new Date(end).toISOString(), view: "calls" })}`;
/** The record, narrowed down. */
export const auditPath = (filter: Record<string, string>) => `/admin/audit?${new URLSearchParams(filter)}`;
