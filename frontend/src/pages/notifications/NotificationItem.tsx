import {
  Button,
  Flex,
  NotificationDrawerListItem,
  NotificationDrawerListItemBody,
  NotificationDrawerListItemHeader,
} from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { RelativeTime } from "../../components/RelativeTime";
import { explainNotification } from "../../lib/notifications";
import { keyPath, modelPath, subscriptionPath } from "../../lib/paths";
import { useNow } from "../../lib/useNow";
import type { NotificationItem_notification$key } from "./__generated__/NotificationItem_notification.graphql";

interface NotificationItemProps {
  notification: NotificationItem_notification$key;
  onRead: () => void;
  /** The reader goes where the notification leads. */
  onFollow: () => void;
}

/** One thing that the reader should know, and where it leads. */
export function NotificationItem({ notification: ref, onRead, onFollow }: NotificationItemProps) {
  const { createdAt, readAt, apiKey, subscription, model, ...facts } = useFragment(
    graphql`
      fragment NotificationItem_notification on Notification {
        kind
        days
        expiresAt
        actor
        reason
        createdAt
        readAt
        apiKey {
          id
          name
        }
        subscription {
          id
        }
        model {
          id
          name
        }
      }
    `,
    ref,
  );
  const now = useNow();
  const isRead = readAt != null;
  const { tone, title, text } = explainNotification({ ...facts, name: apiKey?.name ?? model?.name ?? "?" }, now);
  const target = apiKey
    ? { to: keyPath(apiKey.id), label: "Open the key" }
    : subscription
      ? { to: subscriptionPath(subscription.id), label: "Open the subscription" }
      : model
        ? { to: modelPath(model.id), label: "Open the model" }
        : facts.kind === "ROLE_EXPIRES"
          ? { to: "/profile", label: "Open your profile" }
          : null;
  return (
    <NotificationDrawerListItem
      variant={tone}
      isRead={isRead}
      isHoverable={false}
      readStateScreenReaderText={isRead ? "read" : "unread"}
      tabIndex={-1}
    >
      <NotificationDrawerListItemHeader variant={tone} title={title} headingLevel="h3" />
      <NotificationDrawerListItemBody timestamp={<RelativeTime at={createdAt} />}>
        {text ? <p className="words">{text}</p> : null}
        {/* The item itself would press once more what Enter presses in here. */}
        <Flex columnGap={{ default: "columnGapMd" }} onKeyDown={(event) => event.key === "Enter" && event.stopPropagation()}>
          {target ? (
            <Link to={target.to} onClick={onFollow}>
              {target.label}
            </Link>
          ) : null}
          {isRead ? null : (
            <Button variant="link" isInline onClick={onRead} aria-label={`Mark as read: ${title}`}>
              Mark as read
            </Button>
          )}
        </Flex>
      </NotificationDrawerListItemBody>
    </NotificationDrawerListItem>
  );
}
