import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { aModel, nodeId, someData } from "../../test/backend";
import { openPage } from "../../test/render";

describe("finding a model", () => {
  it("searches while typing, in the address too", async () => {
    const { router } = openPage("/models");
    await screen.findByText("claude-opus");
    await userEvent.type(await screen.findByRole("textbox", { name: "Search models" }), "claude");
    await waitFor(() => expect(screen.queryByText("gpt-4o-mini")).not.toBeInTheDocument());
    expect(screen.getByText("claude-opus")).toBeInTheDocument();
    expect(router.state.location.search).toBe("?q=claude");
  });

  it("filters by facets that say how many there are, and clears them", async () => {
    const { router } = openPage("/models");
    await userEvent.click(await screen.findByRole("button", { name: "Provider" }));
    await userEvent.click(await screen.findByRole("checkbox", { name: "Anthropic (1)" }));
    await waitFor(() => expect(screen.queryByText("gpt-4o-mini")).not.toBeInTheDocument());
    expect(router.state.location.search).toBe("?provider=anthropic");
    await userEvent.click(screen.getAllByRole("button", { name: "Clear all filters" })[0]!);
    expect(await screen.findByText("gpt-4o-mini")).toBeInTheDocument();
    expect(router.state.location.search).toBe("");
  });

  it("says when nothing fits and offers the way back", async () => {
    openPage("/models?q=zzz");
    expect(await screen.findByText("No model fits")).toBeInTheDocument();
  });

  it("shows what the address asks for, and follows it back", async () => {
    const { router } = openPage("/models?view=table&mode=EMBEDDING");
    const table = await screen.findByRole("grid", { name: "Models" });
    expect(within(table).getByText("text-embedding")).toBeInTheDocument();
    expect(within(table).queryByText("gpt-4o-mini")).not.toBeInTheDocument();
    await userEvent.type(await screen.findByRole("textbox", { name: "Search models" }), "zzz");
    expect(await screen.findByText("No model fits")).toBeInTheDocument();
    await router.navigate("/models");
    await waitFor(() => expect(screen.getByRole("textbox", { name: "Search models" })).toHaveValue(""));
  });

  it("loads the rest page by page", async () => {
    const data = someData();
    for (let number = 4; number <= 30; number++) data.models.push(aModel(number));
    openPage("/models", data);
    expect(await screen.findByText("24 of 30 shown")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Show more" }));
    expect(await screen.findByText("model-30")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Show more" })).not.toBeInTheDocument();
  });
});

describe("subscribing", () => {
  it("to an open model takes one click and needs no reason", async () => {
    const data = someData();
    data.models.push(aModel(4, { name: "fresh" }));
    openPage(`/models/${nodeId("Model", 4)}`, data);
    await userEvent.click(await screen.findByRole("button", { name: "Subscribe" }));
    expect(await screen.findByText("Active")).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "Create a key for it" })).toHaveAttribute(
      "href",
      `/keys?create=1&model=${encodeURIComponent(nodeId("Model", 4))}`,
    );
  });

  it("to a restricted one sends the reason and waits", async () => {
    const { data } = openPage(`/models/${nodeId("Model", 2)}`);
    await userEvent.type(await screen.findByLabelText("What do you need it for?"), "Invoices");
    await userEvent.click(screen.getByRole("button", { name: "Ask for access" }));
    expect(await screen.findByText("Waiting for approval")).toBeInTheDocument();
    expect(data.subscriptions[0]).toMatchObject({ justification: "Invoices", status: "PENDING" });
  });

  it("shows at the field what the server has against the reason", async () => {
    const data = someData();
    data.answers.requestModelSubscription = {
      __typename: "InvalidInput",
      field: "justification",
      message: "A reason is needed.",
    };
    openPage(`/models/${nodeId("Model", 2)}`, data);
    await userEvent.click(await screen.findByRole("button", { name: "Ask for access" }));
    expect(await screen.findByText("A reason is needed.")).toBeInTheDocument();
    expect(screen.getByLabelText("What do you need it for?")).toHaveAttribute("aria-invalid", "true");
  });

  it("is not offered for a retired model", async () => {
    const data = someData();
    data.models.push(aModel(4, { lifecycle: "RETIRED" }));
    openPage(`/models/${nodeId("Model", 4)}`, data);
    expect(await screen.findByText(/takes no new subscriptions/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Subscribe" })).not.toBeInTheDocument();
  });
});
