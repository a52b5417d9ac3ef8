import { useMemo, useState } from "react";
import { graphql, useSubscription } from "react-relay";
import type { GraphQLSubscriptionConfig } from "relay-runtime";

import type { useUnreadSubscription } from "./__generated__/useUnreadSubscription.graphql";

/** How many of the reader's notifications are unread, and how often that was said; kept up to date by the server. */
export interface Unread {
  /** 0 until the server has said it. */
  count: number;
  tick: number;
}

export function useUnread(): Unread {
  const [unread, setUnread] = useState<Unread>({ count: 0, tick: 0 });
  const config = useMemo<GraphQLSubscriptionConfig<useUnreadSubscription>>(
    () => ({
      subscription: graphql`
        subscription useUnreadSubscription {
          notificationsChanged {
            unreadCount
          }
        }
      `,
      variables: {},
      onNext: (response) =>
        response && setUnread(({ tick }) => ({ count: response.notificationsChanged.unreadCount, tick: tick + 1 })),
      // The count stays as it was; the page itself says what is wrong.
      onError: () => {},
    }),
    [],
  );
  useSubscription(config);
  return unread;
}
