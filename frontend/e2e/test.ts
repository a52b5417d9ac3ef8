import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Locator, type Page } from "@playwright/test";

/** What a page did that nobody sees: its complaints and all that it received. */
export class Watch {
  /** Console errors, uncaught exceptions, violations of the content security policy, requests to other origins. */
  readonly problems: string[] = [];
  readonly requests: string[] = [];
  readonly #received: Promise<string>[] = [];
  readonly #expected: RegExp[] = [];

  constructor(page: Page, baseURL: string) {
    const ours = [baseURL, baseURL.replace(/^http/, "ws"), "data:", `blob:${baseURL}`];
    const asked = (url: string) => {
      this.requests.push(url);
      if (!ours.some((start) => url.startsWith(start))) this.problems.push(`a request to ${url}`);
    };
    page.on("console", (message) => {
      if (message.type() === "error") this.problems.push(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.problems.push(`uncaught: ${error.message}`));
    page.on("request", (request) => asked(request.url()));
    page.on("response", (response) => {
      if (/json|text/.test(response.headers()["content-type"] ?? "")) {
        this.#received.push(response.text().catch(() => "")); // redirects and answers to left pages have no body
      }
    });
    page.on("websocket", (socket) => {
      asked(socket.url());
      socket.on("framereceived", ({ payload }) => this.#received.push(Promise.resolve(payload.toString())));
    });
  }

  /** Problems that the test itself makes, such as an answer it has replaced by an error. */
  expect(...problems: RegExp[]): void {
    this.#expected.push(...problems);
  }

  get unexpected(): string[] {
    return this.problems.filter((problem) => !this.#expected.some((pattern) => pattern.test(problem)));
  }

  /** Every text that the page got so far, from answers and from the WebSocket. */
  received(): Promise<string[]> {
    return Promise.all(this.#received);
  }
}

interface Fixtures {
  watch: Watch;
}

/** Every test fails when its page complains or talks to another origin, whatever else the test looks at. */
export const test = base.extend<Fixtures>({
  watch: [
    async ({ page, baseURL }, use) => {
      await page.addInitScript(() =>
        document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
          console.error(`CSP: ${violatedDirective} blocked ${blockedURI}`),
        ),
      );
      const watch = new Watch(page, baseURL!);
      await use(watch);
      expect(watch.unexpected).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** No violation of WCAG A and AA on the page as it is now. */
export async function expectAccessible(page: Page, state: string): Promise<void> {
  await settled(page);
  // The quick way, which needs no second tab; it leaves out frames of other origins, and there are none.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] }).withTags(WCAG);
  const { violations } = await axe.analyze();
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" | ")}`);
  expect(found, state).toEqual([]);
}

/** Waits until every colour and place is the one it was on its way to. What moves for ever, such as a spinner, may. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.all(ending.map(({ finished }) => finished.catch(() => {})));
  });
}

/** Nothing has to be scrolled sideways to be read. Code and tables may scroll within themselves. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const tooWide = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll<HTMLElement>("main, [role=dialog]")]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
      .map(({ tagName, scrollWidth, clientWidth }) => `${tagName}: ${scrollWidth} px in ${clientWidth}`),
  );
  expect(tooWide).toEqual([]);
}

/** Presses Tab until the element has the focus, as somebody without a mouse does. */
export async function tabTo(page: Page, target: Locator, presses = 40): Promise<void> {
  await expect(target).toBeVisible();
  for (let pressed = 0; pressed < presses; pressed++) {
    await page.keyboard.press("Tab");
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`Not reached with ${presses} times Tab: ${target}`);
}

/** The page says that its figures move by themselves. */
export async function expectLive(page: Page): Promise<void> {
  await expect(page.getByRole("status").filter({ hasText: /^Live$/ })).toBeVisible();
}
