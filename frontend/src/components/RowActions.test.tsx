import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import { RowActions } from "./RowActions";

it("keeps the focus at its button when something is chosen, for the dialog that gives it back", async () => {
  const onChoose = vi.fn();
  render(<RowActions of="invoice bot" actions={[{ action: "edit", title: "Edit" }]} onChoose={onChoose} />);
  const button = screen.getByRole("button", { name: "Actions for invoice bot" });
  await userEvent.click(button);
  await userEvent.click(await screen.findByRole("menuitem", { name: "Edit" }));
  expect(onChoose).toHaveBeenCalledExactlyOnceWith("edit");
  expect(button).toHaveFocus();
});
