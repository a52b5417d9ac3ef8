import { readFileSync } from "node:fs";

import { chat, chatUrl, createKey, graphql, signIn, userId } from "./portal";
import { expect, expectAccessible, test } from "./test";

const WHO = "{ viewer { user { username } } }";
const EVERYBODY = "{ admin { users(first: 1) { totalCount } } }";

test("a program asks with an access token until it is revoked", async ({ page, playwright, baseURL, watch }) => {
  await signIn(page.request, "ada");
  await page.goto("/");
  await page.getByRole("button", { name: "Your account: Ada Adler, Administrator" }).click();
  await page.getByRole("menuitem", { name: "Your profile" }).click();
  await expect(page.getByRole("heading", { name: "Your profile", level: 1 })).toBeFocused();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download my data" }).click();
  expect(JSON.parse(readFileSync(await (await download).path(), "utf8"))).toBeTruthy();
  await page.getByRole("button", { name: "Create a token" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Nightly report");
  await page.getByRole("button", { name: "Create token" }).click();
  const reveal = page.getByRole("dialog", { name: "Your new access token “Nightly report”" });
  const secret = await reveal.getByRole("textbox", { name: "The token" }).inputValue();
  await page.keyboard.press("Escape");
  await expect(reveal).toBeVisible();
  await expectAccessible(page, "a new token's secret");
  await reveal.getByRole("checkbox", { name: "I have stored the token" }).check();
  await reveal.getByRole("button", { name: "Done" }).click();

  const program = await playwright.request.newContext({ baseURL });
  const ask = async (query: string) => {
    const answer = await program.post("/graphql", { headers: { Authorization: `Bearer ${secret}` }, data: { query } });
    return { status: answer.status(), body: (await answer.json()) as unknown };
  };
  expect(await ask(WHO)).toEqual({ status: 200, body: expect.objectContaining({ data: { viewer: { user: { username: "ada" } } } }) });
  // Without the scope for it the token of an admin is a user's.
  expect(await ask(EVERYBODY)).toMatchObject({ body: { errors: [{ extensions: { code: "FORBIDDEN" } }] } });
  await page.reload();
  await expect(page.getByRole("row", { name: /Nightly report.*from 127\.0\.0\.1/ })).toBeVisible();
  expect((await watch.received()).filter((text) => text.includes(secret))).toHaveLength(1);

  await page.getByRole("button", { name: "Revoke Nightly report" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByRole("row", { name: /Nightly report.*Revoked/ })).toBeVisible();
  expect(await ask(WHO)).toMatchObject({ status: 401 });
  await program.dispose();
});

test("a session that is ended from elsewhere leads to signing in, and back to where it was", async ({ page, browser, baseURL }) => {
  await signIn(page.request, "alice");
  await page.goto("/models?provider=openai");
  await expect(page.getByRole("link", { name: "gpt-5-mini" })).toBeVisible();
  const other = await browser.newContext({ baseURL });
  const desk = await other.newPage();
  await signIn(desk.request, "alice");
  await desk.goto("/profile");
  await desk.getByRole("button", { name: "End all others" }).click();
  await desk.getByRole("dialog").getByRole("button", { name: "End all others" }).click();
  await expect(desk.getByRole("button", { name: "End all others" })).toHaveCount(0);
  await expect(desk.getByText("This one")).toBeVisible();

  // By itself: nothing was asked for.
  await expect(page).toHaveURL("/sign-in?next=%2Fmodels%3Fprovider%3Dopenai&expired=1");
  await expect(page.getByRole("heading", { name: /Your session has ended/ })).toBeVisible();
  await page.getByRole("button", { name: "Sign in as Alice Arnold" }).click();
  await expect(page).toHaveURL("/models?provider=openai");

  await desk.getByRole("button", { name: "Sign out everywhere" }).click();
  await desk.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(desk).toHaveURL("/sign-in?out=here");
  await expect(page).toHaveURL("/sign-in?next=%2Fmodels%3Fprovider%3Dopenai&expired=1");
  await other.close();
});

test("a person is disabled: key, session and sign-in are refused, and the record tells of it", async ({ page, browser, request, baseURL, watch }) => {
  watch.expect(/status of 403/);
  const bob = await browser.newContext({ baseURL });
  await signIn(bob.request, "bob");
  await signIn(page.request, "ada");
  const key = await createKey(bob.request, "Before it ended", ["gpt-5-nano"]);
  const call = async () => (await chat(request, chatUrl(key.llmBaseUrl), key.secret, "gpt-5-nano")).status();
  expect(await call()).toBe(200);

  await page.goto("/admin/people?q=bob");
  await page.getByRole("button", { name: "Actions for Bob Baker" }).click();
  await page.getByRole("menuitem", { name: "Disable" }).click();
  await page.getByRole("textbox", { name: "Reason (optional)" }).fill("=On leave");
  await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
  await expect(page.getByRole("row", { name: /Bob Baker.*Disabled/ })).toBeVisible();
  await expect.poll(call, { timeout: 20_000 }).not.toBe(200);

  await test.step("signing in says why not", async () => {
    const stranger = await bob.newPage();
    await stranger.goto("/keys");
    await stranger.getByRole("button", { name: "Sign in as Bob Baker" }).click();
    await expect(stranger.getByRole("heading", { name: /This account is disabled/ })).toBeVisible();
    await expectAccessible(stranger, "a disabled account");
  });

  await test.step("the record has it, with where it came from, and exports it", async () => {
    await page.goto("/admin/audit?action=user.disabled");
    const row = page.getByRole("row", { name: /ada User disabled.*Person Done 127\.0\.0\.1/ });
    await row.getByRole("button", { name: "Details" }).click();
    await expect(page.getByText("=On leave")).toBeVisible();
    await expectAccessible(page, "an entry of the record");
    const [csv, lines] = await Promise.all(
      ["Export CSV", "Export JSON lines"].map(async (name) => {
        const href = await page.getByRole("link", { name }).getAttribute("href");
        return (await page.request.get(href!)).text();
      }),
    );
    expect(csv!.split("\n")[0]).toContain("action");
    expect(lines!.trim().split("\n").map((line) => (JSON.parse(line) as { action: string }).action)).toEqual(["user.disabled"]);
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Export CSV" }).click();
    expect((await download).suggestedFilename()).toBe("litemaas-audit.csv");
    expect(readFileSync(await (await download).path(), "utf8")).toBe(csv);
    await row.getByRole("link", { name: "Person" }).click();
    await expect(page.getByRole("heading", { name: /Nobody can sign in as bob/ })).toBeVisible();
  });

  await test.step("enabled again, the key works again", async () => {
    await page.getByRole("button", { name: "Enable" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Enable" }).click();
    await expect(page.getByRole("heading", { name: /Nobody can sign in/ })).toHaveCount(0);
    await expect.poll(call, { timeout: 20_000 }).toBe(200);
  });

  await test.step("offboarded, it never does", async () => {
    await page.getByRole("button", { name: "Offboard" }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByRole("heading", { name: /keys? in use within the last 7 days will stop/ })).toBeVisible();
    await dialog.getByRole("textbox", { name: "Type “bob” to confirm" }).fill("bob");
    await dialog.getByRole("button", { name: "Offboard" }).click();
    await expect(page.getByRole("heading", { name: /All sessions and access tokens have ended/ })).toBeVisible();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await expect(page.getByRole("row", { name: /Before it ended.*Revoked/ })).toBeVisible();
    await expect.poll(call, { timeout: 20_000 }).toBe(401);
  });

  const id = await userId(page.request, "bob");
  await graphql(page.request, `mutation ($id: ID!) { enableUser(input: { userId: $id }) { __typename } }`, { id });
  await bob.close();
});
