import { EmptyState, EmptyStateBody, PageSection } from "@patternfly/react-core";
import { CubesIcon } from "@patternfly/react-icons";
import { Table, Tbody, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, usePaginationFragment } from "react-relay";

import { FacetFilter } from "../../components/FacetFilter";
import { ListToolbar } from "../../components/ListToolbar";
import { LoadMore } from "../../components/LoadMore";
import { NothingFound } from "../../components/NothingFound";
import { TableSkeleton } from "../../components/TableSkeleton";
import { accessLabel, lifecycleLabel } from "../../lib/labels";
import { isAdmin } from "../../lib/reader";
import { useChoice } from "../../lib/useChoice";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { MODEL_COLUMNS, ModelAccessRow } from "./ModelAccessRow";
import type { ModelAccessPage_query$key } from "./__generated__/ModelAccessPage_query.graphql";
import type { ModelAccessPageMoreQuery } from "./__generated__/ModelAccessPageMoreQuery.graphql";
import type { ModelAccess, ModelAccessPageQuery, ModelLifecycle } from "./__generated__/ModelAccessPageQuery.graphql";

const PAGE = 25;
const ACCESSES = ["OPEN", "RESTRICTED", "HIDDEN"];
const LIFECYCLES = ["AVAILABLE", "DEPRECATED", "RETIRED"];
const ALL = { q: null, access: null, lifecycle: null };

interface Choice {
  search: string;
  access: readonly string[];
  lifecycle: readonly string[];
}

const parseChoice = (params: URLSearchParams): Choice => ({
  search: params.get("q") ?? "",
  access: params.getAll("access").filter((value) => ACCESSES.includes(value)),
  lifecycle: params.getAll("lifecycle").filter((value) => LIFECYCLES.includes(value)),
});

interface RowsProps {
  query: ModelAccessPage_query$key;
  canChange: boolean;
  isFiltered: boolean;
  onClear: () => void;
}

function Rows({ query, canChange, isFiltered, onClear }: RowsProps) {
  const { data, ...list } = usePaginationFragment<ModelAccessPageMoreQuery, ModelAccessPage_query$key>(
    graphql`
      fragment ModelAccessPage_query on Query
      @refetchable(queryName: "ModelAccessPageMoreQuery")
      @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" }, filter: { type: "ModelFilter" }) {
        models(first: $first, after: $after, filter: $filter) @connection(key: "ModelAccessPage_models") {
          totalCount
          edges {
            node {
              id
              ...ModelAccessRow_model
            }
          }
        }
      }
    `,
    query,
  );
  const { edges, totalCount } = data.models;
  if (edges.length === 0) return isFiltered ? <NothingFound title="No model fits" onClear={onClear} /> : <NoModels />;
  return (
    <>
      <Table aria-label="Models’ access" variant="compact" gridBreakPoint="grid-lg">
        <Thead>
          <Tr>
            {MODEL_COLUMNS.map((column) => (
              <Th key={column} modifier="nowrap">
                {column}
              </Th>
            ))}
            {canChange ? <Th screenReaderText="Actions" /> : null}
          </Tr>
        </Thead>
        <Tbody>
          {edges.map(({ node }) => (
            <ModelAccessRow key={node.id} model={node} canChange={canChange} />
          ))}
        </Tbody>
      </Table>
      <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
    </>
  );
}

function Loaded({ choice: { search, access, lifecycle }, onClear }: { choice: Choice; onClear: () => void }) {
  const isFiltered = search.trim() !== "" || access.length + lifecycle.length > 0;
  const data = usePageQuery<ModelAccessPageQuery>(
    graphql`
      query ModelAccessPageQuery($first: Int!, $filter: ModelFilter) {
        viewer {
          user {
            id
            role
          }
        }
        # Anybody may list models; this page is for those who look after them.
        admin {
          __typename
        }
        ...ModelAccessPage_query @arguments(first: $first, filter: $filter)
      }
    `,
    {
      first: PAGE,
      filter: isFiltered
        ? {
            search: search.trim() || undefined,
            access: access.length ? (access as ModelAccess[]) : undefined,
            lifecycle: lifecycle.length ? (lifecycle as ModelLifecycle[]) : undefined,
          }
        : undefined,
    },
  );
  return <Rows query={data} canChange={isAdmin(data.viewer.user)} isFiltered={isFiltered} onClear={onClear} />;
}

/** Who may have which model, and which of them are here to stay. */
export function ModelAccessPage() {
  const { choice, shown, change, search, clear } = useChoice(parseChoice, ALL);
  return (
    <>
      <PageHeading
        title="Models’ access"
        description="Who may have which model, and which of them are here to stay. What models there are LiteLLM says."
      />
      <PageSection isFilled>
        <ListToolbar
          search={{ label: "Search the models", placeholder: "Name, provider or purpose", value: choice.search, onChange: search }}
          onClear={clear}
        >
          <FacetFilter
            title="Access"
            options={ACCESSES.map((value) => ({ value }))}
            label={accessLabel}
            selected={choice.access}
            onChange={(access) => change({ access })}
          />
          <FacetFilter
            title="Lifecycle"
            options={LIFECYCLES.map((value) => ({ value }))}
            label={lifecycleLabel}
            selected={choice.lifecycle}
            onChange={(lifecycle) => change({ lifecycle })}
          />
        </ListToolbar>
        <QueryBoundary skeleton={<TableSkeleton columns={MODEL_COLUMNS} name="the models" />} resetOn={shown}>
          <Loaded choice={shown} onClear={clear} />
        </QueryBoundary>
      </PageSection>
    </>
  );
}

function NoModels() {
  return (
    <EmptyState titleText="No models yet" headingLevel="h2" icon={CubesIcon}>
      <EmptyStateBody>LiteLLM offers none. They appear here by themselves as soon as it does.</EmptyStateBody>
    </EmptyState>
  );
}
