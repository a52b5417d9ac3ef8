import { chat, chatUrl, createKey, signIn } from "./portal";
import { expect, expectAccessible, expectNoSidewaysScroll, test } from "./test";

const MODEL = "gpt-5-mini";

test("a rotation: both secrets work, then only the new one; a leak ends that too", async ({ page, request, watch }) => {
  await signIn(page.request, "bob");
  const key = await createKey(page.request, "Nightly job", [MODEL]);
  const url = chatUrl(key.llmBaseUrl);
  const status = async (secret: string) => (await chat(request, url, secret, MODEL)).status();
  expect(await status(key.secret)).toBe(200);

  const revealed = async () => {
    const dialog = page.getByRole("dialog", { name: "The new secret of “Nightly job”" });
    const secret = await dialog.getByRole("textbox", { name: "The key" }).inputValue();
    await expectAccessible(page, "the new secret");
    await dialog.getByRole("checkbox", { name: "I have stored the key" }).check();
    await dialog.getByRole("button", { name: "Done" }).click();
    await expect(dialog).toBeHidden();
    return secret;
  };

  const second = await test.step("rotate with an hour's overlap", async () => {
    await page.goto("/keys");
    await page.getByRole("button", { name: "Actions for Nightly job" }).click();
    await page.getByRole("menuitem", { name: "Rotate" }).click();
    await page.getByRole("radio", { name: "1 hour" }).check();
    await page.getByRole("button", { name: "Make a new secret" }).click();
    return revealed();
  });

  await test.step("both work, and the page shows both", async () => {
    expect(second).not.toBe(key.secret);
    expect(await status(key.secret)).toBe(200);
    expect(await status(second)).toBe(200);
    await page.getByRole("link", { name: "Nightly job" }).click();
    const secrets = page.getByRole("grid", { name: "Secrets of this key" });
    await expect(secrets.getByRole("row", { name: new RegExp(`${key.secret.slice(-4)} Works until it ends`) })).toBeVisible();
    await expect(secrets.getByRole("row", { name: new RegExp(`${second.slice(-4)} Works`) })).toBeVisible();
    await expectAccessible(page, "a rotation under way");
    await page.setViewportSize({ width: 375, height: 812 });
    await expectNoSidewaysScroll(page);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  await test.step("finished, the old one is refused", async () => {
    await page.getByRole("button", { name: "Finish now" }).click();
    await page.getByRole("button", { name: "End the old secret" }).click();
    await expect(page.getByRole("heading", { name: "Rotation under way" })).toBeHidden();
    await expect.poll(() => status(key.secret), { timeout: 20_000 }).toBe(401);
    expect(await status(second)).toBe(200);
  });

  await test.step("after a leak the secret is refused, a third one works, and the calls are listed", async () => {
    await page.getByRole("button", { name: "I leaked this" }).click();
    await page.getByRole("button", { name: "End it and make a new one" }).click();
    await expect(page.getByRole("grid", { name: "Calls with this key" }).getByRole("row").nth(1)).toContainText(MODEL);
    const third = await revealed();
    await expect.poll(() => status(second), { timeout: 20_000 }).toBe(401);
    expect(await status(third)).toBe(200);
    const received = (await watch.received()).join("\n");
    // Each secret came once, in the answer to what made it; the first was made without the page.
    expect(received).not.toContain(key.secret);
    expect(received.split(second)).toHaveLength(2);
    expect(received.split(third)).toHaveLength(2);
  });
});
