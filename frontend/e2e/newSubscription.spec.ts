import { chat, signIn } from "./portal";
import { expect, expectAccessible, tabTo, test } from "./test";

const OPEN = "command-a";
const RESTRICTED = "gemini-2.5-pro";

test("from the wizard to a call: two models at once, one of them with an approval", async ({ page, request }) => {
  await signIn(page.request, "alice");

  await test.step("the models, with the keyboard", async () => {
    await page.goto("/subscriptions");
    await page.getByRole("link", { name: "New subscription" }).first().click();
    await expect(page.getByRole("heading", { name: "New subscription", level: 1 })).toBeFocused();
    const search = page.getByRole("textbox", { name: "Search models" });
    for (const name of [OPEN, RESTRICTED]) {
      await search.fill(name);
      const box = page.getByRole("checkbox", { name: new RegExp(`^${name}`) });
      await tabTo(page, box);
      await page.keyboard.press("Space");
      await expect(box).toBeChecked();
    }
    await page.getByRole("button", { name: "Next" }).press("Enter");
  });

  await test.step("what they are needed for, and how much", async () => {
    await page.getByRole("textbox", { name: "What do you need it for?" }).fill("Answering invoices.");
    await page.getByRole("textbox", { name: "Requests", exact: true }).fill("100");
    await page.getByRole("combobox", { name: "Counted anew" }).selectOption("1d");
    await page.getByRole("textbox", { name: "Requests", exact: true }).press("Enter");
  });

  await test.step("review and ask", async () => {
    const review = page.getByRole("grid", { name: "Models asked for" });
    await expect(review.getByRole("row", { name: new RegExp(`${OPEN}.*You can use it at once`) })).toBeVisible();
    await expect(review.getByRole("row", { name: new RegExp(`${RESTRICTED}.*An administrator decides`) })).toBeVisible();
    await page.getByRole("button", { name: "Ask for access" }).click();
    await expect(page.getByText("1 ready to use, 1 waiting for a decision")).toBeVisible();
    await expectAccessible(page, "what became of each model");
  });

  await test.step("the next step is a key, and the key calls the model", async () => {
    await page.getByRole("link", { name: "Create a key" }).click();
    const form = page.getByRole("dialog", { name: "Create a key" });
    await form.getByRole("textbox", { name: "Name" }).fill("Answers");
    await expect(form.getByRole("checkbox", { name: OPEN, exact: true })).toBeChecked();
    await form.getByRole("button", { name: "Create key" }).click();
    const dialog = page.getByRole("dialog", { name: "Your new key “Answers”" });
    const secret = await dialog.getByRole("textbox", { name: "The key" }).inputValue();
    const url = (await dialog.getByRole("region", { name: "curl command" }).innerText()).match(/https?:\S+/)![0];
    expect((await chat(request, url, secret, OPEN)).status()).toBe(200);
    await expect(dialog.getByText(`It works: ${OPEN} answered`)).toBeVisible();
    await dialog.getByRole("checkbox", { name: "I have stored the key" }).check();
    await dialog.getByRole("button", { name: "Done" }).click();
  });

  await test.step("what waits is found among my subscriptions", async () => {
    await page.goto("/subscriptions");
    await page.getByRole("textbox", { name: "Search your subscriptions" }).fill(RESTRICTED);
    await expect(page).toHaveURL(`/subscriptions?q=${RESTRICTED}`);
    await expect(page.getByRole("row", { name: /Waiting for approval/ })).toHaveCount(1);
    await page.reload();
    await expect(page.getByRole("row", { name: /Waiting for approval/ })).toHaveCount(1);
  });
});
