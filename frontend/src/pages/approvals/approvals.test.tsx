import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { axe } from "../../test/axe";
import { aModel, aSubscription, type BackendData, nodeId, NOW, type Row, someData } from "../../test/backend";
import { openPage } from "../../test/render";

const ADA = { __typename: "User", id: nodeId("User", 9), username: "ada", displayName: "Ada", role: "ADMIN" };
const BOB = { __typename: "User", id: nodeId("User", 2), username: "bob", displayName: "Bob", role: "USER" };

let inbox: Row[];
let data: BackendData;

/** A request of Alice's, one of Bob's for other limits, and one of the administrator's own. */
beforeEach(() => {
  const waiting = { awaitingSince: new Date(NOW - 3_600_000).toISOString() };
  const limits = { maxBudget: "25.000000", budgetDuration: "30d", rpmLimit: 60, highestMonthlyCost: "25" };
  inbox = [
    aSubscription(11, aModel(11, { name: "gpt-5" }), {
      ...waiting,
      ...limits,
      status: "PENDING",
      justification: "The report.",
    }),
    aSubscription(12, aModel(12, { name: "claude" }), {
      ...waiting,
      user: BOB,
      maxRequests: 10,
      quotaChange: {
        __typename: "QuotaChange",
        id: nodeId("QuotaChange", 1),
        justification: "More users.",
        maxBudget: null,
        maxRequests: 1000,
        maxTokens: null,
        budgetDuration: "1d",
        rpmLimit: null,
        tpmLimit: null,
        highestMonthlyCost: null,
      },
    }),
    aSubscription(13, aModel(13, { name: "gemini" }), { ...waiting, user: ADA, status: "PENDING" }),
  ];
  data = someData();
  as("ADMIN");
  data.answers.admin = {
    modelSubscriptions: () => ({
      totalCount: inbox.length,
      edges: inbox.map((node) => ({ node, cursor: node.id })),
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    }),
  };
});

function as(role: string) {
  data.answers.viewer = { user: { ...ADA, role } };
}

/** The server's answer to a decision on these: a message is a refusal, null is done. */
function answers(results: [subscription: Row, refusal: string | null][]) {
  data.answers.decideModelSubscriptions = {
    __typename: "DecideModelSubscriptionsSuccess",
    results: results.map(([subscription, message]) => ({
      subscriptionId: subscription.id,
      subscription: message ? null : { ...subscription, status: "ACTIVE", awaitingSince: null },
      error: message ? { __typename: "DecisionRefused", message, code: "INVALID_TRANSITION" } : null,
    })),
  };
}

const card = (name: string) => screen.findByRole("heading", { name: new RegExp(name) }).then((each) => each.closest<HTMLElement>(".pf-v6-c-card")!);

const sent = (page: ReturnType<typeof openPage>) =>
  page.backend.requests
    .filter(({ query }) => page.backend.textOf(query).includes("decideModelSubscriptions"))
    .map(({ variables }) => (variables!.input as { decisions: Row[] }).decisions);

