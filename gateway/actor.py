"""Who is asking."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    USER = "USER"
    AUDITOR = "AUDITOR"
    ADMIN = "ADMIN"


class Kind(StrEnum):
    """How a caller shows who it is: a person with a session, a program with a person's access token, or a LiteLLM key for itself."""

    SESSION = "SESSION"
    TOKEN = "TOKEN"  # noqa: S105
    KEY = "KEY"


class TokenScope(StrEnum):
    """What an access token may be used for, always within its owner's rights. A session may do all of it."""

    READ = "READ"
    KEYS_WRITE = "KEYS_WRITE"
    SUBSCRIPTIONS_WRITE = "SUBSCRIPTIONS_WRITE"
    ACCOUNT_WRITE = "ACCOUNT_WRITE"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class Actor:
    """The first argument of every service method. Rights follow from it and from nothing else.

    `credential_id` is the row that says so: a session, an access token, or one secret of a key. `role` is the person's own role for
    a session; a token without the scope ADMIN is a USER's, whoever owns it.

    A key is nobody: its `user_id` is the key's own id, so that whatever is narrowed down to a person is empty for it. Only the
    domains of keys and usage look at `api_key_id`. `owner_id` gives no rights: it says whose end is the key's end, too.
    """

    user_id: UUID
    username: str
    role: Role
    kind: Kind = Kind.SESSION
    credential_id: UUID | None = None
    scopes: frozenset[TokenScope] = frozenset(TokenScope)
    api_key_id: UUID | None = None
    owner_id: UUID | None = None

    @property
    def reads_all(self) -> bool:
        """Auditors read everything and change nothing; admins read everything too."""
        return self.role is not Role.USER

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN
