import {
  Button,
  EmptyState,
  EmptyStateBody,
  NotificationDrawer,
  NotificationDrawerBody,
  NotificationDrawerList,
  Skeleton,
  Title,
} from "@patternfly/react-core";
import { BellSlashIcon, TimesIcon } from "@patternfly/react-icons";
import { useEffect, useRef } from "react";
import { fetchQuery, graphql, usePaginationFragment, useRelayEnvironment } from "react-relay";

import { ActionError } from "../../components/ActionError";
import { LoadMore } from "../../components/LoadMore";
import { useAction } from "../../relay/useAction";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { NotificationItem } from "./NotificationItem";
import type { NotificationPanel_viewer$key } from "./__generated__/NotificationPanel_viewer.graphql";
import type { NotificationPanelMoreQuery } from "./__generated__/NotificationPanelMoreQuery.graphql";
import type { NotificationPanelMutation } from "./__generated__/NotificationPanelMutation.graphql";
import type { NotificationPanelQuery } from "./__generated__/NotificationPanelQuery.graphql";

const PAGE = 20;

/** What the reader should know, the newest first, beside the page. */
export function NotificationPanel({ tick, onClose }: { tick: number; onClose: () => void }) {
  return (
    <NotificationDrawer
      role="region"
      aria-label="Notifications"
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      {/* PatternFly's own header is an h1, and the page has one already. */}
      <div className="pf-v6-c-notification-drawer__header">
        <Title headingLevel="h2" className="pf-v6-c-notification-drawer__header-title">
          Notifications
        </Title>
        <div className="pf-v6-c-notification-drawer__header-action">
          <Button variant="plain" aria-label="Close the notifications" icon={<TimesIcon />} onClick={onClose} />
        </div>
      </div>
      <NotificationDrawerBody>
        <QueryBoundary skeleton={<Skeleton height="10rem" screenreaderText="Loading your notifications" />}>
          <Loaded tick={tick} onFollow={onClose} />
        </QueryBoundary>
      </NotificationDrawerBody>
    </NotificationDrawer>
  );
}

const query = graphql`
  query NotificationPanelQuery($first: Int!) {
    viewer {
      ...NotificationPanel_viewer @arguments(first: $first)
    }
  }
`;

function Loaded({ tick, onFollow }: { tick: number; onFollow: () => void }) {
  const { viewer } = usePageQuery<NotificationPanelQuery>(query, { first: PAGE });
  const environment = useRelayEnvironment();
  const seen = useRef(tick);
  useEffect(() => {
    if (tick === seen.current) return;
    seen.current = tick;
    // Not through the query above, which would show a skeleton meanwhile.
    fetchQuery<NotificationPanelQuery>(environment, query, { first: PAGE }).subscribe({ error: () => {} });
  }, [environment, tick]);
  return <List viewer={viewer} onFollow={onFollow} />;
}

function List({ viewer, onFollow }: { viewer: NotificationPanel_viewer$key; onFollow: () => void }) {
  const { data, ...list } = usePaginationFragment<NotificationPanelMoreQuery, NotificationPanel_viewer$key>(
    graphql`
      fragment NotificationPanel_viewer on Viewer
      @refetchable(queryName: "NotificationPanelMoreQuery")
      @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" }) {
        notifications(first: $first, after: $after) @connection(key: "NotificationPanel_notifications") {
          totalCount
          edges {
            node {
              id
              readAt
              ...NotificationItem_notification
            }
          }
        }
      }
    `,
    viewer,
  );
  const { edges, totalCount } = data.notifications;
  const { run, isRunning, error } = useAction<NotificationPanelMutation>(graphql`
    mutation NotificationPanelMutation($input: MarkNotificationsReadInput!) {
      markNotificationsRead(input: $input) {
        __typename
        ... on MarkNotificationsReadSuccess {
          marked
        }
      }
    }
  `);
  /** `undefined`: all of them, those that are not shown yet too. */
  const markRead = (id?: string) => {
    const shown = edges.map(({ node }) => node).filter((node) => node.readAt == null && (id === undefined || node.id === id));
    run({
      variables: { input: { notificationIds: id === undefined ? null : [id] } },
      updater: (store, response) => {
        if (response?.markNotificationsRead.__typename !== "MarkNotificationsReadSuccess") return;
        for (const node of shown) store.get(node.id)?.setValue(new Date().toISOString(), "readAt");
      },
    });
  };
  if (edges.length === 0) {
    return (
      <EmptyState titleText="No notifications" headingLevel="h3" icon={BellSlashIcon} variant="sm">
        <EmptyStateBody>What you should know appears here: decisions on your requests, limits that are used up, keys that end soon.</EmptyStateBody>
      </EmptyState>
    );
  }
  return (
    <>
      <ActionError error={error} title="Not marked as read" />
      {edges.some(({ node }) => node.readAt == null) ? (
        <div className="panel-actions">
          <Button variant="link" isInline isDisabled={isRunning} onClick={() => markRead()}>
            Mark all as read
          </Button>
        </div>
      ) : null}
      <NotificationDrawerList aria-label="Notifications">
        {edges.map(({ node }) => (
          <NotificationItem
            key={node.id}
            notification={node}
            onRead={() => markRead(node.id)}
            onFollow={() => {
              if (node.readAt == null) markRead(node.id);
              onFollow();
            }}
          />
        ))}
      </NotificationDrawerList>
      <LoadMore list={list} size={PAGE} shown={edges.length} total={totalCount} />
    </>
  );
}
