/**
 * Where to go after signing in. Only a path of this site is accepted, since anyone can write a link with `?next=`:
 * no other origin, no scheme, nothing that a browser would read as one (`//host`, `/\host`).
 */
export function safeNextPath(next: string | null, origin: string = window.location.origin): string {
  if (!next || !next.startsWith("/")) return "/";
  try {
    const url = new URL(next, origin);
    if (url.origin !== origin || url.pathname.startsWith("/sign-in") || url.pathname.startsWith("/auth/")) return "/";
    return url.pathname + url.search + url.hash;
  } catch {
    return "/";
  }
}

/** The sign-in page that leads back to `path`. */
export function signInPath(path: string, expired: boolean, origin?: string): string {
  const query = new URLSearchParams();
  const next = safeNextPath(path, origin);
  if (next !== "/") query.set("next", next);
  if (expired) query.set("expired", "1");
  const search = query.toString();
  return search ? `/sign-in?${search}` : "/sign-in";
}

/** The gateway's sign-in address with the page to come back to. */
export function loginHref(loginUrl: string, next: string): string {
  return `${loginUrl}${loginUrl.includes("?") ? "&" : "?"}${new URLSearchParams({ next })}`;
}
