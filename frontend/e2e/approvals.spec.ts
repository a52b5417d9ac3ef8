import { randomUUID } from "node:crypto";

import { chat, signIn } from "./portal";
import { expect, expectAccessible, expectNoSidewaysScroll, test } from "./test";

const MODEL = "gpt-5";

test("a restricted model: asked for, approved with other limits, and called", async ({ page, browser, request, baseURL }) => {
  const why = `For the quarterly report ${randomUUID().slice(0, 8)}.`;
  const admin = await browser.newContext({ baseURL });
  const inbox = await admin.newPage();
  const card = inbox.getByRole("listitem").filter({ hasText: why });

  await test.step("the administrator has the inbox open", async () => {
    await signIn(inbox.request, "ada");
    await inbox.goto("/approvals");
    await expect(inbox.getByRole("heading", { name: "Approvals", level: 1 })).toBeVisible();
  });

  await test.step("somebody asks", async () => {
    await signIn(page.request, "bob");
    await page.goto(`/models?search=${MODEL}`);
    await page.getByRole("link", { name: MODEL, exact: true }).click();
    await page.getByRole("textbox", { name: "What do you need it for?" }).fill(why);
    await page.getByRole("button", { name: "Ask for access" }).click();
    await expect(page.getByText("Waiting for approval")).toBeVisible();
  });

  await test.step("the request appears by itself and is approved with a budget, with the keyboard", async () => {
    await expect(card).toBeVisible();
    await expect(inbox.getByRole("link", { name: /^Approvals \d+ requests? waits?$/ })).toBeVisible();
    await card.getByRole("button", { name: `Approve with changes: ${MODEL} for Bob Baker` }).press("Enter");
    const form = inbox.getByRole("form", { name: `Approve ${MODEL} for Bob Baker` });
    await expect(form.getByRole("textbox", { name: "Note (optional)" })).toBeFocused();
    await expectAccessible(inbox, "the form of a decision");
    await inbox.keyboard.type("For one month.");
    await form.getByRole("textbox", { name: "Largest budget, in USD" }).fill("5");
    await form.getByRole("button", { name: "Approve with these limits" }).press("Enter");
    await expect(inbox.getByText(`${MODEL} for Bob Baker: approved`)).toBeVisible();
    await expect(card).toBeHidden();
  });

  await test.step("the requester sees the answer, the limits and the history", async () => {
    await page.goto("/subscriptions");
    await page.getByRole("row", { name: new RegExp(`^${MODEL} `) }).getByRole("link", { name: "Details" }).click();
    await expect(page.getByText("For one month.").first()).toBeVisible();
    await expect(page.getByRole("progressbar", { name: "Budget" })).toBeVisible();
    await expect(page.getByRole("row", { name: /Approved ada Active For one month\./ })).toBeVisible();
    await expectAccessible(page, "a subscription");
    await page.setViewportSize({ width: 375, height: 812 });
    await expectNoSidewaysScroll(page);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  await test.step("a key for it calls it", async () => {
    await page.goto("/keys?create=1");
    const form = page.getByRole("dialog", { name: "Create a key" });
    await form.getByRole("textbox", { name: "Name" }).fill("Report");
    const model = form.getByRole("checkbox", { name: MODEL, exact: true });
    if (!(await model.isChecked())) await model.check();
    await form.getByRole("button", { name: "Create key" }).click();
    const dialog = page.getByRole("dialog", { name: "Your new key “Report”" });
    const secret = await dialog.getByRole("textbox", { name: "The key" }).inputValue();
    const url = (await dialog.getByRole("region", { name: "curl command" }).innerText()).match(/https?:\S+/)![0];
    expect((await chat(request, url, secret, MODEL)).status()).toBe(200);
    await expect(dialog.getByText(`It works: ${MODEL} answered`)).toBeVisible();
  });
  await admin.close();
});
