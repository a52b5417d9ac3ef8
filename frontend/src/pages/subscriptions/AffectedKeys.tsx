import { Content, List, ListItem } from "@patternfly/react-core";
import { graphql } from "react-relay";

import { formatCount } from "../../lib/numbers";
import { usePageQuery } from "../../shell/QueryBoundary";
import type { AffectedKeysMineQuery } from "./__generated__/AffectedKeysMineQuery.graphql";
import type { AffectedKeysQuery } from "./__generated__/AffectedKeysQuery.graphql";

/** Of whom there are more, the others are counted. */
const SHOWN = 20;

interface Model {
  id: string;
  name: string;
}

/** Those of the reader's keys that lose a model. */
export function MyAffectedKeys({ model }: { model: Model }) {
  const { viewer } = usePageQuery<AffectedKeysMineQuery>(
    graphql`
      query AffectedKeysMineQuery($first: Int!, $modelId: ID!) {
        viewer {
          apiKeys(first: $first, modelId: $modelId, status: [ACTIVE, ROTATING, BLOCKED, PROVISIONING]) {
            totalCount
            edges {
              node {
                id
                name
              }
            }
          }
        }
      }
    `,
    { first: SHOWN, modelId: model.id },
  );
  return <Losing keys={viewer.apiKeys} model={model} nobody="None of your keys calls it." />;
}

/** Those of a person's keys that lose a model, for an admin. */
export function AffectedKeys({ model, owner }: { model: Model; owner: { id: string; displayName: string } }) {
  const { admin } = usePageQuery<AffectedKeysQuery>(
    graphql`
      query AffectedKeysQuery($first: Int!, $modelId: ID!, $userId: ID!) {
        admin {
          apiKeys(first: $first, modelId: $modelId, userId: $userId, status: [ACTIVE, ROTATING, BLOCKED, PROVISIONING]) {
            totalCount
            edges {
              node {
                id
                name
              }
            }
          }
        }
      }
    `,
    { first: SHOWN, modelId: model.id, userId: owner.id },
  );
  return <Losing keys={admin.apiKeys} model={model} nobody={`None of ${owner.displayName}’s keys calls it.`} />;
}

interface LosingProps {
  keys: { totalCount: number; edges: readonly { node: { id: string; name: string } }[] };
  model: Model;
  nobody: string;
}

function Losing({ keys: { totalCount, edges }, model, nobody }: LosingProps) {
  if (totalCount === 0) return <Content component="p">{nobody}</Content>;
  return (
    <>
      <Content component="p">
        {totalCount === 1 ? "This key" : "These keys"} can no longer call {model.name}, within seconds:
      </Content>
      <List>
        {edges.map(({ node }) => (
          <ListItem key={node.id}>{node.name}</ListItem>
        ))}
        {totalCount > edges.length ? <ListItem>and {formatCount(totalCount - edges.length)} more</ListItem> : null}
      </List>
    </>
  );
}
