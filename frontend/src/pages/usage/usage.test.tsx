import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { STALE_AFTER } from "../../lib/liveState";
import { GRACE } from "../../lib/usePageHidden";
import { someData, totals } from "../../test/backend";
import { openPage } from "../../test/render";

const totalsOnPage = async () => within(await screen.findByRole("region", { name: "Totals" }));

describe("usage", () => {
  it("shows totals, where they stand, and what they are made of", async () => {
    openPage("/usage");
    const region = await totalsOnPage();
    expect(region.getByText("42")).toBeInTheDocument();
    expect(region.getByText("95.2%")).toBeInTheDocument();
    expect(region.getByText("2 failed")).toBeInTheDocument();
    expect(region.getByText("$1.23")).toBeInTheDocument();
    expect(region.getByText("Not yet reconciled with LiteLLM")).toBeInTheDocument();
    expect(within(screen.getByRole("grid", { name: "By key" })).getByText("invoice bot")).toBeInTheDocument();
  });

  it("moves with each tick, without asking again", async () => {
    const { live, data, backend } = openPage("/usage");
    await totalsOnPage();
    await waitFor(() => expect(live.of("usageChanged")).toHaveLength(1));
    const asked = backend.requests.length;
    const usage = { ...data.usage, totals: totals(43, "1.2345"), complete: true };
    await act(() => live.push("usageChanged", { totals: usage.totals, asOf: data.usage.asOf, usage }));
    const region = await totalsOnPage();
    expect(await region.findByText("43")).toBeInTheDocument();
    expect(region.getByText("Reconciled with LiteLLM")).toBeInTheDocument();
    expect(backend.requests).toHaveLength(asked);
  });

  it("wakes up from empty when the first call arrives", async () => {
    const data = someData();
    const later = data.usage;
    data.usage = { ...later, totals: totals(0, "0"), series: [], byModel: [], byApiKey: [] };
    const { live } = openPage("/usage", data);
    expect(await screen.findByText("No calls in this period")).toBeInTheDocument();
    await act(() => live.push("usageChanged", { totals: later.totals, asOf: later.asOf, usage: later }));
    expect(await screen.findByText("By model")).toBeInTheDocument();
  });

  it("has the chart's figures as a table", async () => {
    openPage("/usage");
    await userEvent.click(await screen.findByRole("button", { name: "Table" }));
    const table = screen.getByRole("grid", { name: "Requests by day (UTC), 7 days" });
    expect(within(table).getAllByRole("row")).toHaveLength(8);
  });

  it("keeps the range in the address and subscribes to that range", async () => {
    const { router, live } = openPage("/usage");
    await totalsOnPage();
    await userEvent.click(screen.getByRole("button", { name: "24 hours" }));
    expect(router.state.location.search).toBe("?range=24h");
    await waitFor(() => expect(live.of("usageChanged")[0]?.variables).toMatchObject({ interval: "HOUR" }));
    expect(live.of("usageChanged")).toHaveLength(1);
  });

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
