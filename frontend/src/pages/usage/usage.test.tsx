import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { STALE_AFTER } from "../../lib/liveState";
import { GRACE } from "../../lib/usePageHidden";
import { ADA, aCall, aModel, nodeId, NOW, type Row, someData, someUsage, totals } from "../../test/backend";
import { axe } from "../../test/axe";
import { openPage } from "../../test/render";

const totalsOnPage = async () => within(await screen.findByRole("region", { name: "Totals" }));
/** What a message of `usageChanged` has in it; the calls are not part of it. */
const tick = ({ calls: _calls, ...usage }: Row) => ({ totals: usage.totals, asOf: usage.asOf, usage });
/** The variables of the last query for sums and series. */
const lastAsked = (requests: { variables?: Record<string, unknown> }[]) =>
  requests.findLast(({ variables }) => variables?.interval)!.variables!;

describe("usage", () => {
  it("shows totals, where they stand, and what they are made of", async () => {
    openPage("/usage");
    const region = await totalsOnPage();
    expect(region.getByText("42")).toBeInTheDocument();
    expect(region.getByText("95.2%")).toBeInTheDocument();
    expect(region.getByText("2 failed")).toBeInTheDocument();
    expect(region.getByText("$1.23")).toBeInTheDocument();
    expect(region.getByText("5,040 in, 840 of them cached; 3,360 out")).toBeInTheDocument();
    expect(await region.findByText("820 ms")).toBeInTheDocument();
    expect(region.getByRole("link", { name: "40 calls" }).parentElement).toHaveTextContent(
      "for half of 40 calls; 2.1 s for 95%, 4 s for 99%",
    );
    expect(region.getByText(/\(UTC\)$/)).toBeInTheDocument();
    expect(within(await screen.findByRole("grid", { name: "Spend by key" })).getByText("invoice bot")).toBeInTheDocument();
    expect(screen.queryByRole("grid", { name: "Spend by person" })).not.toBeInTheDocument();
  });

  it("says how far it was compared with LiteLLM, and which calls have no price", async () => {
    const data = someData();
    const start = new Date(NOW - 900 * 86_400_000).toISOString();
    data.usage = { ...data.usage, asOf: start, complete: false, totals: { ...totals(42, "1.23"), unpricedRequests: 3 } };
    openPage("/usage", data);
    const region = await totalsOnPage();
    expect(region.getByText("Not compared with LiteLLM yet")).toBeInTheDocument();
    expect(region.getByRole("link", { name: "3 calls" }).parentElement).toHaveTextContent("3 calls without a price, counted as 0");
  });

  it("moves with each tick, without asking again", async () => {
    const { live, data, backend } = openPage("/usage");
    const region = await totalsOnPage();
    await screen.findByText("Spend by key");
    await screen.findAllByTitle(/^Monday, 10:00 to 11:00/);
    await waitFor(() => expect(live.of("usageChanged")).toHaveLength(1));
    const asked = backend.requests.length;
    await act(() => live.push("usageChanged", tick({ ...data.usage, totals: totals(43, "1.2345") })));
    expect(await region.findByText("43")).toBeInTheDocument();
    expect(backend.requests).toHaveLength(asked);
  });

  it("wakes up from empty when the first call arrives", async () => {
    const data = someData();
    const later = data.usage;
    data.usage = { ...later, totals: totals(0, "0"), series: [], byModel: [], byApiKey: [] };
    const { live } = openPage("/usage", data);
    expect(await screen.findByText("No calls in this period")).toBeInTheDocument();
    data.usage = later;
    await act(() => live.push("usageChanged", tick(later)));
    expect(await screen.findByText("Spend by model")).toBeInTheDocument();
  });

  it("has the chart's figures as a table, whose numbers lead to the calls", async () => {
    const { router } = openPage("/usage");
    await userEvent.click(await screen.findByRole("button", { name: "Table" }));
    const table = screen.getByRole("grid", { name: "Spend by day, 7 days" });
    expect(within(table).getAllByRole("row")).toHaveLength(8);
    await userEvent.click(within(table).getByRole("link", { name: "42" }));
    const address = new URLSearchParams(router.state.location.search);
    expect(address.get("view")).toBe("calls");
    expect(address.get("from")).toBe(new Date(NOW - 12.5 * 3_600_000).toISOString());
    expect(await screen.findByText("Failed (429)")).toBeInTheDocument();
  });

  it("is read with the arrow keys where the chart is", async () => {
    const { router } = openPage("/usage");
    const chart = await screen.findByRole("group", { name: "Chart; the arrow keys read it" });
    fireEvent.keyDown(chart, { key: "End" });
    expect(await screen.findByText(/\$1\.23, 42 requests \(2 failed\), 8,400 tokens/)).toBeInTheDocument();
    fireEvent.keyDown(chart, { key: "ArrowLeft" });
    expect(await screen.findByText(/\$0\.00, 0 requests/)).toBeInTheDocument();
    fireEvent.keyDown(chart, { key: "Enter" });
    await waitFor(() => expect(router.state.location.search).toContain("view=calls"));
  });

  it("draws what the reader chooses: another figure, no comparison", async () => {
    const { router, backend } = openPage("/usage");
    await screen.findByRole("heading", { name: "Spend by day, 7 days" });
    await userEvent.click(screen.getByRole("button", { name: "Tokens" }));
    expect(await screen.findByRole("heading", { name: "Tokens by day, 7 days" })).toBeInTheDocument();
    expect(screen.getByText("Tokens by model")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("checkbox", { name: "Compare with the time before" }));
    expect(router.state.location.search).toBe("?figure=tokens&compare=0");
    await waitFor(() => expect(lastAsked(backend.requests)).toMatchObject({ compare: false }));
  });
});

