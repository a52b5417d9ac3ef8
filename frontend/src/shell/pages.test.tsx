import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { axe } from "../test/axe";
import { describe, expect, it, vi } from "vitest";

import { ADA, nodeId, someData, totals } from "../test/backend";
import { openPage } from "../test/render";

const PAGES: [path: string, heading: string, content: string | RegExp][] = [
  ["/", "Get started", "1. Pick a model"],
  ["/models", "Models", "claude-opus"],
  ["/models?view=table", "Models", "claude-opus"],
  [`/models/${nodeId("Model", 1)}`, "gpt-4o-mini", "Your access"],
  [`/models/${nodeId("Model", 2)}`, "claude-opus", "What do you need it for?"],
  [`/models/${nodeId("Model", 99)}`, "Model not found", "Nothing here"],
  ["/subscriptions", "My subscriptions", "text-embedding"],
  ["/keys", "My keys", "invoice bot"],
  [`/keys/${nodeId("ApiKey", 1)}`, "invoice bot", "Waiting for a call with this key"],
  ["/profile", "Your profile", "This one"],
  ["/usage", "My usage", "Spend by model"],
  ["/usage?view=calls", "My usage", "Failed (429)"],
  ["/subscriptions/new", "New subscription", "claude-opus"],
  ["/nowhere", "Page not found", "There is no page at this address"],
];

describe("every page", () => {
  it.each(PAGES)("%s has one heading, its content, a title and no accessibility problem", async (path, heading, content) => {
    const { container } = openPage(path);
    expect(await screen.findByText(content)).toBeInTheDocument();
    expect(screen.getAllByRole("heading", { level: 1 }).map((each) => each.textContent)).toEqual([heading]);
    await waitFor(() => expect(document.title).toBe(`${heading} · LiteMaaS`));
    expect(await axe(container)).toHaveNoViolations();
  });

  it("has a sign-in page without accessibility problems", async () => {
    const { container } = openPage("/sign-in?expired=1");
    expect(await screen.findByText("Your session has ended")).toBeInTheDocument();
    expect(await screen.findByRole("button", { name: "Sign in as Alice" })).toBeEnabled();
    expect(await axe(container)).toHaveNoViolations();
  });

  it.each([
    ["OIDC", "?state=signed-out", "Here, and at your identity provider."],
    ["OIDC", "?out=here", /Your organisation’s sign-in page keeps a session of its own/],
    ["OPENSHIFT", "?out=here", /OpenShift keeps a session of its own/],
    ["SANDBOX", "?out=here", "You are signed out"],
  ])("tells who has signed out of %s at %s so (%s)", async (provider, search, words) => {
    const data = someData();
    data.provider = provider;
    const { container } = openPage(`/sign-in${search}`, data);
    expect(await screen.findByText(words)).toBeInTheDocument();
    expect(screen.getByRole("heading", { name: /You are signed out/ })).toBeInTheDocument();
    expect(await axe(container)).toHaveNoViolations();
  });
});

const ADMIN_PAGES: [path: string, heading: string, content: string | RegExp][] = [
  ["/admin/keys", "All keys", "invoice bot"],
  ["/admin/subscriptions", "All subscriptions", "text-embedding"],
  ["/admin/models", "Models’ access", "claude-opus"],
  ["/admin/usage", "All usage", "Spend by person"],
  ["/admin/usage?view=calls", "All usage", "Failed (429)"],
  ["/admin/ledger", "Ledger", "Compared with LiteLLM"],
  ["/admin/rules", "Rules", "Models with rules of their own"],
  ["/admin/people", "People", "alice"],
  [`/admin/people/${nodeId("User", 1)}`, "Alice", "What alice did"],
  ["/admin/audit", "Audit", "Nothing yet"],
  ["/admin/system", "System", "1.108.5"],
];

describe.each(["ADMIN", "AUDITOR"])("every page of the administration, for %s", (role) => {
  it.each(ADMIN_PAGES)("%s", async (path, heading, content) => {
    const data = someData();
    data.reader = { ...ADA, role };
    const { container } = openPage(path, data);
    expect(await screen.findByText(content)).toBeInTheDocument();
    expect(screen.getAllByRole("heading", { level: 1 }).map((each) => each.textContent)).toEqual([heading]);
    await waitFor(() => expect(document.title).toBe(`${heading} · LiteMaaS`));
    expect(await axe(container)).toHaveNoViolations();
  });
});

describe("pages of the administration", () => {
  it.each(ADMIN_PAGES)("%s is not for users", async (path) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    openPage(path);
    expect(await screen.findByText("You may not see this")).toBeInTheDocument();
  });

  it("are for auditors to read", async () => {
    const data = someData();
    data.reader = { ...ADA, role: "AUDITOR" };
    const { router } = openPage("/admin/keys", data);
    await screen.findByText("invoice bot");
    expect(screen.queryByRole("button", { name: /Actions for|Whose secret/ })).not.toBeInTheDocument();
    await router.navigate("/admin/subscriptions");
    await screen.findByText("text-embedding");
    expect(screen.queryByRole("button", { name: /Actions for/ })).not.toBeInTheDocument();
    await router.navigate("/admin/models");
    await screen.findByText("claude-opus");
    expect(screen.queryByRole("button", { name: /Actions for/ })).not.toBeInTheDocument();
    await router.navigate("/admin/rules");
    await screen.findByText("Models with rules of their own");
    expect(screen.queryByRole("button", { name: "Save" })).not.toBeInTheDocument();
    expect(screen.getByRole("textbox", { name: "Keys of one person" })).toHaveAttribute("readonly");
  });
});

