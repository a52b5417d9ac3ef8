import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  PageSection,
} from "@patternfly/react-core";
import { CatalogIcon, SearchIcon } from "@patternfly/react-icons";
import { Table, Tbody, Th, Thead, Tr } from "@patternfly/react-table";
import { useDeferredValue } from "react";
import { graphql, usePaginationFragment } from "react-relay";
import { useSearchParams } from "react-router";

import { ButtonLink } from "../../components/ButtonLink";
import { LoadMore } from "../../components/LoadMore";
import { StatusFilter } from "../../components/StatusFilter";
import { TableSkeleton } from "../../components/TableSkeleton";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { SUBSCRIPTION_COLUMNS, SubscriptionRow } from "./SubscriptionRow";
import type { SubscriptionsPage_viewer$key } from "./__generated__/SubscriptionsPage_viewer.graphql";
import type { SubscriptionsPageMoreQuery } from "./__generated__/SubscriptionsPageMoreQuery.graphql";
import type { SubscriptionsPageQuery, SubscriptionStatus } from "./__generated__/SubscriptionsPageQuery.graphql";

const PAGE = 25;
const STATUSES = ["PENDING", "ACTIVE", "DENIED", "SUSPENDED", "EXPIRED", "CANCELLED"];

function Rows({ viewer, isFiltered, onClear }: { viewer: SubscriptionsPage_viewer$key; isFiltered: boolean; onClear: () => void }) {
  const { data, loadNext, hasNext, isLoadingNext } = usePaginationFragment<
    SubscriptionsPageMoreQuery,
    SubscriptionsPage_viewer$key
  >(
    graphql`
      fragment SubscriptionsPage_viewer on Viewer
      @refetchable(queryName: "SubscriptionsPageMoreQuery")
      @argumentDefinitions(
        first: { type: "Int!" }
        after: { type: "String" }
        status: { type: "[SubscriptionStatus!]" }
      ) {
        modelSubscriptions(first: $first, after: $after, status: $status)
          @connection(key: "SubscriptionsPage_modelSubscriptions") {
          totalCount
          edges {
            node {
              id
              ...SubscriptionRow_subscription
            }
          }
        }
      }
    `,
    viewer,
  );
  const { edges, totalCount } = data.modelSubscriptions;
  if (edges.length === 0) return isFiltered ? <NothingFound onClear={onClear} /> : <NoSubscriptions />;
  return (
    <>
      <Table aria-label="My subscriptions" gridBreakPoint="grid-lg">
        <Thead>
          <Tr>
            {SUBSCRIPTION_COLUMNS.map((column) => (
              <Th key={column}>{column}</Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          {edges.map(({ node }) => (
            <SubscriptionRow key={node.id} subscription={node} />
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

function Loaded({ status, onClear }: { status: string[]; onClear: () => void }) {
  const { viewer } = usePageQuery<SubscriptionsPageQuery>(
    graphql`
      query SubscriptionsPageQuery($first: Int!, $status: [SubscriptionStatus!]) {
        viewer {
          ...SubscriptionsPage_viewer @arguments(first: $first, status: $status)
        }
      }
    `,
    { first: PAGE, status: status.length ? (status as SubscriptionStatus[]) : undefined },
  );
  return <Rows viewer={viewer} isFiltered={status.length > 0} onClear={onClear} />;
}

export function SubscriptionsPage() {
  const [params, setParams] = useSearchParams();
  const status = params.getAll("status").filter((value) => STATUSES.includes(value));
  const setStatus = (values: string[]) =>
    setParams(new URLSearchParams(values.map((value) => ["status", value])), { flushSync: true });
  // A string, since a deferred array would be a new one each time.
  const shown = useDeferredValue(status.join(" "));
  return (
    <>
      <PageHeading
        title="My subscriptions"
        description="The models you asked for. A key can call those that are active."
        actions={<ButtonLink to="/models" variant="secondary">Find models</ButtonLink>}
      />
      <PageSection isFilled>
        <StatusFilter of="subscription" statuses={STATUSES} selected={status} onChange={setStatus} />
        <QueryBoundary
          skeleton={<TableSkeleton columns={SUBSCRIPTION_COLUMNS} name="your subscriptions" />}
          resetOn={shown}
        >
          <Loaded status={shown ? shown.split(" ") : []} onClear={() => setStatus([])} />
        </QueryBoundary>
      </PageSection>
    </>
  );
}

function NoSubscriptions() {
  return (
    <EmptyState titleText="No subscriptions yet" headingLevel="h2" icon={CatalogIcon}>
      <EmptyStateBody>
        Subscribe to a model and it appears here. Most are yours at once; some need an administrator’s approval.
      </EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <ButtonLink to="/models">Find a model</ButtonLink>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}

function NothingFound({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState titleText="No subscription has this status" headingLevel="h2" icon={SearchIcon}>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="link" onClick={onClear}>
            Show all
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
