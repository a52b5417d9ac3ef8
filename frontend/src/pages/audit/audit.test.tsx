import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { axe } from "../../test/axe";
import { ADA, anEntry, type BackendData, nodeId, someData } from "../../test/backend";
import { openPage } from "../../test/render";

let data: BackendData;
beforeEach(() => {
  data = someData();
  data.reader = ADA;
  data.auditLog = [
    anEntry(1, {
      action: "key.updated",
      facts: [
        { name: "name", value: "invoice bot" },
        { name: "before", value: '{"max_budget":"10"}' },
        { name: "after", value: '{"max_budget":"20"}' },
      ],
    }),
    anEntry(2, {
      actor: "bob",
      action: "createApiKey",
      target: "portal",
      targetId: null,
      outcome: "REFUSED",
      facts: [{ name: "code", value: "FORBIDDEN" }],
    }),
  ];
});

const exports = () => ["Export CSV", "Export JSON lines"].map((name) => screen.getByRole("link", { name }).getAttribute("href"));

it("says who did what to what, from where, and how it ended", async () => {
  const { container } = openPage("/admin/audit", data);
  const row = await screen.findByRole("row", { name: /alice Key updated.*key\.updated Key invoice bot Done 10\.0\.0\.7/ });
  expect(within(row).getByRole("link", { name: "Key invoice bot" })).toHaveAttribute(
    "href",
    `/keys/${encodeURIComponent(nodeId("ApiKey", 1))}`,
  );
  expect(screen.getByRole("row", { name: /bob Create api key.*createApiKey Portal Refused/ })).toBeInTheDocument();
  expect(exports()).toEqual(["/exports/audit?format=csv", "/exports/audit?format=jsonl"]);
  await userEvent.click(within(row).getByRole("button", { name: "Details" }));
  const changes = screen.getByRole("grid", { name: "Before and after" });
  expect(within(changes).getByRole("row", { name: "Max budget 10 20" })).toBeInTheDocument();
  expect(screen.getByText("request-1")).toBeInTheDocument();
  expect(await axe(container)).toHaveNoViolations();
});

it("is narrowed down from an entry, which the address and the exports follow", async () => {
  const { router } = openPage("/admin/audit", data);
  const row = await screen.findByRole("row", { name: /createApiKey/ });
  await userEvent.click(within(row).getByRole("button", { name: "Details" }));
  await userEvent.click(screen.getByRole("button", { name: "Only by bob" }));
  await waitFor(() => expect(screen.queryByRole("row", { name: /alice/ })).not.toBeInTheDocument());
  expect(screen.getByRole("textbox", { name: "Who" })).toHaveValue("bob");
  await userEvent.click(screen.getByRole("button", { name: "Only createApiKey" }));
  expect(await screen.findByRole("list", { name: "What" })).toHaveTextContent("Create api key");
  expect(router.state.location.search).toBe("?actor=bob&action=createApiKey");
  expect(exports()[0]).toBe("/exports/audit?format=csv&actor=bob&action=createApiKey");
  await userEvent.click(screen.getByRole("button", { name: "Outcome: Done or refused" }));
  await userEvent.click(await screen.findByRole("option", { name: "Done" }));
  expect(await screen.findByText("No entry fits")).toBeInTheDocument();
  await userEvent.click(screen.getAllByRole("button", { name: "Show all" }).at(-1)!);
  expect(await screen.findByRole("row", { name: /alice/ })).toBeInTheDocument();
  expect(router.state.location.search).toBe("");
});

it("is narrowed down to one thing, a kind of thing, and days of one's own", async () => {
  const target = data.auditLog[0]!.target as string;
  const { router, backend } = openPage(`/admin/audit?target=${target}`, data);
  expect(await screen.findByRole("button", { name: "To what: One key" })).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "To what: One key" }));
  await userEvent.click(await screen.findByRole("option", { name: "The portal itself" }));
  expect(await screen.findByRole("row", { name: /createApiKey/ })).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "When: At any time" }));
  await userEvent.click(await screen.findByRole("option", { name: "On days I choose" }));
  await userEvent.type(screen.getByLabelText("First day"), "2026-11-20");
  await userEvent.type(screen.getByLabelText("Last day"), "2026-11-21");
  await waitFor(() =>
    expect(backend.requests.at(-1)!.variables!.filter).toEqual({
      target: "portal",
      since: "2026-11-20T00:00:00.000Z",
      until: "2026-11-22T00:00:00.000Z",
    }),
  );
  expect(router.state.location.search).toBe("?target=portal&when=own&from=2026-11-20&to=2026-11-21");
});

it("goes on page by page", async () => {
  data.auditLog = Array.from({ length: 60 }, (_, index) => anEntry(index + 1, { actor: `person-${index}` }));
  openPage("/admin/audit", data);
  expect(await screen.findByText("50 shown")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Show more" }));
  expect(await screen.findByText("person-59")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Show more" })).not.toBeInTheDocument();
});

describe("a record of which the oldest part is gone", () => {
  const begins = /^The record begins at Nov 1, 2026, .*; 1,200 older entries were removed after 180 days, as set\.$/;

  it("says at its end where it begins", async () => {
    data.auditLog = Array.from({ length: 60 }, (_, index) => anEntry(index + 1, { actor: `person-${index}` }));
    data.auditRemoval = { entries: 1200, begins: "2026-11-01T12:00:00Z", keepDays: 180 };
    openPage("/admin/audit", data);
    expect(await screen.findByText("50 shown")).toBeInTheDocument();
    expect(screen.queryByText(/The record begins/)).not.toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Show more" }));
    expect(await screen.findByText(begins)).toBeInTheDocument();
  });

  it("says so where nothing fits, since it may have been there", async () => {
    data.auditRemoval = { entries: 1, begins: "2026-11-01T12:00:00Z", keepDays: null };
    openPage("/admin/audit?actor=nobody", data);
    expect(await screen.findByRole("heading", { name: "No entry fits" })).toBeInTheDocument();
    expect(screen.getByText(/^The record begins at .*; 1 older entry was removed\.$/)).toBeInTheDocument();
  });
});
