import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { personPath } from "../../lib/paths";
import { axe } from "../../test/axe";
import { ADA, ALICE, aToken, type BackendData, RECEIPT, someData } from "../../test/backend";
import { inputs, openPage } from "../../test/render";

let data: BackendData;
beforeEach(() => {
  data = someData();
  data.reader = ADA;
});

async function choose(action: string) {
  await userEvent.click(await screen.findByRole("button", { name: "Actions for Alice" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: action }));
}

describe("the people", () => {
  it("are found by words, role and whether they are disabled, which the address keeps", async () => {
    const { router } = openPage("/admin/people", data);
    expect(await screen.findByRole("row", { name: /Alice.*alice User Active 2 1 \$1\.23.*42 requests/ })).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Actions for Ada" })).not.toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Role" }));
    await userEvent.click(await screen.findByRole("checkbox", { name: "Administrator" }));
    await waitFor(() => expect(screen.queryByRole("link", { name: "Alice" })).not.toBeInTheDocument());
    await userEvent.click(screen.getByRole("button", { name: "Access: Disabled or not" }));
    await userEvent.click(await screen.findByRole("option", { name: "Disabled" }));
    expect(await screen.findByText("Nobody fits")).toBeInTheDocument();
    expect(router.state.location.search).toBe("?role=ADMIN&access=disabled");
    await userEvent.click(screen.getAllByRole("button", { name: "Show all" }).at(-1)!);
    expect(await screen.findByRole("link", { name: "Alice" })).toBeInTheDocument();
    expect(router.state.location.search).toBe("");
  });

  it("are disabled, with a reason, and enabled again", async () => {
    const disabled = { ...ALICE, disabledAt: new Date().toISOString() };
    data.answers.disableUser = { __typename: "DisableUserSuccess", user: disabled };
    data.answers.enableUser = { __typename: "EnableUserSuccess", user: ALICE };
    const page = openPage("/admin/people", data);
    await choose("Disable");
    const dialog = within(await screen.findByRole("dialog", { name: /Disable Alice\?/ }));
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.type(dialog.getByRole("textbox", { name: "Reason (optional)" }), "On leave.");
    await userEvent.click(dialog.getByRole("button", { name: "Disable" }));
    expect(await screen.findByRole("row", { name: /Alice.*alice User Disabled/ })).toBeInTheDocument();
    expect(inputs(page, "disableUser")).toEqual([{ userId: ALICE.id, reason: "On leave." }]);
    await choose("Enable");
    await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Enable" }));
    expect(await screen.findByRole("row", { name: /Alice.*alice User Active/ })).toBeInTheDocument();
    expect(inputs(page, "enableUser")).toEqual([{ userId: ALICE.id, reason: null }]);
  });

  it("leave after what that ends was shown, and their username typed", async () => {
    data.answers.offboardUser = {
      __typename: "OffboardUserSuccess",
      user: { ...ALICE, disabledAt: new Date().toISOString(), livingApiKeys: 0 },
    };
    const page = openPage("/admin/people", data);
    await choose("Offboard");
    const dialog = within(await screen.findByRole("dialog", { name: /Alice leaves/ }));
    expect(await dialog.findByText("1 key in use within the last 7 days will stop")).toBeInTheDocument();
    expect(dialog.getByText("3 keys: revoked for good")).toBeInTheDocument();
    await userEvent.click(dialog.getByRole("radio", { name: "Keep them on hold" }));
    expect(dialog.getByText("3 keys: on hold as long as the person is disabled")).toBeInTheDocument();
    await userEvent.click(dialog.getByRole("radio", { name: "Keep them" }));
    expect(dialog.getByText("4 subscriptions: kept as they are")).toBeInTheDocument();
    await userEvent.click(dialog.getByRole("button", { name: "Offboard" }));
    expect(dialog.getByText("Type alice, as it is written here.")).toBeInTheDocument();
    expect(inputs(page, "offboardUser")).toEqual([]);
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.type(dialog.getByRole("textbox", { name: "Type “alice” to confirm" }), "alice");
    await userEvent.click(dialog.getByRole("button", { name: "Offboard" }));
    expect(await screen.findByText("All sessions and access tokens have ended")).toBeInTheDocument();
    await userEvent.click(within(screen.getByRole("dialog")).getAllByRole("button", { name: "Close" }).at(-1)!);
    expect(await screen.findByRole("row", { name: /Alice.*alice User Disabled 2 0/ })).toBeInTheDocument();
    expect(inputs(page, "offboardUser")).toEqual([{ userId: ALICE.id, keys: "BLOCK", subscriptions: "KEEP", reason: null }]);
  });

  it("are erased after what that ends was shown and their username typed, and there is a receipt", async () => {
    data.answers.erasePerson = { __typename: "ErasePersonSuccess", receipt: RECEIPT };
    const page = openPage("/admin/people", data);
    await choose("Erase");
    const dialog = within(await screen.findByRole("dialog", { name: /Erase Alice\?/ }));
    expect(await dialog.findByText("4 subscriptions and requests: given up")).toBeInTheDocument();
    await userEvent.type(dialog.getByRole("textbox", { name: "Type “alice” to confirm" }), "Alice");
    await userEvent.click(dialog.getByRole("button", { name: "Erase for good" }));
    expect(dialog.getByText("Type alice, as it is written here.")).toBeInTheDocument();
    expect(inputs(page, "erasePerson")).toEqual([]);
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.clear(dialog.getByRole("textbox", { name: "Type “alice” to confirm" }));
    await userEvent.type(dialog.getByRole("textbox", { name: "Type “alice” to confirm" }), "alice");
    await userEvent.click(dialog.getByRole("button", { name: "Erase for good" }));
    const receipt = within(await screen.findByRole("dialog", { name: "The person is erased" }));
    expect(receipt.getByText("erased-000000000001")).toBeInTheDocument();
    expect(inputs(page, "erasePerson")).toEqual([{ userId: ALICE.id, username: "alice" }]);
    await userEvent.click(receipt.getAllByRole("button", { name: "Close" }).at(-1)!);
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });

  it("stay as they are when it is refused", async () => {
    data.answers.disableUser = { __typename: "InvalidInput", field: "userId", message: "userId can't be your own." };
    openPage("/admin/people", data);
    await choose("Disable");
    await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Disable" }));
    expect(await screen.findByText(/userId can't be your own\./)).toBeInTheDocument();
    expect(screen.getByText("Nothing was changed")).toBeInTheDocument();
  });
});

