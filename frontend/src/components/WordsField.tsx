import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextArea } from "@patternfly/react-core";
import { useEffect, useId, useRef } from "react";

const LENGTH = 1000;

interface WordsFieldProps {
  label: string;
  help?: string;
  error?: string;
  isRequired: boolean;
  /** Whether the reader begins to write here. */
  hasFocus?: boolean;
  value: string;
  onChange: (value: string) => void;
}

/** A sentence or more for another person to read. */
export function WordsField({ label, help, error, isRequired, hasFocus = false, value, onChange }: WordsFieldProps) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (hasFocus) field.current?.focus();
  }, [hasFocus]);
  return (
    <FormGroup label={label} isRequired={isRequired} fieldId={id}>
      <TextArea
        id={id}
        ref={field}
        value={value}
        maxLength={LENGTH}
        autoResize
        resizeOrientation="vertical"
        aria-required={isRequired}
        aria-invalid={error !== undefined}
        validated={error ? "error" : "default"}
        aria-describedby={`${id}-help`}
        onChange={(_, next) => onChange(next)}
      />
      <FormHelperText>
        <HelperText id={`${id}-help`} isLiveRegion>
          {error || help ? <HelperTextItem variant={error ? "error" : "default"}>{error ?? help}</HelperTextItem> : null}
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
