/** Sign-in and sign-out. Both end in a fresh page, so that nothing of one person's data is left for the next. */

const HEADERS = { "X-LiteMaaS-Request": "1" };

let isLeaving = false;

/** Whether the reader is on the way out, so that the end of the session is no news. */
export const isSigningOut = () => isLeaving;

/** Tells that this session is about to end by what the reader does; `false`: it will not after all. */
export function expectSessionEnd(isExpected: boolean): void {
  isLeaving = isExpected;
}

/** The identity provider may have a session of its own, and then says where to end it. */
export async function signOut(): Promise<void> {
  isLeaving = true;
  let next = "/sign-in?out=here";
  try {
    const response = await fetch("/auth/logout", { method: "POST", headers: HEADERS });
    if (response.status === 200) next = ((await response.json()) as { location: string }).location;
  } catch {
    next = "/sign-in";
    // Whoever is offline gets the sign-in page, and is signed out as soon as the session ends by itself.
  }
  window.location.assign(next);
}

/** Signs in as one of the sandbox's sample people and leaves the page; the gateway's code if it refused. */
export async function signInAs(username: string, next: string): Promise<string | undefined> {
  try {
    const body = new URLSearchParams({ username });
    const response = await fetch("/auth/sandbox", { method: "POST", headers: HEADERS, body, redirect: "manual" });
    if (!response.ok && response.type !== "opaqueredirect") {
      return ((await response.json()) as { error: { code: string } }).error.code;
    }
  } catch {
    return "SIGN_IN_FAILED";
  }
  window.location.assign(next);
  return undefined;
}
