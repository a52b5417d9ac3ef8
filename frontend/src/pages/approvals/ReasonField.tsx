import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextArea } from "@patternfly/react-core";
import { useEffect, useId, useRef } from "react";

const LENGTH = 1000;

interface ReasonFieldProps {
  value: string;
  onChange: (value: string) => void;
  isRequired: boolean;
  isMissing: boolean;
}

/** Words for the requester, who reads them beside the answer. */
export function ReasonField({ value, onChange, isRequired, isMissing }: ReasonFieldProps) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <FormGroup label={isRequired ? "Reason" : "Note (optional)"} isRequired={isRequired} fieldId={id}>
      <TextArea
        id={id}
        ref={field}
        value={value}
        maxLength={LENGTH}
        autoResize
        resizeOrientation="vertical"
        aria-required={isRequired}
        aria-invalid={isMissing}
        validated={isMissing ? "error" : "default"}
        aria-describedby={`${id}-help`}
        onChange={(_, next) => onChange(next)}
      />
      <FormHelperText>
        <HelperText id={`${id}-help`} isLiveRegion>
          <HelperTextItem variant={isMissing ? "error" : "default"}>
            {isMissing ? "Say why: the requester sees it." : "The requester sees it."}
          </HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
