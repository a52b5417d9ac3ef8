// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { GRACE, usePageHidden } from "./usePageHidden";

let hidden = false;

beforeEach(() => {
  vi.useFakeTimers();
  hidden = false;
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function turn(isHidden: boolean) {
  hidden = isHidden;
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
}

it("is hidden after a grace, for all who ask, and seen at once", () => {
  const first = renderHook(() => usePageHidden());
  const second = renderHook(() => usePageHidden());
  turn(true);
  act(() => void vi.advanceTimersByTime(GRACE - 1));
  expect([first.result.current, second.result.current]).toEqual([false, false]);
  act(() => void vi.advanceTimersByTime(1));
  expect([first.result.current, second.result.current]).toEqual([true, true]);
  turn(false);
  expect([first.result.current, second.result.current]).toEqual([false, false]);
});

it("does not mind a look at another tab", () => {
  const { result } = renderHook(() => usePageHidden());
  turn(true);
  act(() => void vi.advanceTimersByTime(GRACE - 1));
  turn(false);
  act(() => void vi.advanceTimersByTime(GRACE));
  expect(result.current).toBe(false);
});
