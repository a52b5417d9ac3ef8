import { FormGroup, TextInput } from "@patternfly/react-core";
import { useId } from "react";

interface LastDayFieldProps {
  /** `YYYY-MM-DD`, or empty for no end. */
  value: string;
  onChange: (value: string) => void;
}

/** The day after which something ends by itself. */
export function LastDayField({ value, onChange }: LastDayFieldProps) {
  const id = useId();
  return (
    <FormGroup label="Last day (optional)" fieldId={id}>
      <TextInput id={id} type="date" className="day" value={value} onChange={(_, next) => onChange(next)} />
    </FormGroup>
  );
}
