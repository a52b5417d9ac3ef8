"""What people should know without looking for it.

A notification is a row that its reader sees until it is marked as read; channels that carry it elsewhere may come later. Each event makes
one row however often it is found: a key that expires is announced 30, 14, 7 and 1 days before, once each, and again only if its
expiry was moved.
"""

from gateway.notifications.service import NotificationService
from gateway.notifications.tables import Notification, NotificationKind

__all__ = ["Notification", "NotificationKind", "NotificationService"]