describe("the hours of the week", () => {
  it("are one stop of the Tab key, in which the arrow keys go around", async () => {
    const { container } = openPage("/usage");
    await waitFor(() => expect(container.querySelector(".heatmap a")).not.toBeNull());
    const called = container.querySelector<HTMLElement>(".heatmap a")!;
    expect(called).toHaveAttribute("tabindex", "-1");
    const [first] = within(called.closest<HTMLElement>("[role=grid]")!).getAllByText("·");
    act(() => first!.focus());
    await userEvent.keyboard("{ArrowDown}{ArrowUp}{End}{Home}" + "{ArrowRight}".repeat(10));
    expect(called).toHaveFocus();
    expect(called).toHaveAttribute("tabindex", "0");
    expect(first).toHaveAttribute("tabindex", "-1");
    await userEvent.keyboard("{Enter}");
    expect(await screen.findByRole("grid", { name: "Calls" })).toBeInTheDocument();
  });
});

describe("the usage that is shown", () => {
  it("is of the period in the address, and so is what is listened to", async () => {
    const { router, live } = openPage("/usage");
    await totalsOnPage();
    await userEvent.click(screen.getByRole("button", { name: "Period: 7 days" }));
    await userEvent.click(screen.getByRole("option", { name: "24 hours" }));
    expect(router.state.location.search).toBe("?range=24h");
    await waitFor(() => expect(live.of("usageChanged")[0]?.variables).toMatchObject({ interval: "HOUR" }));
    expect(live.of("usageChanged")).toHaveLength(1);
  });

  it("is narrowed down by filters, each of which can be taken back", async () => {
    const { router, backend, live } = openPage("/usage");
    await totalsOnPage();
    await userEvent.click(await screen.findByRole("button", { name: "Model" }));
    await userEvent.click(await screen.findByRole("checkbox", { name: "gpt-4o-mini" }));
    const filter = { modelIds: [nodeId("Model", 1)] };
    expect(new URLSearchParams(router.state.location.search).getAll("model")).toEqual(filter.modelIds);
    await waitFor(() => expect(lastAsked(backend.requests)).toMatchObject({ filter }));
    await waitFor(() => expect(live.of("usageChanged")[0]?.variables).toMatchObject({ filter }));
    await userEvent.click(screen.getByRole("button", { name: "Close gpt-4o-mini" }));
    expect(router.state.location.search).toBe("");
  });

  it("has menus of filters that stay open when their choice arrives", async () => {
    const data = someData();
    const providers = data.usage.byProvider;
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    data.usage.byProvider = () => answered.then(() => providers);
    openPage("/usage?view=calls", data);
    expect(await screen.findByRole("grid", { name: "Calls" })).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Model" }));
    expect(await screen.findByRole("menuitem", { name: "Not loaded yet" })).toBeDisabled();
    answer();
    expect(await screen.findByRole("checkbox", { name: "gpt-4o-mini" })).toBeInTheDocument();
  });

  it("asks what there is to choose from when a menu is near, and for names that are shown", async () => {
    const { backend, router } = openPage("/usage?view=calls");
    const isAsked = () => backend.requests.some(({ query }) => backend.textOf(query).includes("query UsageFiltersQuery"));
    expect(await screen.findByText("Failed (429)")).toBeInTheDocument();
    expect(isAsked()).toBe(false);
    act(() => screen.getByRole("button", { name: "Status" }).focus());
    await waitFor(() => expect(isAsked()).toBe(true));
    await act(() => router.navigate(`/usage?view=calls&model=${nodeId("Model", 1)}`));
    expect(await screen.findByRole("button", { name: "Close gpt-4o-mini" })).toBeInTheDocument();
  });

  it("names the filters of an address without being touched", async () => {
    openPage(`/usage?model=${nodeId("Model", 1)}`);
    expect(await screen.findByRole("button", { name: "Close gpt-4o-mini" })).toBeInTheDocument();
  });

  it("keeps what was there until the next is", async () => {
    const { router } = openPage("/usage");
    await totalsOnPage();
    await act(() => router.navigate("/usage?status=429"));
    expect(screen.getByRole("region", { name: "Totals" })).toBeInTheDocument();
  });

  it("is of own dates, which are none before they are right", async () => {
    const { router, backend } = openPage("/usage?range=own&from=2026-11-01&to=2026-11-10");
    await totalsOnPage();
    expect(lastAsked(backend.requests)).toMatchObject({
      range: { start: "2026-11-01T00:00:00.000Z", end: "2026-11-11T00:00:00.000Z" },
      before: { start: "2026-10-22T00:00:00.000Z", end: "2026-11-01T00:00:00.000Z" },
    });
    const last = screen.getByRole("textbox", { name: "Last day" });
    await userEvent.clear(last);
    await userEvent.type(last, "2026-11-20");
    await waitFor(() => expect(router.state.location.search).toContain("to=2026-11-20"));
  });

  it("tells a filter that fits nothing from an empty period", async () => {
    const data = someData();
    data.usage = someUsage(aModel(1), { totals: totals(0, "0"), calls: [] });
    const { router } = openPage("/usage?status=429", data);
    expect(await screen.findByText("No call in this period fits")).toBeInTheDocument();
    await userEvent.click(screen.getAllByRole("button", { name: "Show all" })[0]!);
    expect(router.state.location.search).toBe("");
    expect(await screen.findByText("No calls in this period")).toBeInTheDocument();
  });

  it("says when it can't be had, and asks again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const data = someData();
    data.failures.viewer = "INTERNAL";
    openPage("/usage", data);
    expect(await screen.findByText("Something went wrong")).toBeInTheDocument();
    delete data.failures.viewer;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect((await totalsOnPage()).getByText("42")).toBeInTheDocument();
  });
});

