/** What notifications say, by their kind. One that a newer server knows is shown by its name. */
import { readable } from "./labels";
import { formatExact, formatRelative } from "./time";

export interface NotificationFacts {
  kind: string;
  days: number | null | undefined;
  expiresAt: string | null | undefined;
  actor: string | null | undefined;
  reason: string | null | undefined;
  /** The key's or the model's. */
  name: string;
}

export type NotificationTone = "info" | "success" | "warning" | "danger";

interface Look {
  tone: NotificationTone;
  title: (name: string) => string;
  text?: string;
}

const LOOKS: Record<string, Look> = {
  API_KEY_BLOCKED: { tone: "warning", title: (name) => `The key “${name}” was blocked`, text: "Programs that use it are refused." },
  API_KEY_UNBLOCKED: { tone: "success", title: (name) => `The key “${name}” works again` },
  API_KEY_REVOKED: { tone: "danger", title: (name) => `The key “${name}” was revoked`, text: "It can’t be used any more." },
  API_KEY_LEAKED: {
    tone: "danger",
    title: (name) => `The secret of “${name}” leaked`,
    text: "It was ended at once. Rotate the key for a new secret, and look at the calls since.",
  },
  API_KEY_DRIFTED: {
    tone: "warning",
    title: (name) => `The key “${name}” was changed in LiteLLM itself`,
    text: "It differs from what stands here, until it is repaired.",
  },
  SUBSCRIPTION_APPROVED: { tone: "success", title: (name) => `You can use ${name}`, text: "Create a key for it, or add it to one." },
  SUBSCRIPTION_DENIED: { tone: "danger", title: (name) => `Your request for ${name} was denied` },
  SUBSCRIPTION_SUSPENDED: { tone: "warning", title: (name) => `${name} is on hold for you`, text: "Your keys can’t call it for now." },
  SUBSCRIPTION_RESUMED: { tone: "success", title: (name) => `You can use ${name} again` },
  SUBSCRIPTION_CHANGED: { tone: "info", title: (name) => `Your limits for ${name} were changed` },
  SUBSCRIPTION_CANCELLED: { tone: "warning", title: (name) => `Your subscription to ${name} was ended` },
  SUBSCRIPTION_EXPIRED: { tone: "warning", title: (name) => `Your subscription to ${name} is over`, text: "Ask for it again if you need it." },
  QUOTA_CHANGE_APPROVED: { tone: "success", title: (name) => `You have the limits for ${name} that you asked for` },
  QUOTA_CHANGE_DENIED: { tone: "danger", title: (name) => `Other limits for ${name} were denied` },
  QUOTA_EXHAUSTED: { tone: "danger", title: (name) => `A limit for ${name} is used up` },
  MODEL_DEPRECATED: { tone: "warning", title: (name) => `${name} will go`, text: "It still works. Look for what to use instead." },
  MODEL_RETIRED: { tone: "danger", title: (name) => `${name} is gone`, text: "LiteLLM no longer offers it." },
};

/** From so many days before the end on, a notice is no longer just a warning. */
const URGENT = 7;

/** Title, text and tone of a notification; `now` in milliseconds since the epoch. */
export function explainNotification(facts: NotificationFacts, now: number) {
  const { kind, days, expiresAt, actor, reason, name } = facts;
  const said = reason ? `${actor ? `${actor}: ` : ""}“${reason}”` : actor ? `By ${actor}.` : "";
  const end = expiresAt ? Date.parse(expiresAt) : undefined;
  if (kind === "API_KEY_EXPIRES" && end !== undefined) {
    return {
      tone: (days ?? 0) <= URGENT ? ("danger" as const) : ("warning" as const),
      title: `The key “${name}” ${end > now ? "expires" : "expired"} ${formatRelative(end, now)}`,
      text: `${formatExact(end)}. Give it another end, or make a new key.`,
    };
  }
  if (kind === "ROLE_EXPIRES" && end !== undefined) {
    return {
      tone: "warning" as const,
      title: `Your role ${end > now ? "ends" : "ended"} ${formatRelative(end, now)}`,
      text: `${formatExact(end)}, for your access tokens as well. Sign in again, so that your groups confirm it.`,
    };
  }
  const { tone, title, text } = LOOKS[kind] ?? { tone: "info" as const, title: () => readable(kind) };
  const until = end === undefined ? "" : UNTIL[kind]?.(formatExact(end));
  return { tone, title: title(name), text: [text, until, said].filter(Boolean).join(" ") };
}

const UNTIL: Record<string, (time: string) => string> = {
  SUBSCRIPTION_APPROVED: (time) => `Until ${time}.`,
  QUOTA_EXHAUSTED: (time) => `Your keys can’t call it until ${time}.`,
};
