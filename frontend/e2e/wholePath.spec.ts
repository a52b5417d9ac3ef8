import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import type { Page } from "@playwright/test";

import { chat } from "./portal";
import { expect, expectLive, tabTo, test } from "./test";

const MODEL = "gpt-5-mini";

/** Everything that a page can be asked for, apart from what it shows: where a secret must not stand. */
async function remembered(page: Page): Promise<string> {
  const inPage = await page.evaluate(() =>
    JSON.stringify([
      document.documentElement.outerHTML,
      [...document.querySelectorAll("input, textarea")].map((field) => (field as HTMLInputElement).value),
      { ...localStorage },
      { ...sessionStorage },
      history.state,
      location.href,
    ]),
  );
  return inPage + JSON.stringify(await page.context().storageState());
}

/** The number in the column "Requests" of what stands in the row. */
const requestsOf = (page: Page, name: string) =>
  page.getByRole("row", { name: new RegExp(`^${name}`) }).locator("td[data-label=Requests]");

test("from sign-in to the first live call, and to the end of the key", async ({ page, context, request, watch, baseURL }) => {
  const topic = `zebra${randomUUID().slice(0, 8)}`;
  const prompt = `Write a short poem about ${topic}.`;
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: baseURL });

  await test.step("sign in with the keyboard", async () => {
    await page.goto("/");
    await expect(page).toHaveURL("/sign-in");
    await tabTo(page, page.getByRole("button", { name: "Sign in as Alice Arnold" }));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Get started", level: 1 })).toBeVisible();
    await expect(page.getByRole("button", { name: "Your account: Alice Arnold, User" })).toBeVisible();
  });

  await test.step("find a model and subscribe to it", async () => {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Models" }).click();
    await page.getByRole("textbox", { name: "Search models" }).fill(MODEL);
    await expect(page.getByRole("status").filter({ hasText: "1 model." })).toBeVisible();
    await page.getByRole("link", { name: MODEL }).click();
    await expect(page.getByRole("heading", { name: MODEL, level: 1 })).toBeFocused();
    await page.getByRole("button", { name: "Subscribe" }).click();
    await expect(page.getByText("You can call this model with any key that lists it.")).toBeVisible();
    await page.getByRole("link", { name: "My subscriptions" }).click();
    await expect(page.getByRole("row", { name: new RegExp(`${MODEL}.*Active`) })).toBeVisible();
  });

  const keyCreated = await test.step("create a key", async () => {
    await page.getByRole("link", { name: "My keys" }).click();
    await expect(page.getByRole("heading", { name: "No keys yet" })).toBeVisible();
    await page.getByRole("button", { name: "Create a key" }).first().click();
    const form = page.getByRole("dialog", { name: "Create a key" });
    await form.getByRole("textbox", { name: "Name" }).fill("Invoice bot, test");
    await expect(form.getByRole("checkbox", { name: MODEL })).toBeChecked();
    await form.getByRole("button", { name: "Create key" }).click();

    const dialog = page.getByRole("dialog", { name: "Your new key “Invoice bot, test”" });
    const secret = await dialog.getByRole("textbox", { name: "The key" }).inputValue();
    expect(secret).toMatch(/^sk-\S{20,}$/);
    return { dialog, secret };
  });
  const { dialog, secret } = keyCreated;
  const done = dialog.getByRole("button", { name: "Done" });

  await test.step("the dialog stays until the reader says that the key is stored", async () => {
    await expect(done).toBeDisabled();
    await page.keyboard.press("Escape");
    await page.mouse.click(5, 5);
    await page.goBack();
    await expect(page).toHaveURL("/keys");
    await expect(dialog).toBeVisible();
  });

  await test.step("copy the key, and samples that carry it", async () => {
    await dialog.getByRole("button", { name: "Copy the key" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
    for (const [tab, name] of [
      ["Python", "Python code"],
      [".env file", ".env file"],
      ["OpenShift", "oc command"],
      ["curl", "curl command"],
    ] as const) {
      await dialog.getByRole("tab", { name: tab }).click();
      const sample = dialog.getByRole("region", { name });
      await expect(sample).toContainText(secret);
      await expect(sample).toContainText(/http:\/\/127\.0\.0\.1:\d+\/v1/);
      if (tab !== "OpenShift") await expect(sample).toContainText(MODEL);
    }
    await dialog.getByRole("button", { name: "Copy curl command" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(secret);
  });

  const curl = await dialog.getByRole("region", { name: "curl command" }).innerText();
  const url = /^curl (\S+)/.exec(curl)![1]!;
  const chatOnce = () => chat(request, url, secret, MODEL, prompt);

  await test.step("the first call turns the panel green, without a reload", async () => {
    await page.evaluate(() => Object.assign(window, { isSamePage: true }));
    const panel = dialog.getByRole("status").filter({ hasText: "call with this key" });
    await expect(panel).toBeVisible();
    const answer = await chatOnce();
    expect(answer.status()).toBe(200);
    expect(((await answer.json()) as { usage: object }).usage).toMatchObject({ total_tokens: expect.any(Number) });
    await expect(dialog.getByRole("heading", { name: `It works: ${MODEL} answered` })).toBeVisible();
  });

  await test.step("close the dialog: the secret is gone", async () => {
    await dialog.getByRole("checkbox", { name: "I have stored the key" }).check();
    await done.click();
    await expect(dialog).toBeHidden();
    const row = page.getByRole("row", { name: /Invoice bot, test/ });
    await expect(row).toContainText("Active");
    await expect(row).toContainText(secret.slice(-4));
    expect(await remembered(page)).not.toContain(secret);
    await row.getByRole("link", { name: "Invoice bot, test" }).click();
    await expect(page.getByRole("heading", { name: "Invoice bot, test", level: 1 })).toBeVisible();
    expect(await remembered(page)).not.toContain(secret);
    await page.goBack();
    await expect(row).toBeVisible();
    await expect(page.getByRole("dialog")).toBeHidden();
    expect(await remembered(page)).not.toContain(secret);
  });

  await test.step("usage counts the next calls live", async () => {
    await page.getByRole("link", { name: "My usage" }).click();
    await expectLive(page);
    await expect(requestsOf(page, MODEL)).toHaveText("1");
    const totals = page.getByRole("region", { name: "Totals" });
    await expect(totals).toContainText(/Requests\s*1(?!\d)/);
    await Promise.all([chatOnce(), chatOnce()]);
    await expect(totals).toContainText(/Requests\s*3(?!\d)/, { timeout: 5_000 });
    await expect(requestsOf(page, MODEL)).toHaveText("3");
    expect(await page.evaluate(() => "isSamePage" in window), "no reload since the key was made").toBe(true);
  });

  await test.step("revoke the key: it opens nothing any more", async () => {
    await page.getByRole("link", { name: "My keys" }).click();
    const row = page.getByRole("row", { name: /Invoice bot, test/ });
    await row.getByRole("button", { name: "Actions for Invoice bot, test" }).click();
    await page.getByRole("menuitem", { name: "Revoke" }).click();
    await page.getByRole("dialog", { name: /Revoke “Invoice bot, test”/ }).getByRole("button", { name: "Revoke" }).click();
    await expect(row).toContainText("Revoked");
    await expect.poll(async () => (await chatOnce()).status()).toBe(401);
    await page.reload();
    await expect(row).toContainText("Revoked");
  });

  await test.step("the secret crossed the wire once, and no prompt or answer ever did", async () => {
    const received = await watch.received();
    expect(received.filter((text) => text.includes(secret))).toHaveLength(1);
    expect(received.filter((text) => text.includes(topic))).toEqual([]);
    expect(await remembered(page)).not.toContain(topic);
    const log = readFileSync(process.env.E2E_LOG!, "utf8");
    expect(log).not.toContain(secret);
    expect(log).not.toContain(topic);
  });
});
