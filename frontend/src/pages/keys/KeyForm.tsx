import {
  Form,
  FormFieldGroupExpandable,
  FormFieldGroupHeader,
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
import { type ReactNode, useEffect, useRef } from "react";

import { ExpiryField } from "../../components/ExpiryField";
import { HelpButton } from "../../components/HelpButton";
import { CURRENCY } from "../../lib/money";
import { BUDGET_DURATIONS, EXPIRIES, type KeyFormErrors, type KeyFormValues } from "../../lib/keyForm";
import { type ModelChoice, ModelPicker } from "./ModelPicker";

interface KeyFormProps {
  id: string;
  models: readonly ModelChoice[];
  values: KeyFormValues;
  errors: KeyFormErrors;
  onChange: (values: KeyFormValues) => void;
  onSubmit: () => void;
}

/** What a new key is called, what it may call, and its limits. */
export function KeyForm({ id, models, values, errors, onChange, onSubmit }: KeyFormProps) {
  const set = (changes: Partial<KeyFormValues>) => onChange({ ...values, ...changes });
  const text = (field: "name" | "maxBudget" | "rpmLimit" | "tpmLimit") => ({
    id: `key-${field}`,
    value: values[field],
    validated: errors[field] ? ("error" as const) : ("default" as const),
    "aria-describedby": `key-${field}-help`,
    "aria-invalid": errors[field] !== undefined,
    onChange: (_: unknown, value: string) => set({ [field]: value }),
  });
  const name = useRef<HTMLInputElement>(null);
  useEffect(() => name.current?.focus(), []);
  const hasLimitError = Boolean(errors.maxBudget ?? errors.budgetDuration ?? errors.rpmLimit ?? errors.tpmLimit);

  return (
    <Form
      id={id}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <FormGroup label="Name" isRequired fieldId="key-name">
        <TextInput {...text("name")} ref={name} isRequired autoComplete="off" maxLength={200} />
        <Help id="key-name-help" error={errors.name}>
          Where will it be used? For example “invoice bot, test”.
        </Help>
      </FormGroup>
      <FormGroup role="group" label="Models" isRequired fieldId="key-models">
        <ModelPicker models={models} selected={values.modelIds} onChange={(modelIds) => set({ modelIds })} />
        <Help id="key-modelIds-help" error={errors.modelIds}>
          The models that you subscribed to. Choose only what the program needs.
        </Help>
      </FormGroup>
      <ExpiryField
        id="key-expiry"
        options={EXPIRIES}
        values={values}
        error={errors.expiresAt}
        help="A key that ends by itself is one less to forget."
        onChange={set}
      />
      <FormFieldGroupExpandable
        // Remounted when an error is in it, so that it opens.
        key={String(hasLimitError)}
        isExpanded={hasLimitError}
        toggleAriaLabel="Limits"
        header={
          <FormFieldGroupHeader
            titleText={{ text: "Limits (optional)", id: "key-limits" }}
            titleDescription="What the key may spend, and how fast."
          />
        }
      >
        <Grid hasGutter>
          <GridItem sm={6}>
            <FormGroup label={`Largest budget, in ${CURRENCY}`} labelHelp={<HelpButton about="budget" />} fieldId="key-maxBudget">
              <TextInput {...text("maxBudget")} inputMode="decimal" placeholder="None" />
              <Help id="key-maxBudget-help" error={errors.maxBudget}>
                Checked before each call and booked after it, so a burst can pass it a little.
              </Help>
            </FormGroup>
          </GridItem>
          <GridItem sm={6}>
            <FormGroup label="Budget starts again" labelHelp={<HelpButton about="window" />} fieldId="key-budgetDuration">
              <FormSelect
                id="key-budgetDuration"
                value={values.budgetDuration}
                isDisabled={!values.maxBudget.trim()}
                validated={errors.budgetDuration ? "error" : "default"}
                aria-describedby="key-budgetDuration-help"
                onChange={(_, budgetDuration) => set({ budgetDuration })}
              >
                {Object.entries(BUDGET_DURATIONS).map(([value, label]) => (
                  <FormSelectOption key={value} value={value} label={label} />
                ))}
              </FormSelect>
              <Help id="key-budgetDuration-help" error={errors.budgetDuration} />
            </FormGroup>
          </GridItem>
          <GridItem sm={6}>
            <FormGroup label="Requests a minute" labelHelp={<HelpButton about="rates" />} fieldId="key-rpmLimit">
              <TextInput {...text("rpmLimit")} inputMode="numeric" placeholder="No limit" />
              <Help id="key-rpmLimit-help" error={errors.rpmLimit} />
            </FormGroup>
          </GridItem>
          <GridItem sm={6}>
            <FormGroup label="Tokens a minute" labelHelp={<HelpButton about="rates" />} fieldId="key-tpmLimit">
              <TextInput {...text("tpmLimit")} inputMode="numeric" placeholder="No limit" />
              <Help id="key-tpmLimit-help" error={errors.tpmLimit}>
                Below about 2,000 even one call may not fit.
              </Help>
            </FormGroup>
          </GridItem>
        </Grid>
      </FormFieldGroupExpandable>
    </Form>
  );
}

/** A field's hint, or in its place what is wrong with the field. */
function Help({ id, error, children }: { id: string; error?: string; children?: ReactNode }) {
  return (
    <FormHelperText>
      <HelperText id={id} isLiveRegion>
        {error || children ? <HelperTextItem variant={error ? "error" : "default"}>{error ?? children}</HelperTextItem> : null}
      </HelperText>
    </FormHelperText>
  );
}
