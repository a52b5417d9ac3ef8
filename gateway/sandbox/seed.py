"""Callers for the sample traffic: sample people subscribe to models and make a key for each program, as anybody would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from gateway import subscriptions
from gateway.actor import Actor
from gateway.db import utc_now
from gateway.keys import ApiKeyStatus, KeyFilter, NewKey
from gateway.sandbox.people import PEOPLE
from gateway.sandbox.traffic import Caller
from gateway.services import Services
from gateway.users import Identity

# Should the sandbox be killed, its traffic's keys end by themselves.
_KEY_LIFE = timedelta(days=2)


@dataclass(frozen=True)
class _Program:
    owner: str
    name: str
    chat: tuple[str, ...]
    embedding: tuple[str, ...] = ()
    seconds_between: float = 3.0


_PROGRAMS = (
    _Program("alice", "Sample traffic: chat assistant", ("gpt-5-mini", "claude-haiku-4-5", "mistral-small"), (), 2.0),
    _Program("alice", "Sample traffic: document search", ("granite-4-h-small",), ("text-embedding-3-small",), 4.0),
    _Program("bob", "Sample traffic: code review", ("qwen3-coder-30b", "codestral", "unreliable-preview"), (), 3.0),
)


@asynccontextmanager
async def sample_callers(services: Services) -> AsyncIterator[list[Caller]]:
    """Keys of the sample people's programs; revoked on leaving. The catalogue has to be filled."""
    made: list[tuple[Actor, UUID]] = []
    try:
        callers = []
        for program in _PROGRAMS:
            actor = await _actor(services, program.owner)
            models = await _models(services, actor, (*program.chat, *program.embedding))
            await _subscribe(services, actor, list(models.values()))
            await _revoke_left_over(services, actor, program.name)
            wanted = NewKey(program.name, list(models.values()), expires_at=utc_now() + _KEY_LIFE)
            key = await services.keys.create(actor, wanted)
            made.append((actor, key.row.id))
            callers.append(Caller(key.secret, program.chat, program.embedding, program.seconds_between))
        yield callers
    finally:
        for actor, key_id in made:
            await services.keys.revoke(actor, key_id)


async def _actor(services: Services, username: str) -> Actor:
    person = next(person for person in PEOPLE if person.username == username)
    identity = Identity("sandbox", username, username, person.display_name, person.email, person.role)
    row = await services.users.sign_in(identity)
    return Actor(user_id=row.id, username=row.username, role=row.role)


async def _models(services: Services, actor: Actor, names: tuple[str, ...]) -> dict[str, UUID]:
    page = await services.catalog.page(actor, 100)  # all of the sandbox's
    return {row.name: row.id for row in page.rows if row.name in names}


async def _subscribe(services: Services, actor: Actor, model_ids: list[UUID]) -> None:
    for model_id in model_ids:
        try:
            await services.subscriptions.request(actor, model_id)
        except subscriptions.AlreadySubscribed:
            continue


async def _revoke_left_over(services: Services, actor: Actor, name: str) -> None:
    """Of a sandbox that was killed."""
    page = await services.keys.page(actor, 100, wanted=KeyFilter([ApiKeyStatus.ACTIVE]))
    for row in page.rows:
        if row.name == name:
            await services.keys.revoke(actor, row.id)
