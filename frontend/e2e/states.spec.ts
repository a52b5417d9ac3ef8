import type { Page, Route } from "@playwright/test";

import { modelId, signIn } from "./portal";
import { expect, expectAccessible, test } from "./test";

/** bob does nothing in any test: his lists stay empty. */
const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true });
const menu = (page: Page, name: string) => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name });

const QUERIES = "**/graphql";
/** React reports an error to the console even if a boundary has caught it and the page shows it. */
const CAUGHT = /console: RequestError/;

test.describe("nothing there yet", () => {
  test.beforeEach(({ page }) => signIn(page.request, "bob"));

  test("each list says so, and where to begin", async ({ page }) => {
    await page.goto("/");
    await expect(page.getByRole("listitem").filter({ hasText: "1. Pick a model" })).not.toContainText("Done");
    await page.getByRole("link", { name: "Find a model" }).click();
    await expect(heading(page, "Models")).toBeFocused();

    await menu(page, "My subscriptions").click();
    await expect(heading(page, "No subscriptions yet")).toBeVisible();
    await menu(page, "My keys").click();
    await expect(heading(page, "No keys yet")).toBeVisible();
    await menu(page, "My usage").click();
    await expect(heading(page, "No calls in this period")).toBeVisible();
  });

  test("no match: one click takes the filters away", async ({ page }) => {
    await page.goto("/models?q=no-such-model&provider=openai");
    await expect(heading(page, "No model fits")).toBeVisible();
    await page.getByRole("button", { name: "Clear all filters" }).last().click();
    await expect(page.getByText(/^\d+ models\./)).toBeVisible();
    await expect(page).toHaveURL("/models");

    await page.goto("/keys?status=REVOKED");
    await expect(heading(page, "No key fits")).toBeVisible();
    await page.getByRole("button", { name: "Show all" }).last().click();
    await expect(heading(page, "No keys yet")).toBeVisible();
  });
});

test("while it loads, the page has the shape of what comes", async ({ page }) => {
  await signIn(page.request, "ada");
  let answer = () => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  await page.route(QUERIES, async (route) => {
    await answered;
    await route.continue();
  });
  await page.goto("/keys");
  await expect(heading(page, "My keys")).toBeVisible();
  const loading = page.getByRole("grid", { name: "Loading your keys" });
  await expect(loading).toBeVisible();
  await expectAccessible(page, "loading");
  answer();
  await expect(page.getByRole("link", { name: "Invoice assistant" })).toBeVisible();
  await expect(loading).toHaveCount(0);
});

