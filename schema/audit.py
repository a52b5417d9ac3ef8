"""The record of what was done."""

from datetime import datetime
from typing import Any

import strawberry

from schema.relay import Node, encode_id


@strawberry.type(description="One thing that was done.")
class AuditEntry(Node):
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="By whom: a username, or the name of one of LiteMaaS's own jobs.")
    action: str = strawberry.field(description="What: `key.created`, `subscription.approved`.")
    target: str = strawberry.field(description="To what: its kind and key.")

    @classmethod
    def of(cls, row: Any) -> "AuditEntry":
        return cls(id=encode_id("AuditEntry", row.id), at=row.at, actor=row.actor, action=row.action, target=row.target)
