import { expect, it } from "vitest";

import { initialLiveState, type LiveEvent, liveStatus, reduceLive, STALE_AFTER } from "./liveState";

const after = (...events: LiveEvent[]) => events.reduce(reduceLive, initialLiveState);
const opened: LiveEvent = { type: "opened", at: 1_000 };

it("is connecting until the socket is open, then live", () => {
  expect(liveStatus(after({ type: "connecting" }), 500, false)).toBe("connecting");
  expect(liveStatus(after({ type: "connecting" }, opened), 1_500, false)).toBe("live");
});

it("goes stale after silence and live again when heard", () => {
  expect(liveStatus(after(opened), 1_000 + STALE_AFTER, false)).toBe("live");
  expect(liveStatus(after(opened), 1_001 + STALE_AFTER, false)).toBe("stale");
  expect(liveStatus(after(opened, { type: "heard", at: 50_000 }), 60_000, false)).toBe("live");
});

it("stays reconnecting through retries, and says so when that takes long", () => {
  const retrying = after(opened, { type: "lost" }, { type: "connecting" });
  expect(liveStatus(retrying, 2_000, false)).toBe("reconnecting");
  expect(liveStatus(retrying, 1_001 + STALE_AFTER, false)).toBe("stale");
  expect(liveStatus(reduceLive(retrying, { type: "opened", at: 60_000 }), 60_000, false)).toBe("live");
});

it("is reconnecting, not connecting, when the first attempt fails", () => {
  expect(liveStatus(after({ type: "connecting" }, { type: "lost" }), 90_000, false)).toBe("reconnecting");
});

it("is paused when the reader wants it so, whatever the socket does", () => {
  expect(liveStatus(after(opened, { type: "lost" }), 90_000, true)).toBe("paused");
});
