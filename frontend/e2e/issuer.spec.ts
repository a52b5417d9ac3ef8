import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

import { expect, expectAccessible, test } from "./test";

/** A portal whose people come from an OpenID Connect issuer, which has a page and a session of its own. */
interface World {
  portal: string;
  issuer: string;
}

const ROOT = resolve(import.meta.dirname, "../..");

test.describe.configure({ mode: "serial" });

let running: ChildProcess;
let world: World;

test.beforeAll(async () => {
  running = spawn(resolve(ROOT, ".venv/bin/python"), ["-m", "tests.oidc_portal"], { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface(running.stdout!)) {
    if (!line.startsWith('{"portal"')) continue;
    world = JSON.parse(line) as World;
    break;
  }
  expect(world, "it ended before it was ready").toBeDefined();
  running.stdout!.resume();
});

test.afterAll(async () => {
  if (running.exitCode !== null) return;
  const ended = once(running, "exit");
  running.stdin!.end();
  await ended;
});

test("signing out ends the issuer's session as well, and leads back to the sign-in page", async ({ page, watch }) => {
  watch.expect(/^a request to (http|ws):\/\/127\.0\.0\.1:/);
  await page.goto(`${world.portal}/keys`);
  await page.getByRole("link", { name: "Sign in with your organisation's account" }).click();
  await page.getByRole("button", { name: "Sign in as Grace" }).click();
  await expect(page).toHaveURL(`${world.portal}/keys`);
  expect(await (await page.request.get(`${world.issuer}/session`)).json()).toBe(true);

  await test.step("the profile says until when the role counts, and another sign-in confirms it", async () => {
    await page.goto(`${world.portal}/profile`);
    await expect(page.getByText(/Your role ends in 6 days unless you sign in again/)).toBeVisible();
    await expectAccessible(page, "a role that ends");
    await page.getByRole("link", { name: "Sign in again" }).click();
    await expect(page).toHaveURL(`${world.portal}/profile`);
    await expect(page.getByText(/Your role ends in 6 days unless you sign in again/)).toBeVisible();
  });

  await page.getByRole("button", { name: "Your account: Grace Hopper, Administrator" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(`${world.portal}/sign-in?state=signed-out`);
  await expect(page.getByRole("heading", { name: "You are signed out" })).toBeVisible();
  await expect(page.getByText("Here, and at your identity provider.")).toBeVisible();
  await expectAccessible(page, "signed out at the issuer");
  expect(await (await page.request.get(`${world.issuer}/session`)).json()).toBe(false);

  // Whoever sits there next has to sign in.
  await page.getByRole("link", { name: "Sign in with your organisation's account" }).click();
  await expect(page.getByRole("heading", { name: "Sign in at the issuer" })).toBeVisible();
});

test("where an issuer does not end its session, the sign-in page says that it goes on", async ({ page, watch }) => {
  watch.expect(/^a request to (http|ws):\/\/127\.0\.0\.1:/);
  await page.request.post(`${world.issuer}/ends-sessions?offers=no`);
  await page.goto(`${world.portal}/auth/login`);
  await page.getByRole("button", { name: "Sign in as Grace" }).click();
  await page.getByRole("button", { name: "Your account: Grace Hopper, Administrator" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(`${world.portal}/sign-in?out=here`);
  await expect(page.getByRole("heading", { name: "You are signed out" })).toBeVisible();
  await expect(page.getByText(/keeps a session of its own/)).toBeVisible();
  await expectAccessible(page, "signed out here alone");
  await page.goto(`${world.portal}/keys`);
  await expect(page).toHaveURL(`${world.portal}/sign-in?next=%2Fkeys`);
  await page.getByRole("link", { name: "Sign in with your organisation's account" }).click();
  await expect(page, "as the page said, nothing was asked").toHaveURL(`${world.portal}/keys`);
});
