import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  PageSection,
} from "@patternfly/react-core";
import { KeyIcon, SearchIcon } from "@patternfly/react-icons";
import { Table, Tbody, Th, Thead, Tr } from "@patternfly/react-table";
import { useDeferredValue, useState } from "react";
import { graphql, usePaginationFragment } from "react-relay";
import { useSearchParams } from "react-router";

import { LoadMore } from "../../components/LoadMore";
import { StatusFilter } from "../../components/StatusFilter";
import { TableSkeleton } from "../../components/TableSkeleton";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { CreateKeyDialog } from "./CreateKeyDialog";
import { KEY_COLUMNS, KeyRow } from "./KeyRow";
import { type NewKey, RevealDialog } from "./RevealDialog";
import type { KeysPage_viewer$key } from "./__generated__/KeysPage_viewer.graphql";
import type { KeysPageMoreQuery } from "./__generated__/KeysPageMoreQuery.graphql";
import type { ApiKeyStatus, KeysPageQuery } from "./__generated__/KeysPageQuery.graphql";

const PAGE = 25;
const STATUSES = ["ACTIVE", "ROTATING", "PROVISIONING", "BLOCKED", "EXPIRED", "REVOKED", "FAILED"];
const COLUMNS = [...KEY_COLUMNS, "Actions"];

interface RowsProps {
  viewer: KeysPage_viewer$key;
  isFiltered: boolean;
  onShowAll: () => void;
  onCreate: () => void;
}

function Rows({ viewer, isFiltered, onShowAll, onCreate }: RowsProps) {
  const { data, loadNext, hasNext, isLoadingNext } = usePaginationFragment<KeysPageMoreQuery, KeysPage_viewer$key>(
    graphql`
      fragment KeysPage_viewer on Viewer
      @refetchable(queryName: "KeysPageMoreQuery")
      @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" }, status: { type: "[ApiKeyStatus!]" }) {
        apiKeys(first: $first, after: $after, status: $status) @connection(key: "KeysPage_apiKeys") {
          totalCount
          edges {
            node {
              id
              ...KeyRow_key
            }
          }
        }
      }
    `,
    viewer,
  );
  const { edges, totalCount } = data.apiKeys;
  if (edges.length === 0) return isFiltered ? <NothingFound onShowAll={onShowAll} /> : <NoKeys onCreate={onCreate} />;
  return (
    <>
      <Table aria-label="My keys" gridBreakPoint="grid-lg">
        <Thead>
          <Tr>
            {KEY_COLUMNS.map((column) => (
              <Th key={column} modifier="nowrap" width={column === "Name" ? 20 : undefined}>
                {column}
              </Th>
            ))}
            <Th screenReaderText="Actions" />
          </Tr>
        </Thead>
        <Tbody>
          {edges.map(({ node }) => (
            <KeyRow key={node.id} apiKey={node} />
          ))}
        </Tbody>
      </Table>
      <LoadMore
        shown={edges.length}
        total={totalCount}
        hasNext={hasNext}
        isLoading={isLoadingNext}
        onLoad={(onDone) => loadNext(PAGE, { onComplete: onDone })}
      />
    </>
  );
}

function Loaded({ status, ...rest }: { status: string[]; onShowAll: () => void; onCreate: () => void }) {
  const { viewer } = usePageQuery<KeysPageQuery>(
    graphql`
      query KeysPageQuery($first: Int!, $status: [ApiKeyStatus!]) {
        viewer {
          ...KeysPage_viewer @arguments(first: $first, status: $status)
        }
      }
    `,
    { first: PAGE, status: status.length ? (status as ApiKeyStatus[]) : undefined },
  );
  return <Rows viewer={viewer} isFiltered={status.length > 0} {...rest} />;
}

export function KeysPage() {
  const [params, setParams] = useSearchParams();
  const status = params.getAll("status").filter((value) => STATUSES.includes(value));
  const shown = useDeferredValue(status.join(" "));
  // The secret lives in this state alone and is gone when the dialog closes.
  const [newKey, setNewKey] = useState<NewKey>();

  const change = (edit: (next: URLSearchParams) => void) =>
    setParams(
      (current) => {
        const next = new URLSearchParams(current);
        edit(next);
        return next;
      },
      { flushSync: true },
    );
  const setStatus = (values: string[]) =>
    change((next) => {
      next.delete("status");
      for (const value of values) next.append("status", value);
    });
  const openForm = () => change((next) => next.set("create", "1"));
  const closeForm = () =>
    change((next) => {
      next.delete("create");
      next.delete("model");
    });

  return (
    <>
      <PageHeading
        title="My keys"
        description="A key lets a program call the models you subscribed to."
        actions={<Button onClick={openForm}>Create a key</Button>}
      />
      <PageSection isFilled>
        <StatusFilter of="key" statuses={STATUSES} selected={status} onChange={setStatus} />
        <QueryBoundary skeleton={<TableSkeleton columns={COLUMNS} name="your keys" />} resetOn={shown}>
          <Loaded status={shown ? shown.split(" ") : []} onShowAll={() => setStatus([])} onCreate={openForm} />
        </QueryBoundary>
      </PageSection>
      {params.has("create") && !newKey ? (
        <CreateKeyDialog
          modelId={params.get("model")}
          onClose={closeForm}
          onCreated={(created) => {
            setNewKey(created);
            closeForm();
          }}
        />
      ) : null}
      {newKey ? <RevealDialog newKey={newKey} onDone={() => setNewKey(undefined)} /> : null}
    </>
  );
}

function NoKeys({ onCreate }: { onCreate: () => void }) {
  return (
    <EmptyState titleText="No keys yet" headingLevel="h2" icon={KeyIcon}>
      <EmptyStateBody>Create one, put it into your program, and call a model within a minute.</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button onClick={onCreate}>Create a key</Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}

function NothingFound({ onShowAll }: { onShowAll: () => void }) {
  return (
    <EmptyState titleText="No key has this status" headingLevel="h2" icon={SearchIcon}>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="link" onClick={onShowAll}>
            Show all
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
