import { EmptyState, EmptyStateBody, PageSection } from "@patternfly/react-core";
import { CatalogIcon } from "@patternfly/react-icons";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { graphql, useFragment, usePaginationFragment } from "react-relay";

import { LoadMore } from "../../components/LoadMore";
import { NothingFound } from "../../components/NothingFound";
import { RowActions } from "../../components/RowActions";
import { TableSkeleton } from "../../components/TableSkeleton";
import type { Reader } from "../../lib/reader";
import {
  ALL_SUBSCRIPTIONS,
  isFiltered,
  parseSubscriptionChoice,
  type SubscriptionChoice,
  subscriptionVariables,
} from "../../lib/subscriptionChoice";
import { useChoice } from "../../lib/useChoice";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { AdminDialog } from "../subscriptions/AdminDialog";
import { type AdminAction, adminActions } from "../subscriptions/subscriptionActions";
import { subscriptionColumns, SubscriptionRow } from "../subscriptions/SubscriptionRow";
import { SubscriptionToolbar } from "../subscriptions/SubscriptionToolbar";
import type { AllSubscriptionsPage_query$key } from "./__generated__/AllSubscriptionsPage_query.graphql";
import type { AllSubscriptionsPage_subscription$key } from "./__generated__/AllSubscriptionsPage_subscription.graphql";
import type { AllSubscriptionsPageMoreQuery } from "./__generated__/AllSubscriptionsPageMoreQuery.graphql";
import type { AllSubscriptionsPageQuery } from "./__generated__/AllSubscriptionsPageQuery.graphql";

const PAGE = 25;
const COLUMNS = subscriptionColumns(true);

interface RowsProps {
  query: AllSubscriptionsPage_query$key;
  reader: Reader | null | undefined;
  isFiltered: boolean;
  onClear: () => void;
}

function Rows({ query, reader, isFiltered: isPart, onClear }: RowsProps) {
  const { data, ...list } = usePaginationFragment<AllSubscriptionsPageMoreQuery, AllSubscriptionsPage_query$key>(
    graphql`
      fragment AllSubscriptionsPage_query on Query
      @refetchable(queryName: "AllSubscriptionsPageMoreQuery")
      @argumentDefinitions(
        first: { type: "Int!" }
        after: { type: "String" }
        status: { type: "[SubscriptionStatus!]" }
        search: { type: "String" }
        orderBy: { type: "SubscriptionOrder" }
      ) {
        admin {
          modelSubscriptions(first: $first, after: $after, status: $status, search: $search, orderBy: $orderBy)
            @connection(key: "AllSubscriptionsPage_modelSubscriptions") {
            totalCount
            edges {
              node {
                id
                ...AllSubscriptionsPage_subscription
              }
            }
          }
        }
      }
    `,
    query,
  );
  const { edges, totalCount } = data.admin.modelSubscriptions;
  if (edges.length === 0) return isPart ? <NothingFound title="No subscription fits" onClear={onClear} /> : <NoSubscriptions />;
  return (
    <>
      <Table aria-label="All subscriptions" variant="compact" gridBreakPoint="grid-xl">
        <Thead>
          <Tr>
            {COLUMNS.map((column) => (
              <Th key={column} modifier="nowrap" width={column === "Limits" ? 20 : undefined}>
                {column}
              </Th>
            ))}
            <Th screenReaderText="Actions" />
          </Tr>
        </Thead>
        <Tbody>
          {edges.map(({ node }) => (
            <Row key={node.id} subscription={node} reader={reader} />
          ))}
        </Tbody>
      </Table>
      <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
    </>
  );
}

interface RowProps {
  subscription: AllSubscriptionsPage_subscription$key;
  reader: Reader | null | undefined;
}

function Row({ subscription: ref, reader }: RowProps) {
  const subscription = useFragment(
    graphql`
      fragment AllSubscriptionsPage_subscription on ModelSubscription {
        status
        model {
          name
        }
        user {
          id
          displayName
        }
        ...AdminDialog_subscription
        ...SubscriptionRow_subscription
      }
    `,
    ref,
  );
  const [action, setAction] = useState<AdminAction>();
  return (
    <SubscriptionRow subscription={subscription} hasOwner>
      <Td isActionCell>
        <RowActions
          of={`${subscription.model.name} of ${subscription.user?.displayName ?? "somebody"}`}
          actions={adminActions(subscription, reader)}
          onChoose={setAction}
        />
        {action ? (
          <AdminDialog action={action} subscription={subscription} onClose={() => setAction(undefined)} />
        ) : null}
      </Td>
    </SubscriptionRow>
  );
}

function Loaded({ choice, onClear }: { choice: SubscriptionChoice; onClear: () => void }) {
  const data = usePageQuery<AllSubscriptionsPageQuery>(
    graphql`
      query AllSubscriptionsPageQuery(
        $first: Int!
        $status: [SubscriptionStatus!]
        $search: String
        $orderBy: SubscriptionOrder
      ) {
        viewer {
          user {
            id
            role
          }
        }
        ...AllSubscriptionsPage_query @arguments(first: $first, status: $status, search: $search, orderBy: $orderBy)
      }
    `,
    { first: PAGE, ...subscriptionVariables(choice) },
  );
  return <Rows query={data} reader={data.viewer.user} isFiltered={isFiltered(choice)} onClear={onClear} />;
}

/** Who may use what: everybody's subscriptions, for those who look after them. */
export function AllSubscriptionsPage() {
  const choosing = useChoice(parseSubscriptionChoice, ALL_SUBSCRIPTIONS);
  return (
    <>
      <PageHeading title="All subscriptions" description="Who may use which model, for how much, until when." />
      <PageSection isFilled>
        <SubscriptionToolbar choosing={choosing} label="Search the subscriptions" placeholder="Model or owner" />
        <QueryBoundary skeleton={<TableSkeleton columns={COLUMNS} name="the subscriptions" />} resetOn={choosing.shown}>
          <Loaded choice={choosing.shown} onClear={choosing.clear} />
        </QueryBoundary>
      </PageSection>
    </>
  );
}

function NoSubscriptions() {
  return (
    <EmptyState titleText="No subscriptions yet" headingLevel="h2" icon={CatalogIcon}>
      <EmptyStateBody>Nobody has subscribed to a model.</EmptyStateBody>
    </EmptyState>
  );
}
