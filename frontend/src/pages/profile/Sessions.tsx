import { Button, Card, CardBody, CardHeader, CardTitle, Flex, Label } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { graphql, usePaginationFragment } from "react-relay";

import { LoadMore } from "../../components/LoadMore";
import { RelativeTime } from "../../components/RelativeTime";
import { browserName } from "../../lib/userAgent";
import { EndSessionsDialog, type Ending } from "./EndSessionsDialog";
import type { Sessions_query$key } from "./__generated__/Sessions_query.graphql";
import type { SessionsMoreQuery } from "./__generated__/SessionsMoreQuery.graphql";

const PAGE = 25;
const COLUMNS = ["Browser", "Address", "Last seen", "Signed in", "Ends by"];

/** The browsers in which the reader is signed in, with the ways to end that. */
export function Sessions({ query }: { query: Sessions_query$key }) {
  const { data, refetch, ...list } = usePaginationFragment<SessionsMoreQuery, Sessions_query$key>(
    graphql`
      fragment Sessions_query on Query
      @refetchable(queryName: "SessionsMoreQuery")
      @argumentDefinitions(first: { type: "Int", defaultValue: 25 }, after: { type: "String" }) {
        viewer {
          sessions(first: $first, after: $after) @connection(key: "Sessions_sessions") {
            totalCount
            edges {
              node {
                id
                createdAt
                lastSeenAt
                expiresAt
                address
                userAgent
                current
              }
            }
          }
        }
      }
    `,
    query,
  );
  const { edges, totalCount } = data.viewer.sessions;
  const [ending, setEnding] = useState<Ending>();
  const hasOthers = edges.some(({ node }) => !node.current);
  return (
    <Card>
      <CardHeader
        actions={{
          hasNoOffset: true,
          actions: (
            <Flex columnGap={{ default: "columnGapSm" }} rowGap={{ default: "rowGapSm" }}>
              {hasOthers ? (
                <Button variant="secondary" onClick={() => setEnding({ which: "others" })}>
                  End all others
                </Button>
              ) : null}
              <Button variant="secondary" isDanger onClick={() => setEnding({ which: "all" })}>
                Sign out everywhere
              </Button>
            </Flex>
          ),
        }}
      >
        <CardTitle component="h2">Sessions</CardTitle>
      </CardHeader>
      <CardBody>
        <Table aria-label="Your sessions" variant="compact" gridBreakPoint="grid-lg">
          <Thead>
            <Tr>
              {COLUMNS.map((column) => (
                <Th key={column}>{column}</Th>
              ))}
              <Th screenReaderText="Actions" />
            </Tr>
          </Thead>
          <Tbody>
            {edges.map(({ node: session }) => {
              const browser = browserName(session.userAgent);
              return (
                <Tr key={session.id}>
                  <Td dataLabel="Browser">
                    <div>
                      {browser} {session.current ? <Label isCompact color="blue">This one</Label> : null}
                    </div>
                  </Td>
                  <Td dataLabel="Address" modifier="breakWord">{session.address ?? "Unknown"}</Td>
                  <Td dataLabel="Last seen">
                    <RelativeTime at={session.lastSeenAt} />
                  </Td>
                  <Td dataLabel="Signed in">
                    <RelativeTime at={session.createdAt} />
                  </Td>
                  <Td dataLabel="Ends by">
                    <RelativeTime at={session.expiresAt} />
                  </Td>
                  <Td modifier="fitContent">
                    {session.current ? null : (
                      <Button
                        variant="link"
                        isInline
                        isDanger
                        aria-label={`End ${browser}`}
                        onClick={() => setEnding({ which: "one", id: session.id, browser })}
                      >
                        End
                      </Button>
                    )}
                  </Td>
                </Tr>
              );
            })}
          </Tbody>
        </Table>
        <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
      </CardBody>
      {ending ? (
        <EndSessionsDialog
          ending={ending}
          onClose={() => setEnding(undefined)}
          onEnded={() => {
            setEnding(undefined);
            refetch({}, { fetchPolicy: "store-and-network" });
          }}
        />
      ) : null}
    </Card>
  );
}
