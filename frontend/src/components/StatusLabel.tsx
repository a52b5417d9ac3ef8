import { Label, type LabelProps } from "@patternfly/react-core";
import { BanIcon, CheckCircleIcon, ClockIcon, InProgressIcon, PauseCircleIcon, TimesCircleIcon } from "@patternfly/react-icons";
import type { ReactElement } from "react";

type Look = Pick<LabelProps, "color" | "status"> & { text: string; icon: ReactElement };

const SUBSCRIPTION: Record<string, Look> = {
  PENDING: { text: "Waiting for approval", color: "orange", icon: <ClockIcon /> },
  ACTIVE: { text: "Active", color: "green", icon: <CheckCircleIcon /> },
  DENIED: { text: "Denied", color: "red", icon: <TimesCircleIcon /> },
  SUSPENDED: { text: "Suspended", color: "orange", icon: <PauseCircleIcon /> },
  EXPIRED: { text: "Expired", color: "grey", icon: <ClockIcon /> },
  CANCELLED: { text: "Cancelled", color: "grey", icon: <BanIcon /> },
};

const KEY: Record<string, Look> = {
  PROVISIONING: { text: "Being made", color: "blue", icon: <InProgressIcon /> },
  ACTIVE: { text: "Active", color: "green", icon: <CheckCircleIcon /> },
  ROTATING: { text: "Rotating", color: "blue", icon: <InProgressIcon /> },
  BLOCKED: { text: "Blocked", color: "orange", icon: <PauseCircleIcon /> },
  EXPIRED: { text: "Expired", color: "grey", icon: <ClockIcon /> },
  REVOKED: { text: "Revoked", color: "grey", icon: <BanIcon /> },
  FAILED: { text: "Failed", color: "red", icon: <TimesCircleIcon /> },
};

const TOKEN: Record<string, Look> = {
  ACTIVE: { text: "Active", color: "green", icon: <CheckCircleIcon /> },
  EXPIRED: { text: "Expired", color: "grey", icon: <ClockIcon /> },
  REVOKED: { text: "Revoked", color: "grey", icon: <BanIcon /> },
};

const PERSON: Record<string, Look> = {
  ACTIVE: { text: "Active", color: "green", icon: <CheckCircleIcon /> },
  DISABLED: { text: "Disabled", color: "orange", icon: <PauseCircleIcon /> },
  ERASED: { text: "Erased", color: "grey", icon: <BanIcon /> },
};

const OUTCOME: Record<string, Look> = {
  DONE: { text: "Done", color: "green", icon: <CheckCircleIcon /> },
  REFUSED: { text: "Refused", color: "red", icon: <BanIcon /> },
};

const LOOKS = { subscription: SUBSCRIPTION, key: KEY, token: TOKEN, person: PERSON, outcome: OUTCOME };

/** A status in words, with an icon and a colour that only repeat them. */
export function StatusLabel({ of, status }: { of: keyof typeof LOOKS; status: string }) {
  const look = LOOKS[of][status];
  if (!look) return <Label isCompact>{status}</Label>;
  const { text, ...rest } = look;
  return (
    <Label isCompact {...rest}>
      {text}
    </Label>
  );
}

/** The words for a status, where a label does not fit. */
export function statusText(of: keyof typeof LOOKS, status: string): string {
  return LOOKS[of][status]?.text ?? status;
}
