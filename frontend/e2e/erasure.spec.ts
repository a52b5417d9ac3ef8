import { readFileSync } from "node:fs";

import { createKey, graphql, signIn, userId } from "./portal";
import { expect, expectAccessible, expectNoSidewaysScroll, test } from "./test";

test("a person erases themselves, and is somebody new afterwards; an admin erases another", async ({ page, browser, baseURL }) => {
  const bob = await browser.newContext({ baseURL });
  await signIn(bob.request, "bob");
  await signIn(page.request, "ada");
  const former = await userId(page.request, "bob");
  await createKey(bob.request, "Forget me", ["gpt-5-nano"]);
  const profile = await bob.newPage();
  await profile.goto("/profile");
  await profile.getByRole("button", { name: "Erase me" }).click();
  const question = profile.getByRole("dialog", { name: "Erase me?" });
  await expect(question.getByText(/Programs that use \d+ keys? will stop/)).toBeVisible();
  await expectAccessible(profile, "what erasing oneself ends");
  await profile.setViewportSize({ width: 375, height: 800 });
  await expectNoSidewaysScroll(profile);
  await question.getByRole("textbox", { name: "Type “bob” to confirm" }).fill("bob");
  await question.getByRole("button", { name: "Erase me for good" }).click();

  const receipt = profile.getByRole("dialog", { name: "You are erased and signed out" });
  await expect(receipt.getByText(/^erased-[0-9a-f]{12}$/)).toBeVisible();
  await expectAccessible(profile, "the receipt of an erasure");
  await expectNoSidewaysScroll(profile);
  const download = profile.waitForEvent("download");
  await receipt.getByRole("button", { name: "Save the receipt" }).click();
  const saved = JSON.parse(readFileSync(await (await download).path(), "utf8")) as { pseudonym: string; keys: number };
  expect(saved.keys).toBeGreaterThan(0);
  await expect(receipt.getByText(saved.pseudonym)).toBeVisible();
  await receipt.getByRole("button", { name: "Leave" }).click();
  await expect(profile).toHaveURL("/sign-in?out=here");
  await profile.goto("/keys");
  await expect(profile).toHaveURL("/sign-in?next=%2Fkeys");

  await profile.getByRole("button", { name: "Sign in as Bob Baker" }).click();
  await expect(profile.getByText("Forget me")).toHaveCount(0);
  const heir = await userId(page.request, "bob");
  expect(heir).not.toBe(former);

  await page.goto(`/admin/people/${encodeURIComponent(former)}`);
  await expect(page.getByRole("heading", { name: saved.pseudonym, level: 1 })).toBeVisible();
  await expect(page.getByRole("heading", { name: "This person was erased" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Enable" })).toHaveCount(0);
  await expectAccessible(page, "a person who was erased");

  await page.goto(`/admin/people/${encodeURIComponent(heir)}`);
  await page.getByRole("button", { name: "Erase" }).click();
  const dialog = page.getByRole("dialog", { name: "Erase Bob Baker?" });
  await expect(dialog.getByText("0 keys: revoked; LiteLLM refuses what is revoked within seconds")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Type “bob” to confirm" }).fill("bob");
  await dialog.getByRole("button", { name: "Erase for good" }).click();
  await page.getByRole("dialog", { name: "The person is erased" }).getByRole("button", { name: "Close" }).last().click();
  await expect(page.getByRole("heading", { name: "This person was erased" })).toBeVisible();
  // By itself: the heir's session is over.
  await expect(profile).toHaveURL(/\/sign-in\?.*expired=1/);
  const { admin } = await graphql<{ admin: { users: { totalCount: number } } }>(
    page.request,
    `{ admin { users(first: 1, search: "bob") { totalCount } } }`,
  );
  expect(admin.users.totalCount).toBe(0);
  await bob.close();
});