describe("empty states say what to do next", () => {
  const nothing = () => ({
    ...someData(),
    reader: ADA,
    models: [],
    subscriptions: [],
    keys: [],
    usage: { ...someData().usage, totals: totals(0, "0"), series: [], byModel: [], byApiKey: [] },
  });

  it.each([
    ["/models", "No models yet"],
    ["/subscriptions", "No subscriptions yet"],
    ["/keys", "No keys yet"],
    ["/usage", "No calls in this period"],
    ["/keys?create=1", "Subscribe to a model first"],
    ["/admin/keys", "No keys yet"],
    ["/admin/keys?unused=30", "No key fits"],
    ["/admin/subscriptions", "No subscriptions yet"],
    ["/admin/subscriptions?status=ACTIVE", "No subscription fits"],
    ["/admin/models", "No models yet"],
    ["/admin/people?q=zzz", "Nobody fits"],
    ["/admin/audit", "Nothing yet"],
    ["/admin/audit?actor=zzz", "No entry fits"],
    ["/subscriptions?q=zzz", "No subscription fits"],
    ["/subscriptions/new", "No model fits"],
  ])("%s", async (path, text) => {
    const { baseElement } = openPage(path, nothing());
    expect(await screen.findByText(text)).toBeInTheDocument();
    expect(await axe(baseElement)).toHaveNoViolations();
  });
});

describe("errors", () => {
  it("are explained and can be retried", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const data = someData();
    data.failures.models = "INTERNAL_SERVER_ERROR";
    openPage("/models", data);
    expect(await screen.findByText("Something went wrong")).toBeInTheDocument();
    expect(screen.queryByText(/INTERNAL_SERVER_ERROR/)).not.toBeInTheDocument(); // the server's sentence says no more
    delete data.failures.models;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("claude-opus")).toBeInTheDocument();
  });

  it("are said once where two parts of a page fail, and both are asked again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const data = someData();
    data.failures.models = data.failures.modelFacets = "INTERNAL";
    openPage("/models", data);
    await waitFor(() => expect(screen.getAllByText("Something went wrong")).toHaveLength(1));
    delete data.failures.models;
    delete data.failures.modelFacets;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("claude-opus")).toBeInTheDocument();
    expect(await screen.findByRole("button", { name: "Provider" })).toBeInTheDocument();
  });

  it("say how long to wait where that is known, and whom to ask where waiting does not help", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const data = someData();
    data.failures.models = "RATE_LIMITED";
    data.retryAfter = 7;
    const { router } = openPage("/models", data);
    expect(await screen.findByText("Too much was asked at a time")).toBeInTheDocument();
    expect(screen.getByText(/Wait 7 seconds, then try again\./)).toBeInTheDocument();
    await router.navigate("/admin/people");
    expect(await screen.findByText("You may not see this")).toBeInTheDocument();
    expect(screen.getByText(/ask an administrator for the one that you need/)).toBeInTheDocument();
    const leave = screen.getByRole("link", { name: "Go to the start page" });
    expect(leave).toHaveAttribute("href", "/");
    const retry = screen.getByRole("button", { name: "Try again" });
    expect(leave.compareDocumentPosition(retry)).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
  });

  it("shows admins that LiteLLM must not be run as it is, and why", async () => {
    const data = someData();
    data.reader = ADA;
    const liteLLM = data.system.liteLLM as object;
    data.system.liteLLM = { ...liteLLM, version: "1.82.7", verdict: "BAD", verdictReason: "It was compromised." };
    openPage("/models", data);
    expect(await screen.findByText(/LiteLLM 1\.82\.7 must not be run: It was compromised\./)).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "See the system" })).toHaveAttribute("href", "/admin/system");
  });

  it("shows the banner while LiteLLM is away", async () => {
    const data = someData();
    data.liteLLM.reachable = false;
    openPage("/models", data);
    expect(await screen.findByText(/LiteLLM is not answering/)).toBeInTheDocument();
    expect(await screen.findByText("claude-opus")).toBeInTheDocument();
  });
});

describe("moving about", () => {
  it("puts the focus on the new page's heading, and not when only a filter changes", async () => {
    openPage("/models");
    await screen.findByText("claude-opus");
    // Nothing here is wide, so the sidebar begins closed.
    await userEvent.click(screen.getByRole("button", { name: "Main navigation" }));
    await userEvent.click(screen.getByRole("link", { name: "My usage" }));
    await waitFor(() => expect(screen.getByRole("heading", { level: 1, name: "My usage" })).toHaveFocus());
    await userEvent.click(await screen.findByRole("button", { name: "Tokens" }));
    expect(screen.getByRole("button", { name: "Tokens" })).toHaveFocus();
  });
});