describe("one person", () => {
  it("has keys, subscriptions and access tokens, and what is disabled says so", async () => {
    data.people = [{ ...ALICE, disabledAt: new Date().toISOString() }, ADA];
    data.tokens = [aToken(1, { name: "nightly" })];
    const { container } = openPage(personPath(ALICE.id as string), data);
    expect(await screen.findByRole("heading", { level: 1, name: "Alice" })).toBeInTheDocument();
    expect(screen.getByText("Nobody can sign in as alice")).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "invoice bot" })).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "text-embedding" })).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Revoke nightly" })).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "What alice did" })).toHaveAttribute("href", "/admin/audit?actor=alice");
    expect(screen.getByRole("button", { name: "Enable" })).toBeInTheDocument();
    expect(await axe(container)).toHaveNoViolations();
  });

  it("was erased, and there is nothing left to do", async () => {
    const gone = { ...ALICE, username: "erased-1", displayName: "erased-1", disabledAt: ALICE.createdAt, erasedAt: ALICE.createdAt };
    data.people = [gone, ADA];
    openPage(personPath(ALICE.id as string), data);
    expect(await screen.findByText("This person was erased")).toBeInTheDocument();
    expect(screen.getByText("Erased", { selector: ".pf-v6-c-label__text" })).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /^(Enable|Offboard|Erase)$/ })).not.toBeInTheDocument();
  });

  it("has a role that ends", async () => {
    data.people = [{ ...ALICE, role: "ADMIN", roleUntil: new Date(Date.now() + 50 * 3_600_000).toISOString() }, ADA];
    openPage(personPath(ALICE.id as string), data);
    expect(await screen.findByText(/unless the groups confirm it at a sign-in before/)).toHaveTextContent(/Ends in 2 days/);
  });

  it("may have nothing", async () => {
    data.keys = [];
    data.subscriptions = [];
    openPage(personPath(ALICE.id as string), data);
    expect(await screen.findAllByText("There are none.")).toHaveLength(3);
  });

  it.each([
    ["an auditor", { ...ADA, role: "AUDITOR" }, ALICE],
    ["an admin, of themselves,", ADA, ADA],
  ])("is for %s to read", async (_, reader, person) => {
    data.reader = reader;
    data.keys = [];
    data.tokens = [aToken(1)];
    openPage(personPath(person.id as string), data);
    expect(await screen.findByRole("heading", { level: 1, name: person.displayName as string })).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /^(Disable|Offboard|Erase)$/ })).not.toBeInTheDocument();
    expect(screen.queryAllByRole("button", { name: /^Revoke/ })).toHaveLength(reader.role === "ADMIN" ? 1 : 0);
  });

  it("may not be there", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    openPage(personPath("VXNlcjox"), data);
    expect(await screen.findByText("This does not exist, or not for you")).toBeInTheDocument();
  });
});
