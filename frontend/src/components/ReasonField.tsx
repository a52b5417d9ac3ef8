import { WordsField } from "./WordsField";

interface ReasonFieldProps {
  value: string;
  onChange: (value: string) => void;
  isRequired: boolean;
  isMissing: boolean;
  /** Whether the admin begins to write here. */
  hasFocus?: boolean;
}

/** An admin's words for the owner, who reads them beside the decision. */
export function ReasonField({ value, onChange, isRequired, isMissing, hasFocus = true }: ReasonFieldProps) {
  return (
    <WordsField
      label={isRequired ? "Reason" : "Note (optional)"}
      help="The requester sees it."
      error={isMissing ? "Say why: the requester sees it." : undefined}
      isRequired={isRequired}
      hasFocus={hasFocus}
      value={value}
      onChange={onChange}
    />
  );
}
