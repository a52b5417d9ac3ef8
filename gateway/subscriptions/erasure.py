"""What people wrote into requests and decisions, forgotten. All of it in transactions of the caller's."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# What the person wrote about others' subscriptions is found by the history before that is blanked.
_OF_PERSON = (
    """UPDATE model_subscription s SET justification = NULL, reason = NULL
    WHERE s.user_id = :user_id AND (s.justification IS NOT NULL OR s.reason IS NOT NULL)""",
    """UPDATE model_subscription s SET reason = NULL FROM subscription_change c
    WHERE c.subscription_id = s.id AND c.actor_id = :user_id AND c.reason = s.reason""",
    """UPDATE quota_change q SET justification = NULL, reason = NULL FROM model_subscription s
    WHERE s.id = q.subscription_id AND s.user_id = :user_id AND (q.justification IS NOT NULL OR q.reason IS NOT NULL)""",
    """UPDATE quota_change q SET reason = NULL FROM subscription_change c
    WHERE c.subscription_id = q.subscription_id AND c.actor_id = :user_id AND c.reason = q.reason""",
    """UPDATE subscription_change c SET reason = NULL FROM model_subscription s
    WHERE s.id = c.subscription_id AND s.user_id = :user_id AND c.reason IS NOT NULL""",
    """UPDATE subscription_change SET actor = :pseudonym, reason = NULL
    WHERE actor_id = :user_id AND (actor <> :pseudonym OR reason IS NOT NULL)""",
)
_ENDED = "s.status IN ('DENIED', 'CANCELLED', 'EXPIRED') AND s.updated_at < :before"
_OF_ENDED = (
    f"""UPDATE model_subscription s SET justification = NULL, reason = NULL
    WHERE {_ENDED} AND (s.justification IS NOT NULL OR s.reason IS NOT NULL)""",  # noqa: S608
    f"""UPDATE quota_change q SET justification = NULL, reason = NULL FROM model_subscription s
    WHERE s.id = q.subscription_id AND {_ENDED} AND (q.justification IS NOT NULL OR q.reason IS NOT NULL)""",  # noqa: S608
    f"""UPDATE subscription_change c SET reason = NULL FROM model_subscription s
    WHERE s.id = c.subscription_id AND {_ENDED} AND c.reason IS NOT NULL""",  # noqa: S608
)


async def forget_texts_of(session: AsyncSession, user_id: UUID, pseudonym: str) -> int:
    """What is written in this person's subscriptions, and by the person into others', under a pseudonym then. How many rows."""
    return await _run(session, _OF_PERSON, user_id=user_id, pseudonym=pseudonym)


async def forget_ended_texts(session: AsyncSession, before: datetime) -> int:
    """Free texts of subscriptions that were over before this moment. How many rows."""
    return await _run(session, _OF_ENDED, before=before)


async def _run(session: AsyncSession, statements: tuple[str, ...], **values: object) -> int:
    count = 0
    for statement in statements:
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        count += (await session.execute(text(statement), used)).rowcount  # type: ignore[attr-defined]
    return count
