import {
  Button,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  Content,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  StackItem,
} from "@patternfly/react-core";
import { KeyIcon } from "@patternfly/react-icons";
import { useState } from "react";
import { graphql, usePaginationFragment } from "react-relay";

import { CodeSample } from "../../components/CodeSample";
import { LoadMore } from "../../components/LoadMore";
import { SecretModal } from "../../components/SecretModal";
import { tokenCurl } from "../../lib/tokenForm";
import { CreateTokenDialog, type NewToken } from "./CreateTokenDialog";
import { TokenTable } from "./TokenTable";
import type { AccessTokens_query$key } from "./__generated__/AccessTokens_query.graphql";
import type { AccessTokensMoreQuery } from "./__generated__/AccessTokensMoreQuery.graphql";

const PAGE = 25;

/** The tokens with which programs ask in the reader's name. */
export function AccessTokens({ query, role }: { query: AccessTokens_query$key; role: string }) {
  const { data, ...list } = usePaginationFragment<AccessTokensMoreQuery, AccessTokens_query$key>(
    graphql`
      fragment AccessTokens_query on Query
      @refetchable(queryName: "AccessTokensMoreQuery")
      @argumentDefinitions(first: { type: "Int", defaultValue: 25 }, after: { type: "String" }) {
        viewer {
          accessTokens(first: $first, after: $after) @connection(key: "AccessTokens_accessTokens") {
            __id
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
  const { __id: connection, edges, totalCount } = data.viewer.accessTokens;
  const [isCreating, setCreating] = useState(false);
  const [created, setCreated] = useState<NewToken>();
  const create = (
    <Button variant={edges.length > 0 ? "secondary" : "primary"} onClick={() => setCreating(true)}>
      Create a token
    </Button>
  );
  return (
    <Card>
      <CardHeader actions={edges.length > 0 ? { actions: create, hasNoOffset: true } : undefined}>
        <CardTitle component="h2">Access tokens</CardTitle>
      </CardHeader>
      <CardBody>
        <Content component="p">
          With an access token a script or a program asks the API in your name, within what you may do at that moment. To call
          models it takes a key. <a href="/graphiql">GraphiQL</a> shows what can be asked.
        </Content>
        {edges.length > 0 ? (
          <>
            <TokenTable name="Your access tokens" tokens={edges.map(({ node }) => node)} mayRevoke />
            <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
          </>
        ) : (
          <EmptyState variant="sm" titleText="No access tokens yet" headingLevel="h3" icon={KeyIcon}>
            <EmptyStateBody>Each program should have one of its own, so that one can be ended without the others.</EmptyStateBody>
            <EmptyStateFooter>
              <EmptyStateActions>{create}</EmptyStateActions>
            </EmptyStateFooter>
          </EmptyState>
        )}
      </CardBody>
      {isCreating ? (
        <CreateTokenDialog
          role={role}
          connection={connection}
          onClose={() => setCreating(false)}
          onCreated={(token) => {
            setCreating(false);
            setCreated(token);
          }}
        />
      ) : null}
      {created ? (
        <SecretModal
          of="token"
          title={`Your new access token “${created.name}”`}
          secret={created.secret}
          onDone={() => setCreated(undefined)}
        >
          <StackItem>
            <CodeSample name="curl command" code={tokenCurl(window.location.origin, created.secret)} />
          </StackItem>
        </SecretModal>
      ) : null}
    </Card>
  );
}
