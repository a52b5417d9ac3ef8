import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { AUDITORS_LOOK } from "../lib/reader";
import { axe } from "../test/axe";
import { ADA, aModel, nodeId, NOW, type Row, someData, totals } from "../test/backend";
import { openPage } from "../test/render";

const AUDITOR: Row = { ...ADA, role: "AUDITOR" };
const MODEL = nodeId("Model", 4);

/** Nothing of one's own, and a model that nobody has asked for. */
const nothing = (reader = AUDITOR) => ({
  ...someData(),
  reader,
  models: [aModel(4, { name: "fresh" })],
  subscriptions: [],
  keys: [],
  usage: { ...someData().usage, totals: totals(0, "0"), series: [], byModel: [], byApiKey: [] },
});

const OFFERED = /^(Subscribe|Ask for access|With limits|Create (a|another) key.*|New subscription|My keys|Find a model|Next|See all \w+)$/;

/** What the page itself offers, beside the way back; not the menu. */
const offers = () =>
  [...document.querySelectorAll("main :is(button, a)")]
    .filter((element) => !element.closest("[aria-label=Breadcrumb]"))
    .map((element) => element.textContent)
    .filter((text) => OFFERED.test(text));

describe("what an auditor may not do", () => {
  it.each<[path: string, forOthers: string[], instead: string[]]>([
    [`/models/${MODEL}`, ["Subscribe", "With limits"], []],
    ["/subscriptions", ["New subscription", "New subscription"], ["See all subscriptions"]],
    [`/subscriptions/new?model=${MODEL}`, ["Next"], []],
    ["/keys", ["Create a key", "Create a key"], ["See all keys"]],
    ["/keys?create=1", ["Create a key", "Create a key"], ["See all keys"]],
    ["/usage", ["My keys", "Create a key"], ["See all usage"]],
    ["/", ["Find a model", "Create a key"], ["See all usage", "See all keys"]],
  ])("is not offered at %s, which says why", async (path, forOthers, instead) => {
    const { unmount } = openPage(path, nothing(ADA));
    await waitFor(() => expect(offers()).toEqual(forOthers));
    expect(screen.queryByText(AUDITORS_LOOK)).not.toBeInTheDocument();
    unmount();

    const { baseElement } = openPage(path, nothing());
    expect(await screen.findByText(AUDITORS_LOOK)).toBeInTheDocument();
    await waitFor(() => expect(offers()).toEqual(instead));
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(await axe(baseElement)).toHaveNoViolations();
  });

  it("is not offered for what is the auditor's from before", async () => {
    const data = someData();
    data.reader = AUDITOR;
    const [mine] = data.subscriptions;
    const quotaChange = { id: nodeId("QuotaChange", 1), createdAt: new Date(NOW).toISOString(), justification: "More" };
    Object.assign(mine!, { user: AUDITOR, status: "ACTIVE", quotaChange });
    const { router } = openPage(`/subscriptions/${mine!.id as string}`, data);
    expect(await screen.findByText(/You asked for other limits/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /Withdraw|Cancel subscription|Ask for other limits/ })).not.toBeInTheDocument();
    await router.navigate(`/models/${nodeId("Model", 1)}`);
    expect(await screen.findByText(/You can call this model/)).toBeInTheDocument();
    expect(screen.queryByRole("link", { name: "Create a key for it" })).not.toBeInTheDocument();
  });

  it("does not take from the auditor what is: the own account", async () => {
    const data = someData();
    data.reader = AUDITOR;
    openPage("/profile", data);
    expect(await screen.findByRole("button", { name: "Create a token" })).toBeEnabled();
    expect(await screen.findByRole("button", { name: /Erase/ })).toBeEnabled();
  });
});

it("the start page leads an auditor to what everybody does", async () => {
  openPage("/", nothing());
  expect(await screen.findByRole("link", { name: "See all usage" })).toHaveAttribute("href", "/admin/usage");
  const links = screen.getAllByRole("link", { name: /^See / }).map((link) => link.getAttribute("href"));
  expect(links).toEqual(["/admin/usage", "/approvals", "/admin/keys", "/admin/people", "/admin/audit"]);
  expect(screen.queryByText("1. Pick a model")).not.toBeInTheDocument();
});

it("stands there for everybody else at once, and also when the shell does not know who it is", async () => {
  const data = nothing(ADA);
  data.failures.portal = "INTERNAL_SERVER_ERROR";
  openPage("/keys", data);
  expect(await screen.findByText("No keys yet")).toBeInTheDocument();
  expect(offers()).toEqual(["Create a key", "Create a key"]);
});
