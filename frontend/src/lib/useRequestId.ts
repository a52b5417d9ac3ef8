import { useState } from "react";

/**
 * A `clientMutationId` for what a form asks for: the same as long as the form is open, so that trying again after a lost
 * answer makes nothing twice. Not `crypto.randomUUID`, which pages on plain http do not have.
 */
export function useRequestId(): string {
  const [id] = useState(() =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  );
  return id;
}
