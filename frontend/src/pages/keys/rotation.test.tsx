import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { axe } from "../../test/axe";
import { type BackendData, NOW, type Row, SECRET, someData } from "../../test/backend";
import { openPage } from "../../test/render";

const key = (data: BackendData) => data.keys[0]!;
const open = (data: BackendData) => openPage(`/keys/${encodeURIComponent(key(data).id as string)}`, data);

const inputs = (page: ReturnType<typeof open>, field: string) =>
  page.backend.requests
    .filter(({ query }) => page.backend.textOf(query).includes(`${field}(`))
    .map(({ variables }) => variables!.input);

function generation(number: number, status: string, changes: Row = {}): Row {
  return {
    number,
    prefix: "sk-lm",
    lastFour: `000${number}`,
    status,
    createdAt: new Date(NOW).toISOString(),
    endsAt: null,
    lastUsedAt: null,
    requestsLastDay: 0,
    ...changes,
  };
}

function rotating(data: BackendData) {
  key(data).status = "ROTATING";
  key(data).generations = [
    generation(1, "ENDING", { requestsLastDay: 3, endsAt: new Date(NOW + 3_600_000).toISOString() }),
    generation(2, "ACTIVE"),
  ];
  return data;
}

describe("rotating a key", () => {
  it("asks how long the old secret works, and shows the new one once", async () => {
    const data = someData();
    data.answers.rotateApiKey = { __typename: "RotateApiKeySuccess", apiKey: key(data), secret: SECRET };
    const page = open(data);
    await userEvent.click(await screen.findByRole("button", { name: "Rotate" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Rotate “invoice bot”" }));
    expect(dialog.getByRole("radio", { name: "24 hours" })).toBeChecked();
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.click(dialog.getByRole("radio", { name: "1 hour" }));
    await userEvent.click(dialog.getByRole("button", { name: "Make a new secret" }));

    const reveal = within(await screen.findByRole("dialog", { name: "The new secret of “invoice bot”" }));
    expect(reveal.getByRole("textbox", { name: "The key" })).toHaveValue(SECRET);
    expect(inputs(page, "rotateApiKey")).toEqual([
      { apiKeyId: key(data).id, overlap: 3600, clientMutationId: expect.stringMatching(/^[0-9a-f]{32}$/) },
    ]);
    expect(JSON.stringify(page.environment.getStore().getSource().toJSON())).not.toContain(SECRET);

    await userEvent.click(reveal.getByRole("checkbox", { name: "I have stored the key" }));
    await userEvent.click(reveal.getByRole("button", { name: "Done" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(document.body.innerHTML).not.toContain(SECRET);
  });

  it("that is sent again carries the same id, and says when the first one was carried out", async () => {
    const data = someData();
    data.failures.rotateApiKey = "UPSTREAM_UNAVAILABLE";
    const page = open(data);
    await userEvent.click(await screen.findByRole("button", { name: "Rotate" }));
    await userEvent.click(await screen.findByRole("button", { name: "Make a new secret" }));
    expect(await screen.findByText("The old secret works as before")).toBeInTheDocument();
    delete data.failures.rotateApiKey;
    data.answers.rotateApiKey = { __typename: "AlreadyDone", message: "Done.", apiKey: { ...key(data), status: "ROTATING" } };
    await userEvent.click(screen.getByRole("button", { name: "Make a new secret" }));
    expect(await screen.findByText(/the secret got lost on its way here/)).toBeInTheDocument();
    expect(screen.queryByText("The old secret works as before")).not.toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Make a new secret" })).toBeDisabled();
    const [first, second] = inputs(page, "rotateApiKey") as Row[];
    expect(first!.clientMutationId).toBe(second!.clientMutationId);
  });

  it("says that the old secret works when it fails", async () => {
    const data = someData();
    data.failures.rotateApiKey = "UPSTREAM_UNAVAILABLE";
    open(data);
    await userEvent.click(await screen.findByRole("button", { name: "Rotate" }));
    await userEvent.click(await screen.findByRole("button", { name: "Make a new secret" }));
    expect(await screen.findByText("The old secret works as before")).toBeInTheDocument();
  });

  it("shows both secrets with their traffic while it lasts, and can be finished", async () => {
    const data = rotating(someData());
    const page = open(data);
    const table = within(await screen.findByRole("grid", { name: "Secrets of this key" }));
    expect(table.getByRole("row", { name: /0001 Works until it ends 3/ })).toBeInTheDocument();
    expect(table.getByRole("row", { name: /0002 Works 0/ })).toBeInTheDocument();
    expect(screen.getByText(/The old one was used 3 times in the last 24 hours/)).toBeInTheDocument();
    expect(await axe(page.baseElement)).toHaveNoViolations();

    data.answers.finishApiKeyRotation = {
      __typename: "FinishApiKeyRotationSuccess",
      apiKey: { ...key(data), status: "ACTIVE", generations: [generation(1, "ENDED"), generation(2, "ACTIVE")] },
    };
    await userEvent.click(screen.getByRole("button", { name: "Finish now" }));
    const dialog = within(await screen.findByRole("dialog", { name: /Finish the rotation of “invoice bot”\?/ }));
    await userEvent.click(dialog.getByRole("button", { name: "End the old secret" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(screen.getByRole("row", { name: /0001 Ended/ })).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Finish now" })).not.toBeInTheDocument();
  });

  it("can be undone, and says so when it is too late for that", async () => {
    const data = rotating(someData());
    data.answers.undoApiKeyRotation = { __typename: "InvalidTransition", message: "It is over already.", status: "ACTIVE" };
    open(data);
    await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
    const dialog = within(await screen.findByRole("dialog", { name: /Undo the rotation of “invoice bot”\?/ }));
    await userEvent.click(dialog.getByRole("button", { name: "End the new secret" }));
    expect(await dialog.findByText(/It is over already/)).toBeInTheDocument();
  });
});

describe("a leak", () => {
  const call = {
    model: "gpt-4o-mini",
    at: new Date(NOW).toISOString(),
    success: false,
    errorCode: "429",
    callType: "acompletion",
    totalTokens: 0,
    spend: "0",
  };

  function leaked(secret: string | null) {
    const data = someData();
    key(data).calls = { totalCount: 1, edges: [{ node: call, cursor: "0" }] };
    data.answers.reportApiKeyLeak = { __typename: "ReportApiKeyLeakSuccess", apiKey: key(data), secret };
    return data;
  }

  async function report(data: BackendData) {
    const page = open(data);
    await userEvent.click(await screen.findByRole("button", { name: "I leaked this" }));
    const dialog = within(await screen.findByRole("dialog", { name: /The secret of “invoice bot” leaked/ }));
    await userEvent.click(dialog.getByRole("button", { name: "End it and make a new one" }));
    return page;
  }

  it("ends the secret, shows the new one once and the calls since", async () => {
    const data = leaked(SECRET);
    const page = await report(data);
    const reveal = within(await screen.findByRole("dialog", { name: "The new secret of “invoice bot”" }));
    expect(reveal.getByRole("textbox", { name: "The key" })).toHaveValue(SECRET);
    expect(await reveal.findByRole("row", { name: /gpt-4o-mini Failed \(429\)/ })).toBeInTheDocument();
    // Left as it was: since the key was made, to the minute.
    const since = new Date(Math.floor(Date.parse(key(data).createdAt as string) / 60_000) * 60_000).toISOString();
    expect(inputs(page, "reportApiKeyLeak")).toEqual([{ apiKeyId: key(data).id, since }]);
    expect(JSON.stringify(page.environment.getStore().getSource().toJSON())).not.toContain(SECRET);
    expect(await axe(page.baseElement)).toHaveNoViolations();
  });

  it("says when there is no new secret", async () => {
    await report(leaked(null));
    const dialog = within(await screen.findByRole("dialog", { name: "“invoice bot” is blocked" }));
    expect(dialog.getByText("There is no new secret yet")).toBeInTheDocument();
    expect(await dialog.findByRole("row", { name: /gpt-4o-mini/ })).toBeInTheDocument();
  });
});

describe("a key", () => {
  it("is edited by what changed and nothing else", async () => {
    const data = someData();
    data.answers.updateApiKey = {
      __typename: "UpdateApiKeySuccess",
      apiKey: { ...key(data), name: "billing bot", inSync: false },
    };
    const page = open(data);
    await userEvent.click(await screen.findByRole("button", { name: "Edit" }));
    const name = await screen.findByRole("textbox", { name: "Name" });
    expect(name).toHaveValue("invoice bot");
    await userEvent.clear(name);
    await userEvent.type(name, "billing bot");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByRole("heading", { name: "billing bot", level: 1 })).toBeInTheDocument();
    expect(screen.getByText("Change on its way")).toBeInTheDocument();
    expect(inputs(page, "updateApiKey")).toEqual([{ apiKeyId: key(data).id, name: "billing bot" }]);
  });

  it("is blocked and unblocked from the list", async () => {
    const data = someData();
    data.answers.blockApiKey = { __typename: "BlockApiKeySuccess", apiKey: { ...key(data), status: "BLOCKED" } };
    openPage("/keys", data);
    await userEvent.click(await screen.findByRole("button", { name: "Actions for invoice bot" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Block" }));
    await userEvent.click(within(await screen.findByRole("dialog", { name: /Block “invoice bot”\?/ })).getByRole("button", { name: "Block" }));
    expect(await screen.findByText("Blocked")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Actions for invoice bot" }));
    expect(await screen.findByRole("menuitem", { name: "Unblock" })).toBeInTheDocument();
  });
});
