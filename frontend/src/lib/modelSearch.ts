import type {
  ModelAccess,
  ModelCapability,
  ModelMode,
  ModelOrder,
} from "../pages/models/__generated__/ModelsPageQuery.graphql";

/** The state of the models page, all of which stands in its address. */
export interface ModelSearch {
  search: string;
  provider: string[];
  mode: string[];
  capability: string[];
  access: string[];
  order: ModelOrder;
  view: "cards" | "table";
}

export type Facet = "provider" | "mode" | "capability" | "access";
export const FACETS: Facet[] = ["provider", "mode", "capability", "access"];

export const ORDERS: Record<Exclude<ModelOrder, "%future added value">, string> = {
  NAME: "Name",
  INPUT_COST: "Input price, lowest first",
  OUTPUT_COST: "Output price, lowest first",
  CONTEXT_WINDOW: "Context window, largest first",
  NEWEST: "Newest first",
};

const isOrder = (value: string | null): value is keyof typeof ORDERS => value !== null && value in ORDERS;

export function parseModelSearch(params: URLSearchParams): ModelSearch {
  const order = params.get("order");
  return {
    search: params.get("q") ?? "",
    provider: params.getAll("provider"),
    mode: params.getAll("mode"),
    capability: params.getAll("capability"),
    access: params.getAll("access"),
    order: isOrder(order) ? order : "NAME",
    view: params.get("view") === "table" ? "table" : "cards",
  };
}

/** The shortest address that `parseModelSearch` reads back: what is at its default is left out. */
export function writeModelSearch(search: ModelSearch): URLSearchParams {
  const params = new URLSearchParams();
  if (search.search) params.set("q", search.search);
  for (const facet of FACETS) for (const value of search[facet]) params.append(facet, value);
  if (search.order !== "NAME") params.set("order", search.order);
  if (search.view !== "cards") params.set("view", search.view);
  return params;
}

export function hasFilter(search: ModelSearch): boolean {
  return search.search.trim() !== "" || FACETS.some((facet) => search[facet].length > 0);
}

/** The variables of the query. Values that came from a mistyped address go to the server, which says what is wrong. */
export function modelVariables(search: ModelSearch) {
  const list = <T extends string>(values: string[]) => (values.length ? (values as T[]) : undefined);
  return {
    filter: hasFilter(search)
      ? {
          search: search.search.trim() || undefined,
          provider: list<string>(search.provider),
          mode: list<ModelMode>(search.mode),
          capabilities: list<ModelCapability>(search.capability),
          access: list<ModelAccess>(search.access),
        }
      : undefined,
    orderBy: search.order,
  };
}
