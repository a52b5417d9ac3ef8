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
          <Th modifier="wrap">Input / 1M</Th>
          <Th modifier="wrap">Output / 1M</Th>
          <Th modifier="nowrap">Context</Th>
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
        <br />
        <small>
          {providerLabel(model.provider)} · {modeLabel(model.mode)}
        </small>
      </Td>
      <Td dataLabel="Input / 1M">{formatPrice(model.inputCostPerMillion)}</Td>
      <Td dataLabel="Output / 1M">{formatPrice(model.outputCostPerMillion)}</Td>
      <Td dataLabel="Context">{model.contextWindow == null ? "–" : formatTokens(model.contextWindow)}</Td>
      <Td dataLabel="Capabilities">{model.capabilities.map(capabilityLabel).join(", ") || "–"}</Td>
      <Td dataLabel="Access">
        <div>
          <AccessLabel access={model.access} /> <LifecycleLabel lifecycle={model.lifecycle} />{" "}
          <MySubscriptionLabel model={model} />
        </div>
      </Td>
    </Tr>
  );
}
