import { useEffect, useMemo, useState } from "react";
import { graphql } from "react-relay";

import { FacetFilter } from "../../components/FacetFilter";
import { NOBODYS } from "../../lib/callChoice";
import { useAddress } from "../../lib/useAddress";
import { type Dimension, DIMENSION_NAMES } from "../../lib/usageChoice";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { type Asked, askedVariables } from "./asked";
import { CallLabels } from "./CallLabels";
import { valueLabel } from "./values";
import type { UsageFiltersQuery } from "./__generated__/UsageFiltersQuery.graphql";

interface Option {
  readonly key?: string | null;
  readonly label: string;
}

type Options = Partial<Record<Dimension, readonly Option[]>>;

const NOT_LOADED = "Not loaded yet";

interface FiltersProps {
  asked: Asked;
  options: Options | undefined;
  onApproach: () => void;
}

function Filters({ asked, options, onApproach }: FiltersProps) {
  const [, change] = useAddress();
  const { filters } = asked.choice;
  const labelsOf = (by: Dimension) => {
    const named = by === "provider" || by === "status";
    return new Map(
      (options?.[by] ?? []).flatMap(({ key, label }): [string, string][] => {
        const value = named ? label : key;
        return value ? [[value, label]] : [];
      }),
    );
  };
  const dimensions = (Object.keys(DIMENSION_NAMES) as Dimension[]).filter((by) => asked.all || by !== "person");
  const facets = dimensions.map((by) => {
    const named = by === "provider" || by === "status";
    const labels = labelsOf(by);
    // What the address says is offered too, though it may have no calls in this period.
    for (const value of filters[by]) if (!labels.has(value)) labels.set(value, named ? value : options ? "Without calls here" : NOT_LOADED);
    return (
      <FacetFilter
        key={by}
        title={DIMENSION_NAMES[by]}
        options={[...labels.keys()].map((value) => ({ value }))}
        nothing={options ? "No calls in this period" : NOT_LOADED}
        label={(value) => valueLabel(by, labels.get(value) ?? value)}
        selected={filters[by]}
        onChange={(values) => change({ [by]: values })}
        onApproach={onApproach}
      />
    );
  });
  return (
    <>
      {facets}
      {asked.choice.view === "calls" ? (
        <CallLabels calls={asked.choice.calls} nameOf={(part, value) => (options ? labelsOf(part).get(value) : NOT_LOADED)} />
      ) : null}
    </>
  );
}

function Loader({ asked, onLoaded }: { asked: Asked; onLoaded: (options: Options) => void }) {
  const { all, range } = askedVariables(asked);
  const data = usePageQuery<UsageFiltersQuery>(
    graphql`
      query UsageFiltersQuery($all: Boolean!, $range: TimeRange!) {
        viewer @skip(if: $all) {
          usage(range: $range) {
            byModel {
              key
              label
            }
            byApiKey {
              key
              label
            }
            byProvider {
              label
            }
            byStatus {
              label
            }
          }
        }
        admin @include(if: $all) {
          usage(range: $range) {
            byModel {
              key
              label
            }
            byApiKey {
              key
              label
            }
            byPerson {
              key
              label
            }
            byProvider {
              label
            }
            byStatus {
              label
            }
          }
        }
      }
    `,
    { all, range },
  );
  const options = useMemo((): Options => {
    const usage = data.admin?.usage ?? data.viewer!.usage;
    return {
      model: usage.byModel,
      key: usage.byApiKey,
      person: data.admin?.usage.byPerson,
      provider: usage.byProvider,
      status: usage.byStatus,
    };
  }, [data]);
  useEffect(() => onLoaded(options), [options, onLoaded]);
  return null;
}

/** Whether the address has members that only their ids stand for. */
function hasIds({ filters, view, calls }: Asked["choice"]): boolean {
  const ofCalls = view === "calls" ? [calls.only, calls.not].flatMap(({ key, person }) => [...key, ...person]) : [];
  return [...filters.model, ...filters.key, ...filters.person, ...ofCalls].some((value) => value !== NOBODYS);
}

/**
 * Which calls count: what had calls in the period, to choose from. Most visits choose nothing, so it is asked for when somebody comes near
 * a menu, or for names that are shown. A menu that is open stays so while its choice is loading.
 */
export function UsageFilters({ asked }: { asked: Asked }) {
  const [options, setOptions] = useState<Options>();
  const [isNear, setNear] = useState(false);
  return (
    <>
      <Filters asked={asked} options={options} onApproach={() => setNear(true)} />
      {isNear || hasIds(asked.choice) ? (
        <QueryBoundary skeleton={null} resetOn={asked.range} isQuiet>
          <Loader asked={asked} onLoaded={setOptions} />
        </QueryBoundary>
      ) : null}
    </>
  );
}
