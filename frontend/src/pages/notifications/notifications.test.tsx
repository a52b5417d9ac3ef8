import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { axe } from "../../test/axe";
import { aNotification, nodeId, someData } from "../../test/backend";
import { openPage } from "../../test/render";

function withNews() {
  const data = someData();
  data.notifications.push(
    aNotification(1, { apiKey: data.keys[0] }),
    aNotification(2, {
      kind: "SUBSCRIPTION_DENIED",
      reason: "Use gpt-5-mini.",
      subscription: data.subscriptions[0],
      model: data.models[0],
      readAt: new Date().toISOString(),
    }),
  );
  return data;
}

const unread = (page: ReturnType<typeof openPage>, unreadCount: number) =>
  act(() => page.live.push("notificationsChanged", { id: nodeId("NotificationsChange", 1), unreadCount }));

async function open(data = withNews()) {
  // A page that loads nothing: React may retry two parts that load at once in turns, for ever, where `act` lets nothing arrive in between.
  const page = openPage("/help", data);
  await screen.findByRole("heading", { name: "Help", level: 1 });
  await unread(page, 1);
  await userEvent.click(screen.getByRole("button", { name: "Notifications: 1 unread" }));
  await screen.findByRole("heading", { name: "Notifications", level: 2 });
  return page;
}

const item = (title: string) => within(screen.getByRole("heading", { name: new RegExp(title) }).closest("li")!);

describe("notifications", () => {
  it("say what happened, by whom and why, and lead there", async () => {
    const page = await open();
    expect(await screen.findByRole("heading", { name: /The key “invoice bot” was blocked/ })).toBeInTheDocument();
    expect(item("invoice bot").getByText("Programs that use it are refused. By ada.")).toBeInTheDocument();
    expect(item("Your request for gpt-4o-mini was denied").getByText("ada: “Use gpt-5-mini.”")).toBeInTheDocument();
    expect(await axe(page.baseElement)).toHaveNoViolations();
    await userEvent.click(item("invoice bot").getByRole("link", { name: "Open the key" }));
    expect(await screen.findByRole("heading", { name: "invoice bot", level: 1 })).toBeInTheDocument();
    expect(screen.queryByRole("heading", { name: "Notifications" })).not.toBeInTheDocument();
    await waitFor(() => expect(page.data.notifications[0]!.readAt).not.toBeNull());
  });

  it("are marked as read, one or all", async () => {
    const data = withNews();
    data.notifications.push(aNotification(3, { kind: "API_KEY_REVOKED", apiKey: data.keys[0] }));
    const page = await open(data);
    await userEvent.click(await screen.findByRole("button", { name: /Mark as read: The key “invoice bot” was blocked/ }));
    await waitFor(() => expect(screen.queryByRole("button", { name: /Mark as read: .*blocked/ })).not.toBeInTheDocument());
    expect(data.notifications.map(({ readAt }) => readAt !== null)).toEqual([true, true, false]);
    await userEvent.click(screen.getByRole("button", { name: "Mark all as read" }));
    await waitFor(() => expect(screen.queryByRole("button", { name: /Mark/ })).not.toBeInTheDocument());
    expect(data.notifications.every(({ readAt }) => readAt !== null)).toBe(true);
    await unread(page, 0);
    expect(screen.getByRole("button", { name: "Notifications" })).toBeInTheDocument();
  });

  it("come by themselves while they are shown", async () => {
    const page = await open();
    await screen.findByRole("heading", { name: /invoice bot/ });
    page.data.notifications.unshift(aNotification(4, { kind: "MODEL_RETIRED", model: page.data.models[1] }));
    await unread(page, 2);
    expect(await screen.findByRole("heading", { name: /claude-opus is gone/ })).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Notifications: 2 unread" })).toBeInTheDocument();
  });

  it("are closed with Escape, which gives the focus back", async () => {
    await open();
    await screen.findByRole("heading", { name: /invoice bot/ });
    screen.getByRole("button", { name: "Close the notifications" }).focus();
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("heading", { name: "Notifications" })).not.toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Notifications: 1 unread" })).toHaveFocus();
  });

  it("say when there are none, and when they can't be loaded", async () => {
    const data = someData();
    openPage("/help", data);
    await userEvent.click(await screen.findByRole("button", { name: "Notifications" }));
    expect(await screen.findByText("No notifications")).toBeInTheDocument();
  });
});
