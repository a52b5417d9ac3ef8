import {
  Card,
  CardBody,
  CardFooter,
  CardHeader,
  CardTitle,
  DescriptionList,
  Flex,
  Label,
  LabelGroup,
  Stack,
  StackItem,
  Truncate,
} from "@patternfly/react-core";
import { useId } from "react";
import { graphql, useFragment } from "react-relay";
import { useLinkClickHandler } from "react-router";

import { Fact } from "../../components/Fact";
import { capabilityLabel, modeLabel, providerLabel } from "../../lib/labels";
import { formatPrice } from "../../lib/money";
import { formatTokens } from "../../lib/numbers";
import { modelPath } from "../../lib/paths";
import { AccessLabel, LifecycleLabel } from "./ModelLabels";
import { MySubscriptionLabel } from "./MySubscriptionLabel";
import type { ModelCard_model$key } from "./__generated__/ModelCard_model.graphql";

export function ModelCard({ model: modelRef }: { model: ModelCard_model$key }) {
  const model = useFragment(
    graphql`
      fragment ModelCard_model on Model {
        id
        name
        provider
        mode
        description
        contextWindow
        inputCostPerMillion
        outputCostPerMillion
        capabilities
        access
        lifecycle
        ...MySubscriptionLabel_model
      }
    `,
    modelRef,
  );
  const titleId = useId();
  const to = modelPath(model.id);
  const onClick = useLinkClickHandler<HTMLAnchorElement>(to);

  return (
    <Card isClickable isCompact isFullHeight component="article" aria-labelledby={titleId}>
      <CardHeader
        selectableActions={{ to, selectableActionAriaLabelledby: titleId, selectableActionProps: { onClick } }}
      >
        <CardTitle id={titleId} component="h2">
          {model.name}
        </CardTitle>
        {providerLabel(model.provider)} · {modeLabel(model.mode)}
      </CardHeader>
      <CardBody isFilled={false} className="two-lines">
        {model.description ? <Truncate content={model.description} maxCharsDisplayed={110} omissionContent="…" /> : null}
      </CardBody>
      <CardBody>
        <DescriptionList isCompact columnModifier={{ default: "3Col" }} aria-label={`Figures of ${model.name}`}>
          <Fact name="Input / 1M">{formatPrice(model.inputCostPerMillion)}</Fact>
          <Fact name="Output / 1M">{formatPrice(model.outputCostPerMillion)}</Fact>
          <Fact name="Context">
            {model.contextWindow == null ? "–" : <>{formatTokens(model.contextWindow)} tokens</>}
          </Fact>
        </DescriptionList>
      </CardBody>
      <CardFooter>
        <Stack hasGutter className="tight">
          <StackItem>
            <Flex gap={{ default: "gapXs" }}>
              <MySubscriptionLabel model={model} />
              <AccessLabel access={model.access} />
              <LifecycleLabel lifecycle={model.lifecycle} />
            </Flex>
          </StackItem>
          {model.capabilities.length ? (
            <StackItem>
              <LabelGroup numLabels={10} aria-label={`Capabilities of ${model.name}`}>
                {model.capabilities.map((capability) => (
                  <Label key={capability} isCompact variant="outline">
                    {capabilityLabel(capability)}
                  </Label>
                ))}
              </LabelGroup>
            </StackItem>
          ) : null}
        </Stack>
      </CardFooter>
    </Card>
  );
}
