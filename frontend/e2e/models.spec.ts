import type { Page } from "@playwright/test";

import { signIn } from "./portal";
import { expect, tabTo, test } from "./test";

test.beforeEach(({ page }) => signIn(page.request, "bob"));

const model = (page: Page, name: string) => page.getByRole("link", { name, exact: true });
const count = (page: Page) => page.getByRole("status").filter({ hasText: /\d models?\./ });
const search = (page: Page) => page.getByRole("textbox", { name: "Search models" });

test("the address holds the filters: reload, back and forward", async ({ page }) => {
  await page.goto("/models");
  await page.getByRole("button", { name: "Provider" }).click();
  await page.getByRole("menuitem", { name: /^Mistral/ }).click();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL("/models?provider=mistral");
  await expect(model(page, "codestral")).toBeVisible();
  await expect(model(page, "gpt-5")).toHaveCount(0);

  await page.getByRole("button", { name: "Order: Name" }).click();
  await page.getByRole("option", { name: "Output price, lowest first" }).click();
  await page.getByRole("button", { name: "Table" }).click();
  await search(page).fill("mist");
  await expect(page).toHaveURL("/models?q=mist&provider=mistral&order=OUTPUT_COST&view=table");
  const prices = page.getByRole("grid", { name: "Models" }).getByRole("link");
  await expect(prices).toHaveText(["mistral-small", "codestral", "mistral-large"]);

  await page.reload();
  await expect(search(page)).toHaveValue("mist");
  await expect(prices).toHaveText(["mistral-small", "codestral", "mistral-large"]);

  await model(page, "mistral-large").click();
  await expect(page.getByRole("heading", { name: "mistral-large", level: 1 })).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL("/models?q=mist&provider=mistral&order=OUTPUT_COST&view=table");
  await expect(prices).toHaveText(["mistral-small", "codestral", "mistral-large"]);

  // Typing and the view replace the address; a filter and an order are steps that "back" undoes.
  await page.goBack();
  await expect(page).toHaveURL("/models?provider=mistral");
  await expect(search(page)).toHaveValue("");
  await page.goForward();
  await expect(search(page)).toHaveValue("mist");
});

test("an address with values that do not exist is answered, not broken", async ({ page, watch }) => {
  watch.expect(/status of 400/, /console: RequestError/);
  await page.goto("/models?mode=NONSENSE");
  await expect(page.getByRole("alert")).toContainText("'NONSENSE' does not exist");
  await page.getByRole("button", { name: "Clear all filters" }).click();
  await expect(count(page)).toBeVisible();
  await page.goto("/models?order=NONSENSE&view=NONSENSE");
  await expect(count(page)).toBeVisible();
});

test("every model can be reached by showing more", async ({ page }) => {
  await page.goto("/models");
  await expect(count(page)).toBeVisible();
  const total = Number(/\d+/.exec(await count(page).innerText())![0]);
  expect(total).toBeGreaterThanOrEqual(24);
  await page.getByRole("button", { name: "Show more" }).click();
  await expect(page.getByRole("article")).toHaveCount(total);
  await expect(page.getByRole("button", { name: "Show more" })).toHaveCount(0);
});

test("with the keyboard alone: skip to the page, filter, open a model, come back", async ({ page }) => {
  await page.goto("/models");
  await expect(count(page)).toBeVisible();
  const skip = page.getByRole("link", { name: "Skip to content" });
  await page.keyboard.press("Tab");
  await expect(skip).toBeFocused();
  await page.keyboard.press("Enter");

  await tabTo(page, search(page));
  await page.keyboard.type("gemini");
  await expect(count(page)).toContainText("3 models.");

  const type = page.getByRole("button", { name: /^Type/ });
  await tabTo(page, type);
  await page.keyboard.press("Enter");
  const chatOnly = page.getByRole("menuitem", { name: /^Chat/ });
  await expect(chatOnly).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await expect(chatOnly.getByRole("checkbox")).toBeFocused();
  await page.keyboard.press("Space");
  await expect(page).toHaveURL("/models?q=gemini&mode=CHAT");
  await page.keyboard.press("Escape");
  await expect(chatOnly).toBeHidden();
  await expect(type).toBeFocused();

  await tabTo(page, model(page, "gemini-2.5-pro"));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "gemini-2.5-pro", level: 1 })).toBeFocused();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Models", level: 1 })).toBeFocused();
});

test("a dialog keeps the focus while it is open and gives it back", async ({ page }) => {
  await page.goto("/keys");
  const opener = page.getByRole("button", { name: "Create a key" }).first();
  await tabTo(page, opener);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Create a key" });
  await expect(dialog.getByRole("heading", { name: "Subscribe to a model first" })).toBeVisible();
  for (let pressed = 0; pressed < 8; pressed++) {
    await page.keyboard.press("Tab");
    expect(await dialog.evaluate((element) => element.contains(document.activeElement)), `after ${pressed + 1} Tab`).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(page).toHaveURL("/keys");
  await expect(opener).toBeFocused();
});

test("the theme that was chosen stays, before the first paint", async ({ page }) => {
  await page.goto("/models");
  await page.getByRole("button", { name: "Colour theme: System" }).click();
  await page.getByRole("option", { name: "Dark" }).click();
  const dark = page.locator("html.pf-v6-theme-dark");
  await expect(dark).toHaveCount(1);
  await page.addInitScript(() =>
    new PerformanceObserver((list) => {
      for (const { name } of list.getEntries()) {
        if (name === "first-paint") document.body.dataset.wasDark = String(document.documentElement.matches(".pf-v6-theme-dark"));
      }
    }).observe({ type: "paint", buffered: true }),
  );
  await page.reload();
  await expect(page.locator("body[data-was-dark=true]")).toHaveCount(1);
  await expect(page.getByRole("button", { name: "Colour theme: Dark" })).toBeVisible();
});
