import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";

import type { Page } from "@playwright/test";

import { chat, chatUrl, createKey, type Key, revokeKey, signIn } from "./portal";
import { expect, expectAccessible, expectLive, test } from "./test";

const MODEL = "mistral-small";

let key: Key;

test.beforeEach(async ({ page }) => {
  await signIn(page.request, "ada");
  key = await createKey(page.request, `Usage ${randomUUID()}`, [MODEL]);
  // Where the browser would ask for a place for a file, nobody would answer.
  await page.addInitScript(() => Reflect.deleteProperty(window, "showSaveFilePicker"));
});

test.afterEach(({ page }) => revokeKey(page.request, key.id));

async function call(page: Page): Promise<void> {
  const answer = await chat(page.request, chatUrl(key.llmBaseUrl), key.secret, MODEL);
  expect(answer.status()).toBe(200);
}

const card = (page: Page, name: string) =>
  page.getByRole("region", { name: "Totals" }).locator(".pf-v6-c-card", { has: page.getByRole("heading", { name }) });
const mine = () => `/usage?key=${encodeURIComponent(key.id)}`;

test("a filter stands in the address, counts only its calls, moves live, and is taken back", async ({ page }) => {
  await call(page);
  await page.goto("/usage");
  await expectLive(page);
  await page.getByRole("button", { name: "Key", exact: true }).click();
  await page.getByRole("checkbox", { name: key.name }).check();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(mine());
  const requests = card(page, "Requests").locator(".figure");
  await expect(requests).toHaveText("1");
  await call(page);
  await expect(requests).toHaveText("2");
  await page.reload();
  await expect(requests).toHaveText("2");
  await page.getByRole("button", { name: `Close ${key.name}` }).click();
  await expect(page).toHaveURL("/usage");
  await expect(requests).not.toHaveText("2");
});

test("a number leads to the calls behind it, and each of them to what is known of it", async ({ page }) => {
  await call(page);
  await page.goto(mine());
  await card(page, "Requests").getByRole("link", { name: "1, see the calls" }).click();
  const rows = page.getByRole("grid", { name: "Calls" }).getByRole("row");
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(1)).toContainText(MODEL);
  await rows.nth(1).getByRole("button").click();
  const dialog = page.getByRole("dialog", { name: `A call to ${MODEL}` });
  await expect(dialog.getByRole("textbox", { name: "Call id" })).not.toHaveValue("");
  await expectAccessible(page, "one call");
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await page.goBack();
  await expect(card(page, "Requests")).toBeVisible();
});

test("the chart is read, and followed to its calls, with the keyboard alone", async ({ page }) => {
  await call(page);
  await page.goto(mine());
  await expect(page.getByRole("img", { name: "Spend by day, 7 days" })).toBeVisible();
  await page.getByRole("group", { name: "Chart; the arrow keys read it" }).focus();
  await page.keyboard.press("End");
  await expect(page.getByRole("status").filter({ hasText: "1 request (0 failed)" })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("grid", { name: "Calls" }).getByRole("row")).toHaveCount(2);
});

test("an hour of the week leads to the calls that it counts", async ({ page }) => {
  await call(page);
  await page.goto(mine());
  const hours = page.getByRole("grid", { name: "Spend by hour of the week" });
  await hours.getByRole("link").click();
  await expect(page.getByText("1–1 of 1")).toBeVisible();
  await expect(page.getByRole("grid", { name: "Calls" }).getByRole("row")).toHaveCount(2);
  await page.getByRole("button", { name: /^Close Every / }).click();
  await expect(page).toHaveURL(`${mine()}&view=calls`);
});

test("what the page shows leaves as a file", async ({ page }) => {
  await call(page);
  await call(page);
  await page.goto(mine());
  await expect(card(page, "Requests").locator(".figure")).toHaveText("2");
  await page.getByRole("button", { name: "Export" }).click();
  const file = page.waitForEvent("download");
  await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
  const download = await file;
  expect(download.suggestedFilename()).toMatch(/^litemaas-calls-\d{4}-\d\d-\d\d\.csv$/);
  const lines = (await readFile(await download.path(), "utf8")).trim().split(/\r?\n/);
  expect(lines).toHaveLength(3);
  expect(lines.slice(1).every((line) => line.includes(MODEL))).toBe(true);
  await expect(page.getByText(/The file is there: 2 rows, /)).toBeVisible();
  await expectAccessible(page, "an export that is done");
});

test("an export that is refused says why, and leaves no file", async ({ page, watch }) => {
  watch.expect(/status of 503/);
  await page.route("**/exports/usage?*", (route) =>
    route.fulfill({ status: 503, json: { error: { code: "BUSY", message: "Try again in a minute." } } }),
  );
  await page.goto("/usage");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
  await expect(page.getByText("Try again in a minute.")).toBeVisible();
  await expect(page.getByRole("dialog").getByRole("button", { name: "Try again" })).toBeVisible();
});

test("an admin sees everybody's, and has a time compared with LiteLLM again", async ({ page }) => {
  await page.goto("/admin/usage");
  await page.getByRole("grid", { name: "Spend by person" }).getByRole("link", { name: "Ada Adler", exact: true }).click();
  await expect(page.getByRole("button", { name: "Close Ada Adler" })).toBeVisible();
  await page.getByRole("link", { name: "How the ledger stands" }).click();
  await page.getByRole("button", { name: "Compare a time again" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Compare", exact: true }).click();
  await expect(page.getByText(/It is compared again: /)).toBeVisible();
});
