import type { Page } from "@playwright/test";

import { createKey, modelId, signIn, userId } from "./portal";
import { expect, expectAccessible, expectLive, expectNoSidewaysScroll, test } from "./test";

/** ada has keys and a month of usage, bob nothing at all (see sandbox.ts). */
interface PageCase {
  name: string;
  as?: "ada" | "bob";
  path: string | ((page: Page) => Promise<string>);
  /** Brings the page to the state that is meant, and waits until it shows. */
  show: (page: Page) => Promise<void>;
}

const personPath = (id: string) => `/admin/people/${encodeURIComponent(id)}`;
const heading = (name: string) => (page: Page) => expect(page.getByRole("heading", { name, exact: true })).toBeVisible();

const PAGES: PageCase[] = [
  { name: "sign-in", path: "/sign-in", show: heading("Sign in as Alice Arnold") },
  { name: "sign-in after a session ended", path: "/sign-in?next=%2Fkeys&expired=1", show: heading("Sign in as Ada Adler") },
  { name: "get started", as: "ada", path: "/", show: heading("1. Pick a model Done") },
  {
    name: "models as cards",
    as: "ada",
    path: "/models?provider=openai",
    show: (page) => expect(page.getByRole("link", { name: "gpt-5-nano" })).toBeVisible(),
  },
  {
    name: "models as a table",
    as: "ada",
    path: "/models?view=table",
    show: (page) => expect(page.getByRole("link", { name: "gpt-5-nano" })).toBeVisible(),
  },
  { name: "no model found", as: "bob", path: "/models?q=nothing-like-it", show: heading("No model fits") },
  {
    name: "an open model",
    as: "bob",
    path: async (page) => `/models/${await modelId(page.request, "gpt-5-mini")}`,
    show: (page) => expect(page.getByRole("button", { name: "Subscribe" })).toBeVisible(),
  },
  {
    name: "a restricted model",
    as: "bob",
    path: async (page) => `/models/${await modelId(page.request, "claude-opus-4-1")}`,
    show: (page) => expect(page.getByRole("button", { name: "Ask for access" })).toBeVisible(),
  },
  {
    name: "subscriptions",
    as: "ada",
    path: "/subscriptions",
    show: (page) => expect(page.getByRole("link", { name: "mistral-small" })).toBeVisible(),
  },
  { name: "no subscriptions", as: "bob", path: "/subscriptions", show: heading("No subscriptions yet") },
  {
    name: "keys",
    as: "ada",
    path: "/keys",
    show: (page) => expect(page.getByRole("link", { name: "Invoice assistant" })).toBeVisible(),
  },
  { name: "no keys", as: "bob", path: "/keys", show: heading("No keys yet") },
  {
    name: "one key",
    as: "ada",
    path: async (page) => `/keys/${(await createKey(page.request, "For a look", ["mistral-small"])).id}`,
    show: (page) => expect(page.getByRole("heading", { name: "Waiting for a call with this key" })).toBeVisible(),
  },
  {
    name: "the form for a key",
    as: "ada",
    path: "/keys?create=1",
    show: async (page) => {
      await page.getByRole("button", { name: "Create key" }).click(); // the fields say what is missing
      await page.getByRole("button", { name: "Limits" }).click();
      await expect(page.getByRole("textbox", { name: "Requests a minute" })).toBeVisible();
    },
  },
  { name: "the form without a model", as: "bob", path: "/keys?create=1", show: heading("Subscribe to a model first") },
  {
    name: "a new key's secret",
    as: "ada",
    path: "/keys?create=1",
    show: async (page) => {
      await page.getByRole("textbox", { name: "Name" }).fill("For a look");
      await page.getByRole("checkbox", { name: "mistral-small" }).check();
      await page.getByRole("button", { name: "Create key" }).click();
      await expect(page.getByRole("heading", { name: "Waiting for a call with this key" })).toBeVisible();
    },
  },
  {
    name: "usage as a chart",
    as: "ada",
    path: "/usage",
    show: async (page) => {
      await expectLive(page);
      await expect(page.getByRole("img", { name: "Spend by day, 7 days" })).toBeVisible();
      await expect(page.getByRole("grid", { name: "Spend by hour of the week" })).toBeVisible();
    },
  },
  {
    name: "usage as a table",
    as: "ada",
    path: "/usage?range=24h&figure=requests",
    show: async (page) => {
      await page.getByRole("button", { name: "Table" }).click();
      await expect(page.getByRole("grid", { name: "Requests by hour, 24 hours" })).toBeVisible();
      await expectLive(page);
    },
  },
  { name: "no usage", as: "bob", path: "/usage", show: heading("No calls in this period") },
  {
    name: "usage of own dates with a filter",
    as: "ada",
    path: "/usage?range=own&from=2026-01-01&to=2026-01-31&status=429",
    show: heading("No call in this period fits"),
  },
  {
    name: "the calls",
    as: "ada",
    path: "/usage?view=calls",
    show: async (page) => {
      await expect(page.getByRole("grid", { name: "Calls" })).toBeVisible();
      await expect(page.getByRole("button", { name: "Go to next page" })).toBeVisible();
    },
  },
  {
    name: "the calls that a number counts",
    as: "ada",
    path: "/usage?range=30d&view=calls&not-model=gpt-5-mini&not-model=claude-haiku-4-5&result=answered",
    show: async (page) => {
      await expect(page.getByRole("grid", { name: "Calls" })).toBeVisible();
    },
  },
  {
    name: "one call",
    as: "ada",
    path: "/usage?view=calls",
    show: async (page) => {
      await page.getByRole("grid", { name: "Calls" }).getByRole("button").first().click();
      await expect(page.getByRole("textbox", { name: "Call id" })).toBeVisible();
    },
  },
  {
    name: "the export",
    as: "ada",
    path: "/usage",
    show: async (page) => {
      await page.getByRole("button", { name: "Export" }).click();
      await expect(page.getByRole("dialog", { name: "Export this usage" })).toBeVisible();
    },
  },
  {
    name: "everybody's usage",
    as: "ada",
    path: "/admin/usage",
    show: async (page) => {
      await expect(page.getByRole("grid", { name: "Spend by person" })).toBeVisible();
      await expect(page.getByRole("img", { name: "Spend by day, 7 days" })).toBeVisible();
    },
  },
  { name: "help", as: "bob", path: "/help", show: heading("From a model to its use") },
  { name: "the ledger", as: "ada", path: "/admin/ledger", show: heading("Compared with LiteLLM") },
  {
    name: "a time to be compared again",
    as: "ada",
    path: "/admin/ledger",
    show: async (page) => {
      await page.getByRole("button", { name: "Compare a time again" }).click();
      await expect(page.getByRole("dialog", { name: "Compare a time again" })).toBeVisible();
    },
  },
  {
    name: "the first step to a subscription",
    as: "bob",
    path: "/subscriptions/new",
    show: async (page) => {
      await expect(page.getByRole("checkbox", { name: /^claude-opus-4-1/ })).toBeVisible();
      await page.getByRole("button", { name: "Next" }).click(); // it says what is missing
      await expect(page.getByText("Choose at least one model.")).toBeVisible();
    },
  },
  {
    name: "what a subscription is needed for",
    as: "bob",
    path: async (page) => `/subscriptions/new?model=${encodeURIComponent(await modelId(page.request, "claude-opus-4-1"))}`,
    show: async (page) => {
      await expect(page.getByText("Chosen: claude-opus-4-1")).toBeVisible();
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByRole("button", { name: "Next" }).click(); // the fields say what is missing
      await expect(page.getByText("Say what it is needed for.")).toBeVisible();
    },
  },
  {
    name: "the review of a subscription",
    as: "bob",
    path: async (page) => `/subscriptions/new?model=${encodeURIComponent(await modelId(page.request, "gpt-5-mini"))}`,
    show: async (page) => {
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByRole("textbox", { name: "Largest budget, in USD" }).fill("5");
      await page.getByRole("button", { name: "Next" }).click();
      await expect(page.getByRole("grid", { name: "Models asked for" })).toBeVisible();
    },
  },
  {
    name: "no notifications",
    as: "bob",
    path: "/keys",
    show: async (page) => {
      await page.getByRole("button", { name: /^Notifications/ }).click();
      await expect(page.getByRole("heading", { name: "No notifications" })).toBeVisible();
    },
  },
  {
    name: "everybody's keys",
    as: "ada",
    path: "/admin/keys",
    show: (page) => expect(page.getByRole("link", { name: "Invoice assistant" })).toBeVisible(),
  },
  { name: "keys that nobody uses", as: "ada", path: "/admin/keys?unused=90", show: heading("No key fits") },
  {
    name: "whose secret it is",
    as: "ada",
    path: "/admin/keys",
    show: async (page) => {
      await page.getByRole("button", { name: "Whose secret is this?" }).click();
      await page.getByRole("dialog").locator("input[type=password]").fill("sk-nobody-has-this-secret");
      await page.getByRole("button", { name: "Look it up" }).click();
      await expect(page.getByRole("heading", { name: /None of our keys/ })).toBeVisible();
    },
  },
  {
    name: "everybody's subscriptions",
    as: "ada",
    path: "/admin/subscriptions",
    show: (page) => expect(page.getByRole("link", { name: "granite-4-h-small" }).first()).toBeVisible(),
  },
  {
    name: "models' access",
    as: "ada",
    path: "/admin/models?q=mistral-small",
    show: (page) => expect(page.getByRole("link", { name: "mistral-small" })).toBeVisible(),
  },
  {
    name: "the change of a model's access",
    as: "ada",
    path: "/admin/models?q=mistral-small",
    show: async (page) => {
      await page.getByRole("button", { name: "Actions for mistral-small" }).click();
      await page.getByRole("menuitem", { name: "Change the access" }).click();
      await page.getByRole("radio", { name: "Suspend all" }).check();
      await expect(page.getByRole("heading", { name: /This suspends \d+ subscriptions?/ })).toBeVisible();
    },
  },
  { name: "rules", as: "ada", path: "/admin/rules", show: heading("Models with rules of their own") },
  {
    name: "the profile",
    as: "ada",
    path: "/profile",
    show: (page) => expect(page.getByText("This one")).toBeVisible(),
  },
  {
    name: "the form for an access token",
    as: "ada",
    path: "/profile",
    show: async (page) => {
      await page.getByRole("button", { name: "Create a token" }).click();
      await page.getByRole("checkbox", { name: "Read" }).uncheck();
      await page.getByRole("button", { name: "Create token" }).click(); // the fields say what is missing
      await expect(page.getByText("Choose what the token may do.")).toBeVisible();
    },
  },
  {
    name: "the end of a session",
    as: "ada",
    path: "/profile",
    show: async (page) => {
      await page.getByRole("button", { name: "Sign out everywhere" }).click();
      await expect(page.getByRole("dialog", { name: /Sign out everywhere/ })).toBeVisible();
    },
  },
  { name: "people", as: "ada", path: "/admin/people", show: (page) => expect(page.getByText("ada", { exact: true })).toBeVisible() },
  { name: "nobody found", as: "ada", path: "/admin/people?q=nothing-like-it", show: heading("Nobody fits") },
  {
    name: "one person",
    as: "ada",
    path: async (page) => personPath(await userId(page.request, "ada")),
    show: (page) => expect(page.getByRole("link", { name: "Invoice assistant" })).toBeVisible(),
  },
  {
    name: "somebody leaving",
    as: "ada",
    path: async (page) => {
      await signIn(page.request, "bob"); // who has to be somebody
      await signIn(page.request, "ada");
      return personPath(await userId(page.request, "bob"));
    },
    show: async (page) => {
      await page.getByRole("button", { name: "Offboard" }).click();
      await page.getByRole("button", { name: "Offboard" }).last().click(); // it asks for the name first
      await expect(page.getByText("Type bob, as it is written here.")).toBeVisible();
      await expect(page.getByText(/^\d+ keys?: revoked for good$/)).toBeVisible();
    },
  },
  {
    name: "the record",
    as: "ada",
    path: "/admin/audit?actor=ada&when=own&from=2026-01-01",
    show: async (page) => {
      await page.getByRole("button", { name: "Details" }).first().click();
      await expect(page.getByRole("button", { name: "Only by ada" }).first()).toBeVisible();
    },
  },
  { name: "a record without an entry that fits", as: "ada", path: "/admin/audit?actor=no-such-person", show: heading("No entry fits") },
  {
    name: "the system",
    as: "ada",
    path: "/admin/system",
    show: (page) => expect(page.getByRole("row", { name: /keys-settle/ })).toBeVisible(),
  },
  { name: "a page that is not there", as: "bob", path: "/no-such-page", show: heading("There is no page at this address") },
  {
    name: "a model that is not there",
    as: "bob",
    path: `/models/${Buffer.from("Model:00000000-0000-4000-8000-000000000000").toString("base64")}`,
    show: heading("Model not found"),
  },
];

for (const { name, as, path, show } of PAGES) {
  test(`accessible: ${name}`, async ({ page }) => {
    if (as) await signIn(page.request, as);
    const address = typeof path === "string" ? path : await path(page);
    for (const width of [1280, 375]) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(address);
      await show(page);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await expect(page.locator("html.pf-v6-theme-dark")).toHaveCount(colorScheme === "dark" ? 1 : 0);
        await expectAccessible(page, `${name}, ${width} px, ${colorScheme}`);
      }
    }
    await page.setViewportSize({ width: 320, height: 900 });
    await expectNoSidewaysScroll(page);
  });
}
