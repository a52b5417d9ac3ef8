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

test("GraphiQL's editor gets by without inline styles", async ({ page }) => {
  await signIn(page.request, "ada");
  const answer = await page.goto("/graphiql");
  const policy = await answer!.headerValue("content-security-policy");
  const nonce = await page.locator("meta[property=csp-nonce]").evaluate((meta) => (meta as HTMLMetaElement).nonce);
  expect(policy).toContain(`style-src 'self' 'nonce-${nonce}';`);
  expect(policy).not.toContain("unsafe");

  const editor = page.getByRole("region", { name: "Operation Editor" });
  await editor.getByRole("textbox").focus();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("query Models($first: Int!) {");
  await page.keyboard.press("Enter");
  await page.keyboard.type("mode");
  await page.getByRole("listbox", { name: "Suggest" }).getByRole("option", { name: "models", exact: true }).click();
  await page.keyboard.type(`(first: $first, filter: { search: "<b style='color:red'>" })`);
  await page.keyboard.press("Enter");
  // The editor may have closed the brace itself: then this is typed over its own.
  await page.keyboard.type("{ totalCount unheardOf }");
  await expect(editor.locator(".squiggly-error")).not.toHaveCount(0);
  await editor.getByText("totalCount").hover();
  await expect(page.getByRole("tooltip").filter({ hasText: "How many items the whole list has" })).toBeVisible();
  // The styles have reached what the editor drew: each line has a place of its own. What looks like markup is text.
  const tops = await editor.locator(".view-line").evaluateAll((all) => all.map((line) => line.getBoundingClientRect().top));
  expect(new Set(tops).size).toBe(4);
  await expect(editor).toContainText("<b style='color:red'>");

  await page.getByRole("button", { name: "Variables" }).click();
  await page.getByRole("region", { name: "Variables" }).getByRole("textbox").focus();
  await page.keyboard.type('{ "first": 3 }');
  await page.getByRole("button", { name: /Execute query/ }).click();
  const result = page.getByRole("region", { name: "Result Window" });
  await expect(result).toContainText("Cannot query field 'unheardOf'");
  await editor.getByText("unheardOf").dblclick();
  await page.keyboard.type("pageInfo { hasNextPage }");
  await page.getByRole("button", { name: /Execute query/ }).click();
  await expect(result).toContainText('"totalCount": 0');
});

for (const [colorScheme, keyword] of [
  ["light", "rgb(0, 0, 255)"],
  ["dark", "rgb(86, 156, 214)"],
] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test(`GraphiQL's editor is ${colorScheme}, by the style element that it makes`, async ({ page }) => {
      await signIn(page.request, "ada");
      await page.goto("/graphiql");
      const editor = page.getByRole("region", { name: "Operation Editor" });
      await expect(editor.getByText("query", { exact: true })).toHaveCSS("color", keyword);
    });
  });
}

test("GraphiQL says that it is closed where only the portal's own documents are answered", async ({ page, watch }) => {
  await signIn(page.request, "ada");
  const notice = page.getByRole("alert").filter({ hasText: "answers only the documents of its own pages" });
  await page.goto("/graphiql");
  await expect(page.getByRole("region", { name: "Operation Editor" })).toContainText("query MyModels");
  await expect(notice).toBeHidden();

  watch.expect(/status of 400/);
  await page.route("**/graphql", (route) =>
    route.fulfill({
      status: 400,
      json: { data: null, errors: [{ message: "Refused.", extensions: { code: "TRUSTED_DOCUMENTS_ONLY" } }] },
    }),
  );
  await page.reload(); // which asks for the schema
  await expect(notice).toBeVisible();
});
