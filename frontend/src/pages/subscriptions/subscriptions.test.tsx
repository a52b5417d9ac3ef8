import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { axe } from "../../test/axe";
import { type BackendData, NOW, someData } from "../../test/backend";
import { openPage } from "../../test/render";

const subscription = (data: BackendData) => data.subscriptions[0]!;
const open = (data: BackendData) => openPage(`/subscriptions/${encodeURIComponent(subscription(data).id as string)}`, data);
const at = (ago: number) => new Date(NOW - ago).toISOString();

describe("my subscriptions", () => {
  it("are found by words and status, in the order that is asked for; the address keeps it", async () => {
    const { router } = openPage("/subscriptions");
    await screen.findByText("text-embedding");
    await userEvent.type(screen.getByRole("textbox", { name: "Search your subscriptions" }), "gpt");
    await waitFor(() => expect(screen.queryByText("text-embedding")).not.toBeInTheDocument());
    await userEvent.click(screen.getByRole("button", { name: "Order: Newest first" }));
    await userEvent.click(screen.getByRole("option", { name: "Oldest first" }));
    expect(screen.getByText("gpt-4o-mini")).toBeInTheDocument();
    expect(router.state.location.search).toBe("?q=gpt&order=OLDEST");
    await userEvent.clear(screen.getByRole("textbox", { name: "Search your subscriptions" }));
    await screen.findByText("text-embedding");
    const models = within(screen.getByRole("grid", { name: "My subscriptions" })).getAllByRole("row").slice(1);
    expect(models.map((row) => within(row).getAllByRole("link")[0]!.textContent)).toEqual(["text-embedding", "gpt-4o-mini"]);
  });

  it("take what an address says that does not exist for nothing", async () => {
    openPage("/subscriptions?status=NONSENSE&order=NONSENSE");
    expect(await screen.findByText("text-embedding")).toBeInTheDocument();
  });
});

describe("a subscription", () => {
  it("shows which limit is used up, how much, and what was done to it, the newest first", async () => {
    const data = someData();
    Object.assign(subscription(data), {
      quota: {
        startsAt: at(3_600_000),
        resetsAt: at(-3_600_000),
        exhausted: true,
        limits: [
          { kind: "REQUESTS", limit: "10", used: "10", remaining: "0", exhausted: true },
          { kind: "BUDGET", limit: "5", used: "0.25", remaining: "4.75", exhausted: false },
        ],
      },
      history: [
        { at: at(9_000), actor: "alice", action: "REQUESTED", fromStatus: null, toStatus: "ACTIVE", reason: null, limits: [] },
        {
          at: at(1_000),
          actor: "ada",
          action: "CHANGED",
          fromStatus: "ACTIVE",
          toStatus: "ACTIVE",
          reason: "Less.",
          limits: [
            { limit: "maxRequests", before: null, after: "1000" },
            { limit: "maxBudget", before: "250", after: null },
            { limit: "budgetDuration", before: null, after: "30d" },
          ],
        },
      ],
    });
    const { baseElement } = open(data);
    expect(await screen.findByText("Used up: requests")).toBeInTheDocument();
    expect(screen.getByRole("progressbar", { name: "Requests" })).toHaveAttribute("aria-valuetext", "10 of 10, 0 left");
    expect(screen.getByText("$0.25 of $5.00")).toBeInTheDocument();
    const rows = within(screen.getByRole("grid", { name: "History" })).getAllByRole("row");
    expect(rows[1]).toHaveTextContent(/Changed.*ada.*Less\..*Requests: none → 1,000Budget: \$250\.00 → noneStarts again: never → every 30 days/);
    expect(rows[2]).toHaveTextContent(/Requested.*alice/);
    expect(await axe(baseElement)).toHaveNoViolations();
  });

  it("names the keys that lose the model before it is cancelled", async () => {
    const data = someData();
    data.answers.cancelModelSubscription = {
      __typename: "CancelModelSubscriptionSuccess",
      subscription: { ...subscription(data), status: "CANCELLED" },
    };
    open(data);
    await userEvent.click(await screen.findByRole("button", { name: "Cancel subscription" }));
    const dialog = within(await screen.findByRole("dialog", { name: /Cancel the subscription to gpt-4o-mini\?/ }));
    expect(await dialog.findByText("invoice bot")).toBeInTheDocument();
    await userEvent.click(dialog.getByRole("button", { name: "Cancel subscription" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(screen.getByText("Cancelled")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Cancel subscription" })).not.toBeInTheDocument();
  });

  it("takes a request for other limits, with a reason", async () => {
    const data = someData();
    data.answers.requestQuotaChange = { __typename: "InvalidInput", field: "input.maxRequests", message: "At most 500." };
    const page = open(data);
    await userEvent.click(await screen.findByRole("button", { name: "Ask for other limits" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Other limits for gpt-4o-mini" }));
    await userEvent.type(dialog.getByRole("textbox", { name: "Requests" }), "1000");
    await userEvent.click(dialog.getByRole("button", { name: "Ask for them" }));
    expect(dialog.getByText("Say what they are needed for.")).toBeInTheDocument();
    await userEvent.type(dialog.getByRole("textbox", { name: "What do you need them for?" }), "More users.");
    await userEvent.click(dialog.getByRole("button", { name: "Ask for them" }));
    expect(await dialog.findByText("At most 500.")).toBeInTheDocument();
    const asked = page.backend.requests.find(({ query }) => page.backend.textOf(query).includes("requestQuotaChange("));
    expect(asked!.variables!.input).toMatchObject({ maxRequests: 1000, maxBudget: null, justification: "More users." });
  });

  it("of somebody else is not found", async () => {
    openPage("/subscriptions/bm90aGluZw%3D%3D", someData());
    expect(await screen.findByText("It may belong to somebody else.")).toBeInTheDocument();
  });
});
