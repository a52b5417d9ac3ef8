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

/** The identity provider may have a session of its own, and then says where to end it. */
export async function signOut(): Promise<void> {
  let next = "/sign-in";
  try {
    const response = await fetch("/auth/logout", { method: "POST", headers: HEADERS });
    if (response.status === 200) next = ((await response.json()) as { location: string }).location;
  } catch {
    // Whoever is offline gets the sign-in page, and is signed out as soon as the session ends by itself.
  }
  window.location.assign(next);
}

/** Signs in as one of the sandbox's sample people; false if the gateway refused. */
export async function signInAs(username: string, next: string): Promise<boolean> {
  const done = await post("/auth/sandbox", new URLSearchParams({ username }));
  if (done) window.location.assign(next);
  return done;
}
