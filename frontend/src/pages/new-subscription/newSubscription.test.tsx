import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { axe } from "../../test/axe";
import { aModel, aPolicy, type BackendData, nodeId, type Row, someData } from "../../test/backend";
import { openPage } from "../../test/render";

/** Beside what Alice has: an open model, and one that needs approval. */
function withModels() {
  const data = someData();
  data.models.push(aModel(4, { name: "fresh" }), aModel(5, { name: "dear", access: "RESTRICTED" }));
  return data;
}

const next = () => userEvent.click(screen.getByRole("button", { name: "Next" }));
const choose = async (name: string) => userEvent.click(await screen.findByRole("checkbox", { name: new RegExp(`^${name}`) }));

const inputs = (page: { backend: { requests: { query: string; variables?: Row }[]; textOf: (query: string) => string } }) =>
  page.backend.requests
    .filter(({ query }) => page.backend.textOf(query).includes("requestModelSubscription("))
    .map(({ variables }) => variables!.input as Row);

const results = () => within(screen.getByRole("grid", { name: "What became of each model" }));

describe("a new subscription", () => {
  it("to several models in one go, each with its result and the next step", async () => {
    const page = openPage("/subscriptions/new", withModels());
    await choose("fresh");
    await choose("dear");
    expect(screen.getByText("Chosen: fresh, dear")).toBeInTheDocument();
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await next();
    await userEvent.type(screen.getByRole("textbox", { name: "What do you need it for?" }), "Invoices.");
    await userEvent.type(screen.getByRole("textbox", { name: "Largest budget, in USD" }), "5");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Counted anew" }), "7d");
    expect(screen.getByText("With these limits 30 days cost $42.86 at most, over all the models together.")).toBeInTheDocument();
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await next();
    const review = within(screen.getByRole("grid", { name: "Models asked for" }));
    expect(review.getByRole("row", { name: /fresh.*You can use it at once.*At most \$21\.43/ })).toBeInTheDocument();
    expect(review.getByRole("row", { name: /dear.*An administrator decides/ })).toBeInTheDocument();
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.click(screen.getByRole("button", { name: "Ask for access" }));

    expect((await screen.findByText("1 ready to use, 1 waiting for a decision")).closest("[role=status]")).toHaveFocus();
    expect(results().getByRole("row", { name: /fresh Active You can use it now/ })).toBeInTheDocument();
    expect(results().getByRole("row", { name: /dear Waiting for approval/ })).toBeInTheDocument();
    const rest = { justification: "Invoices.", maxBudget: "5", budgetDuration: "7d" };
    expect(inputs(page)).toEqual([
      { modelId: nodeId("Model", 4), ...rest },
      { modelId: nodeId("Model", 5), ...rest },
    ]);
    expect(screen.getByRole("link", { name: "Create a key" })).toHaveAttribute(
      "href",
      `/keys?create=1&model=${encodeURIComponent(nodeId("Model", 4))}`,
    );
    expect(await axe(page.baseElement)).toHaveNoViolations();
  });

  it("begins with the model that the reader came from", async () => {
    openPage(`/subscriptions/new?model=${encodeURIComponent(nodeId("Model", 5))}`, withModels());
    expect(await screen.findByText("Chosen: dear")).toBeInTheDocument();
  });

  it("is not offered for what the reader has already", async () => {
    openPage(`/subscriptions/new?model=${encodeURIComponent(nodeId("Model", 1))}`, withModels());
    expect(await screen.findByRole("checkbox", { name: /^gpt-4o-mini/ })).toBeDisabled();
    expect(screen.getByText(/None chosen/)).toBeInTheDocument();
  });

  it("says at each step what is missing, and sends nothing", async () => {
    const page = openPage("/subscriptions/new", withModels());
    await screen.findByRole("checkbox", { name: /^dear/ });
    await next();
    expect(screen.getByText("Choose at least one model.")).toBeInTheDocument();
    await choose("dear");
    await next();
    await userEvent.type(screen.getByRole("textbox", { name: "Requests" }), "none");
    await next();
    expect(screen.getByText("Say what it is needed for.")).toBeInTheDocument();
    expect(screen.getByText("Enter a whole number of 1 or more.")).toBeInTheDocument();
    expect(screen.getByRole("textbox", { name: "Requests" })).toHaveAttribute("aria-invalid", "true");
    expect(screen.getByRole("button", { name: /Review/ })).toBeDisabled();
    expect(inputs(page)).toEqual([]);
  });

  it("of more than is usual needs a reason, also to an open model", async () => {
    const data = withModels();
    data.models.push(aModel(6, { name: "small", subscriptionPolicy: aPolicy({ maxBudget: "10.000000", budgetDuration: "30d" }) }));
    openPage("/subscriptions/new", data);
    await choose("small");
    await next();
    expect(screen.getByText("With these limits 30 days cost $10.00 at most.")).toBeInTheDocument();
    await userEvent.type(screen.getByRole("textbox", { name: "Largest budget, in USD" }), "50");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Counted anew" }), "30d");
    await next();
    expect(screen.getByText("Say what it is needed for.")).toBeInTheDocument();
    await userEvent.type(screen.getByRole("textbox", { name: "What do you need it for?" }), "More users.");
    await next();
    expect(screen.getByRole("row", { name: /small.*\$50\.00 every 30 days.*An administrator decides/ })).toBeInTheDocument();
  });

  it("that is refused can be changed and tried again, without the others", async () => {
    const data: BackendData = withModels();
    const page = openPage("/subscriptions/new", data);
    await choose("fresh");
    await next();
    await userEvent.type(screen.getByRole("textbox", { name: "Tokens" }), "9007199254740991");
    await next();
    data.answers.requestModelSubscription = { __typename: "InvalidInput", field: "input.maxTokens", message: "At most 500." };
    await userEvent.click(screen.getByRole("button", { name: "Subscribe" }));
    expect(await screen.findByText("1 not subscribed")).toBeInTheDocument();
    expect(results().getByRole("row", { name: /fresh Not subscribed At most 500\./ })).toBeInTheDocument();
    expect(screen.queryByRole("link", { name: "Create a key" })).not.toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Change it and try again" }));
    expect(await screen.findByText("At most 500.")).toBeInTheDocument();
    const tokens = screen.getByRole("textbox", { name: "Tokens" });
    expect(tokens).toHaveValue("9007199254740991");
    await userEvent.clear(tokens);
    delete data.answers.requestModelSubscription;
    await next();
    await userEvent.click(screen.getByRole("button", { name: "Subscribe" }));
    expect(await screen.findByText("1 ready to use")).toBeInTheDocument();
    expect(inputs(page).map(({ modelId }) => modelId)).toEqual([nodeId("Model", 4), nodeId("Model", 4)]);
  });

  it("of which one request fails is carried out for the others", async () => {
    const data = withModels();
    openPage("/subscriptions/new", data);
    await choose("fresh");
    await choose("dear");
    await next();
    await userEvent.type(screen.getByRole("textbox", { name: "What do you need it for?" }), "Invoices.");
    await next();
    data.models.find(({ name }) => name === "fresh")!.lifecycle = "RETIRED";
    await userEvent.click(screen.getByRole("button", { name: "Ask for access" }));
    expect(await screen.findByText("1 waiting for a decision, 1 not subscribed")).toBeInTheDocument();
    expect(results().getByRole("row", { name: /fresh Not subscribed It is gone\./ })).toBeInTheDocument();
  });
});
