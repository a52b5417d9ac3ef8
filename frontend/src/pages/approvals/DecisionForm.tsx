import { ActionGroup, Button, Form, FormGroup, TextInput } from "@patternfly/react-core";
import { useId, useState } from "react";

import { LimitFields } from "../../components/LimitFields";
import { checkLimits, type LimitErrors, type LimitFacts, limitInput, limitValues } from "../../lib/limits";
import { localDay } from "../../lib/time";
import { ReasonField } from "./ReasonField";
import type { Decision } from "./useDecisions";

interface DecisionFormProps {
  name: string;
  verdict: "APPROVE" | "DENY";
  limits: LimitFacts;
  expiresAt: string | null | undefined;
  isRunning: boolean;
  onDecide: (decision: Decision) => void;
  onCancel: () => void;
}

/** A yes with other limits or an end, or a no with its reason. */
export function DecisionForm({ name, verdict, limits, expiresAt, isRunning, onDecide, onCancel }: DecisionFormProps) {
  const id = useId();
  const firstDay = expiresAt ? localDay(expiresAt) : "";
  const [values, setValues] = useState(() => limitValues(limits));
  const [errors, setErrors] = useState<LimitErrors>({});
  const [day, setDay] = useState(firstDay);
  const [reason, setReason] = useState("");
  const [isTried, setTried] = useState(false);
  const isDenial = verdict === "DENY";

  const submit = () => {
    setTried(true);
    const words = reason.trim() || null;
    if (isDenial) {
      if (words) onDecide({ verdict, reason: words });
      return;
    }
    const wrong = checkLimits(values);
    setErrors(wrong);
    if (Object.keys(wrong).length > 0) return;
    // The day is over when it is over where the administrator is; untouched, the end stays as it is.
    const end = day === firstDay ? {} : { expiresAt: day ? new Date(`${day}T23:59:59`).toISOString() : null };
    onDecide({ verdict, reason: words, ...limitInput(values), ...end });
  };

  return (
    <Form
      aria-label={name}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => event.key === "Escape" && onCancel()}
    >
      <ReasonField
        value={reason}
        onChange={setReason}
        isRequired={isDenial}
        isMissing={isDenial && isTried && !reason.trim()}
      />
      {isDenial ? null : (
        <>
          <LimitFields values={values} errors={errors} onChange={setValues} />
          <FormGroup label="Last day (optional)" fieldId={`${id}-day`}>
            <TextInput
              id={`${id}-day`}
              type="date"
              className="day"
              value={day}
              onChange={(_, next) => setDay(next)}
            />
          </FormGroup>
        </>
      )}
      <ActionGroup>
        <Button type="submit" variant={isDenial ? "danger" : "primary"} isLoading={isRunning} isDisabled={isRunning}>
          {isDenial ? "Deny" : "Approve with these limits"}
        </Button>
        <Button variant="link" onClick={onCancel}>
          Cancel
        </Button>
      </ActionGroup>
    </Form>
  );
}
