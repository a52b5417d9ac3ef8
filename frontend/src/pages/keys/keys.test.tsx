import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { axe } from "../../test/axe";
import { describe, expect, it, vi } from "vitest";

import { aKey, NOW, SECRET, someData } from "../../test/backend";
import { openPage } from "../../test/render";

async function createKey(data = someData()) {
  const page = openPage("/keys?create=1", data);
  await userEvent.type(await screen.findByRole("textbox", { name: "Name" }), "batch job");
  await userEvent.click(screen.getByRole("checkbox", { name: /gpt-4o-mini/ }));
  await userEvent.click(screen.getByRole("button", { name: "Create key" }));
  return page;
}

const secretIsOnPage = () =>
  document.body.innerHTML.includes(SECRET) ||
  [...document.querySelectorAll("input")].some((input) => input.value.includes(SECRET));

describe("a new key", () => {
  it("shows its secret once and lets go only when it is said to be stored", async () => {
    const { baseElement } = await createKey();
    const dialog = await screen.findByRole("dialog", { name: "Your new key “batch job”" });
    expect(within(dialog).getByRole("textbox", { name: "The key" })).toHaveValue(SECRET);
    expect(await axe(baseElement)).toHaveNoViolations();

    const done = within(dialog).getByRole("button", { name: "Done" });
    expect(done).toBeDisabled();
    expect(within(dialog).queryByRole("button", { name: /close/i })).not.toBeInTheDocument();
    await userEvent.keyboard("{Escape}");
    expect(dialog).toBeInTheDocument();

    await userEvent.click(within(dialog).getByRole("checkbox", { name: "I have stored the key" }));
    await userEvent.click(done);
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(secretIsOnPage()).toBe(false);
    expect(await screen.findByRole("link", { name: "batch job" })).toBeInTheDocument();
  });

  it("never has its secret in the store, the storage or the address", async () => {
    const published = vi.fn();
    const { environment, router } = openPage("/keys?create=1");
    const store = environment.getStore();
    const publish = store.publish.bind(store);
    // What is published is looked at as well: it may be in the store only for a moment.
    vi.spyOn(store, "publish").mockImplementation((source, ...rest) => {
      published(JSON.stringify(source));
      publish(source, ...rest);
    });
    await userEvent.type(await screen.findByRole("textbox", { name: "Name" }), "batch job");
    await userEvent.click(screen.getByRole("checkbox", { name: /gpt-4o-mini/ }));
    await userEvent.click(screen.getByRole("button", { name: "Create key" }));
    await screen.findByRole("dialog", { name: /Your new key/ });

    expect(secretIsOnPage()).toBe(true);
    expect(published).toHaveBeenCalled();
    expect(published.mock.calls.flat().join()).toContain("batch job");
    expect(published.mock.calls.flat().join()).not.toContain(SECRET);
    expect(JSON.stringify(store.getSource().toJSON())).not.toContain(SECRET);
    expect(JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage })).not.toContain(SECRET);
    expect(JSON.stringify(router.state.location)).not.toContain(SECRET);
  });

  it("comes with code that carries address, model and secret", async () => {
    await createKey();
    const dialog = await screen.findByRole("dialog", { name: /Your new key/ });
    expect(within(dialog).getByRole("region", { name: "curl command" })).toHaveTextContent(
      `http://127.0.0.1:8081/v1/chat/completions`,
    );
    await userEvent.click(within(dialog).getByRole("tab", { name: "Python" }));
    const code = within(dialog).getByRole("region", { name: "Python code" });
    expect(code).toHaveTextContent(`api_key="${SECRET}"`);
    expect(code).toHaveTextContent(`model="gpt-4o-mini"`);
  });

  it("holds the reader back from leaving with the secret unstored", async () => {
    const { router } = await createKey();
    await screen.findByRole("dialog", { name: /Your new key/ });
    await act(() => router.navigate("/models"));
    expect(router.state.location.pathname).toBe("/keys");
    expect(screen.getByRole("dialog", { name: /Your new key/ })).toBeInTheDocument();
  });

  it("says when its first call arrives, and what went wrong when one fails", async () => {
    const { live, data } = await createKey();
    await screen.findByText("Waiting for a call with this key");
    const use = {
      apiKey: data.keys[0],
      model: "gpt-4o-mini",
      at: new Date(NOW).toISOString(),
      success: true,
      errorCode: null,
      totalTokens: 20,
      spend: "0.0000082",
      latencyMs: 412,
    };
    await act(() => live.push("apiKeyUsed", { ...use, success: false, errorCode: "429", spend: "0" }));
    expect(await screen.findByText("The call to gpt-4o-mini failed")).toBeInTheDocument();
    expect(screen.getByText(/Wait a minute/)).toBeInTheDocument();
    await act(() => live.push("apiKeyUsed", use));
    expect(await screen.findByText("It works: gpt-4o-mini answered")).toBeInTheDocument();
    expect(screen.getByText("412 ms")).toBeInTheDocument();
    expect(screen.getByText("$0.0000082")).toBeInTheDocument();
  });
});

