import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { capabilityLabel, modeLabel, providerLabel } from "../../lib/labels";
import { formatPrice } from "../../lib/money";
import { formatTokens } from "../../lib/numbers";
import { modelPath } from "../../lib/paths";
import { AccessLabel, LifecycleLabel } from "./ModelLabels";
import { MySubscriptionLabel } from "./MySubscriptionLabel";
import type { ModelTable_model$key } from "./__generated__/ModelTable_model.graphql";

type ModelRef = ModelTable_model$key & { readonly id: string };

/** The models side by side, to compare prices and context windows. */
export function ModelTable({ models }: { models: readonly ModelRef[] }) {
  return (
    <Table aria-label="Models" variant="compact" gridBreakPoint="grid-lg">
      <Thead>
        <Tr>
          <Th>Name</Th>
          <Th>Provider</Th>
          <Th>Type</Th>
          <Th>Input, per 1M tokens</Th>
          <Th>Output, per 1M tokens</Th>
          <Th>Context window</Th>
          <Th>Capabilities</Th>
          <Th>Access</Th>
        </Tr>
      </Thead>
      <Tbody>
        {models.map((model) => (
          <ModelRow key={model.id} model={model} />
        ))}
      </Tbody>
    </Table>
  );
}

function ModelRow({ model: modelRef }: { model: ModelTable_model$key }) {
  const model = useFragment(
    graphql`
      fragment ModelTable_model on Model {
        id
        name
        provider
        mode
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
  return (
    <Tr>
      <Td dataLabel="Name">
        <Link to={modelPath(model.id)}>{model.name}</Link>
      </Td>
      <Td dataLabel="Provider">{providerLabel(model.provider)}</Td>
      <Td dataLabel="Type">{modeLabel(model.mode)}</Td>
      <Td dataLabel="Input, per 1M tokens">{formatPrice(model.inputCostPerMillion)}</Td>
      <Td dataLabel="Output, per 1M tokens">{formatPrice(model.outputCostPerMillion)}</Td>
      <Td dataLabel="Context window">{model.contextWindow == null ? "–" : formatTokens(model.contextWindow)}</Td>
      <Td dataLabel="Capabilities">{model.capabilities.map(capabilityLabel).join(", ") || "–"}</Td>
      <Td dataLabel="Access">
        <AccessLabel access={model.access} /> <LifecycleLabel lifecycle={model.lifecycle} />{" "}
        <MySubscriptionLabel model={model} />
      </Td>
    </Tr>
  );
}
