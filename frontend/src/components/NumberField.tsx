import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from "@patternfly/react-core";
import { useId } from "react";

import type { HelpTopic } from "../lib/help";
import { HelpButton } from "./HelpButton";

interface NumberFieldProps {
  label: string;
  /** What more there is to say of it. */
  about?: HelpTopic;
  /** Whether it takes a fraction. */
  isDecimal?: boolean;
  /** What an empty field means. */
  placeholder: string;
  help?: string;
  error?: string;
  isReadOnly?: boolean;
  value: string;
  onChange: (value: string) => void;
}

/** A number as it is typed, with what is wrong with it. */
export function NumberField({ label, about, isDecimal, placeholder, help, error, isReadOnly, value, onChange }: NumberFieldProps) {
  const id = useId();
  return (
    <FormGroup label={label} labelHelp={about ? <HelpButton about={about} /> : undefined} fieldId={id}>
      <TextInput
        id={id}
        value={value}
        inputMode={isDecimal ? "decimal" : "numeric"}
        placeholder={placeholder}
        readOnlyVariant={isReadOnly ? "default" : undefined}
        validated={error ? "error" : "default"}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-help`}
        onChange={(_, next) => onChange(next)}
      />
      <FieldHelp id={`${id}-help`} error={error} help={help} />
    </FormGroup>
  );
}

/** A field's hint, or what is wrong with it. Always there, so that it is read out when it appears. */
export function FieldHelp({ id, error, help }: { id: string; error?: string; help?: string }) {
  return (
    <FormHelperText>
      <HelperText id={id} isLiveRegion>
        {error || help ? <HelperTextItem variant={error ? "error" : "default"}>{error ?? help}</HelperTextItem> : null}
      </HelperText>
    </FormHelperText>
  );
}
