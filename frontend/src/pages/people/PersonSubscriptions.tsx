import { Card, CardBody, CardTitle, Content } from "@patternfly/react-core";
import { Table, Tbody, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, usePaginationFragment } from "react-relay";

import { LoadMore } from "../../components/LoadMore";
import { subscriptionColumns, SubscriptionRow } from "../subscriptions/SubscriptionRow";
import type { PersonSubscriptions_query$key } from "./__generated__/PersonSubscriptions_query.graphql";
import type { PersonSubscriptionsMoreQuery } from "./__generated__/PersonSubscriptionsMoreQuery.graphql";

const PAGE = 25;

export function PersonSubscriptions({ query }: { query: PersonSubscriptions_query$key }) {
  const { data, ...list } = usePaginationFragment<PersonSubscriptionsMoreQuery, PersonSubscriptions_query$key>(
    graphql`
      fragment PersonSubscriptions_query on Query
      @refetchable(queryName: "PersonSubscriptionsMoreQuery")
      @argumentDefinitions(userId: { type: "ID!" }, first: { type: "Int", defaultValue: 25 }, after: { type: "String" }) {
        admin {
          modelSubscriptions(userId: $userId, first: $first, after: $after) @connection(key: "PersonSubscriptions_modelSubscriptions") {
            totalCount
            edges {
              node {
                id
                ...SubscriptionRow_subscription
              }
            }
          }
        }
      }
    `,
    query,
  );
  const { edges, totalCount } = data.admin.modelSubscriptions;
  return (
    <Card>
      <CardTitle component="h2">Subscriptions</CardTitle>
      <CardBody>
        {edges.length > 0 ? (
          <Table aria-label="Subscriptions" variant="compact" gridBreakPoint="grid-xl">
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
        ) : (
          <Content component="p">There are none.</Content>
        )}
        <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
      </CardBody>
    </Card>
  );
}
