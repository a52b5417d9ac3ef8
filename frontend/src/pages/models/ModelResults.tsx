import {
  Button,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  Content,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Gallery,
  Skeleton,
} from "@patternfly/react-core";
import { CubesIcon, SearchIcon } from "@patternfly/react-icons";
import { graphql, usePaginationFragment } from "react-relay";

import { LoadMore } from "../../components/LoadMore";
import { CURRENCY } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { hasFilter, type ModelSearch } from "../../lib/modelSearch";
import { ModelCard } from "./ModelCard";
import { ModelTable } from "./ModelTable";
import type { ModelResults_query$key } from "./__generated__/ModelResults_query.graphql";
import type { ModelResultsPageQuery } from "./__generated__/ModelResultsPageQuery.graphql";

const PAGE = 24;
const CARD_WIDTHS = { default: "100%", sm: "18rem" };

interface ModelResultsProps {
  query: ModelResults_query$key;
  search: ModelSearch;
  /** Whether newer results are on their way. */
  isStale: boolean;
  onClear: () => void;
}

export function ModelResults({ query, search, isStale, onClear }: ModelResultsProps) {
  const { data, ...list } = usePaginationFragment<ModelResultsPageQuery, ModelResults_query$key>(
    graphql`
      fragment ModelResults_query on Query
      @refetchable(queryName: "ModelResultsPageQuery")
      @argumentDefinitions(
        first: { type: "Int!" }
        after: { type: "String" }
        filter: { type: "ModelFilter" }
        orderBy: { type: "ModelOrder" }
      ) {
        models(first: $first, after: $after, filter: $filter, orderBy: $orderBy)
          @connection(key: "ModelResults_models") {
          totalCount
          edges {
            node {
              id
              ...ModelCard_model
              ...ModelTable_model
            }
          }
        }
      }
    `,
    query,
  );
  const { edges, totalCount } = data.models;
  const models = edges.map(({ node }) => node);

  if (models.length === 0) return hasFilter(search) ? <NothingFound onClear={onClear} /> : <NoModels />;
  return (
    <section aria-label="Models found" aria-busy={isStale} className={isStale ? "is-stale" : undefined}>
      <Content component="p" role="status">
        {totalCount === 1 ? "1 model" : `${formatCount(totalCount)} models`}. Prices are in {CURRENCY} per million tokens.
      </Content>
      {search.view === "table" ? (
        <ModelTable models={models} />
      ) : (
        <Gallery hasGutter minWidths={CARD_WIDTHS}>
          {models.map((model) => (
            <ModelCard key={model.id} model={model} />
          ))}
        </Gallery>
      )}
      <LoadMore list={list} size={PAGE} shown={models.length} total={totalCount} />
    </section>
  );
}

function NothingFound({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState titleText="No model fits" headingLevel="h2" icon={SearchIcon} role="status">
      <EmptyStateBody>Take a filter away, or search for something else.</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="link" onClick={onClear}>
            Clear all filters
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}

function NoModels() {
  return (
    <EmptyState titleText="No models yet" headingLevel="h2" icon={CubesIcon}>
      <EmptyStateBody>
        LiteLLM offers none, or none to you. They appear here by themselves as soon as an administrator adds some.
      </EmptyStateBody>
    </EmptyState>
  );
}

export function ModelResultsSkeleton() {
  return (
    <Gallery hasGutter minWidths={CARD_WIDTHS} aria-busy>
      {Array.from({ length: 6 }, (_, index) => (
        <Card key={index} isFullHeight>
          <CardHeader>
            <CardTitle>
              <Skeleton width="60%" screenreaderText={index === 0 ? "Loading the models" : undefined} />
            </CardTitle>
          </CardHeader>
          <CardBody>
            <Skeleton height="7rem" />
          </CardBody>
        </Card>
      ))}
    </Gallery>
  );
}
