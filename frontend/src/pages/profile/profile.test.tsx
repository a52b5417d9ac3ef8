import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { isSigningOut } from "../../lib/session";
import { axe } from "../../test/axe";
import { aSession, aToken, type BackendData, RECEIPT, someData, TOKEN_SECRET } from "../../test/backend";
import { inputs, openPage } from "../../test/render";

let data: BackendData;
beforeEach(() => {
  data = someData();
});

describe("sessions", () => {
  beforeEach(() => {
    data.sessions.push(aSession(2, { userAgent: "curl/8.5.0", address: null }), aSession(3, { address: "10.0.0.9" }));
  });

  it("are listed in words, this one marked, and one of the others is ended", async () => {
    const page = openPage("/profile", data);
    expect(await screen.findByRole("row", { name: /Firefox on Windows This one 10\.0\.0\.7/ })).toBeInTheDocument();
    expect(screen.getByRole("row", { name: /curl Unknown/ })).toBeInTheDocument();
    expect(screen.getAllByRole("button", { name: /^End (curl|Firefox)/ })).toHaveLength(2);
    await userEvent.click(screen.getByRole("button", { name: "End curl" }));
    const dialog = within(await screen.findByRole("dialog", { name: /End the session in curl\?/ }));
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.click(dialog.getByRole("button", { name: "End it" }));
    await waitFor(() => expect(screen.queryByRole("row", { name: /curl/ })).not.toBeInTheDocument());
    expect(screen.getByRole("row", { name: /10\.0\.0\.9/ })).toBeInTheDocument();
    expect(inputs(page, "endSession")).toEqual([{ sessionId: aSession(2).id }]);
  });

  it("all end but this one", async () => {
    openPage("/profile", data);
    await userEvent.click(await screen.findByRole("button", { name: "End all others" }));
    await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "End all others" }));
    await waitFor(() => expect(screen.queryByRole("button", { name: "End all others" })).not.toBeInTheDocument());
    expect(screen.getByText("This one")).toBeInTheDocument();
  });

  it("stay when that is refused, and the dialog says why", async () => {
    data.answers.endSession = { __typename: "InvalidInput", field: "sessionId", message: "There is no such session." };
    openPage("/profile", data);
    await userEvent.click(await screen.findByRole("button", { name: "End curl" }));
    await userEvent.click(await screen.findByRole("button", { name: "End it" }));
    expect(await screen.findByText("No session was ended")).toBeInTheDocument();
    expect(screen.getByText(/There is no such session\./)).toBeInTheDocument();
  });
});

describe("access tokens", () => {
  it("begin with none, and one is made, shown once and kept nowhere", async () => {
    const page = openPage("/profile", data);
    expect(await screen.findByText("No access tokens yet")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Create a token" }));
    const form = within(await screen.findByRole("dialog", { name: "Create an access token" }));
    await userEvent.click(form.getByRole("checkbox", { name: "Read" }));
    await userEvent.click(form.getByRole("button", { name: "Create token" }));
    expect(form.getByText("Give the token a name, so that you know it again.")).toBeInTheDocument();
    expect(form.getByText("Choose what the token may do.")).toBeInTheDocument();
    expect(inputs(page, "createAccessToken")).toEqual([]);
    expect(form.queryByRole("checkbox", { name: "Administration" })).not.toBeInTheDocument();
    expect(await axe(page.baseElement)).toHaveNoViolations();

    await userEvent.type(form.getByRole("textbox", { name: "Name" }), "nightly report");
    await userEvent.click(form.getByRole("checkbox", { name: "Read" }));
    await userEvent.click(form.getByRole("checkbox", { name: "Change keys" }));
    await userEvent.click(form.getByRole("button", { name: "Create token" }));
    const reveal = within(await screen.findByRole("dialog", { name: /Your new access token “nightly report”/ }));
    expect(reveal.getByRole("textbox", { name: "The token" })).toHaveValue(TOKEN_SECRET);
    expect(reveal.getByRole("region", { name: "curl command" })).toHaveTextContent(/graphql.*Bearer lmt_test/);
    expect(reveal.getByRole("button", { name: "Done" })).toBeDisabled();
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.click(reveal.getByRole("checkbox", { name: "I have stored the token" }));
    await userEvent.click(reveal.getByRole("button", { name: "Done" }));
    expect(await screen.findByRole("row", { name: /nightly report.*Active.*Never/ })).toBeInTheDocument();
    expect(screen.getByRole("list", { name: "What nightly report may do" })).toHaveTextContent("ReadChange keys");
    expect(inputs(page, "createAccessToken")).toMatchObject([{ name: "nightly report", scopes: ["READ", "KEYS_WRITE"] }]);
    expect(JSON.stringify(page.environment.getStore().getSource().toJSON())).not.toContain(TOKEN_SECRET);
    expect(document.body.innerHTML).not.toContain(TOKEN_SECRET);
  });

  it("are refused with the server's words, at the field that it names", async () => {
    data.answers.createAccessToken = { __typename: "TooManyAccessTokens", message: "50 access tokens are the most.", limit: 50 };
    openPage("/profile", data);
    await userEvent.click(await screen.findByRole("button", { name: "Create a token" }));
    await userEvent.type(screen.getByRole("textbox", { name: "Name" }), "x");
    await userEvent.click(screen.getByRole("button", { name: "Create token" }));
    expect(await screen.findByText(/50 access tokens are the most\./)).toBeInTheDocument();
    data.answers.createAccessToken = { __typename: "InvalidInput", field: "input.expiresAt", message: "is too late." };
    await userEvent.click(screen.getByRole("button", { name: "Create token" }));
    expect(await screen.findByText("is too late.")).toBeInTheDocument();
  });

  it("are revoked after a question; those that are over can't be", async () => {
    data.tokens = [aToken(1), aToken(2, { status: "EXPIRED", lastUsedAt: data.sessions[0]!.createdAt, lastUsedAddress: "10.1.1.1" })];
    data.answers.revokeAccessToken = { __typename: "RevokeAccessTokenSuccess", accessToken: { ...data.tokens[0], status: "REVOKED" } };
    const page = openPage("/profile", data);
    expect(await screen.findByRole("row", { name: /token 2.*Expired.*from 10\.1\.1\.1/ })).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Revoke token 2" })).not.toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Revoke token 1" }));
    await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Revoke" }));
    expect(await screen.findByRole("row", { name: /token 1.*Revoked/ })).toBeInTheDocument();
    expect(inputs(page, "revokeAccessToken")).toEqual([{ accessTokenId: data.tokens[0]!.id }]);
  });
});

