"""What people should know without looking for it.

A notification is a row that its reader sees until it is marked as read; channels that carry it elsewhere may come later. Each event makes
one row however often it is found: what somebody else decided about a person's subscriptions and keys, quotas that are used up, models
that will go or are gone, keys that were changed in LiteLLM itself. A key that expires is announced 30, 14, 7 and 1 days before, once
each, and again only if its expiry was moved; a role that groups gave, once before they have to confirm it.

The domains do not know of this: jobs find the events, within seconds, in the records that are kept anyway (see `events`).

Topic on the bus: `notifications:user:<id>`.
"""

from gateway.notifications.erasure import forget_actor, forget_all_of, forget_old
from gateway.notifications.service import NotificationService
from gateway.notifications.tables import Notification, NotificationKind

__all__ = [
    "Notification",
    "NotificationKind",
    "NotificationService",
    "forget_actor",
    "forget_all_of",
    "forget_old",
]
