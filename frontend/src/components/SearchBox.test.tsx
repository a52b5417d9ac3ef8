import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { SearchBox } from "./SearchBox";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function List({ told }: { told: (value: string) => void }) {
  const [words, setWords] = useState("");
  const change = (next: string) => {
    told(next);
    setWords(next);
  };
  return (
    <>
      <SearchBox label="Search" value={words} onChange={change} />
      <button onClick={() => change("")}>Show all</button>
    </>
  );
}

function open() {
  const told = vi.fn();
  const { unmount } = render(<List told={told} />);
  const box = screen.getByRole("textbox", { name: "Search" });
  return { told, box, unmount, type: (value: string) => fireEvent.change(box, { target: { value } }) };
}
const wait = () => act(() => void vi.runAllTimers());

it("passes on what was typed once, after the last key", () => {
  const { told, type } = open();
  type("gp");
  type("gpt");
  expect(told).not.toHaveBeenCalled();
  wait();
  expect(told.mock.calls).toEqual([["gpt"]]);
});

it("passes it on before anything else is done, so that nothing comes back after “Show all”", async () => {
  const { told, box, type } = open();
  type("gpt");
  fireEvent.blur(box);
  expect(told.mock.calls).toEqual([["gpt"]]);
  fireEvent.click(screen.getByRole("button", { name: "Show all" }));
  wait();
  expect(told.mock.calls).toEqual([["gpt"], [""]]);
  vi.useRealTimers();
  await waitFor(() => expect(box).toHaveValue(""));
});

it("passes on nothing after the page was left", () => {
  const { told, type, unmount } = open();
  type("gpt");
  unmount();
  wait();
  expect(told).not.toHaveBeenCalled();
});