test.describe("what fails can be tried again", () => {
  test.beforeEach(({ page }) => signIn(page.request, "ada"));

  for (const { name, path, found } of [
    { name: "models", path: "/models", found: "gpt-5" },
    { name: "subscriptions", path: "/subscriptions", found: "mistral-small" },
    { name: "keys", path: "/keys", found: "Invoice assistant" },
    { name: "usage", path: "/usage", found: "Invoice assistant" },
  ]) {
    test(`${name}: the gateway is not reached`, async ({ page, watch }) => {
      watch.expect(/ERR_FAILED/, CAUGHT);
      await page.route(QUERIES, (route) => route.abort());
      await page.goto(path);
      const alert = page.getByRole("alert").filter({ hasText: "LiteMaaS can't be reached" }).last();
      await expect(alert).toBeVisible();
      await page.unroute(QUERIES);
      const retry = page.getByRole("button", { name: "Try again" });
      await expect(async () => {
        if (await retry.count()) await retry.first().click();
        await expect(page.getByRole("link", { name: found, exact: true })).toBeVisible({ timeout: 2_000 });
      }).toPass();
      await expect(page.getByRole("alert")).toHaveCount(0);
    });
  }

  test("an error inside: no details, but the number to ask with", async ({ page, watch }) => {
    watch.expect(/status of 500/, CAUGHT);
    const errors = [{ message: "Something went wrong on our side.", extensions: { code: "INTERNAL_SERVER_ERROR", requestId: "4f1c" } }];
    await page.route(QUERIES, (route) => route.fulfill({ status: 500, json: { data: null, errors } }));
    await page.goto("/keys");
    await expect(heading(page, "Something went wrong")).toBeVisible();
    await expect(page.getByText("Request 4f1c")).toBeVisible();
    await expect(page.getByText("on our side")).toHaveCount(0); // the heading has said it
    await expectAccessible(page, "error");
  });

  test("an answer that is no GraphQL, from a proxy on the way", async ({ page, watch }) => {
    watch.expect(/status of 502/, CAUGHT);
    await page.route(QUERIES, (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad</h1>" }));
    await page.goto("/keys");
    await expect(heading(page, "LiteMaaS gave an answer that this page can't read")).toBeVisible();
  });
});

test("a page that breaks says so without what it broke on, and is loaded again", async ({ page, watch }) => {
  watch.expect(/sk-lm-of-somebody/); // for who looks into the console
  await signIn(page.request, "ada");
  const code = "**/assets/KeysPage-*.js";
  const body = 'throw new Error("sk-lm-of-somebody is not a function");';
  await page.route(code, (route) => route.fulfill({ contentType: "text/javascript", body }));
  await page.goto("/keys"); // which is loaded again by itself once, as after an upgrade
  const alert = page.getByRole("alert").filter({ hasText: "This page does not work" });
  await expect(alert).toContainText("tell an administrator");
  await expect(page.locator("body")).not.toContainText("sk-lm-of-somebody");
  await expectAccessible(page, "broken");
  await page.unroute(code);
  await alert.getByRole("button", { name: "Load the page again" }).click();
  await expect(page.getByRole("link", { name: "Invoice assistant" })).toBeVisible();
});

test("LiteLLM is away: a banner says so over the last known models, and goes when it is back", async ({ page }) => {
  await signIn(page.request, "ada");
  const away = (route: Route) => answerWith(route, (portal) => Object.assign(portal.liteLLM, { reachable: false }));
  await page.route(QUERIES, away);
  await page.goto("/models");
  const banner = page.getByRole("status").filter({ hasText: "LiteLLM is not answering" });
  await expect(banner).toBeVisible();
  await expect(page.getByRole("link", { name: "gpt-5", exact: true })).toBeVisible();
  await expectAccessible(page, "LiteLLM away");
  await page.unroute(QUERIES, away);
  await expect(banner).toBeHidden({ timeout: 15_000 });
});

/** Lets the gateway answer and changes what it says about the portal. */
async function answerWith(route: Route, change: (portal: { liteLLM: object }) => void): Promise<void> {
  const response = await route.fetch();
  const body = (await response.json()) as { data?: { portal?: { liteLLM?: object } } };
  if (body.data?.portal?.liteLLM) change(body.data.portal as { liteLLM: object });
  await route.fulfill({ response, json: body });
}

test.describe("who signs in, and who was", () => {
  test("a link leads to its page by way of the sign-in page", async ({ page }) => {
    await page.goto("/models?provider=mistral&view=table");
    await expect(page).toHaveURL("/sign-in?next=%2Fmodels%3Fprovider%3Dmistral%26view%3Dtable");
    await expect(page.getByText("Your session has ended")).toHaveCount(0);
    await page.getByRole("button", { name: "Sign in as Bob Baker" }).click();
    await expect(page).toHaveURL("/models?provider=mistral&view=table");
    await expect(page.getByRole("link", { name: "codestral" })).toBeVisible();
  });

  test("a session that ends on the way leads back to the page that was asked for", async ({ page, playwright, baseURL }) => {
    await signIn(page.request, "bob");
    await page.goto("/subscriptions");
    await expect(heading(page, "No subscriptions yet")).toBeVisible();
    await endSessionElsewhere(); // the page's socket hears of it
    await expect(page).toHaveURL("/sign-in?next=%2Fsubscriptions&expired=1");
    await expect(heading(page, "Info alert: Your session has ended")).toBeVisible();
    await page.getByRole("button", { name: "Sign in as Bob Baker" }).click();
    await expect(page).toHaveURL("/subscriptions");
    await expect(heading(page, "No subscriptions yet")).toBeVisible();

    /** As signing out in a copy of the browser would: the cookie stays here, the session is over. */
    async function endSessionElsewhere() {
      const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
      const elsewhere = await playwright.request.newContext({ baseURL });
      const answer = await elsewhere.post("/auth/logout", { headers: { cookie, "X-LiteMaaS-Request": "1" } });
      expect(answer.status()).toBe(204);
      await elsewhere.dispose();
    }
  });

  test("signing out ends the session", async ({ page }) => {
    await signIn(page.request, "bob");
    await page.goto("/keys");
    await page.getByRole("button", { name: "Your account: Bob Baker, User" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await expect(page).toHaveURL("/sign-in?out=here");
    await expect(page.getByRole("heading", { name: "You are signed out" })).toBeVisible();
    await page.goBack();
    await expect(page).toHaveURL("/sign-in?next=%2Fkeys");
  });

  test("no link leads to another site after signing in", async ({ page, baseURL }) => {
    for (const next of ["//evil.example/keys", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]) {
      await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
      await page.getByRole("button", { name: "Sign in as Bob Baker" }).click();
      await expect(page).toHaveURL(new URL("/", baseURL).href);
    }
  });

  test("a sign-in that the identity provider did not let through says what to do", async ({ page }) => {
    for (const [code, title] of [
      ["NO_OAUTH_SERVER", /This cluster has no OAuth server/],
      ["ACCOUNT_DISABLED", /This account is disabled/],
      ["SIGN_IN_REFUSED", /refused the sign-in/],
      ["<script>", /Signing in did not work/],
    ] as const) {
      await page.goto(`/sign-in?error=${encodeURIComponent(code)}`);
      await expect(page.getByRole("heading", { name: title })).toBeVisible();
      await expectAccessible(page, code);
    }
  });

  test("signing in that does not work says so, and can be tried again", async ({ page, watch }) => {
    watch.expect(/status of 500/);
    await page.route("**/auth/sandbox", (route) => route.fulfill({ status: 500, body: "" }), { times: 1 });
    await page.goto("/sign-in");
    const button = page.getByRole("button", { name: "Sign in as Bob Baker" });
    await button.click();
    await expect(page.getByRole("heading", { name: /Signing in did not work/ })).toBeVisible();
    await button.click();
    await expect(heading(page, "Get started")).toBeVisible();
  });
});

test("a page for other roles says whom to ask, and leads away", async ({ page, watch }) => {
  watch.expect(CAUGHT);
  await signIn(page.request, "bob");
  await page.goto("/admin/people");
  const alert = page.getByRole("alert").filter({ hasText: "You may not see this" });
  await expect(alert).toContainText("ask an administrator");
  await expectAccessible(page, "no access");
  await expect(alert.getByRole("link").or(alert.getByRole("button"))).toHaveText(["Go to the start page", "Try again"]);
  await alert.getByRole("link", { name: "Go to the start page" }).click();
  await expect(heading(page, "Get started")).toBeFocused();
});

test("an auditor may look and not act, and is told so", async ({ page }) => {
  await signIn(page.request, "audrey");
  await page.goto(`/models/${await modelId(page.request, "gpt-5-mini")}`);
  const told = page.getByText("As an auditor you may look at everything and change nothing.");
  await expect(told).toBeVisible();
  await expect(page.getByRole("button", { name: "Subscribe" })).toHaveCount(0);
  await expectAccessible(page, "a model for an auditor");
  for (const path of ["/subscriptions", "/subscriptions/new", "/keys?create=1", "/usage"]) {
    await page.goto(path);
    await expect(told).toBeVisible();
    await expect(page.getByRole("dialog")).toHaveCount(0);
  }
  await page.goto("/");
  await expect(told).toBeVisible();
  await expectAccessible(page, "the start page of an auditor");
  await page.getByRole("link", { name: "See the record" }).click();
  await expect(heading(page, "Audit")).toBeFocused();
});

test("a restricted model takes a reason and waits for an answer", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto(`/models/${await modelId(page.request, "claude-opus-4-1")}`);
  await page.getByRole("textbox", { name: "What do you need it for?" }).fill("Comparing it with what we have.");
  await page.getByRole("button", { name: "Ask for access" }).click();
  await expect(page.getByText("Waiting for approval")).toBeVisible();
  await page.goto("/subscriptions?status=PENDING");
  await expect(page.getByRole("row", { name: /claude-opus-4-1/ })).toContainText("Waiting for approval");
  await expect(page.getByRole("link", { name: "mistral-small" })).toHaveCount(0);
});
