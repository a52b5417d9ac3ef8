import {
  Card,
  CardBody,
  CardTitle,
  Content,
  DescriptionList,
  Grid,
  GridItem,
  Label,
  LabelGroup,
  PageSection,
  Skeleton,
} from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";
import { useParams } from "react-router";

import { Fact } from "../../components/Fact";
import { Missing } from "../../components/Missing";
import { Snippets } from "../../components/Snippets";
import { capabilityLabel, modeLabel, providerLabel } from "../../lib/labels";
import { formatPrice } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { KEY_VARIABLE, snippetMode } from "../../lib/snippets";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { AccessLabel, LifecycleLabel } from "./ModelLabels";
import { SubscribePanel } from "./SubscribePanel";
import type { ModelPage_model$key } from "./__generated__/ModelPage_model.graphql";
import type { ModelPageQuery } from "./__generated__/ModelPageQuery.graphql";

const PARENT = { title: "Models", to: "/models" };

function Details({ model: modelRef, llmBaseUrl }: { model: ModelPage_model$key; llmBaseUrl: string }) {
  const model = useFragment(
    graphql`
      fragment ModelPage_model on Model {
        name
        provider
        mode
        description
        contextWindow
        maxOutputTokens
        inputCostPerMillion
        outputCostPerMillion
        capabilities
        access
        lifecycle
        ...SubscribePanel_model
      }
    `,
    modelRef,
  );
  const mode = snippetMode(model.mode);
  const tokens = (count: number | null | undefined) => (count == null ? "Not stated" : `${formatCount(count)} tokens`);
  return (
    <>
      <PageHeading title={model.name} description={model.description} parent={PARENT} />
      <PageSection isFilled>
        <Grid hasGutter>
          <GridItem lg={7}>
            <Card isFullHeight>
              <CardTitle component="h2">About</CardTitle>
              <CardBody>
                <DescriptionList columnModifier={{ default: "1Col", sm: "2Col" }}>
                  <Fact name="Provider">{providerLabel(model.provider)}</Fact>
                  <Fact name="Type">{modeLabel(model.mode)}</Fact>
                  <Fact name="Input price, per 1M tokens" about="cost">{formatPrice(model.inputCostPerMillion)}</Fact>
                  <Fact name="Output price, per 1M tokens">{formatPrice(model.outputCostPerMillion)}</Fact>
                  <Fact name="Context window">{tokens(model.contextWindow)}</Fact>
                  <Fact name="Longest answer">{tokens(model.maxOutputTokens)}</Fact>
                  <Fact name="Access">
                    <AccessLabel access={model.access} /> <LifecycleLabel lifecycle={model.lifecycle} />
                  </Fact>
                  <Fact name="Capabilities">
                    {model.capabilities.length ? (
                      <LabelGroup numLabels={10} aria-label="Capabilities">
                        {model.capabilities.map((capability) => (
                          <Label key={capability} isCompact variant="outline">
                            {capabilityLabel(capability)}
                          </Label>
                        ))}
                      </LabelGroup>
                    ) : (
                      "None stated"
                    )}
                  </Fact>
                </DescriptionList>
              </CardBody>
            </Card>
          </GridItem>
          <GridItem lg={5}>
            <SubscribePanel model={model} />
          </GridItem>
          <GridItem>
            <Card>
              <CardTitle component="h2">Call it</CardTitle>
              <CardBody>
                {mode ? (
                  <>
                    <Content component="p">
                      Put one of your keys into the environment as <code>{KEY_VARIABLE}</code>, then:
                    </Content>
                    <Snippets call={{ baseUrl: llmBaseUrl, model: model.name, mode }} />
                  </>
                ) : (
                  <Content component="p">
                    There is no ready-made sample for this type of model. Its address is <code>{llmBaseUrl}</code>, its
                    name <code>{model.name}</code>.
                  </Content>
                )}
              </CardBody>
            </Card>
          </GridItem>
        </Grid>
      </PageSection>
    </>
  );
}

function Loaded({ id }: { id: string }) {
  const { node, portal } = usePageQuery<ModelPageQuery>(
    graphql`
      query ModelPageQuery($id: ID!) {
        node(id: $id) {
          ...ModelPage_model @alias(as: "model")
        }
        portal {
          llmBaseUrl
        }
      }
    `,
    { id },
  );
  if (node?.model) return <Details model={node.model} llmBaseUrl={portal.llmBaseUrl} />;
  return (
    <Missing title="Model not found" parent={PARENT}>
      It may have been removed, or you may not see it.
    </Missing>
  );
}

const skeleton = (
  <>
    <PageHeading title="Model" parent={PARENT} />
    <PageSection isFilled>
      <Skeleton height="14rem" screenreaderText="Loading the model" />
    </PageSection>
  </>
);

export function ModelPage() {
  const { id = "" } = useParams();
  return (
    <QueryBoundary key={id} skeleton={skeleton}>
      <Loaded id={id} />
    </QueryBoundary>
  );
}
