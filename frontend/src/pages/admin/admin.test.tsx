import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { axe } from "../../test/axe";
import { ADA, aPolicy, type BackendData, nodeId, NOW, SECRET, someData } from "../../test/backend";
import { inputs, openPage } from "../../test/render";

let data: BackendData;
beforeEach(() => {
  data = someData();
  data.reader = ADA;
});

async function choose(actions: string, action: string) {
  await userEvent.click(await screen.findByRole("button", { name: actions }));
  await userEvent.click(await screen.findByRole("menuitem", { name: action }));
}

describe("everybody's keys", () => {
  it("are found by words, status, last use and drift, which the address keeps", async () => {
    const { router } = openPage("/admin/keys", data);
    expect(await screen.findByRole("row", { name: /invoice bot.*Alice/ })).toBeInTheDocument();
    await userEvent.type(screen.getByRole("textbox", { name: "Search the keys" }), "alice");
    await waitFor(() => expect(router.state.location.search).toBe("?q=alice"));
    await userEvent.click(screen.getByRole("checkbox", { name: "Changed in LiteLLM" }));
    expect(await screen.findByText("No key fits")).toBeInTheDocument();
    expect(router.state.location.search).toBe("?q=alice&drifted=1");
    await userEvent.click(screen.getByRole("button", { name: "Show all" }));
    expect(await screen.findByText("invoice bot")).toBeInTheDocument();
    expect(router.state.location.search).toBe("");
  });

  it("can be ended by an admin, who gets none of their secrets", async () => {
    data.answers.reportApiKeyLeak = {
      __typename: "ReportApiKeyLeakSuccess",
      apiKey: { ...data.keys[0], status: "BLOCKED", calls: { totalCount: 0, edges: [] } },
      secret: null,
    };
    data.keys[0]!.calls = { totalCount: 0, edges: [] };
    openPage("/admin/keys", data);
    await userEvent.click(await screen.findByRole("button", { name: "Actions for invoice bot" }));
    expect(screen.getAllByRole("menuitem").map(({ textContent }) => textContent)).toEqual(["Block", "It leaked", "Revoke"]);
    await userEvent.click(screen.getByRole("menuitem", { name: "It leaked" }));
    await userEvent.click(await screen.findByRole("button", { name: "End it" }));
    expect(await screen.findByText(/Only the key’s owner gets a new one/)).toBeInTheDocument();
  });

  it("that were changed in LiteLLM can be adopted", async () => {
    data.keys[0]!.drift = [{ field: "maxBudget", ours: "10", found: "1000" }];
    data.answers.adoptApiKey = { __typename: "AdoptApiKeySuccess", apiKey: { ...data.keys[0], drift: [] } };
    const page = openPage(`/keys/${encodeURIComponent(data.keys[0]!.id as string)}`, data);
    expect(await screen.findByText("Alice (alice)")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Adopt: as it is in LiteLLM" }));
    await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Adopt" }));
    await waitFor(() => expect(screen.queryByRole("grid", { name: "Differences" })).not.toBeInTheDocument());
    expect(inputs(page, "adoptApiKey")).toEqual([{ apiKeyId: data.keys[0]!.id }]);
  });
});

describe("a secret that was found", () => {
  async function lookUp() {
    const page = openPage("/admin/keys", data);
    await userEvent.click(await screen.findByRole("button", { name: "Whose secret is this?" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Whose secret is this?" }));
    const field = dialog.getByLabelText(/^Secret/);
    expect(field).toHaveAttribute("type", "password");
    await userEvent.type(field, SECRET);
    await userEvent.click(dialog.getByRole("button", { name: "Look it up" }));
    return { page, dialog, field };
  }

  it("leads to its key and the answer to the leak, and is kept nowhere", async () => {
    data.answers.findLeakedApiKey = { __typename: "FindLeakedApiKeySuccess", apiKey: data.keys[0] };
    const { page, dialog, field } = await lookUp();
    expect(await dialog.findByText("It is the key “invoice bot” of Alice")).toBeInTheDocument();
    expect(dialog.getByRole("button", { name: "Actions for invoice bot" })).toBeInTheDocument();
    expect(field).toHaveValue("");
    expect(inputs(page, "findLeakedApiKey")).toEqual([{ secret: SECRET }]);
    expect(JSON.stringify(page.environment.getStore().getSource().toJSON())).not.toContain(SECRET);
    expect(JSON.stringify(page.router.state.location) + document.body.innerHTML).not.toContain(SECRET);
    expect(await axe(page.baseElement)).toHaveNoViolations();
  });

  it("may be none of ours", async () => {
    data.answers.findLeakedApiKey = { __typename: "FindLeakedApiKeySuccess", apiKey: null };
    const { dialog } = await lookUp();
    expect(await dialog.findByText("None of our keys has or had this secret")).toBeInTheDocument();
  });

  it("that can't be looked up says so", async () => {
    data.failures.findLeakedApiKey = "RATE_LIMITED";
    const { dialog } = await lookUp();
    expect(await dialog.findByText("Not looked up")).toBeInTheDocument();
  });
});

describe("everybody's subscriptions", () => {
  const subscription = () => data.subscriptions[0]!;

  it("are suspended with a reason, after the keys that lose the model were named", async () => {
    data.answers.suspendModelSubscription = {
      __typename: "SuspendModelSubscriptionSuccess",
      subscription: { ...subscription(), status: "SUSPENDED", reason: "No budget." },
    };
    const page = openPage("/admin/subscriptions", data);
    await choose("Actions for gpt-4o-mini of Alice", "Suspend");
    const dialog = within(await screen.findByRole("dialog", { name: /Suspend gpt-4o-mini for Alice\?/ }));
    expect(await dialog.findByText("invoice bot")).toBeInTheDocument();
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.click(dialog.getByRole("button", { name: "Suspend" }));
    expect(dialog.getByText("Say why: the requester sees it.")).toBeInTheDocument();
    expect(inputs(page, "suspendModelSubscription")).toEqual([]);
    await userEvent.type(dialog.getByRole("textbox", { name: "Reason" }), "No budget.");
    await userEvent.click(dialog.getByRole("button", { name: "Suspend" }));
    expect(await screen.findByRole("row", { name: /gpt-4o-mini.*Suspended.*No budget\./ })).toBeInTheDocument();
    expect(inputs(page, "suspendModelSubscription")).toEqual([{ subscriptionId: subscription().id, reason: "No budget." }]);
  });

  it("get other limits; what the server refuses is said at the field", async () => {
    data.answers.updateModelSubscription = { __typename: "InvalidInput", field: "input.maxRequests", message: "At most 500." };
    const page = openPage("/admin/subscriptions", data);
    await choose("Actions for gpt-4o-mini of Alice", "Change the limits");
    const dialog = within(await screen.findByRole("dialog", { name: /Change the limits of gpt-4o-mini for Alice/ }));
    await userEvent.type(dialog.getByRole("textbox", { name: "Requests" }), "1000");
    await userEvent.click(dialog.getByRole("button", { name: "Save" }));
    expect(await dialog.findByText("At most 500.")).toBeInTheDocument();
    expect(inputs(page, "updateModelSubscription")[0]).toMatchObject({ maxRequests: 1000, maxBudget: null, reason: null });
    expect(inputs(page, "updateModelSubscription")[0]).not.toHaveProperty("expiresAt");
  });

  it("are resumed, but nobody gives himself more", async () => {
    subscription().status = "SUSPENDED";
    data.subscriptions[1]!.user = ADA;
    openPage("/admin/subscriptions", data);
    await userEvent.click(await screen.findByRole("button", { name: "Actions for gpt-4o-mini of Alice" }));
    expect(screen.getByRole("menuitem", { name: "Resume" })).toBeInTheDocument();
    await userEvent.keyboard("{Escape}");
    await userEvent.click(screen.getByRole("button", { name: "Actions for text-embedding of Ada" }));
    expect(screen.getAllByRole("menuitem").map(({ textContent }) => textContent)).toEqual(["Suspend"]);
  });

  it("show an admin the page of one without what only its owner does", async () => {
    openPage(`/subscriptions/${encodeURIComponent(subscription().id as string)}`, data);
    expect(await screen.findByText("Alice (alice)")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Suspend" })).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /Cancel subscription|Ask for other limits/ })).not.toBeInTheDocument();
  });
});

describe("a model's access", () => {
  it("is changed after it was shown whom that concerns", async () => {
    const model = data.models[0]!;
    data.answers.setModelAccess = { __typename: "SetModelAccessSuccess", model: { ...model, access: "RESTRICTED" } };
    const page = openPage("/admin/models", data);
    await choose("Actions for gpt-4o-mini", "Change the access");
    const dialog = within(await screen.findByRole("dialog", { name: "Access to gpt-4o-mini" }));
    expect(await dialog.findByText("Everybody who has it keeps it")).toBeInTheDocument();
    await userEvent.click(dialog.getByRole("radio", { name: "Needs approval" }));
    await userEvent.click(dialog.getByRole("radio", { name: "Suspend all" }));
    expect(await dialog.findByText("This suspends 3 subscriptions")).toBeInTheDocument();
    await userEvent.click(dialog.getByRole("radio", { name: "End all" }));
    expect(await dialog.findByText("This ends 3 subscriptions and denies 1 waiting request")).toBeInTheDocument();
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.click(dialog.getByRole("button", { name: "Save and end" }));
    expect(inputs(page, "setModelAccess")).toEqual([]);
    await userEvent.type(dialog.getByRole("textbox", { name: "Reason" }), "It goes.");
    await userEvent.click(dialog.getByRole("button", { name: "Choose a model" }));
    await userEvent.click(await dialog.findByRole("menuitem", { name: "claude-opus" }));
    await userEvent.click(dialog.getByRole("checkbox", { name: "Deprecated" }));
    await userEvent.click(dialog.getByRole("button", { name: "Save and end" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(screen.getByRole("row", { name: /gpt-4o-mini.*Needs approval/ })).toBeInTheDocument();
    expect(inputs(page, "setModelAccess")).toEqual([
      {
        modelId: model.id,
        access: "RESTRICTED",
        lifecycle: "DEPRECATED",
        existing: "CANCEL",
        reason: "It goes.",
        successorId: nodeId("Model", 2),
      },
    ]);
  });

  it("has default limits of its own, which can be taken away", async () => {
    const model = data.models[0]!;
    model.subscriptionPolicy = aPolicy({ maxBudget: "10.000000", budgetDuration: "30d", model });
    data.answers.removeSubscriptionPolicy = { __typename: "RemoveSubscriptionPolicySuccess", subscriptionPolicy: aPolicy() };
    openPage("/admin/models", data);
    expect(await screen.findByRole("row", { name: /gpt-4o-mini.*\$10\.00 every 30 days.*Its own/ })).toBeInTheDocument();
    await choose("Actions for gpt-4o-mini", "Default limits");
    const dialog = within(await screen.findByRole("dialog", { name: "Default limits for gpt-4o-mini" }));
    expect(dialog.getByRole("textbox", { name: "Largest budget, in USD" })).toHaveValue("10");
    await userEvent.click(dialog.getByRole("button", { name: "Use what holds for all" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(screen.queryByText("Its own")).not.toBeInTheDocument();
  });
});

describe("rules", () => {
  it("for keys are checked, saved as a whole, and answered at the field", async () => {
    data.keyPolicy = { ...data.keyPolicy, maxKeys: 5 };
    data.answers.setKeyPolicy = { __typename: "InvalidInput", field: "input.maxLifeDays", message: "At most 3650." };
    const page = openPage("/admin/rules", data);
    const form = within(await screen.findByRole("form", { name: "Rules for keys" }));
    expect(form.getByRole("textbox", { name: "Keys of one person" })).toHaveValue("5");
    await userEvent.type(form.getByRole("textbox", { name: "Largest budget, in USD" }), "20");
    await userEvent.type(form.getByRole("textbox", { name: "Longest life, in days" }), "9999");
    await userEvent.click(form.getByRole("button", { name: "Save" }));
    expect(form.getByText("A largest budget needs a window.")).toBeInTheDocument();
    expect(inputs(page, "setKeyPolicy")).toEqual([]);
    await userEvent.selectOptions(form.getByRole("combobox", { name: "Budgets start again" }), "30d");
    await userEvent.click(form.getByRole("button", { name: "Save" }));
    expect(await form.findByText("At most 3650.")).toBeInTheDocument();
    data.answers.setKeyPolicy = { __typename: "SetKeyPolicySuccess", keyPolicy: data.keyPolicy };
    await userEvent.click(form.getByRole("button", { name: "Save" }));
    expect(await form.findByText("Saved: it holds for every key from now on")).toBeInTheDocument();
    expect(inputs(page, "setKeyPolicy")[1]).toEqual({
      maxBudget: "20",
      budgetDuration: "30d",
      rpmLimit: null,
      tpmLimit: null,
      maxParallelRequests: null,
      maxLifeDays: 9999,
      defaultLifeDays: null,
      maxKeys: 5,
    });
  });

  it("for subscriptions are saved, and those of single models are listed", async () => {
    data.policies = [aPolicy({ maxRequests: 100, budgetDuration: "1d", lifeDays: 30, model: data.models[1] })];
    data.answers.setSubscriptionPolicy = { __typename: "SetSubscriptionPolicySuccess", subscriptionPolicy: aPolicy() };
    const page = openPage("/admin/rules", data);
    expect(await screen.findByRole("row", { name: "claude-opus 100 requests every day 30 days" })).toBeInTheDocument();
    const form = within(screen.getByRole("form", { name: "Rules for subscriptions" }));
    await userEvent.type(form.getByRole("textbox", { name: "Life, in days" }), "90");
    await userEvent.click(form.getByRole("button", { name: "Save" }));
    expect(await form.findByText("Saved: it holds for every subscription from now on")).toBeInTheDocument();
    expect(inputs(page, "setSubscriptionPolicy")[0]).toMatchObject({ modelId: null, lifeDays: 90, maxBudget: null });
  });
});

describe("the system", () => {
  it("says what is wrong with LiteLLM, what waits for it, and how the jobs went", async () => {
    const at = (ago: number) => new Date(NOW - ago).toISOString();
    data.system = {
      ...data.system,
      liteLLM: {
        reachable: false,
        checkedAt: at(0),
        version: "1.107.0",
        verdict: "BAD",
        verdictReason: "It was compromised.",
        circuit: "OPEN",
      },
      settlement: { waiting: 7, failingSince: at(60_000) },
      driftedKeys: 2,
      jobs: [
        { name: "keys-sweep", startedAt: at(9000), finishedAt: at(8000), outcome: "WAITING", count: 2, nextAt: at(-9000) },
        { name: "quotas", startedAt: at(9000), finishedAt: at(8000), outcome: "FAILED", count: null, nextAt: at(-9000) },
      ],
    };
    const { baseElement } = openPage("/admin/system", data);
    expect(await screen.findByRole("heading", { name: /LiteLLM 1\.107\.0 must not be run/ })).toBeInTheDocument();
    expect(screen.getByText("No requests for some seconds, after several that failed")).toBeInTheDocument();
    expect(screen.getByText("7 secrets")).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "2 keys" })).toHaveAttribute("href", "/admin/keys?drifted=1");
    expect(screen.getByRole("row", { name: /keys-sweep Waits for LiteLLM .* 2 / })).toBeInTheDocument();
    expect(screen.getByRole("row", { name: /quotas Failed/ })).toBeInTheDocument();
    expect(await axe(baseElement)).toHaveNoViolations();
  });
});
