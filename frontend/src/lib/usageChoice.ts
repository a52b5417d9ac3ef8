import { type CallChoice, type CallFilter, parseCallChoice } from "./callChoice";
import { oneOf } from "./oneOf";
import { METRICS, type Metric } from "./series";
import type { AddressChanges } from "./useAddress";
import { type OwnDates, ownBounds, type Period, PERIODS, type UsageRange } from "./usageRange";

/** The dimensions by which calls are chosen, as the address names them, with the names of the filter's fields. */
export const DIMENSIONS = {
  model: "modelIds",
  key: "apiKeyIds",
  person: "userIds",
  provider: "providers",
  status: "statuses",
} as const;
export type Dimension = keyof typeof DIMENSIONS;

export const DIMENSION_NAMES: Record<Dimension, string> = {
  model: "Model",
  key: "Key",
  person: "Person",
  provider: "Provider",
  status: "Status",
};

export const VIEWS = { overview: "Overview", calls: "Calls" } as const;
export type View = keyof typeof VIEWS;

/** Which usage a page shows, and how; all of it stands in its address. */
export interface UsageChoice {
  period: Period;
  own: OwnDates;
  filters: Record<Dimension, readonly string[]>;
  metric: Metric;
  /** Whether the period before is shown beside this one. */
  compare: boolean;
  view: View;
  /** Which of the calls, where single ones are shown. */
  calls: CallChoice;
}

/** The server takes so many values of one dimension. */
const MOST = 100;

/** What the address says; what does not exist is left out. */
export function parseUsageChoice(params: URLSearchParams): UsageChoice {
  const values = (name: Dimension) => [...new Set(params.getAll(name))].slice(0, MOST);
  const own = { from: params.get("from") ?? "", to: params.get("to") ?? "" };
  const period = oneOf(PERIODS, params.get("range"), "7d");
  return {
    period: period === "own" && !ownBounds(own) ? "7d" : period,
    own,
    filters: {
      model: values("model"),
      key: values("key"),
      person: values("person"),
      provider: values("provider"),
      status: values("status"),
    },
    metric: oneOf(METRICS, params.get("figure"), "spend"),
    compare: params.get("compare") !== "0",
    view: oneOf(VIEWS, params.get("view"), "overview"),
    calls: parseCallChoice(params),
  };
}

export type UsageFilter = Partial<Record<(typeof DIMENSIONS)[Dimension], readonly string[]>>;

/** What a usage page asks for. */
export interface Asked {
  /** Everybody's usage, or the reader's own. */
  all: boolean;
  choice: UsageChoice;
  range: UsageRange;
  filter: UsageFilter | undefined;
  /** Which of the calls, where single ones are shown; undefined when all. */
  calls: CallFilter | undefined;
}

/** The filter that the server takes; undefined when all calls count. */
export function filterOf({ filters }: UsageChoice): UsageFilter | undefined {
  const given = (Object.keys(DIMENSIONS) as Dimension[]).filter((name) => filters[name].length > 0);
  return given.length ? Object.fromEntries(given.map((name) => [DIMENSIONS[name], filters[name]])) : undefined;
}

/** What the address says when no call is left out. */
export const NO_FILTERS: AddressChanges = { model: null, key: null, person: null, provider: null, status: null };