describe("what is wrong with a new key", () => {
  it("is said before asking the server", async () => {
    const { backend } = openPage("/keys?create=1");
    await userEvent.click(await screen.findByRole("button", { name: "Create key" }));
    expect(await screen.findByText(/Give the key a name/)).toBeInTheDocument();
    expect(screen.getByText("Choose at least one model.")).toBeInTheDocument();
    const sent = backend.requests.map(({ query }) => backend.textOf(query));
    expect(sent.filter((text) => text.includes("createApiKey"))).toEqual([]);
  });

  it.each([
    [{ __typename: "InvalidInput", field: "name", message: "You have a key of this name." }, "textbox", "Name"],
    [
      { __typename: "InvalidInput", field: "maxBudget", message: "At most 10." },
      "textbox",
      "Largest budget, in USD",
    ],
  ])("is shown at the field that the server names: %j", async (answer, role, name) => {
    const data = someData();
    data.answers.createApiKey = answer;
    await createKey(data);
    expect(await screen.findByText(answer.message)).toBeInTheDocument();
    expect(screen.getByRole(role, { name })).toHaveAttribute("aria-invalid", "true");
  });

  it("is shown at the models when one is not subscribed", async () => {
    const data = someData();
    data.answers.createApiKey = { __typename: "NotSubscribed", field: "modelIds", message: "Not subscribed.", models: [] };
    await createKey(data);
    expect(await screen.findByText("Not subscribed.")).toBeInTheDocument();
  });

  it("that was made by a first request whose answer was lost is not made twice, and can be opened", async () => {
    const data = someData();
    data.failures.createApiKey = "UPSTREAM_UNAVAILABLE";
    const page = await createKey(data);
    expect(await screen.findByText("No key was created")).toBeInTheDocument();
    delete data.failures.createApiKey;
    data.answers.createApiKey = { __typename: "AlreadyDone", message: "Done.", apiKey: data.keys[0] };
    await userEvent.click(screen.getByRole("button", { name: "Create key" }));
    expect(await screen.findByText(/the secret got lost on its way here/)).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "Open the key" })).toHaveAttribute(
      "href",
      `/keys/${encodeURIComponent(data.keys[0]!.id as string)}`,
    );
    const ids = page.backend.requests
      .filter(({ query }) => page.backend.textOf(query).includes("createApiKey("))
      .map(({ variables }) => (variables!.input as { clientMutationId: string }).clientMutationId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it("is said in words when the request as a whole fails", async () => {
    const data = someData();
    data.failures.createApiKey = "UPSTREAM_UNAVAILABLE";
    await createKey(data);
    expect(await screen.findByText("No key was created")).toBeInTheDocument();
  });
});

