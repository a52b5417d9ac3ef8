import "@testing-library/jest-dom/vitest";

import { cleanup, configure } from "@testing-library/react";
import { afterEach, expect } from "vitest";
import * as axeMatchers from "vitest-axe/matchers";

expect.extend(axeMatchers);
// The first test of a page waits for its code, too.
configure({ asyncUtilTimeout: 30_000 });

declare module "vitest" {
  interface Matchers {
    toHaveNoViolations(): void;
  }
}

afterEach(() => {
  cleanup();
  localStorage.clear();
});

// What jsdom lacks and PatternFly asks for.
window.matchMedia ??= (media) =>
  ({
    media,
    matches: false,
    addEventListener: () => {},
    removeEventListener: () => {},
  }) as unknown as MediaQueryList;
Element.prototype.scrollTo ??= () => {};