it("an auditor's token is offered what an auditor may", async () => {
  data.reader = { ...data.reader, role: "AUDITOR" };
  openPage("/profile", data);
  await userEvent.click(await screen.findByRole("button", { name: "Create a token" }));
  const form = within(await screen.findByRole("dialog"));
  expect(form.getAllByRole("checkbox").map((box) => box.getAttribute("id"))).toEqual([
    "token-READ",
    "token-ACCOUNT_WRITE",
    "token-ADMIN",
  ]);
});

it("says who one is, and has one's data to take along", async () => {
  openPage("/profile", data);
  expect(await screen.findByText("alice@example.com")).toBeInTheDocument();
  expect(screen.getByText(/^User\. You manage what is yours\./)).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Download my data" })).toHaveAttribute("href", "/exports/me");
});

it("says until when a role counts, and how it goes on", async () => {
  data.reader = { ...data.reader, role: "ADMIN", roleUntil: new Date(Date.now() + 50 * 3_600_000).toISOString() };
  const page = openPage("/profile", data);
  expect(await screen.findByText(/Your role ends in 2 days unless you sign in again/)).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Sign in again" })).toHaveAttribute("href", "/auth/login?next=%2Fprofile");
  expect(await axe(page.baseElement)).toHaveNoViolations();
});

describe("erasing oneself", () => {
  async function open() {
    const page = openPage("/profile", data);
    await userEvent.click(await screen.findByRole("button", { name: "Erase me" }));
    return { page, dialog: within(await screen.findByRole("dialog", { name: /Erase me\?/ })) };
  }

  it("begins with what it ends and the own username, and ends with a receipt to keep", async () => {
    data.answers.eraseMe = { __typename: "EraseMeSuccess", receipt: RECEIPT };
    const saved = vi.fn<(blob: Blob) => string>(() => "blob:receipt");
    vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: saved, revokeObjectURL: () => {} }));
    const { page, dialog } = await open();
    expect(await dialog.findByText("Programs that use 3 keys will stop")).toBeInTheDocument();
    expect(dialog.getByText("60 entries of the audit record: name the pseudonym")).toBeInTheDocument();
    expect(dialog.getByRole("link", { name: "download it" })).toHaveAttribute("href", "/exports/me");
    await userEvent.click(dialog.getByRole("button", { name: "Erase me for good" }));
    expect(dialog.getByText("Type alice, as it is written here.")).toBeInTheDocument();
    expect(inputs(page, "eraseMe")).toEqual([]);
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.type(dialog.getByRole("textbox", { name: "Type “alice” to confirm" }), "alice");
    await userEvent.click(dialog.getByRole("button", { name: "Erase me for good" }));
    const receipt = within(await screen.findByRole("dialog", { name: "You are erased and signed out" }));
    expect(inputs(page, "eraseMe")).toEqual([{ username: "alice" }]);
    expect(receipt.getByText("erased-000000000001")).toBeInTheDocument();
    expect(receipt.getByText("60")).toBeInTheDocument();
    expect(isSigningOut()).toBe(true);
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.click(receipt.getByRole("button", { name: "Save the receipt" }));
    const text = await new Promise((read) => {
      const reader = new FileReader();
      reader.onload = () => read(reader.result);
      reader.readAsText(saved.mock.calls[0]![0]);
    });
    expect(JSON.parse(text as string)).toEqual(RECEIPT);
    page.unmount();
  });

  it("does not happen when it is refused, and the session goes on", async () => {
    data.answers.eraseMe = { __typename: "InvalidInput", field: "username", message: "username is the last admin's." };
    const { dialog } = await open();
    await userEvent.type(dialog.getByRole("textbox", { name: "Type “alice” to confirm" }), "alice");
    await userEvent.click(dialog.getByRole("button", { name: "Erase me for good" }));
    expect(await dialog.findByText("Nothing was erased")).toBeInTheDocument();
    expect(dialog.getByText(/username is the last admin's\./)).toBeInTheDocument();
    expect(isSigningOut()).toBe(false);
    await userEvent.click(dialog.getByRole("button", { name: "Cancel" }));
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });
});

it("says when it can't be loaded", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  data.failures.viewer = "INTERNAL";
  openPage("/profile", data);
  expect(await screen.findByText("Something went wrong")).toBeInTheDocument();
});
