import { FormGroup, FormSelect, FormSelectOption } from "@patternfly/react-core";
import { useId } from "react";

import { BUDGET_DURATIONS } from "../lib/keyForm";
import { formatBudgetDuration } from "../lib/time";
import { HelpButton } from "./HelpButton";
import { FieldHelp } from "./NumberField";

interface WindowSelectProps {
  label: string;
  /** In LiteLLM's words: "30d"; empty: it never ends. */
  value: string;
  error?: string;
  isDisabled?: boolean;
  onChange: (value: string) => void;
}

/** How long something is counted before it is counted anew. */
export function WindowSelect({ label, value, error, isDisabled, onChange }: WindowSelectProps) {
  const id = useId();
  const windows = { ...BUDGET_DURATIONS };
  if (!(value in windows)) windows[value] = sentence(formatBudgetDuration(value));
  return (
    <FormGroup label={label} labelHelp={<HelpButton about="window" />} fieldId={id}>
      <FormSelect
        id={id}
        value={value}
        isDisabled={isDisabled}
        validated={error ? "error" : "default"}
        aria-describedby={`${id}-help`}
        onChange={(_, next) => onChange(next)}
      >
        {Object.entries(windows).map(([duration, words]) => (
          <FormSelectOption key={duration} value={duration} label={words} />
        ))}
      </FormSelect>
      <FieldHelp id={`${id}-help`} error={error} />
    </FormGroup>
  );
}

const sentence = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);
