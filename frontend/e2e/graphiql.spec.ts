import { signIn } from "./portal";
import { expect, test } from "./test";

// That nothing is asked of another origin is what every test checks; here it is the point.
test("GraphiQL runs a query with the caller's own session", async ({ page, watch }) => {
  await signIn(page.request, "ada");
  await page.goto("/graphiql");
  await expect(page.getByRole("link", { name: "LiteMaaS" })).toBeVisible();
  const editor = page.getByRole("region", { name: "Operation Editor" });
  await expect(editor).toContainText("query MyModels");
  await editor.getByRole("textbox").focus();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("{ viewer { user { username role"); // the editor closes the brackets
  await expect(page.getByRole("listbox", { name: "Suggest" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("ControlOrMeta+Enter");
  const result = page.getByRole("region", { name: "Result Window" });
  await expect(result).toContainText('"username": "ada"');
  await expect(result).toContainText('"role": "ADMIN"');
  expect(watch.requests.length).toBeGreaterThan(5);
});

test("GraphiQL without a session leads to signing in and back", async ({ page, watch }) => {
  watch.expect(/status of 400/); // the refusal that leads there
  await page.goto("/graphiql"); // which asks for the schema at once
  await expect(page).toHaveURL("/sign-in?next=/graphiql");
  await page.getByRole("button", { name: "Sign in as Ada Adler" }).click();
  await expect(page).toHaveURL("/graphiql");
});

test("GraphiQL has examples that open and run", async ({ page }) => {
  await signIn(page.request, "alice");
  await page.goto("/graphiql");
  await page.getByRole("button", { name: "Show Examples" }).click();
  const examples = page.getByRole("region", { name: "Examples" });
  await examples.getByRole("button", { name: "What I may still ask for" }).click();
  const editor = page.getByRole("region", { name: "Operation Editor" });
  await expect(editor).toContainText("query MyPoints");
  await page.getByRole("button", { name: /Execute query/ }).click();
  await expect(page.getByRole("region", { name: "Result Window" })).toContainText('"limit": 5000');
  await examples.getByRole("button", { name: "RevokeApiKey" }).click();
  await expect(editor).toContainText("mutation RevokeApiKey");
  await page.getByRole("button", { name: /Execute query/ }).click(); // with the placeholder that stands in its variables
  await expect(page.getByRole("region", { name: "Result Window" })).toContainText("apiKeyId is not an id of ours");
});
