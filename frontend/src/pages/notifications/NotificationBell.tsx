import { NotificationBadge } from "@patternfly/react-core";

import { formatCount } from "../../lib/numbers";

/** Where the focus goes back to when the notifications are closed. */
export const BELL_ID = "notifications-bell";

interface NotificationBellProps {
  /** How many are unread. */
  count: number;
  isOpen: boolean;
  onToggle: () => void;
}

/** Opens and closes the notifications, and says how many are unread. */
export function NotificationBell({ count, isOpen, onToggle }: NotificationBellProps) {
  return (
    <NotificationBadge
      id={BELL_ID}
      variant={count > 0 ? "unread" : "read"}
      count={count}
      isExpanded={isOpen}
      aria-label={count > 0 ? `Notifications: ${formatCount(count)} unread` : "Notifications"}
      onClick={onToggle}
    />
  );
}
