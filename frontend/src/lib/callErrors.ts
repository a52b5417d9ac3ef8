/** Why a call to a model failed, and the one thing to do about it. Codes are LiteLLM's: an HTTP status or a type. */
export interface CallError {
  what: string;
  fix: string;
}

const BUDGET: CallError = {
  what: "The budget of this key is used up.",
  fix: "Wait for the next budget period, or create a key with a larger budget.",
};
const UNKNOWN_KEY: CallError = {
  what: "The key was not accepted.",
  fix: "Copy the whole secret, starting with “sk-”. If it was lost, revoke this key and create a new one.",
};
const NO_ACCESS: CallError = {
  what: "This key may not call that model.",
  fix: "Use one of the key’s models, spelled exactly as in the snippet, or create a key with that model.",
};
const TOO_FAST: CallError = {
  what: "Too many requests or tokens in a minute.",
  fix: "Wait a minute and call less often, or create a key with higher limits.",
};
const NO_MODEL: CallError = {
  what: "There is no such model or address.",
  fix: "Check the model’s name and that the base address ends in /v1.",
};
const BAD_CALL: CallError = {
  what: "The model did not understand the call.",
  fix: "Compare your call with the snippet: the address, the JSON, and the fields for this type of model.",
};
const DOWN: CallError = {
  what: "The model’s provider failed or is down.",
  fix: "Try again in a moment. If it goes on, tell an administrator.",
};

const BY_CODE: Record<string, CallError> = {
  budget_exceeded: BUDGET,
  auth_error: UNKNOWN_KEY,
  token_not_found_in_db: UNKNOWN_KEY,
  expired_key: { what: "The key has expired.", fix: "Create a new key." },
  key_model_access_denied: NO_ACCESS,
  team_model_access_denied: NO_ACCESS,
  throttling_error: TOO_FAST,
  invalid_request_error: BAD_CALL,
  "400": BAD_CALL,
  "401": UNKNOWN_KEY,
  "402": BUDGET,
  "403": NO_ACCESS,
  "404": NO_MODEL,
  "408": DOWN,
  "422": BAD_CALL,
  "429": TOO_FAST,
};

export function explainCallError(code: string | null | undefined): CallError {
  if (!code) return { what: "The call failed.", fix: "The answer that your program got says why." };
  return (
    BY_CODE[code] ??
    (/^5\d\d$/.test(code) ? DOWN : { what: `The call failed (${code}).`, fix: "The answer that your program got says why." })
  );
}