describe("the calls behind the numbers", () => {
  it("are found from each number that counts them", async () => {
    const data = someData();
    const provider = (number: number) => ({ key: null, label: `p${number}`, totals: totals(15 + number, String(number)) });
    data.usage = {
      ...data.usage,
      totals: { ...totals(42, "1.234", 2), unpricedRequests: 3, cacheHits: 5 },
      timeToFirstToken: { calls: 30, p50Ms: 10, p95Ms: 20, p99Ms: 30 },
      byApiKey: [{ key: null, label: "Other keys", totals: totals(42, "1.234") }],
      byProvider: Array.from({ length: 12 }, (_, number) => provider(number)),
    };
    const { container } = openPage("/usage?status=success&result=failed", data);
    const addresses = () =>
      Object.fromEntries(
        [...container.querySelectorAll("#usage a")].map((link) => [
          link.getAttribute("aria-label") ?? link.textContent,
          new URLSearchParams(link.getAttribute("href")!.split("?")[1]).toString(),
        ]),
      );
    const others = [11, 10, 9, 8, 7, 6, 5, 4].map((number) => `&not-provider=p${number}`).join("");
    const expected = {
      "$1.23, see the calls": "status=success&view=calls",
      "42, see the calls": "status=success&view=calls",
      "8,400, see the calls": "status=success&view=calls",
      "95.2%, see the calls": "status=success&view=calls",
      "2 failed": "status=success&view=calls&result=failed",
      "3 calls": "status=success&view=calls&price=0",
      "5 answered": "status=success&view=calls&cache=1",
      "40 calls": "status=success&view=calls&result=answered",
      "30 calls": "status=success&view=calls&result=answered&stream=1",
      "Monday, 10:00 to 11:00: $1.23, see the calls": "status=success&view=calls&hour=1-10",
      "42 calls, gpt-4o-mini": new URLSearchParams({ status: "success", view: "calls", model: nodeId("Model", 1) }).toString(),
      "42 calls, Other keys": "status=success&view=calls&only-key=none",
      "2 calls, Failed (429)": "view=calls&status=429",
      "26 calls, p11": "status=success&view=calls&provider=p11",
      "66 calls, 4 others": `status=success&view=calls${others}`,
    };
    await waitFor(() => expect(addresses()).toMatchObject(expected));
  });

  it("are those that failed, from the number of them", async () => {
    const { backend } = openPage("/usage?range=30d");
    await userEvent.click(await screen.findByText("2 failed"));
    expect(await screen.findByRole("grid", { name: "Calls" })).toBeInTheDocument();
    expect(backend.requests.findLast(({ variables }) => variables?.first === 25)!.variables).toEqual({
      all: false,
      range: { start: "2026-10-27T00:00:00.000Z", end: "2026-11-26T00:00:00.000Z" },
      filter: null,
      calls: { success: false },
      first: 25,
      after: null,
    });
  });

  it("say in the toolbar which they are, and each part of it can be taken back", async () => {
    const { router } = openPage("/usage?view=calls&only-key=none&not-model=gpt-5&hour=2-9&result=failed&stream=1&cache=1&price=0");
    const table = await screen.findByRole("grid", { name: "Calls" });
    expect(await screen.findByText("1–2 of 2")).toBeInTheDocument();
    for (const name of ["Failed", "Streamed", "From LiteLLM’s cache", "Without a price", "Every Tuesday, 9:00 to 10:00", "gpt-5", "Not of LiteMaaS"]) {
      await userEvent.click(await screen.findByRole("button", { name: `Close ${name}` }));
    }
    expect(router.state.location.search).toBe("?view=calls");
    expect(table).toBeInTheDocument();
  });

  it("are all of the period again after a look at the overview", async () => {
    const { router } = openPage("/usage?view=calls&result=failed&status=429");
    await screen.findByRole("grid", { name: "Calls" });
    await userEvent.click(screen.getByRole("tab", { name: "Overview" }));
    expect(router.state.location.search).toBe("?status=429");
  });

  it("leave as a file as they are shown, without charges", async () => {
    openPage("/usage?view=calls&result=failed");
    await screen.findByRole("grid", { name: "Calls" });
    await userEvent.click(screen.getByRole("button", { name: "Export" }));
    expect(await screen.findByRole("radio", { name: /FOCUS/ })).toBeDisabled();
  });

  it("are known to be fewer than the sums have where old ones are no longer kept", async () => {
    const data = someData();
    data.usage.callsKeptFrom = "2026-11-23T00:00:00Z";
    const { router } = openPage("/usage?view=calls", data);
    const gone = "Calls before Nov 23, 2026, 12:00 AM are no longer kept one by one; their sums are.";
    expect(await screen.findByText(gone)).toBeInTheDocument();
    expect(await screen.findByText("1–2 of 2")).toBeInTheDocument();
    data.usage.calls = [];
    await act(() => router.navigate("/usage?view=calls&range=own&from=2026-11-01&to=2026-11-02"));
    expect(await screen.findByRole("heading", { name: "No single calls" })).toBeInTheDocument();
    expect(screen.getByText(gone)).toBeInTheDocument();
  });

  it("come page by page", async () => {
    const data = someData();
    const calls = Array.from({ length: 42 }, (_, number) => aCall(number + 1, data.models[0]!));
    data.usage = { ...data.usage, calls };
    openPage("/usage?view=calls", data);
    expect(await screen.findByText("1–25 of 42")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Go to next page" }));
    expect(await screen.findByText("26–42 of 42")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Go to next page" })).toBeDisabled();
    await userEvent.click(screen.getByRole("button", { name: "Go to previous page" }));
    expect(await screen.findByText("1–25 of 42")).toBeInTheDocument();
  });

  it("are told one by one, without what was said", async () => {
    const { container } = openPage("/usage?view=calls");
    const table = await screen.findByRole("grid", { name: "Calls" });
    await userEvent.click(within(table).getAllByRole("button")[0]!);
    const dialog = await screen.findByRole("dialog", { name: "A call to gpt-4o-mini" });
    expect(within(dialog).getByRole("textbox", { name: "Call id" })).toHaveValue("call-1");
    expect(within(dialog).getByText("120, 20 of them from the provider’s cache")).toBeInTheDocument();
    expect(within(dialog).getByText("$0.15 in, $0.60 out")).toBeInTheDocument();
    expect(await axe(dialog)).toHaveNoViolations();
    await userEvent.click(within(dialog).getAllByRole("button", { name: "Close" }).at(-1)!);
    await waitFor(() => expect(container.ownerDocument.querySelector("[role=dialog]")).toBeNull());
  });
});

describe("everybody's usage", () => {
  it("is that of people, too, and is asked for again", async () => {
    const data = someData();
    data.reader = ADA;
    const { live, backend } = openPage("/admin/usage", data);
    expect(await screen.findByRole("grid", { name: "Spend by person" })).toBeInTheDocument();
    expect(screen.getByText("Every 10 seconds")).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "How the ledger stands" })).toHaveAttribute("href", "/admin/ledger");
    expect(live.of("usageChanged")).toEqual([]);
    const asked = backend.requests.length;
    data.usage = { ...data.usage, totals: totals(50, "2") };
    expect(await (await totalsOnPage()).findByText("50", {}, { timeout: 15_000 })).toBeInTheDocument();
    expect(backend.requests.length).toBeGreaterThan(asked);
  });
});

