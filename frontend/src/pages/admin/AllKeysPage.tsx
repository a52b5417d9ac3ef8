import { Button, EmptyState, EmptyStateBody, PageSection } from "@patternfly/react-core";
import { KeyIcon } from "@patternfly/react-icons";
import { useState } from "react";
import { graphql, usePaginationFragment } from "react-relay";

import { LoadMore } from "../../components/LoadMore";
import { NothingFound } from "../../components/NothingFound";
import { TableSkeleton } from "../../components/TableSkeleton";
import { ALL_KEYS, isFiltered, type KeyChoice, keyVariables, parseKeyChoice } from "../../lib/keyChoice";
import { isAdmin, type Reader } from "../../lib/reader";
import { useChoice } from "../../lib/useChoice";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { keyColumns, KeyTable } from "../keys/KeyTable";
import { KeyToolbar } from "../keys/KeyToolbar";
import { FindLeakDialog } from "./FindLeakDialog";
import type { AllKeysPage_query$key } from "./__generated__/AllKeysPage_query.graphql";
import type { AllKeysPageMoreQuery } from "./__generated__/AllKeysPageMoreQuery.graphql";
import type { AllKeysPageQuery } from "./__generated__/AllKeysPageQuery.graphql";
import type { AllKeysPageReaderQuery } from "./__generated__/AllKeysPageReaderQuery.graphql";

const PAGE = 25;

interface RowsProps {
  query: AllKeysPage_query$key;
  reader: Reader | null | undefined;
  isFiltered: boolean;
  onShowAll: () => void;
}

function Rows({ query, reader, isFiltered: isPart, onShowAll }: RowsProps) {
  const { data, ...list } = usePaginationFragment<AllKeysPageMoreQuery, AllKeysPage_query$key>(
    graphql`
      fragment AllKeysPage_query on Query
      @refetchable(queryName: "AllKeysPageMoreQuery")
      @argumentDefinitions(
        first: { type: "Int!" }
        after: { type: "String" }
        status: { type: "[ApiKeyStatus!]" }
        search: { type: "String" }
        unusedDays: { type: "Int" }
        drifted: { type: "Boolean" }
        orderBy: { type: "ApiKeyOrder" }
      ) {
        admin {
          apiKeys(
          first: $first
          after: $after
          status: $status
          search: $search
          unusedDays: $unusedDays
          drifted: $drifted
          orderBy: $orderBy
        )
            @connection(key: "AllKeysPage_apiKeys") {
            totalCount
            edges {
              node {
                id
                ...KeyRow_key
              }
            }
          }
        }
      }
    `,
    query,
  );
  const { edges, totalCount } = data.admin.apiKeys;
  if (edges.length === 0) return isPart ? <NothingFound title="No key fits" onClear={onShowAll} /> : <NoKeys />;
  return (
    <>
      <KeyTable name="All keys" keys={edges.map(({ node }) => node)} reader={reader} hasOwner />
      <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
    </>
  );
}

function Loaded({ choice, onShowAll }: { choice: KeyChoice; onShowAll: () => void }) {
  const data = usePageQuery<AllKeysPageQuery>(
    graphql`
      query AllKeysPageQuery(
        $first: Int!
        $status: [ApiKeyStatus!]
        $search: String
        $unusedDays: Int
        $drifted: Boolean
        $orderBy: ApiKeyOrder
      ) {
        viewer {
          user {
            id
            role
          }
        }
        ...AllKeysPage_query
          @arguments(
            first: $first
            status: $status
            search: $search
            unusedDays: $unusedDays
            drifted: $drifted
            orderBy: $orderBy
          )
      }
    `,
    { first: PAGE, ...keyVariables(choice) },
  );
  return <Rows query={data} reader={data.viewer.user} isFiltered={isFiltered(choice)} onShowAll={onShowAll} />;
}

/** Offered to admins only: auditors change nothing, and to look for a leak is to answer it. */
function FindLeak() {
  const [isOpen, setOpen] = useState(false);
  const { viewer } = usePageQuery<AllKeysPageReaderQuery>(
    graphql`
      query AllKeysPageReaderQuery {
        viewer {
          user {
            id
            role
          }
        }
      }
    `,
    {},
    "store-or-network",
  );
  if (!isAdmin(viewer.user)) return null;
  return (
    <>
      <Button variant="secondary" onClick={() => setOpen(true)}>
        Whose secret is this?
      </Button>
      {isOpen ? <FindLeakDialog reader={viewer.user} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

/** Everybody's keys, for those who look after them. */
export function AllKeysPage() {
  const choosing = useChoice(parseKeyChoice, ALL_KEYS);
  return (
    <>
      <PageHeading
        title="All keys"
        description="Everybody’s keys. An administrator can end a key, and never sees a secret."
        actions={
          <QueryBoundary skeleton={null}>
            <FindLeak />
          </QueryBoundary>
        }
      />
      <PageSection isFilled>
        <KeyToolbar choosing={choosing} label="Search the keys" placeholder="Name, owner or end of the secret" />
        <QueryBoundary skeleton={<TableSkeleton columns={keyColumns(true)} name="the keys" />} resetOn={choosing.shown}>
          <Loaded choice={choosing.shown} onShowAll={choosing.clear} />
        </QueryBoundary>
      </PageSection>
    </>
  );
}

function NoKeys() {
  return (
    <EmptyState titleText="No keys yet" headingLevel="h2" icon={KeyIcon}>
      <EmptyStateBody>Nobody has made one. People make keys for the models that they subscribed to.</EmptyStateBody>
    </EmptyState>
  );
}
