import "@testing-library/jest-dom/vitest";

import { cleanup, configure } from "@testing-library/react";
import { flushSync } from "react-dom";
import { afterEach, expect } from "vitest";
import * as axeMatchers from "vitest-axe/matchers";

expect.extend(axeMatchers);
configure({
  // The first test of a page waits for its code, too.
  asyncUtilTimeout: 30_000,
  // As in a browser: an event is answered at once, and what it lets load comes later. Within `act`, React would retry two parts
  // of a page that both still load in turns, for ever, since nothing arrives before it is done.
  eventWrapper: (dispatch) => flushSync(dispatch),
});

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
