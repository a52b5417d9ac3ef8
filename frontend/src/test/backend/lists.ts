import { DAY, NOW, type Row } from "./base";

export interface Page {
  first: number;
  after?: string | null;
}

export function connection(rows: Row[], { first, after }: Page) {
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

export interface Filter {
  search?: string;
  provider?: string[];
  mode?: string[];
  capabilities?: string[];
  access?: string[];
}

export function matches(model: Row, filter: Filter): boolean {
  const among = (values: string[] | undefined, value: unknown) => !values?.length || values.includes(value as string);
  return (
    among(filter.provider, model.provider) &&
    among(filter.mode, model.mode) &&
    among(filter.access, model.access) &&
    (filter.capabilities ?? []).every((each) => (model.capabilities as string[]).includes(each)) &&
    `${model.name} ${model.description}`.toLowerCase().includes((filter.search ?? "").toLowerCase())
  );
}

export function facet(values: unknown[]) {
  const counts = new Map<unknown, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).toSorted((a, b) => b.count - a.count);
}

export interface ListArgs extends Page {
  status?: string[];
  search?: string;
  orderBy?: string;
  unusedDays?: number;
  modelId?: string;
  drifted?: boolean;
}

export interface PeopleArgs extends Page {
  search?: string;
  role?: string[];
  disabled?: boolean;
}

/** A page of subscriptions or keys, as far as their filters matter to a test. */
export function some(rows: Row[], { status, search, orderBy, unusedDays, modelId, drifted, ...page }: ListArgs) {
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
