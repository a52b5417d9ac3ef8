"""People.

A person is who their issuer says they are, for good: `(issuer, subject)` never changes, while name, address and role
are brought up to date at each sign-in. Nobody is ever deleted here, so that history keeps its names; whoever must go is
disabled, and who asks to be forgotten leaves a row with a pseudonym. Everybody sees themselves; auditors and admins see all.
"""

from gateway.users.erasure import erase, erased_since, is_last_admin, locked_for_erasure, pseudonym_of
from gateway.users.queries import UserFilter, UserOrder, visible_to
from gateway.users.service import Identity, UserService, rights_topic
from gateway.users.tables import User

__all__ = [
    "Identity",
    "User",
    "UserFilter",
    "UserOrder",
    "UserService",
    "erase",
    "erased_since",
    "is_last_admin",
    "locked_for_erasure",
    "pseudonym_of",
    "rights_topic",
    "visible_to",
]
