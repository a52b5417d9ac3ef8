import "graphiql/setup-workers/vite";

import { KEPT, withoutStyles } from "./markup";

/*
 * The page allows no inline styles, and the editor, Monaco, writes them in two ways. Its style elements are given the page's nonce.
 * Style attributes can't be allowed by a nonce, so they are kept out of its markup, all of which passes through a hook that Monaco has
 * for this, and set by script when the markup is there, before anything is painted.
 */
const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")!.nonce;

const createElement = document.createElement;
document.createElement = function (this: Document, ...given: Parameters<typeof createElement>) {
  const element = createElement.apply(this, given);
  if (element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
} as typeof createElement;

interface Policy {
  createHTML?: (markup: string) => string;
}

const { MonacoEnvironment } = globalThis as unknown as { MonacoEnvironment: object };
Object.assign(MonacoEnvironment, {
  createTrustedTypesPolicy: (_name: string, policy: Policy) => ({
    ...policy,
    createHTML: (markup: string) => withoutStyles(policy.createHTML!(markup)),
  }),
});

new MutationObserver(() => {
  for (const element of document.querySelectorAll<HTMLElement>(`[${KEPT}]`)) {
    element.style.cssText = element.getAttribute(KEPT)!;
    element.removeAttribute(KEPT);
  }
}).observe(document, { childList: true, subtree: true });
