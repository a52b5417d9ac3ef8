import { EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, PageSection } from "@patternfly/react-core";
import { CatalogIcon } from "@patternfly/react-icons";
import { Table, Tbody, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, usePaginationFragment } from "react-relay";

import { ButtonLink } from "../../components/ButtonLink";
import { LoadMore } from "../../components/LoadMore";
import { NothingFound } from "../../components/NothingFound";
import { TableSkeleton } from "../../components/TableSkeleton";
import { newSubscriptionPath } from "../../lib/paths";
import { AUDITORS_LOOK } from "../../lib/reader";
import {
  ALL_SUBSCRIPTIONS,
  isFiltered,
  parseSubscriptionChoice,
  type SubscriptionChoice,
  subscriptionVariables,
} from "../../lib/subscriptionChoice";
import { useChoice } from "../../lib/useChoice";
import { useIsAuditor } from "../../relay/useIsAuditor";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { subscriptionColumns, SubscriptionRow } from "./SubscriptionRow";
import { SubscriptionToolbar } from "./SubscriptionToolbar";
import type { SubscriptionsPage_viewer$key } from "./__generated__/SubscriptionsPage_viewer.graphql";
import type { SubscriptionsPageMoreQuery } from "./__generated__/SubscriptionsPageMoreQuery.graphql";
import type { SubscriptionsPageQuery } from "./__generated__/SubscriptionsPageQuery.graphql";

const PAGE = 25;
function Rows({ viewer, isFiltered: isPart, onClear }: { viewer: SubscriptionsPage_viewer$key; isFiltered: boolean; onClear: () => void }) {
  const { data, ...list } = usePaginationFragment<SubscriptionsPageMoreQuery, SubscriptionsPage_viewer$key>(
    graphql`
      fragment SubscriptionsPage_viewer on Viewer
      @refetchable(queryName: "SubscriptionsPageMoreQuery")
      @argumentDefinitions(
        first: { type: "Int!" }
        after: { type: "String" }
        status: { type: "[SubscriptionStatus!]" }
        search: { type: "String" }
        orderBy: { type: "SubscriptionOrder" }
      ) {
        modelSubscriptions(first: $first, after: $after, status: $status, search: $search, orderBy: $orderBy)
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
  if (edges.length === 0) return isPart ? <NothingFound title="No subscription fits" onClear={onClear} /> : <NoSubscriptions />;
  return (
    <>
      <Table aria-label="My subscriptions" gridBreakPoint="grid-lg">
        <Thead>
          <Tr>
            {subscriptionColumns(false).map((column) => (
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
      <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
    </>
  );
}

function Loaded({ choice, onClear }: { choice: SubscriptionChoice; onClear: () => void }) {
  const { viewer } = usePageQuery<SubscriptionsPageQuery>(
    graphql`
      query SubscriptionsPageQuery(
        $first: Int!
        $status: [SubscriptionStatus!]
        $search: String
        $orderBy: SubscriptionOrder
      ) {
        viewer {
          ...SubscriptionsPage_viewer @arguments(first: $first, status: $status, search: $search, orderBy: $orderBy)
        }
      }
    `,
    { first: PAGE, ...subscriptionVariables(choice) },
  );
  return <Rows viewer={viewer} isFiltered={isFiltered(choice)} onClear={onClear} />;
}

export function SubscriptionsPage() {
  const choosing = useChoice(parseSubscriptionChoice, ALL_SUBSCRIPTIONS);
  const isAuditor = useIsAuditor();
  return (
    <>
      <PageHeading
        title="My subscriptions"
        description="The models you asked for. A key can call those that are active."
        actions={isAuditor ? null : <ButtonLink to={newSubscriptionPath()}>New subscription</ButtonLink>}
      />
      <PageSection isFilled>
        <SubscriptionToolbar choosing={choosing} label="Search your subscriptions" placeholder="Model" />
        <QueryBoundary
          skeleton={<TableSkeleton columns={subscriptionColumns(false)} name="your subscriptions" />}
          resetOn={choosing.shown}
        >
          <Loaded choice={choosing.shown} onClear={choosing.clear} />
        </QueryBoundary>
      </PageSection>
    </>
  );
}

function NoSubscriptions() {
  const isAuditor = useIsAuditor();
  return (
    <EmptyState titleText="No subscriptions yet" headingLevel="h2" icon={CatalogIcon}>
      <EmptyStateBody>
        {isAuditor
          ? AUDITORS_LOOK
          : "Subscribe to a model and it appears here. Most are yours at once; some need an administrator’s approval."}
      </EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          {isAuditor ? (
            <ButtonLink to="/admin/subscriptions">See all subscriptions</ButtonLink>
          ) : (
            <ButtonLink to={newSubscriptionPath()}>New subscription</ButtonLink>
          )}
          <ButtonLink to="/models" variant="link">
            Look at the models
          </ButtonLink>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
