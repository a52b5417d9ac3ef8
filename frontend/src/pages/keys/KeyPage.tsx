import {
  Button,
  Card,
  CardBody,
  CardTitle,
  Content,
  DescriptionList,
  Flex,
  Grid,
  GridItem,
  PageSection,
  Skeleton,
  Stack,
  StackItem,
} from "@patternfly/react-core";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link, useParams } from "react-router";

import { ExactTime } from "../../components/ExactTime";
import { Expiry } from "../../components/Expiry";
import { Fact } from "../../components/Fact";
import { Limits } from "../../components/Limits";
import { Missing } from "../../components/Missing";
import { Snippets } from "../../components/Snippets";
import { StatusLabel } from "../../components/StatusLabel";
import { formatMoney } from "../../lib/money";
import { modelPath } from "../../lib/paths";
import { isAdmin, type Reader, standingOf } from "../../lib/reader";
import { KEY_VARIABLE, snippetMode } from "../../lib/snippets";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { FirstCallPanel } from "./FirstCallPanel";
import { isOver, type KeyAction, keyActions } from "./keyActions";
import { KeyDialogs } from "./KeyDialogs";
import { KeyDrift } from "./KeyDrift";
import { KeyGenerations } from "./KeyGenerations";
import { SyncLabel, useSettle } from "./KeyRow";
import type { KeyPage_key$key } from "./__generated__/KeyPage_key.graphql";
import type { KeyPageQuery } from "./__generated__/KeyPageQuery.graphql";

const PARENT = { title: "My keys", to: "/keys" };
const ALL = { title: "All keys", to: "/admin/keys" };

interface DetailsProps {
  apiKey: KeyPage_key$key;
  reader: Reader | null | undefined;
  llmBaseUrl: string;
}

function Details({ apiKey: keyRef, reader, llmBaseUrl }: DetailsProps) {
  const key = useFragment(
    graphql`
      fragment KeyPage_key on ApiKey {
        id
        name
        prefix
        lastFour
        status
        inSync
        drift {
          field
        }
        user {
          id
          displayName
          username
        }
        models {
          id
          name
          mode
        }
        maxBudget
        budgetDuration
        rpmLimit
        tpmLimit
        spend
        createdAt
        lastUsedAt
        expiresAt
        ...KeyDialogs_key
        ...KeyDrift_key
        ...KeyGenerations_key
      }
    `,
    keyRef,
  );
  const [action, setAction] = useState<KeyAction>();
  useSettle(key.id, key.inSync);
  const standing = standingOf(reader, key.user);
  const isOwner = standing === "owner";
  const actions = keyActions(key, standing, isAdmin(reader));
  const start = (each: KeyAction) => (actions.some(({ action: may }) => may === each) ? () => setAction(each) : undefined);
  const model = key.models.find(({ mode }) => snippetMode(mode));
  const mode = model && snippetMode(model.mode);
  const isUsable = key.status === "ACTIVE" || key.status === "ROTATING";
  return (
    <>
      <PageHeading
        title={key.name}
        parent={isOwner ? PARENT : ALL}
        actions={
          actions.length > 0 ? (
            <Flex columnGap={{ default: "columnGapSm" }} rowGap={{ default: "rowGapSm" }}>
              {actions.map(({ action: each, title, isDanger }) => (
                <Button
                  key={each}
                  variant={each === "revoke" ? "danger" : "secondary"}
                  isDanger={isDanger}
                  onClick={() => setAction(each)}
                >
                  {title}
                </Button>
              ))}
            </Flex>
          ) : null
        }
      />
      <PageSection isFilled>
        <Grid hasGutter>
          {key.drift.length > 0 ? (
            <GridItem>
              <KeyDrift apiKey={key} onRepair={start("repair")} onAdopt={start("adopt")} />
            </GridItem>
          ) : null}
          <GridItem>
            <Card>
              <CardTitle component="h2">About</CardTitle>
              <CardBody>
                <DescriptionList columnModifier={{ default: "1Col", sm: "2Col", xl: "3Col" }}>
                  <Fact name="Key">
                    <code>
                      {key.prefix}…{key.lastFour}
                    </code>
                  </Fact>
                  <Fact name="Status">
                    <StatusLabel of="key" status={key.status} /> <SyncLabel inSync={key.inSync} />
                  </Fact>
                  {isOwner ? null : (
                    <Fact name="Owner">
                      {key.user ? `${key.user.displayName} (${key.user.username})` : "–"}
                    </Fact>
                  )}
                  <Fact name="Models">
                    <Stack hasGutter className="tight">
                      {key.models.map(({ id, name }) => (
                        <StackItem key={id}>
                          <Link to={modelPath(id)}>{name}</Link>
                        </StackItem>
                      ))}
                    </Stack>
                  </Fact>
                  <Fact name="Limits">
                    <Limits {...key} />
                  </Fact>
                  <Fact name="Spend">{formatMoney(key.spend)}</Fact>
                  <Fact name="Last used">{key.lastUsedAt ? <ExactTime at={key.lastUsedAt} /> : "Never"}</Fact>
                  <Fact name="Created">
                    <ExactTime at={key.createdAt} />
                  </Fact>
                  <Fact name="Expires">
                    <Expiry at={key.expiresAt} isOver={isOver(key.status)} />
                  </Fact>
                </DescriptionList>
              </CardBody>
            </Card>
          </GridItem>
          <GridItem>
            <KeyGenerations apiKey={key} onFinish={start("finish")} onUndo={start("undo")} />
          </GridItem>
          {isUsable && isOwner ? (
            <GridItem>
              <Card>
                <CardTitle component="h2">Try it</CardTitle>
                <CardBody>
                  <FirstCallPanel apiKeyId={key.id} />
                </CardBody>
                {model && mode ? (
                  <CardBody>
                    <Content component="p">
                      The secret was shown once, when the key was made. With it in the environment as{" "}
                      <code>{KEY_VARIABLE}</code>:
                    </Content>
                    <Snippets call={{ baseUrl: llmBaseUrl, model: model.name, mode }} />
                  </CardBody>
                ) : null}
              </Card>
            </GridItem>
          ) : null}
        </Grid>
      </PageSection>
      <KeyDialogs apiKey={key} standing={standing} action={action} onClose={() => setAction(undefined)} />
    </>
  );
}

function Loaded({ id }: { id: string }) {
  const { node, viewer, portal } = usePageQuery<KeyPageQuery>(
    graphql`
      query KeyPageQuery($id: ID!) {
        node(id: $id) {
          ...KeyPage_key @alias(as: "apiKey")
        }
        viewer {
          user {
            id
            role
          }
        }
        portal {
          llmBaseUrl
        }
      }
    `,
    { id },
  );
  if (node?.apiKey) return <Details apiKey={node.apiKey} reader={viewer.user} llmBaseUrl={portal.llmBaseUrl} />;
  return (
    <Missing title="Key not found" parent={PARENT}>
      It may belong to somebody else.
    </Missing>
  );
}

const skeleton = (
  <>
    <PageHeading title="Key" parent={PARENT} />
    <PageSection isFilled>
      <Skeleton height="14rem" screenreaderText="Loading the key" />
    </PageSection>
  </>
);

export function KeyPage() {
  const { id = "" } = useParams();
  return (
    <QueryBoundary key={id} skeleton={skeleton}>
      <Loaded id={id} />
    </QueryBoundary>
  );
}
