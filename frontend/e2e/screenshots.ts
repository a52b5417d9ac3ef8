import { type Page, test } from "@playwright/test";
import { resolve } from "node:path";

import { signIn } from "./portal";
import { expect, expectLive } from "./test";

/** Takes the pictures that README and docs/ show: `npm run screenshots`. ada has a month of usage (see sandbox.ts). */
const IMAGES = resolve(import.meta.dirname, "../../docs/images");

test.use({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });

async function take(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: resolve(IMAGES, `${name}.png`), animations: "disabled" });
}

test("sign-in", async ({ page }) => {
  await page.goto("/sign-in");
  await expect(page.getByRole("button", { name: "Sign in as Ada Adler" })).toBeVisible();
  await take(page, "sign-in");
});

test("models", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto("/models");
  await expect(page.getByRole("link", { name: "gpt-5-mini" })).toBeAttached();
  await take(page, "models");
});

test("keys", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.goto("/keys");
  await expect(page.getByRole("link", { name: "Invoice assistant" })).toBeVisible();
  await take(page, "keys");
});

test("usage", async ({ page }) => {
  await signIn(page.request, "ada");
  await page.setViewportSize({ width: 1280, height: 1060 }); // with the table below the chart
  await page.goto("/usage?range=30d");
  await expectLive(page);
  await expect(page.getByRole("img", { name: "Spend by day, 30 days" })).toBeVisible();
  await take(page, "usage");
});
