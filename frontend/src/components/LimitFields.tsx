import {
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  Grid,
  GridItem,
  HelperText,
  HelperTextItem,
  TextInput,
} from "@patternfly/react-core";
import { useId } from "react";

import { BUDGET_DURATIONS } from "../lib/keyForm";
import { hasWindow, type LimitErrors, type LimitValues } from "../lib/limits";
import { CURRENCY } from "../lib/money";
import { formatBudgetDuration } from "../lib/time";

interface LimitFieldsProps {
  values: LimitValues;
  errors: LimitErrors;
  onChange: (values: LimitValues) => void;
}

const FIELDS = [
  { field: "maxBudget", label: `Largest budget, in ${CURRENCY}`, inputMode: "decimal" },
  { field: "maxRequests", label: "Requests", inputMode: "numeric" },
  { field: "maxTokens", label: "Tokens", inputMode: "numeric" },
  { field: "rpmLimit", label: "Requests a minute", inputMode: "numeric" },
  { field: "tpmLimit", label: "Tokens a minute", inputMode: "numeric" },
] as const;

/** The limits of a subscription: what may be used in each window, and how fast. An empty field is no limit. */
export function LimitFields({ values, errors, onChange }: LimitFieldsProps) {
  const id = useId();
  const windows = { ...BUDGET_DURATIONS };
  if (!(values.budgetDuration in windows)) windows[values.budgetDuration] = sentence(formatBudgetDuration(values.budgetDuration));
  const [counted, rates] = [FIELDS.slice(0, 3), FIELDS.slice(3)];
  const field = ({ field: name, label, inputMode }: (typeof FIELDS)[number]) => (
    <GridItem key={name} sm={6} lg={3}>
      <FormGroup label={label} fieldId={`${id}-${name}`}>
        <TextInput
          id={`${id}-${name}`}
          value={values[name]}
          inputMode={inputMode}
          placeholder="No limit"
          validated={errors[name] ? "error" : "default"}
          aria-invalid={errors[name] !== undefined}
          aria-describedby={`${id}-${name}-help`}
          onChange={(_, value) => onChange({ ...values, [name]: value })}
        />
        <Problem id={`${id}-${name}-help`} error={errors[name]} />
      </FormGroup>
    </GridItem>
  );
  return (
    <Grid hasGutter>
      {counted.map(field)}
      <GridItem sm={6} lg={3}>
        <FormGroup label="Counted anew" fieldId={`${id}-window`}>
          <FormSelect
            id={`${id}-window`}
            value={values.budgetDuration}
            isDisabled={!hasWindow(values)}
            validated={errors.budgetDuration ? "error" : "default"}
            aria-describedby={`${id}-window-help`}
            onChange={(_, budgetDuration) => onChange({ ...values, budgetDuration })}
          >
            {Object.entries(windows).map(([value, label]) => (
              <FormSelectOption key={value} value={value} label={label} />
            ))}
          </FormSelect>
          <Problem id={`${id}-window-help`} error={errors.budgetDuration} />
        </FormGroup>
      </GridItem>
      {rates.map(field)}
    </Grid>
  );
}

const sentence = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);

/** Always there, so that what is wrong is read out when it appears. */
function Problem({ id, error }: { id: string; error?: string }) {
  return (
    <FormHelperText>
      <HelperText id={id} isLiveRegion>
        {error ? <HelperTextItem variant="error">{error}</HelperTextItem> : null}
      </HelperText>
    </FormHelperText>
  );
}
