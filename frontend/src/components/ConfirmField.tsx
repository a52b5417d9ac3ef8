import { FormGroup, TextInput } from "@patternfly/react-core";
import { useId } from "react";

import { FieldHelp } from "./NumberField";

interface ConfirmFieldProps {
  /** What has to be typed. */
  word: string;
  /** Whether the reader went on without having typed it. */
  isWrong: boolean;
  value: string;
  onChange: (value: string) => void;
}

/** Whoever does what can't be undone types whom it is done to. */
export function ConfirmField({ word, isWrong, value, onChange }: ConfirmFieldProps) {
  const id = useId();
  return (
    <FormGroup label={`Type “${word}” to confirm`} isRequired fieldId={id}>
      <TextInput
        id={id}
        value={value}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        isRequired
        validated={isWrong ? "error" : "default"}
        aria-invalid={isWrong}
        aria-describedby={`${id}-help`}
        onChange={(_, typed) => onChange(typed)}
      />
      <FieldHelp id={`${id}-help`} error={isWrong ? `Type ${word}, as it is written here.` : undefined} />
    </FormGroup>
  );
}
