import { Grid, GridItem } from "@patternfly/react-core";
import type { ReactNode } from "react";

import { hasWindow, type LimitErrors, type LimitValues } from "../lib/limits";
import { CURRENCY } from "../lib/money";
import { NumberField } from "./NumberField";
import { WindowSelect } from "./WindowSelect";

interface LimitFieldsProps {
  values: LimitValues;
  errors: LimitErrors;
  /** What an empty field means. */
  placeholder?: string;
  isReadOnly?: boolean;
  onChange: (values: LimitValues) => void;
  /** Further fields, each a GridItem. */
  children?: ReactNode;
}

const FIELDS = [
  { field: "maxBudget", label: `Largest budget, in ${CURRENCY}`, about: "budget" },
  { field: "maxRequests", label: "Requests", about: "quota" },
  { field: "maxTokens", label: "Tokens", about: "quota" },
  { field: "rpmLimit", label: "Requests a minute", about: "rates" },
  { field: "tpmLimit", label: "Tokens a minute", about: "rates" },
] as const;

/** The limits of a subscription: what may be used in each window, and how fast. */
export function LimitFields({ values, errors, placeholder = "No limit", isReadOnly, onChange, children }: LimitFieldsProps) {
  const [counted, rates] = [FIELDS.slice(0, 3), FIELDS.slice(3)];
  const field = ({ field: name, label, about }: (typeof FIELDS)[number]) => (
    <GridItem key={name} sm={6} lg={3}>
      <NumberField
        label={label}
        about={about}
        isDecimal={name === "maxBudget"}
        placeholder={placeholder}
        error={errors[name]}
        isReadOnly={isReadOnly}
        value={values[name]}
        onChange={(value) => onChange({ ...values, [name]: value })}
      />
    </GridItem>
  );
  return (
    <Grid hasGutter>
      {counted.map(field)}
      <GridItem sm={6} lg={3}>
        <WindowSelect
          label="Counted anew"
          value={values.budgetDuration}
          error={errors.budgetDuration}
          isDisabled={isReadOnly || !hasWindow(values)}
          onChange={(budgetDuration) => onChange({ ...values, budgetDuration })}
        />
      </GridItem>
      {rates.map(field)}
      {children}
    </Grid>
  );
}
