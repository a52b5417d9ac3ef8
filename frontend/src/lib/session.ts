/** Sign-in and sign-out. Both end in a fresh page, so that nothing of one person's data is left for the next. */

const HEADERS = { "X-LiteMaaS-Request": "1" };

/** True if the gateway did it, be the answer a page, an empty one or a redirect. */
async function post(path: string, body?: URLSearchParams): Promise<boolean> {
  try {
    const response = await fetch(path, { method: "POST", headers: HEADERS, body, redirect: "manual" });
    return response.ok || response.type === "opaqueredirect";
  } catch {
    return false;
  }
}

export async function signOut(): Promise<void> {
  await post("/auth/logout");
  window.location.assign("/sign-in");
}

/** Signs in as one of the sandbox's sample people; false if the gateway refused. */
export async function signInAs(username: string, next: string): Promise<boolean> {
  const done = await post("/auth/sandbox", new URLSearchParams({ username }));
  if (done) window.location.assign(next);
  return done;
}