describe("the inbox", () => {
  it("shows who asks for what, why, and what it may cost", async () => {
    const { baseElement } = openPage("/approvals", data);
    const request = within(await card("gpt-5 for Alice"));
    expect(request.getByText("“The report.”")).toBeInTheDocument();
    expect(request.getByText("$25.00 every 30 days")).toBeInTheDocument();
    expect(request.getByText("60 requests a minute")).toBeInTheDocument();
    expect(request.getByText("At most $25.00")).toBeInTheDocument();
    expect(request.getByText("12 requests, $0.34")).toBeInTheDocument();
    const change = within(await card("claude for Bob"));
    expect(change.getByText("1,000 requests every day")).toBeInTheDocument();
    expect(change.getByText("10 requests in all")).toBeInTheDocument();
    expect(change.getByText("No bound")).toBeInTheDocument();
    expect(await axe(baseElement)).toHaveNoViolations();
  });

  it("lets nobody decide on their own request", async () => {
    openPage("/approvals", data);
    const own = within(await card("gemini for Ada"));
    expect(own.getByText(/another administrator decides/)).toBeInTheDocument();
    expect(own.queryByRole("button")).not.toBeInTheDocument();
    expect(own.queryByRole("checkbox")).not.toBeInTheDocument();
  });

  it("is for auditors to read", async () => {
    as("AUDITOR");
    openPage("/approvals", data);
    await card("gpt-5 for Alice");
    expect(screen.queryByRole("button", { name: /Approve|Deny/ })).not.toBeInTheDocument();
    expect(screen.queryByRole("checkbox")).not.toBeInTheDocument();
  });

  it("says when nothing waits", async () => {
    inbox = [];
    openPage("/approvals", data);
    expect(await screen.findByText("Nothing waits for you")).toBeInTheDocument();
  });

  it("shows in the navigation how many wait, and new ones as they come", async () => {
    const { live } = openPage("/approvals", data);
    await card("gpt-5 for Alice");
    await userEvent.click(screen.getByRole("button", { name: "Main navigation" }));
    const count = (pendingCount: number) =>
      act(() => live.push("approvalsChanged", { id: nodeId("ApprovalsChange", 1), pendingCount }));
    await count(3);
    expect(screen.getByRole("link", { name: /^Approvals ?3 ?requests wait$/ })).toBeInTheDocument();
    inbox.push(aSubscription(14, aModel(14, { name: "mistral" }), { status: "PENDING", user: BOB }));
    await count(4);
    expect(screen.getByRole("link", { name: /^Approvals ?4 ?requests wait$/ })).toBeInTheDocument();
    expect(await card("mistral for Bob")).toBeInTheDocument();
  });

  it("is not in the navigation of users", async () => {
    openPage("/keys");
    await screen.findByRole("heading", { name: "My keys" });
    await screen.findByRole("button", { name: /Your account/ });
    await userEvent.click(screen.getByRole("button", { name: "Main navigation" }));
    expect(screen.getByRole("link", { name: "My usage" })).toBeInTheDocument();
    expect(screen.queryByRole("link", { name: /Approvals/ })).not.toBeInTheDocument();
  });
});

