import { chat, chatUrl, createKey, signIn } from "./portal";
import { expect, expectAccessible, expectNoSidewaysScroll, test } from "./test";

const MODEL = "codestral";

test("an admin puts everybody's subscriptions to a model on hold: they are told, and their keys are refused", async ({
  page,
  browser,
  request,
  baseURL,
}) => {
  const admin = await browser.newContext({ baseURL });
  const desk = await admin.newPage();
  await signIn(page.request, "alice");
  await signIn(desk.request, "ada");
  const key = await createKey(page.request, "Completion", [MODEL]);
  const call = async () => (await chat(request, chatUrl(key.llmBaseUrl), key.secret, MODEL)).status();
  expect(await call()).toBe(200);
  await page.goto("/keys");
  await expect(page.getByRole("link", { name: "Completion" })).toBeVisible();

  await test.step("whom it concerns stands there before it is done", async () => {
    await desk.goto(`/admin/models?q=${MODEL}`);
    await desk.getByRole("button", { name: `Actions for ${MODEL}` }).click();
    await desk.getByRole("menuitem", { name: "Change the access" }).click();
    await desk.getByRole("radio", { name: "Needs approval" }).check();
    await desk.getByRole("radio", { name: "Suspend all" }).check();
    await expect(desk.getByRole("heading", { name: /This suspends 1 subscription/ })).toBeVisible();
    await desk.getByRole("textbox", { name: "Reason" }).fill("Its licence ends.");
    await desk.getByRole("button", { name: "Save and suspend" }).click();
    await expect(desk.getByRole("row", { name: new RegExp(`${MODEL}.*Needs approval`) })).toBeVisible();
  });

  await test.step("the owner is told at once, and why", async () => {
    await page.getByRole("button", { name: /^Notifications: \d+ unread$/ }).click();
    const news = page.getByRole("listitem").filter({ hasText: `${MODEL} is on hold for you` });
    await expect(news).toContainText("Its licence ends.");
    await expectAccessible(page, "notifications");
    await page.setViewportSize({ width: 375, height: 812 });
    await expectNoSidewaysScroll(page);
    await page.setViewportSize({ width: 1280, height: 900 });
    await news.getByRole("link", { name: "Open the subscription" }).click();
    await expect(page.getByRole("heading", { name: MODEL, level: 1 })).toBeFocused();
    await expect(page.getByText("Its licence ends.").first()).toBeVisible();
    await expect.poll(call, { timeout: 20_000 }).not.toBe(200);
  });

  await test.step("let go on, it works again", async () => {
    await desk.goto(`/admin/subscriptions?q=${MODEL}`);
    await desk.getByRole("button", { name: `Actions for ${MODEL} of Alice Arnold` }).click();
    await desk.getByRole("menuitem", { name: "Resume" }).click();
    await desk.getByRole("textbox", { name: "Note (optional)" }).fill("One more month.");
    await desk.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
    await expect(desk.getByRole("row", { name: new RegExp(`${MODEL}.*Active`) })).toBeVisible();
    await expect.poll(call, { timeout: 20_000 }).toBe(200);
  });

  await test.step("the key is found by its secret, and its secret ended", async () => {
    await desk.goto("/admin/keys");
    await desk.getByRole("button", { name: "Whose secret is this?" }).click();
    const dialog = desk.getByRole("dialog", { name: "Whose secret is this?" });
    await dialog.locator("input[type=password]").fill(key.secret);
    await dialog.getByRole("button", { name: "Look it up" }).click();
    await expect(dialog.getByRole("heading", { name: "It is the key “Completion” of Alice Arnold" })).toBeVisible();
    await expect(dialog.locator("input[type=password]")).toHaveValue("");
    await expectAccessible(desk, "whose secret it is");
    await dialog.getByRole("button", { name: "Actions for Completion" }).click();
    await desk.getByRole("menuitem", { name: "It leaked" }).click();
    await desk.getByRole("button", { name: "End it" }).click();
    await expect(desk.getByText("Only the key’s owner gets a new one")).toBeVisible();
    await desk.getByRole("button", { name: "Done" }).click();
    await expect.poll(call, { timeout: 20_000 }).toBe(401);
  });
  await admin.close();
});

test("keys that nobody uses are found, also by an auditor, who can change nothing", async ({ page }) => {
  await signIn(page.request, "audrey");
  await page.goto("/admin/keys");
  await expect(page.getByRole("link", { name: "Invoice assistant" })).toBeVisible();
  await expect(page.getByRole("button", { name: /^Actions for|Whose secret/ })).toHaveCount(0);
  await page.getByRole("button", { name: "Last use: Used or not" }).click();
  await page.getByRole("option", { name: "Not used for 30 days" }).click();
  await expect(page).toHaveURL("/admin/keys?unused=30");
  await expect(page.getByRole("link", { name: "Invoice assistant" })).toHaveCount(0);
});
