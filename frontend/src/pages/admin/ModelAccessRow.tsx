import { Label } from "@patternfly/react-core";
import { Td, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { Limits } from "../../components/Limits";
import { RowActions } from "../../components/RowActions";
import { modeLabel, providerLabel } from "../../lib/labels";
import { modelPath } from "../../lib/paths";
import { AccessLabel, LifecycleLabel } from "../models/ModelLabels";
import { ModelAccessDialog } from "./ModelAccessDialog";
import { ModelRulesDialog } from "./ModelRulesDialog";
import type { ModelAccessRow_model$key } from "./__generated__/ModelAccessRow_model.graphql";

const ACTIONS = [
  { action: "access", title: "Change the access" },
  { action: "rules", title: "Default limits" },
] as const;

export const MODEL_COLUMNS = ["Name", "Access", "Lifecycle", "Instead", "Default limits"];

interface ModelAccessRowProps {
  model: ModelAccessRow_model$key;
  canChange: boolean;
}

/** Who may have a model, whether it is here to stay, and what subscriptions to it get. */
export function ModelAccessRow({ model: ref, canChange }: ModelAccessRowProps) {
  const model = useFragment(
    graphql`
      fragment ModelAccessRow_model on Model {
        id
        name
        provider
        mode
        access
        lifecycle
        successor {
          id
          name
        }
        subscriptionPolicy {
          maxBudget
          maxRequests
          maxTokens
          budgetDuration
          rpmLimit
          tpmLimit
          model {
            id
          }
        }
        ...ModelAccessDialog_model
        ...ModelRulesDialog_model
      }
    `,
    ref,
  );
  const [dialog, setDialog] = useState<(typeof ACTIONS)[number]["action"]>();
  const { name, successor, subscriptionPolicy: policy } = model;
  const close = () => setDialog(undefined);
  return (
    <Tr>
      <Td dataLabel="Name">
        <Link to={modelPath(model.id)}>{name}</Link>
        <br />
        <small>
          {providerLabel(model.provider)} · {modeLabel(model.mode)}
        </small>
      </Td>
      <Td dataLabel="Access">
        <div>
          <AccessLabel access={model.access} />
        </div>
      </Td>
      <Td dataLabel="Lifecycle">
        <div>{model.lifecycle === "AVAILABLE" ? "Available" : <LifecycleLabel lifecycle={model.lifecycle} />}</div>
      </Td>
      <Td dataLabel="Instead">{successor ? <Link to={modelPath(successor.id)}>{successor.name}</Link> : "–"}</Td>
      <Td dataLabel="Default limits">
        <div>
          <Limits {...policy} />
          {policy.model ? (
            <Label isCompact variant="outline">
              Its own
            </Label>
          ) : null}
        </div>
      </Td>
      {canChange ? (
        <Td isActionCell>
          <RowActions of={name} actions={ACTIONS} onChoose={setDialog} />
          {dialog === "access" ? <ModelAccessDialog model={model} onClose={close} /> : null}
          {dialog === "rules" ? <ModelRulesDialog model={model} onClose={close} /> : null}
        </Td>
      ) : null}
    </Tr>
  );
}
