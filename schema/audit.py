"""The record of what was done and refused."""

from datetime import datetime
from typing import Any

import orjson
import strawberry

from gateway import audit
from schema.relay import Node, encode_id
from schema.scalars import BigInt

# What `node` finds of the kinds in which the record speaks.
_NODES = {"api_key": "ApiKey", "model": "Model", "subscription": "ModelSubscription", "user": "User"}

AuditOutcome = audit.Outcome
strawberry.enum(
    AuditOutcome,
    name="AuditOutcome",
    description="DONE: it happened. REFUSED: it was asked for, and nothing was changed.",
)


@strawberry.type(description="One fact about an entry of the record.")
class AuditFact:
    name: str = strawberry.field(description="Which: `before`, `after`, `reason`, `code`.")
    value: str | None = strawberry.field(description="As text; what is no text or number, as JSON.")


@strawberry.type(
    description="What is gone from the beginning of the record, because it was older than entries are kept."
)
class AuditRemoval:
    entries: BigInt = strawberry.field(description="How many entries.")
    begins: datetime = strawberry.field(description="When the oldest entry that is left was made.")
    keep_days: int | None = strawberry.field(
        description="After how many days entries are removed at present; null: they stay."
    )

    @classmethod
    def of(cls, removal: audit.Removal) -> "AuditRemoval":
        return cls(entries=BigInt(removal.entries), begins=removal.begins, keep_days=removal.keep_days)


@strawberry.input(description="All that is given must hold.")
class AuditFilter:
    actor: str | None = strawberry.field(default=None, description="Only by this person or job, by the whole name.")
    action: str | None = strawberry.field(
        default=None, description='Only this action, or with a dot at its end all of a kind: "key."'
    )
    target: str | None = strawberry.field(
        default=None,
        description='Only to this kind of thing, "api_key", or to one of them, as `AuditEntry.target` says.',
    )
    search: str | None = strawberry.field(
        default=None, description="Words that must all occur in who, what or to what; at most 200 characters."
    )
    outcome: AuditOutcome | None = strawberry.field(default=None, description="Only what was done, or refused.")
    since: datetime | None = strawberry.field(default=None, description="The first moment that counts.")
    until: datetime | None = strawberry.field(
        default=None, description="The first moment that does not count any more."
    )

    def to_domain(self) -> audit.AuditFilter:
        return audit.AuditFilter(**vars(self))


@strawberry.type(description="One thing that was done or refused.")
class AuditEntry(Node):
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(
        description="By whom: a username, the name of one of LiteMaaS's own jobs, or anonymous."
    )
    action: str = strawberry.field(
        description="What: `key.created`, `subscription.approved`; of what was refused, the mutation's name."
    )
    target: str = strawberry.field(description="To what: its kind and key.")
    target_id: strawberry.ID | None = strawberry.field(
        description="The id of a key, model, subscription or person that it was done to; null for all else."
    )
    outcome: AuditOutcome = strawberry.field(description="Whether it was done or refused.")
    request_id: str | None = strawberry.field(
        description="The request, as logs and the header X-Request-Id name it; null for jobs."
    )
    address: str | None = strawberry.field(description="From which address it came; null for jobs.")
    facts: list[AuditFact] = strawberry.field(
        description="What else is known, such as before and after. Never a secret."
    )

    @classmethod
    def of(cls, row: Any) -> "AuditEntry":
        return cls(
            id=encode_id("AuditEntry", row.id),
            at=row.at,
            actor=row.actor,
            action=row.action,
            target=row.target,
            target_id=_node_id(row.target),
            outcome=row.outcome,
            request_id=row.request_id,
            address=row.address,
            facts=[AuditFact(name=name, value=_text(value)) for name, value in row.detail.items()],
        )


def _node_id(target: str) -> strawberry.ID | None:
    kind, _, key = target.partition(":")
    return encode_id(_NODES[kind], key) if kind in _NODES and key else None


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()
