import { Content, Form, FormSection } from "@patternfly/react-core";

import { LimitFields } from "../../components/LimitFields";
import { WordsField } from "../../components/WordsField";
import { checkLimits, estimateMonthlyCost, type LimitErrors, type LimitValues } from "../../lib/limits";
import { formatMoney } from "../../lib/money";
import { type ModelChoice, needsApproval, wantedLimits } from "./modelChoice";

export const NEEDS_FORM = "new-subscription-needs";

/** What is asked for, beside the models. */
export interface Needs {
  justification: string;
  limits: LimitValues;
}

export type NeedsErrors = LimitErrors & { justification?: string };

interface NeedsStepProps {
  models: readonly ModelChoice[];
  needs: Needs;
  errors: NeedsErrors;
  onChange: (needs: Needs) => void;
  onSubmit: () => void;
}

/** What the models are needed for, and how much of them. */
export function NeedsStep({ models, needs, errors, onChange, onSubmit }: NeedsStepProps) {
  const decided = models.filter((model) => needsApproval(model, needs.limits));
  return (
    <Form
      id={NEEDS_FORM}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <WordsField
        label={decided.length > 0 ? "What do you need it for?" : "What do you need it for? (optional)"}
        help={
          decided.length > 0
            ? `The administrator who decides on ${names(decided)} reads it. A sentence on the purpose and how much you expect to use helps.`
            : "None of these models needs an approval. It stands in the subscription’s history."
        }
        error={errors.justification}
        isRequired={decided.length > 0}
        value={needs.justification}
        onChange={(justification) => onChange({ ...needs, justification })}
      />
      <FormSection title="Limits (optional)" titleElement="h2">
        <Content component="p">
          {models.length > 1 ? "For each of the models. " : ""}They protect you from a program that runs wild; leave them empty for
          the usual ones. Who asks for more than is usual waits for an administrator.
        </Content>
        <LimitFields
          values={needs.limits}
          errors={errors}
          placeholder="As usual"
          onChange={(limits) => onChange({ ...needs, limits })}
        />
        <Content component="p" aria-live="polite">
          {Object.keys(checkLimits(needs.limits)).length === 0 ? estimateOf(models, needs.limits) : null}
        </Content>
      </FormSection>
    </Form>
  );
}

function names(models: readonly ModelChoice[]): string {
  return models.map(({ name }) => name).join(", ");
}

/** What the limits allow in 30 days, over all models together. */
function estimateOf(models: readonly ModelChoice[], limits: LimitValues): string {
  const costs = models.map((model) => estimateMonthlyCost(wantedLimits(model, limits), model));
  if (costs.some((cost) => cost === null)) return "With these limits there is no bound to what 30 days may cost.";
  const sum = costs.reduce((total, cost) => total + Number(cost), 0).toFixed(2);
  return `With these limits 30 days cost ${formatMoney(sum)} at most${models.length > 1 ? ", over all the models together" : ""}.`;
}
