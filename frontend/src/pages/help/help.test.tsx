import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";

import { HELP } from "../../lib/help";
import { axe } from "../../test/axe";
import { openPage } from "../../test/render";

it("stands behind a question mark, for the keyboard too", async () => {
  openPage("/profile");
  const mark = await screen.findByRole("button", { name: "Help: Roles" });
  mark.focus();
  await userEvent.keyboard("{Enter}");
  const help = await screen.findByRole("dialog", { name: "Roles" });
  for (const paragraph of HELP.role.text) expect(help).toHaveTextContent(paragraph);
  expect(await axe(help)).toHaveNoViolations();
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  await waitFor(() => expect(mark).toHaveFocus());
});

it("is on one page as a whole, which the account's menu leads to", async () => {
  const { container } = openPage("/profile");
  await userEvent.click(await screen.findByRole("button", { name: /^Your account/ }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Help" }));
  expect(await screen.findByRole("heading", { level: 1, name: "Help" })).toBeInTheDocument();
  for (const { title } of Object.values(HELP)) expect(screen.getByRole("heading", { level: 2, name: title })).toBeInTheDocument();
  expect(await axe(container)).toHaveNoViolations();
});