describe("a decision", () => {
  it("is one click when all is as asked, and takes the request out of the list", async () => {
    answers([[inbox[0]!, null]]);
    const page = openPage("/approvals", data);
    await userEvent.click(await screen.findByRole("button", { name: "Approve gpt-5 for Alice" }));
    expect(await screen.findByText("gpt-5 for Alice: approved")).toBeInTheDocument();
    expect(screen.queryByRole("heading", { name: /gpt-5 for Alice/ })).not.toBeInTheDocument();
    expect(sent(page)).toEqual([[{ subscriptionId: inbox[0]!.id, quotaChangeId: null, verdict: "APPROVE", reason: null }]]);
    expect(screen.getByText("gpt-5 for Alice: approved").closest("[role=status]")).toHaveFocus();
  });

  it("on other limits names the request for them", async () => {
    answers([[inbox[1]!, null]]);
    const page = openPage("/approvals", data);
    await userEvent.click(await screen.findByRole("button", { name: "Approve claude for Bob" }));
    await screen.findByText("claude for Bob: approved");
    expect(sent(page)[0]![0]).toMatchObject({ quotaChangeId: nodeId("QuotaChange", 1) });
  });

  it("may change limits and the end", async () => {
    answers([[inbox[0]!, null]]);
    const page = openPage("/approvals", data);
    await userEvent.click(await screen.findByRole("button", { name: "Approve with changes: gpt-5 for Alice" }));
    const form = within(await screen.findByRole("form", { name: "Approve gpt-5 for Alice" }));
    const budget = form.getByRole("textbox", { name: "Largest budget, in USD" });
    expect(budget).toHaveValue("25");
    await userEvent.clear(budget);
    await userEvent.type(budget, "0");
    await userEvent.click(form.getByRole("button", { name: "Approve with these limits" }));
    expect(form.getByText(/amount above 0/)).toBeInTheDocument();
    expect(sent(page)).toEqual([]);
    await userEvent.clear(budget);
    await userEvent.type(budget, "7.5");
    await userEvent.type(form.getByLabelText("Last day (optional)"), "2027-01-31");
    await userEvent.click(form.getByRole("button", { name: "Approve with these limits" }));
    await screen.findByText("gpt-5 for Alice: approved");
    expect(sent(page)[0]).toEqual([
      {
        subscriptionId: inbox[0]!.id,
        quotaChangeId: null,
        verdict: "APPROVE",
        reason: null,
        maxBudget: "7.5",
        maxRequests: null,
        maxTokens: null,
        budgetDuration: "30d",
        rpmLimit: 60,
        tpmLimit: null,
        expiresAt: "2027-01-31T23:59:59.000Z",
      },
    ]);
  });

  it("against a request needs a reason", async () => {
    answers([[inbox[0]!, null]]);
    const page = openPage("/approvals", data);
    await userEvent.click(await screen.findByRole("button", { name: "Deny gpt-5 for Alice" }));
    const form = within(await screen.findByRole("form", { name: "Deny gpt-5 for Alice" }));
    expect(form.getByRole("textbox", { name: "Reason" })).toHaveFocus();
    await userEvent.click(form.getByRole("button", { name: "Deny" }));
    expect(form.getByText("Say why: the requester sees it.")).toBeInTheDocument();
    expect(sent(page)).toEqual([]);
    await userEvent.type(form.getByRole("textbox", { name: "Reason" }), "Use gpt-5-mini.");
    await userEvent.click(form.getByRole("button", { name: "Deny" }));
    expect(await screen.findByText("gpt-5 for Alice: denied")).toBeInTheDocument();
    expect(sent(page)[0]).toMatchObject([{ verdict: "DENY", reason: "Use gpt-5-mini." }]);
  });

  it("that somebody else has made already is said at the request", async () => {
    answers([[inbox[0]!, "It is ACTIVE already."]]);
    openPage("/approvals", data);
    await userEvent.click(await screen.findByRole("button", { name: "Approve gpt-5 for Alice" }));
    const request = within(await card("gpt-5 for Alice"));
    expect(await request.findByText("It is ACTIVE already.")).toBeInTheDocument();
    expect(screen.getByText("1 not approved")).toBeInTheDocument();
  });

  it("on several has a result for each", async () => {
    answers([
      [inbox[0]!, null],
      [inbox[1]!, "It is decided."],
    ]);
    const page = openPage("/approvals", data);
    await userEvent.click(await screen.findByRole("checkbox", { name: "Choose all" }));
    expect(screen.getByRole("checkbox", { name: "2 chosen" })).toBeChecked();
    await userEvent.click(screen.getByRole("button", { name: "Deny chosen" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Deny 2 requests?" }));
    await userEvent.type(dialog.getByRole("textbox", { name: "Reason" }), "No budget left.");
    await userEvent.click(dialog.getByRole("button", { name: "Deny" }));
    expect(await screen.findByText("1 denied, 1 not denied")).toBeInTheDocument();
    expect(screen.getByText("gpt-5 for Alice: denied")).toBeInTheDocument();
    expect(screen.getByText("claude for Bob: It is decided.")).toBeInTheDocument();
    expect(sent(page)[0]!.map(({ subscriptionId }) => subscriptionId)).toEqual([inbox[0]!.id, inbox[1]!.id]);
    await waitFor(() => expect(screen.queryByRole("heading", { name: /gpt-5 for Alice/ })).not.toBeInTheDocument());
    expect(screen.getByRole("heading", { name: /claude for Bob/ })).toBeInTheDocument();
  });
});
