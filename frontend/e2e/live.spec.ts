import { randomUUID } from "node:crypto";

import type { Page, WebSocketRoute } from "@playwright/test";

import { chat, chatUrl, createKey, type Key, revokeKey, signIn } from "./portal";
import { expect, expectAccessible, expectLive, test } from "./test";

const MODEL = "mistral-small";

/** Each test has a key of its own, so that no other test's calls stand in its row. */
let key: Key;

test.beforeEach(async ({ page }) => {
  await signIn(page.request, "ada");
  key = await createKey(page.request, `Live ${randomUUID()}`, [MODEL]);
});

test.afterEach(({ page }) => revokeKey(page.request, key.id));

async function call(page: Page): Promise<void> {
  const answer = await chat(page.request, chatUrl(key.llmBaseUrl), key.secret, MODEL);
  expect(answer.status()).toBe(200);
}

const status = (page: Page, text: string) => page.getByRole("status").filter({ hasText: new RegExp(`^${text}$`) });
const ownUsage = () => `/usage?key=${encodeURIComponent(key.id)}`;
const requests = (page: Page) => page.getByRole("row", { name: key.name }).getByRole("gridcell").nth(3);

/** Lets the test cut the page's WebSocket and keep it from coming back. */
async function holdSocket(page: Page) {
  const open: WebSocketRoute[] = [];
  let isCut = false;
  await page.routeWebSocket("**/graphql", (socket) => {
    if (isCut) return void socket.close({ code: 1012 });
    socket.connectToServer();
    open.push(socket);
  });
  return {
    cut: async (code = 1012) => {
      isCut = true;
      for (const socket of open.splice(0)) await socket.close({ code });
    },
    mend: () => (isCut = false),
  };
}

test("a lost connection is shown, comes back by itself and misses no call", async ({ page }) => {
  const socket = await holdSocket(page);
  await page.goto(ownUsage());
  await expectLive(page);
  await call(page);
  await expect(requests(page)).toHaveText("1");

  await socket.cut();
  await expect(status(page, "Reconnecting")).toBeVisible();
  await expectAccessible(page, "reconnecting");
  await call(page);
  await expect(requests(page)).toHaveText("1"); // what was known stays
  socket.mend();
  await expectLive(page);
  await expect(requests(page)).toHaveText("2");
  await call(page);
  await expect(requests(page)).toHaveText("3");
});

test("held still by the reader, and moving again", async ({ page }) => {
  await page.goto(ownUsage());
  await call(page);
  await expect(requests(page)).toHaveText("1");
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(status(page, "Paused")).toBeVisible();
  await call(page);
  await page.waitForTimeout(2_500); // twice as long as a call takes to appear
  await expect(requests(page)).toHaveText("1");
  await page.getByRole("button", { name: "Resume" }).click();
  await expectLive(page);
  await expect(requests(page)).toHaveText("2");
});

test("a tab that nobody sees asks for nothing, and catches up when it is seen", async ({ page }) => {
  await page.goto(ownUsage());
  await call(page);
  await expect(requests(page)).toHaveText("1");
  await setHidden(page, true);
  await expect(status(page, "Paused")).toBeVisible();
  await call(page);
  await page.waitForTimeout(2_500);
  await expect(requests(page)).toHaveText("1");
  await setHidden(page, false);
  await expectLive(page);
  await expect(requests(page)).toHaveText("2");
});

/** As switching to another tab does; headless Chromium has no other tab to switch to. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((isHidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

test("a session that the gateway ends while the page is open leads to signing in", async ({ page }) => {
  const socket = await holdSocket(page);
  await page.goto("/usage?range=24h");
  await expectLive(page);
  await socket.cut(4403);
  await expect(page).toHaveURL("/sign-in?next=%2Fusage%3Frange%3D24h&expired=1");
});

test("signing out elsewhere ends the page at once", async ({ page }) => {
  await page.goto("/usage");
  await expectLive(page);
  const other = await page.context().request.post("/auth/logout", { headers: { "X-LiteMaaS-Request": "1" } });
  expect(other.ok()).toBe(true);
  await expect(page).toHaveURL("/sign-in?next=%2Fusage&expired=1");
  await signIn(page.request, "ada"); // who takes the key back
});

test("where no WebSocket gets through, the page is live all the same", async ({ page }) => {
  await page.routeWebSocket("**/graphql", (socket) => void socket.close({ code: 1011 }));
  const streams: string[] = [];
  page.on("request", (request) => {
    if (request.headers()["accept"] === "text/event-stream") streams.push(request.url());
  });
  await page.goto(ownUsage());
  await expectLive(page);
  expect(streams).not.toEqual([]);
  await call(page);
  await expect(requests(page)).toHaveText("1");
  await call(page);
  await expect(requests(page)).toHaveText("2");
});

test("a call that fails shows why, and what to do", async ({ page }) => {
  await page.goto(`/keys/${encodeURIComponent(key.id)}`);
  await expect(page.getByRole("heading", { name: "Waiting for a call with this key" })).toBeVisible();
  const answer = await chat(page.request, chatUrl(key.llmBaseUrl), key.secret, "gpt-5");
  expect([401, 403]).toContain(answer.status());
  await expect(page.getByRole("heading", { name: /The call to gpt-5 failed/ })).toBeVisible();
  await expect(page.getByText("This key may not call that model.")).toBeVisible();
  await expectAccessible(page, "failed call");
  await call(page);
  await expect(page.getByRole("heading", { name: `It works: ${MODEL} answered` })).toBeVisible();
  await expectAccessible(page, "successful call");
});
