"""Who is what, and where a sign-in may lead."""

from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit

from gateway.actor import Role
from gateway.settings import AuthSettings


def role_of(username: str, groups: Collection[str], settings: AuthSettings) -> Role:
    """The strongest role that the settings give to this person."""
    if username in settings.initial_admins or not set(settings.admin_groups).isdisjoint(groups):
        return Role.ADMIN
    if not set(settings.auditor_groups).isdisjoint(groups):
        return Role.AUDITOR
    return Role.USER


def role_until(username: str, role: Role, settings: AuthSettings, now: datetime) -> datetime | None:
    """Until when a role counts that groups give now; None for a plain user's and for one that a setting gives."""
    by_setting = role is Role.ADMIN and username in settings.initial_admins
    return None if role is Role.USER or by_setting else now + settings.role_lasts


def safe_next(path: str | None) -> str:
    """`path` if it leads to a page of this site, else "/".

    Browsers drop tabs and line ends, read a backslash as a slash and `//host` as another site: none of these gets by.
    """
    if not path or not path.startswith("/") or path.startswith("//") or len(path) > 2000:
        return "/"
    if "\\" in path or not path.isascii() or any(ord(character) <= 32 or character == "\x7f" for character in path):
        return "/"
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or parts.path.startswith(("//", "/auth/", "/sign-in")):
        return "/"
    return path