describe("keys that nobody uses", () => {
  it("are found by their last use, which the address keeps", async () => {
    const data = someData();
    data.keys.push(aKey(2, [data.models[0]!], { name: "forgotten", lastUsedAt: new Date(NOW - 65 * 86_400_000).toISOString() }));
    const { router } = openPage("/keys", data);
    await screen.findByRole("link", { name: "invoice bot" });
    await userEvent.click(screen.getByRole("button", { name: "Last use: Used or not" }));
    await userEvent.click(screen.getByRole("option", { name: "Not used for 60 days" }));
    await waitFor(() => expect(screen.queryByRole("link", { name: "invoice bot" })).not.toBeInTheDocument());
    expect(screen.getByRole("link", { name: "forgotten" })).toBeInTheDocument();
    expect(router.state.location.search).toBe("?unused=60");
  });
});

describe("a key that was changed in LiteLLM itself", () => {
  const drifted = () => {
    const data = someData();
    data.keys[0]!.drift = [{ field: "rpmLimit", ours: "60", found: "6000" }];
    return data;
  };

  it("says what differs, and is repaired by its owner, who can't adopt it", async () => {
    const data = drifted();
    data.answers.repairApiKey = { __typename: "RepairApiKeySuccess", apiKey: { ...data.keys[0], drift: [] } };
    const { baseElement } = openPage(`/keys/${encodeURIComponent(data.keys[0]!.id as string)}`, data);
    expect(await screen.findByRole("row", { name: "Requests a minute 60 6000" })).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /Adopt/ })).not.toBeInTheDocument();
    expect(await axe(baseElement)).toHaveNoViolations();
    await userEvent.click(screen.getByRole("button", { name: "Repair: as it stands here" }));
    const dialog = within(await screen.findByRole("dialog", { name: /Repair “invoice bot”/ }));
    await userEvent.click(dialog.getByRole("button", { name: "Repair" }));
    await waitFor(() => expect(screen.queryByText(/changed this key in LiteLLM/)).not.toBeInTheDocument());
  });

  it("is marked in the list", async () => {
    openPage("/keys", drifted());
    expect(await screen.findByRole("row", { name: /invoice bot.*Changed in LiteLLM/ })).toBeInTheDocument();
  });
});

describe("revoking", () => {
  it("says so while LiteLLM has not confirmed it, and when it has", async () => {
    const data = someData();
    data.answers.revokeApiKey = {
      __typename: "RevokeApiKeySuccess",
      apiKey: { ...data.keys[0], status: "REVOKED", inSync: false },
    };
    const { environment } = openPage("/keys", data);
    await userEvent.click(await screen.findByRole("button", { name: "Actions for invoice bot" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Revoke" }));
    await userEvent.click(await screen.findByRole("button", { name: "Revoke" }));
    const dialog = within(await screen.findByRole("dialog", { name: "“invoice bot” is revoked" }));
    expect(dialog.getByText("LiteLLM has not confirmed it yet")).toBeInTheDocument();
    act(() => environment.commitUpdate((store) => store.get(data.keys[0]!.id as string)!.setValue(true, "inSync")));
    expect(await dialog.findByText(/the key opens nothing any more/)).toBeInTheDocument();
  });

  it("asks first, naming the key, and then shows it as revoked", async () => {
    const { baseElement, data } = openPage("/keys");
    await userEvent.click(await screen.findByRole("button", { name: "Actions for invoice bot" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Revoke" }));
    const dialog = await screen.findByRole("dialog", { name: /Revoke “invoice bot”\?/ });
    expect(await axe(baseElement)).toHaveNoViolations();
    await userEvent.click(within(dialog).getByRole("button", { name: "Keep it" }));
    expect(data.keys[0]!.status).toBe("ACTIVE");

    await userEvent.click(screen.getByRole("button", { name: "Actions for invoice bot" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Revoke" }));
    await userEvent.click(await screen.findByRole("button", { name: "Revoke" }));
    expect(await screen.findByText("Revoked")).toBeInTheDocument();
    expect(data.keys[0]!.status).toBe("REVOKED");
    expect(screen.queryByRole("button", { name: "Actions for invoice bot" })).not.toBeInTheDocument();
  });
});
