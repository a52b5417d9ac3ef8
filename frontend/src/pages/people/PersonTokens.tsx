import { Card, CardBody, CardTitle, Content } from "@patternfly/react-core";
import { graphql, usePaginationFragment } from "react-relay";

import { LoadMore } from "../../components/LoadMore";
import { isAdmin, type Reader } from "../../lib/reader";
import { TokenTable } from "../profile/TokenTable";
import type { PersonTokens_query$key } from "./__generated__/PersonTokens_query.graphql";
import type { PersonTokensMoreQuery } from "./__generated__/PersonTokensMoreQuery.graphql";

const PAGE = 25;

export function PersonTokens({ query, reader }: { query: PersonTokens_query$key; reader: Reader | null | undefined }) {
  const { data, ...list } = usePaginationFragment<PersonTokensMoreQuery, PersonTokens_query$key>(
    graphql`
      fragment PersonTokens_query on Query
      @refetchable(queryName: "PersonTokensMoreQuery")
      @argumentDefinitions(userId: { type: "ID!" }, first: { type: "Int", defaultValue: 25 }, after: { type: "String" }) {
        admin {
          accessTokens(userId: $userId, first: $first, after: $after) @connection(key: "PersonTokens_accessTokens") {
            totalCount
            edges {
              node {
                id
                ...TokenTable_tokens
              }
            }
          }
        }
      }
    `,
    query,
  );
  const { edges, totalCount } = data.admin.accessTokens;
  return (
    <Card>
      <CardTitle component="h2">Access tokens</CardTitle>
      <CardBody>
        {edges.length > 0 ? (
          <TokenTable name="Access tokens" tokens={edges.map(({ node }) => node)} mayRevoke={isAdmin(reader)} />
        ) : (
          <Content component="p">There are none.</Content>
        )}
        <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
      </CardBody>
    </Card>
  );
}
