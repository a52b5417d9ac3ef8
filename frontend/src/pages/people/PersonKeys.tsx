import { Card, CardBody, CardTitle, Content } from "@patternfly/react-core";
import { graphql, usePaginationFragment } from "react-relay";

import { LoadMore } from "../../components/LoadMore";
import type { Reader } from "../../lib/reader";
import { KeyTable } from "../keys/KeyTable";
import type { PersonKeys_query$key } from "./__generated__/PersonKeys_query.graphql";
import type { PersonKeysMoreQuery } from "./__generated__/PersonKeysMoreQuery.graphql";

const PAGE = 25;

export function PersonKeys({ query, reader }: { query: PersonKeys_query$key; reader: Reader | null | undefined }) {
  const { data, ...list } = usePaginationFragment<PersonKeysMoreQuery, PersonKeys_query$key>(
    graphql`
      fragment PersonKeys_query on Query
      @refetchable(queryName: "PersonKeysMoreQuery")
      @argumentDefinitions(userId: { type: "ID!" }, first: { type: "Int", defaultValue: 25 }, after: { type: "String" }) {
        admin {
          apiKeys(userId: $userId, first: $first, after: $after) @connection(key: "PersonKeys_apiKeys") {
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
  return (
    <Card>
      <CardTitle component="h2">Keys</CardTitle>
      <CardBody>
        {edges.length > 0 ? (
          <KeyTable name="Keys" keys={edges.map(({ node }) => node)} reader={reader} />
        ) : (
          <Content component="p">There are none.</Content>
        )}
        <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
      </CardBody>
    </Card>
  );
}