describe("live figures", () => {
  it("says how live it is, and stops listening while paused or out of sight", async () => {
    const { live } = openPage("/usage");
    await totalsOnPage();
    act(() => live.dispatch({ type: "opened", at: Date.now() }));
    expect(await screen.findByText("Live")).toBeInTheDocument();
    act(() => live.dispatch({ type: "lost" }));
    expect(await screen.findByText("Reconnecting")).toBeInTheDocument();
    act(() => live.dispatch({ type: "opened", at: Date.now() - STALE_AFTER - 17_000 }));
    expect(await screen.findByText("Out of date")).toBeInTheDocument();
    expect(screen.getByText(/^last heard 4\d seconds ago$/)).toBeInTheDocument();

    await userEvent.click(screen.getByRole("button", { name: "Pause" }));
    expect(screen.getByText("Paused")).toBeInTheDocument();
    expect(live.of("usageChanged")).toEqual([]);
    await userEvent.click(screen.getByRole("button", { name: "Resume" }));
    await waitFor(() => expect(live.of("usageChanged")).toHaveLength(1));

    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    act(() => void document.dispatchEvent(new Event("visibilitychange")));
    expect(live.of("usageChanged")).toHaveLength(1); // a look at another tab is no reason to stop
    await waitFor(() => expect(live.of("usageChanged")).toEqual([]), { timeout: GRACE + 3_000 });
    hidden.mockReturnValue(false);
    act(() => void document.dispatchEvent(new Event("visibilitychange")));
    await waitFor(() => expect(live.of("usageChanged")).toHaveLength(1));
  });
});
