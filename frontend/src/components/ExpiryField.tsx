import { FormGroup, FormSelect, FormSelectOption, Grid, GridItem, TextInput } from "@patternfly/react-core";

import { FieldHelp } from "./NumberField";

interface Expiry {
  /** One of the options: days from now, `date` for a chosen day. */
  expiry: string;
  /** `YYYY-MM-DD`, when `expiry` is `date`. */
  expiryDate: string;
}

interface ExpiryFieldProps {
  id: string;
  /** In the order in which they are offered. */
  options: Record<string, string>;
  values: Expiry;
  error?: string;
  help: string;
  onChange: (changes: Partial<Expiry>) => void;
}

/** When something new ends by itself: after so many days, or on a chosen one. */
export function ExpiryField({ id, options, values, error, help, onChange }: ExpiryFieldProps) {
  const validated = error ? "error" : "default";
  return (
    <FormGroup label="Expires" fieldId={id}>
      <Grid hasGutter>
        <GridItem sm={6}>
          <FormSelect
            id={id}
            value={values.expiry}
            onChange={(_, expiry) => onChange({ expiry })}
            validated={validated}
            aria-describedby={`${id}-help`}
          >
            {Object.entries(options).map(([value, label]) => (
              <FormSelectOption key={value} value={value} label={label} />
            ))}
          </FormSelect>
        </GridItem>
        {values.expiry === "date" ? (
          <GridItem sm={6}>
            <TextInput
              type="date"
              aria-label="Last day"
              value={values.expiryDate}
              onChange={(_, expiryDate) => onChange({ expiryDate })}
              validated={validated}
            />
          </GridItem>
        ) : null}
      </Grid>
      <FieldHelp id={`${id}-help`} error={error} help={help} />
    </FormGroup>
  );
}
