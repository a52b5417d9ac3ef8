import { defineConfig, devices } from "@playwright/test";

/** Chromium comes from the system: CI installs Debian's, and nothing is downloaded by Playwright. */
const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";

/** People are forgotten, and whoever signs in as one of them is somebody new. */
const LEAVING = "account.spec.ts";
const LAST = "erasure.spec.ts";
const LATER = ["administration.spec.ts", "approvals.spec.ts", "newSubscription.spec.ts", "rotation.spec.ts"];

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  globalSetup: "./e2e/sandbox.ts",
  fullyParallel: true,
  workers: 2,
  // CI reports a test that passes only the second time as flaky, and goes on.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 120_000,
  globalTimeout: 30 * 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    // Set by globalSetup before the workers read this file.
    baseURL: process.env.E2E_URL,
    viewport: { width: 1280, height: 900 },
    locale: "en-US",
    timezoneId: "UTC",
    contextOptions: { reducedMotion: "reduce" },
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "pages", testMatch: "*.spec.ts", testIgnore: [...LATER, LEAVING, LAST] },
    // They give Alice and Bob subscriptions and keys, and the tests above begin with people who have nothing.
    { name: "later", testMatch: LATER, dependencies: ["pages"] },
    // Bob is disabled for a while, so nobody else may be Bob meanwhile.
    { name: "leaving", testMatch: LEAVING, dependencies: ["later"] },
    { name: "last", testMatch: LAST, dependencies: ["leaving"] },
    // Pictures for the documentation; run by `npm run screenshots` alone.
    { name: "screenshots", testMatch: "screenshots.ts", expect: { timeout: 60_000 } },
  ],
});
