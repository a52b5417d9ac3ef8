"""Who is asking."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    USER = "USER"
    AUDITOR = "AUDITOR"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person: the first argument of every service method. Rights follow from it and from nothing else."""

    user_id: UUID
    username: str
    role: Role
    session_id: UUID | None = None

    @property
    def reads_all(self) -> bool:
        """Auditors read everything and change nothing; admins read everything too."""
        return self.role is not Role.USER

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN
