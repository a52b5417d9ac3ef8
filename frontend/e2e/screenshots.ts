import { type Page, test } from "@playwright/test";
import { resolve } from "node:path";

import { chat, chatUrl, createKey, graphql, type Key, modelId, signIn } from "./portal";
import { expect, expectLive } from "./test";

/**
 * Takes the pictures that README and docs/ show: `npm run screenshots`. Each test leaves what the next ones show: ada has a month of
 * usage (see sandbox.ts), bob is new, asks for a model and makes a key.
 */
const IMAGES = resolve(import.meta.dirname, "../../docs/images");
const RESTRICTED = "gpt-5";
const WHY = "Summaries of tickets for the support team, about 200 a day.";

test.describe.configure({ mode: "serial" });
test.use({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });

async function take(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.fonts.ready);
  await expect(page.locator(".pf-v6-c-skeleton")).toHaveCount(0);
  await page.screenshot({ path: resolve(IMAGES, `${name}.png`), animations: "disabled", caret: "hide" });
}

test("sign-in", async ({ page }) => {
  await page.goto("/sign-in");
  await expect(page.getByRole("button", { name: "Sign in as Ada Adler" })).toBeVisible();
  await take(page, "sign-in");
});

test("first steps", async ({ page }) => {
  await signIn(page.request, "bob");
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await take(page, "home");
});

test("models", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto("/models");
  await expect(page.getByRole("link", { name: "gpt-5-mini" })).toBeAttached();
  await take(page, "models");
});

test("a model that is asked for", async ({ page }) => {
  await signIn(page.request, "bob");
  await page.goto(`/models/${encodeURIComponent(await modelId(page.request, RESTRICTED))}`);
  await page.getByRole("textbox", { name: "What do you need it for?" }).fill(WHY);
  await take(page, "model");
  await page.getByRole("button", { name: "Ask for access" }).click();
  await expect(page.getByText("Waiting for approval")).toBeVisible();
});

test("approvals", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto("/approvals");
  await page.getByRole("button", { name: `Approve with changes: ${RESTRICTED} for Bob Baker` }).click();
  const form = page.getByRole("form", { name: `Approve ${RESTRICTED} for Bob Baker` });
  await form.getByRole("textbox", { name: "Note (optional)" }).fill("For one month.");
  await form.getByRole("textbox", { name: "Largest budget, in USD" }).fill("20");
  await take(page, "approvals");
  await form.getByRole("button", { name: "Approve with these limits" }).click();
  await expect(page.getByText(`${RESTRICTED} for Bob Baker: approved`)).toBeVisible();
});

let key: Key;

test("a subscription with limits", async ({ page, request }) => {
  await signIn(page.request, "bob");
  key = await createKey(page.request, "Ticket summaries", ["gpt-5-mini", RESTRICTED], new Date(Date.now() + 90 * 86_400_000));
  for (let call = 0; call < 3; call++) {
    expect((await chat(request, chatUrl(key.llmBaseUrl), key.secret, RESTRICTED)).status()).toBe(200);
  }
  await page.goto("/subscriptions");
  await page.getByRole("row", { name: new RegExp(`^${RESTRICTED} `) }).getByRole("link", { name: "Details" }).click();
  await expect(page.getByRole("progressbar", { name: "Budget" })).toBeVisible();
  await take(page, "subscription");
});

test("notifications", async ({ page }) => {
  await signIn(page.request, "bob");
  await page.goto("/subscriptions");
  await page.getByRole("button", { name: /^Notifications/ }).click();
  await expect(page.getByText(`You can use ${RESTRICTED}`)).toBeVisible();
  await take(page, "notifications");
});

test("a new key", async ({ page }) => {
  await signIn(page.request, "bob");
  await page.goto("/keys?create=1");
  await page.getByRole("textbox", { name: "Name" }).fill("Ticket summaries, test");
  await take(page, "create-key");
});

test("keys", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto("/keys");
  await expect(page.getByRole("link", { name: "Invoice assistant" })).toBeVisible();
  await take(page, "keys");
});

test("a rotation", async ({ page }) => {
  await signIn(page.request, "bob");
  await page.goto("/keys");
  await page.getByRole("button", { name: "Actions for Ticket summaries" }).click();
  await page.getByRole("menuitem", { name: "Rotate" }).click();
  await expect(page.getByRole("radio", { name: "1 hour" })).toBeVisible();
  await take(page, "rotate");
});

test("a leak", async ({ page }) => {
  await signIn(page.request, "bob");
  await page.goto("/keys");
  await page.getByRole("button", { name: "Actions for Ticket summaries" }).click();
  await page.getByRole("menuitem", { name: /leak/i }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await take(page, "leak");
});

test("usage", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.setViewportSize({ width: 1280, height: 1060 }); // with the table below the chart
  await page.goto("/usage?range=30d");
  await expectLive(page);
  await expect(page.getByRole("img", { name: "Spend by day, 30 days" })).toBeVisible();
  await take(page, "usage");
});

test("the calls behind a number", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto("/usage?range=30d&view=calls&result=failed");
  await expect(page.getByRole("grid", { name: "Calls" })).toBeVisible();
  await take(page, "calls");
});

test("access tokens", async ({ page }) => {
  await signIn(page.request, "bob");
  await graphql(
    page.request,
    `mutation ($end: DateTime!) {
      createAccessToken(input: { name: "Nightly report", scopes: [READ], expiresAt: $end }) { __typename }
    }`,
    { end: new Date(Date.now() + 90 * 86_400_000) },
  );
  await page.goto("/profile");
  await page.getByRole("button", { name: "Create a token" }).click();
  await page.getByRole("button", { name: "Help: What a token may do" }).click();
  await expect(page.getByRole("dialog", { name: "What a token may do" })).toBeVisible();
  await take(page, "access-token");
});

test("GraphiQL", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto("/graphiql");
  const editor = page.getByRole("region", { name: "Operation Editor" });
  await expect(editor).toContainText("query MyModels");
  await editor.getByRole("textbox").focus();
  await page.keyboard.press("ControlOrMeta+Enter");
  await expect(page.getByRole("region", { name: "Result Window" })).toContainText("data");
  await take(page, "graphiql");
});

test("rules and access", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto("/admin/rules");
  await expect(page.getByRole("form", { name: "Rules for keys" })).toBeVisible();
  await take(page, "rules");
  await page.goto("/admin/models");
  await expect(page.getByRole("grid")).toBeVisible();
  await take(page, "model-access");
});

test("people", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto("/admin/people");
  await page.getByRole("link", { name: "Bob Baker" }).click();
  await expect(page.getByRole("heading", { name: "Bob Baker", level: 1 })).toBeVisible();
  await take(page, "person");
});

test("everybody's keys", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto("/admin/keys");
  await expect(page.getByRole("link", { name: "Ticket summaries" })).toBeVisible();
  await take(page, "all-keys");
});

test("the ledger", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto("/admin/ledger");
  await expect(page.getByRole("heading", { name: "Compared with LiteLLM" })).toBeVisible();
  await take(page, "ledger");
});

test("the record", async ({ page }) => {
  await signIn(page.request, "audrey");
  await page.goto("/admin/audit");
  await expect(page.getByRole("grid").first()).toBeVisible();
  await take(page, "audit");
});
