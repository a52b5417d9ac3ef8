import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  PageSection,
} from "@patternfly/react-core";
import { KeyIcon } from "@patternfly/react-icons";
import { useState } from "react";
import { graphql, usePaginationFragment } from "react-relay";

import { ButtonLink } from "../../components/ButtonLink";
import { LoadMore } from "../../components/LoadMore";
import { NothingFound } from "../../components/NothingFound";
import { TableSkeleton } from "../../components/TableSkeleton";
import { ALL_KEYS, isFiltered, type KeyChoice, keyVariables, parseKeyChoice } from "../../lib/keyChoice";
import { AUDITORS_LOOK, type Reader } from "../../lib/reader";
import { useAddress } from "../../lib/useAddress";
import { useChoice } from "../../lib/useChoice";
import { useIsAuditor } from "../../relay/useIsAuditor";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { CreateKeyDialog } from "./CreateKeyDialog";
import { keyColumns, KeyTable } from "./KeyTable";
import { KeyToolbar } from "./KeyToolbar";
import { type NewKey, RevealDialog } from "./RevealDialog";
import type { KeysPage_viewer$key } from "./__generated__/KeysPage_viewer.graphql";
import type { KeysPageMoreQuery } from "./__generated__/KeysPageMoreQuery.graphql";
import type { KeysPageQuery } from "./__generated__/KeysPageQuery.graphql";

const PAGE = 25;

interface RowsProps {
  viewer: KeysPage_viewer$key;
  reader: Reader | null | undefined;
  isFiltered: boolean;
  onShowAll: () => void;
  onCreate: () => void;
}

function Rows({ viewer, reader, isFiltered: isPart, onShowAll, onCreate }: RowsProps) {
  const { data, ...list } = usePaginationFragment<KeysPageMoreQuery, KeysPage_viewer$key>(
    graphql`
      fragment KeysPage_viewer on Viewer
      @refetchable(queryName: "KeysPageMoreQuery")
      @argumentDefinitions(
        first: { type: "Int!" }
        after: { type: "String" }
        status: { type: "[ApiKeyStatus!]" }
        search: { type: "String" }
        unusedDays: { type: "Int" }
        drifted: { type: "Boolean" }
        orderBy: { type: "ApiKeyOrder" }
      ) {
        apiKeys(
          first: $first
          after: $after
          status: $status
          search: $search
          unusedDays: $unusedDays
          drifted: $drifted
          orderBy: $orderBy
        )
          @connection(key: "KeysPage_apiKeys") {
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
  if (edges.length === 0) return isPart ? <NothingFound title="No key fits" onClear={onShowAll} /> : <NoKeys onCreate={onCreate} />;
  return (
    <>
      <KeyTable name="My keys" keys={edges.map(({ node }) => node)} reader={reader} />
      <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
    </>
  );
}

interface LoadedProps {
  choice: KeyChoice;
  onShowAll: () => void;
  onCreate: () => void;
}

function Loaded({ choice, ...rest }: LoadedProps) {
  const { viewer } = usePageQuery<KeysPageQuery>(
    graphql`
      query KeysPageQuery(
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
          ...KeysPage_viewer
            @arguments(
              first: $first
              status: $status
              search: $search
              unusedDays: $unusedDays
              drifted: $drifted
              orderBy: $orderBy
            )
        }
      }
    `,
    { first: PAGE, ...keyVariables(choice) },
  );
  return <Rows viewer={viewer} reader={viewer.user} isFiltered={isFiltered(choice)} {...rest} />;
}

export function KeysPage() {
  const [params, change] = useAddress();
  const choosing = useChoice(parseKeyChoice, ALL_KEYS);
  const isAuditor = useIsAuditor();
  // The secret lives in this state alone and is gone when the dialog closes.
  const [newKey, setNewKey] = useState<NewKey>();
  const openForm = () => change({ create: "1" });
  const closeForm = () => change({ create: null, model: null });

  return (
    <>
      <PageHeading
        title="My keys"
        description="A key lets a program call the models you subscribed to."
        actions={isAuditor ? null : <Button onClick={openForm}>Create a key</Button>}
      />
      <PageSection isFilled>
        <KeyToolbar choosing={choosing} label="Search your keys" placeholder="Name or end of the secret" />
        <QueryBoundary skeleton={<TableSkeleton columns={keyColumns(false)} name="your keys" />} resetOn={choosing.shown}>
          <Loaded choice={choosing.shown} onShowAll={choosing.clear} onCreate={openForm} />
        </QueryBoundary>
      </PageSection>
      {params.has("create") && !newKey && !isAuditor ? (
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
  const isAuditor = useIsAuditor();
  return (
    <EmptyState titleText="No keys yet" headingLevel="h2" icon={KeyIcon}>
      <EmptyStateBody>
        {isAuditor ? AUDITORS_LOOK : "Create one, put it into your program, and call a model within a minute."}
      </EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          {isAuditor ? (
            <ButtonLink to="/admin/keys">See all keys</ButtonLink>
          ) : (
            <Button onClick={onCreate}>Create a key</Button>
          )}
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
