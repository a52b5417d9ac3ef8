import { ActionGroup, Button, Form } from "@patternfly/react-core";
import { useState } from "react";

import { LastDayField } from "../../components/LastDayField";
import { LimitFields } from "../../components/LimitFields";
import { ReasonField } from "../../components/ReasonField";
import { checkLimits, type LimitErrors, type LimitFacts, lastDayInput, limitInput, limitValues } from "../../lib/limits";
import { localDay } from "../../lib/time";
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
    onDecide({ verdict, reason: words, ...limitInput(values), ...lastDayInput(day, firstDay) });
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
          <LastDayField value={day} onChange={setDay} />
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
