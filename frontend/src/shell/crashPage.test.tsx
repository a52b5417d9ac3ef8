import { render, screen } from "@testing-library/react";
import { createMemoryRouter, RouterProvider } from "react-router";
import { describe, expect, it, vi } from "vitest";

import { RequestError } from "../relay/errors";
import { axe } from "../test/axe";
import { CrashPage } from "./CrashPage";

function breakWith(thrown: unknown) {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const Broken = () => {
    throw thrown;
  };
  return render(<RouterProvider router={createMemoryRouter([{ path: "/", Component: Broken, ErrorBoundary: CrashPage }])} />);
}

describe("the crash page", () => {
  it("shows the number of the request, where there was one, and offers to load the page again", async () => {
    const { container } = breakWith(new RequestError("INTERNAL", "Something went wrong on our side.", "4f1c"));
    expect(await screen.findByText("Request 4f1c")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Load the page again" })).toBeEnabled();
    expect(await axe(container)).toHaveNoViolations();
  });

  it.each([new Error("sk-lm-secret is not a function"), "sk-lm-secret", { secret: "sk-lm-secret" }, null])(
    "quotes nothing of what broke: %s",
    async (thrown) => {
      const { container } = breakWith(thrown);
      expect(await screen.findByText("This page does not work")).toBeInTheDocument();
      expect(container).not.toHaveTextContent(/secret|Request/);
    },
  );
});
