import { PageSection } from "@patternfly/react-core";
import { Suspense, useCallback, useDeferredValue, useMemo } from "react";
import { graphql } from "react-relay";
import { useSearchParams } from "react-router";

import { type ModelSearch, modelVariables, parseModelSearch, writeModelSearch } from "../../lib/modelSearch";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { ModelFilters, ModelFiltersSkeleton } from "./ModelFilters";
import { ModelResults, ModelResultsSkeleton } from "./ModelResults";
import type { ModelsPageQuery } from "./__generated__/ModelsPageQuery.graphql";

const PAGE = 24;

function Results({ search, isStale, onClear }: { search: ModelSearch; isStale: boolean; onClear: () => void }) {
  const data = usePageQuery<ModelsPageQuery>(
    graphql`
      query ModelsPageQuery($first: Int!, $filter: ModelFilter, $orderBy: ModelOrder) {
        ...ModelResults_query @arguments(first: $first, filter: $filter, orderBy: $orderBy)
      }
    `,
    { first: PAGE, ...modelVariables(search) },
  );
  return <ModelResults query={data} search={search} isStale={isStale} onClear={onClear} />;
}

export function ModelsPage() {
  const [params, setParams] = useSearchParams();
  const search = useMemo(() => parseModelSearch(params), [params]);
  // The boxes follow at once; the results keep showing the last answer until the next is there.
  const shown = useDeferredValue(search);

  const change = useCallback(
    (changes: Partial<ModelSearch>, replace = false) =>
      setParams((current) => writeModelSearch({ ...parseModelSearch(current), ...changes }), {
        replace,
        flushSync: true,
        preventScrollReset: true,
      }),
    [setParams],
  );
  const clear = useCallback(
    () => change({ search: "", provider: [], mode: [], capability: [], access: [] }),
    [change],
  );

  return (
    <>
      <PageHeading title="Models" description="What you can call, what it costs, and what it takes to use it." />
      <PageSection isFilled>
        {/* Around both: when nothing is answered, that is said once, and tried again at once. */}
        <QueryBoundary skeleton={<ModelResultsSkeleton />}>
          <Suspense fallback={<ModelFiltersSkeleton />}>
            <ModelFilters search={search} onChange={change} onClear={clear} />
          </Suspense>
          <QueryBoundary skeleton={<ModelResultsSkeleton />} resetOn={shown}>
            <Results search={shown} isStale={shown !== search} onClear={clear} />
          </QueryBoundary>
        </QueryBoundary>
      </PageSection>
    </>
  );
}
