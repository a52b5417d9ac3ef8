import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { ADA, aLedger, type BackendData, NOW, type Row, someData } from "../../test/backend";
import { axe } from "../../test/axe";
import { openPage } from "../../test/render";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const iso = (ago: number) => new Date(NOW - ago).toISOString();
const factOf = (name: string) => screen.getAllByText(name)[0]!.closest("div")!;

function data(changes: Row = {}): BackendData {
  return { ...someData(), reader: ADA, ledger: aLedger(changes) };
}

describe("the ledger", () => {
  it("is as it should be when all is compared and nothing was lost", async () => {
    const { container } = openPage("/admin/ledger", data());
    expect(await screen.findByText("None: all that can be compared was compared.")).toBeInTheDocument();
    expect(screen.getByText("Nothing: every call was reported.")).toBeInTheDocument();
    expect(screen.getByText("None: LiteMaaS and LiteLLM say the same of every call.")).toBeInTheDocument();
    expect(factOf("Behind by")).toHaveTextContent("1 min; LiteLLM’s log is complete after 1 min");
    expect(factOf("Lost reports made up for")).toHaveTextContent("None");
    expect(screen.queryByRole("heading", { name: "Calls from before LiteMaaS" })).not.toBeInTheDocument();
    expect(await axe(container)).toHaveNoViolations();
  });

  it("is empty before anything was called or compared", async () => {
    openPage("/admin/ledger", data({ checkedUntil: null, lagSeconds: null, newestEventAt: null }));
    expect(await screen.findByText("Nothing yet")).toBeInTheDocument();
    expect(screen.getByText("None yet")).toBeInTheDocument();
    expect(factOf("Behind by")).toHaveTextContent("–");
  });

  it("has a skeleton until it is there, and says when it can't be had", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const failing = data();
    failing.failures.admin = "INTERNAL";
    openPage("/admin/ledger", failing);
    expect(await screen.findByText("Loading how the ledger stands")).toBeInTheDocument();
    expect(await screen.findByText("Something went wrong")).toBeInTheDocument();
    delete failing.failures.admin;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("Compared with LiteLLM")).toBeInTheDocument();
  });

  it("says since when LiteLLM’s log can't be read, why, and when it is tried again", async () => {
    const gap = { start: iso(20 * MINUTE), end: iso(MINUTE), reason: "UNANSWERED", error: "The answer was 503." };
    const ledger = { failingSince: iso(20 * MINUTE), nextTryAt: iso(-2 * MINUTE), lastError: "The answer was 503." };
    openPage("/admin/ledger", data({ ...ledger, gaps: [gap], gapSeconds: 19 * 60 }));
    const alert = await screen.findByText(/It has failed since/);
    expect(alert).toHaveTextContent(/ ago and is tried again .+\. The answer was 503\.$/);
    expect(factOf("Gaps")).toHaveTextContent("19 min in all");
    const [, row] = within(screen.getByRole("grid", { name: "Gaps" })).getAllByRole("row");
    expect(row).toHaveTextContent("19 min");
    expect(row).toHaveTextContent("LiteLLM does not answer");
    const from = within(row!).getByRole("link", { name: "See the calls" }).getAttribute("href")!;
    expect(Object.fromEntries(new URLSearchParams(from.split("?")[1]))).toEqual({
      range: "own",
      from: gap.start,
      to: gap.end,
      view: "calls",
    });
  });

  it("shows how far the import of older calls is, and that it is done", async () => {
    const history = {
      start: iso(30 * DAY),
      end: iso(DAY),
      done: 0.999,
      calls: 12_345,
      imported: 12_000,
      callsPerSecond: 812.4,
      estimatedEnd: iso(-5 * MINUTE),
    };
    const { unmount } = openPage("/admin/ledger", data({ history }));
    expect(await screen.findByRole("progressbar", { name: "The newest are imported first" })).toHaveAttribute("aria-valuenow", "99");
    expect(screen.getByText(/^LiteLLM had 12,345 calls in what was read; 12,000 of them were booked by this import\./)).toHaveTextContent(
      /It reads 812 calls a second and will be done .+\.$/,
    );
    unmount();
    openPage("/admin/ledger", data({ history: { ...history, done: 1, calls: 0, callsPerSecond: null, estimatedEnd: null } }));
    expect(await screen.findByRole("progressbar", { name: "All are imported" })).toHaveAttribute("aria-valuenow", "100");
    expect(screen.getByText("LiteLLM had no calls in what was read.")).toBeInTheDocument();
  });

  it("shows what was made up for day by day, each with the way to its calls", async () => {
    const repair = { day: "2026-11-20", repaired: 3, imported: 1_200, spend: "1.5", lastAt: iso(DAY) };
    openPage("/admin/ledger", data({ repaired: 3, repairs: [repair] }));
    const table = within(await screen.findByRole("grid", { name: "Booked from LiteLLM’s log" }));
    expect(table.getAllByRole("row")[1]).toHaveTextContent(/Nov 20, 2026.*3.*1,200.*\$1\.50/);
    const to = table.getByRole("link", { name: /Nov 20, 2026/ }).getAttribute("href")!;
    expect(new URLSearchParams(to.split("?")[1]).get("from")).toBe("2026-11-20T00:00:00.000Z");
    expect(new URLSearchParams(to.split("?")[1]).get("to")).toBe("2026-11-21T00:00:00.000Z");
    expect(factOf("Lost reports made up for")).toHaveTextContent("3 calls");
  });

  it("names the calls of which the books say different things, and changes none", async () => {
    const one = { callId: "call-1", at: iso(DAY), model: "gpt", problems: ["SPEND"], spend: "1", ledgerTokens: 10, liteLLMSpend: "2", liteLLMTokens: 10 };
    const other = { ...one, callId: "call-2", problems: ["MISSING"], spend: null, ledgerTokens: null };
    openPage("/admin/ledger", data({ mismatches: 40, mismatchExamples: [one, other] }));
    expect(await screen.findByText(/Nothing is changed here: .* 2 of 40, found last first:/)).toBeInTheDocument();
    const [, first, second] = within(screen.getByRole("grid", { name: "Booked with other numbers" })).getAllByRole("row");
    expect(first).toHaveTextContent("$1.00, 10 tokens$2.00, 10 tokens");
    expect(second).toHaveTextContent("Not booked$2.00, 10 tokens");
  });

  it("is compared again by admins, not by auditors", async () => {
    openPage("/admin/ledger", { ...data(), reader: { ...ADA, role: "AUDITOR" } });
    await screen.findByText("Compared with LiteLLM");
    expect(screen.queryByRole("button", { name: "Compare a time again" })).not.toBeInTheDocument();
  });

  it("is not compared again for a time that is none, and says what is", async () => {
    openPage("/admin/ledger", data());
    await userEvent.click(await screen.findByRole("button", { name: "Compare a time again" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Compare a time again" }));
    const last = dialog.getByLabelText("Last day");
    await userEvent.clear(last);
    await userEvent.type(last, "2020-01-01");
    expect(await dialog.findByText("The last day is before the first")).toBeInTheDocument();
    expect(dialog.getByRole("button", { name: "Compare" })).toBeDisabled();
  });
});
