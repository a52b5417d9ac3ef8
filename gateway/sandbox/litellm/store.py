"""Keys, users and the spend log: in memory for the checks, in PostgreSQL for the next start."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import asyncpg
import msgspec

from gateway.sandbox.litellm import durations

_TABLES = """
CREATE TABLE IF NOT EXISTS virtual_key (token text PRIMARY KEY, content jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS proxy_user (user_id text PRIMARY KEY, content jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS spend_log (
    request_id text PRIMARY KEY, started timestamptz NOT NULL, token text NOT NULL, user_id text NOT NULL,
    status text NOT NULL, content jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS spend_log_started ON spend_log (started);
"""
# Members of a key's metadata that limit single models: {name of the model: number}.
BY_MODEL = ("model_rpm_limit", "model_tpm_limit")
_KEEP_SPEND_LOGS = timedelta(days=60)


def utc_now() -> datetime:
    """Now, in milliseconds as LiteLLM's database keeps it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def token_of(key: str) -> str:
    """The hash of a secret; a hash stays what it is."""
    return hashlib.sha256(key.encode()).hexdigest() if key.startswith("sk-") else key


class Key(msgspec.Struct, kw_only=True):
    """A virtual key. `spend` is what the database says; `unwritten` is what calls have cost since."""

    token: str
    key_name: str
    key_alias: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    models: list[str] = []
    metadata: dict[str, Any] = {}
    key_type: str = "default"
    spend: float = 0.0
    total_spend: float = 0.0
    max_budget: float | None = None
    budget_duration: str | None = None
    budget_reset_at: datetime | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    max_parallel_requests: int | None = None
    blocked: bool | None = None
    expires: datetime | None = None
    created_at: datetime = msgspec.field(default_factory=utc_now)
    updated_at: datetime = msgspec.field(default_factory=utc_now)
    settings_updated_at: datetime | None = None
    last_active: datetime | None = None
    deleted_at: datetime | None = None
    unwritten: float = 0.0

    @property
    def booked(self) -> float:
        """What budgets are checked against."""
        return self.spend + self.unwritten

    @property
    def llm_api(self) -> bool:
        return self.key_type == "llm_api"

    def allows(self, model: str) -> bool:
        return not self.models or model in self.models or "all-proxy-models" in self.models

    def limit_of(self, model: str, what: str) -> int | None:
        """The limit of one model on this key: `what` is one of BY_MODEL."""
        limit = (self.metadata.get(what) or {}).get(model)
        return limit if isinstance(limit, int) else None

    def start_window(self, now: datetime) -> None:
        """Set the end of the budget's window from its duration."""
        self.budget_reset_at = durations.next_reset(self.budget_duration, now) if self.budget_duration else None


class User(msgspec.Struct, kw_only=True):
    user_id: str
    user_alias: str | None = None
    user_email: str | None = None
    user_role: str | None = None
    max_budget: float | None = None
    spend: float = 0.0
    metadata: dict[str, Any] = {}
    created_at: datetime = msgspec.field(default_factory=utc_now)
    updated_at: datetime = msgspec.field(default_factory=utc_now)


class SpendLog(msgspec.Struct, kw_only=True):
    """One row: what it is found by, and `content` as `/spend/logs/v2` answers it."""

    request_id: str
    started: datetime
    token: str
    user_id: str
    status: str
    cost: float
    content: dict[str, Any]


class Store:
    """Opened with `await Store.open(url)`. Every change of a key or a user is written before its request is answered."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._keys: dict[str, Key] = {}
        self._deleted: dict[str, Key] = {}
        self.users: dict[str, User] = {}

    @classmethod
    async def open(cls, database_url: str) -> Self:
        pool = await asyncpg.create_pool(database_url, min_size=1, max_size=4)
        store = cls(pool)
        await pool.execute(_TABLES)
        await pool.execute("DELETE FROM spend_log WHERE started < $1", utc_now() - _KEEP_SPEND_LOGS)
        for row in await pool.fetch("SELECT content FROM virtual_key"):
            key = msgspec.json.decode(row["content"], type=Key)
            (store._deleted if key.deleted_at else store._keys)[key.token] = key
        for row in await pool.fetch("SELECT content FROM proxy_user"):
            user = msgspec.json.decode(row["content"], type=User)
            store.users[user.user_id] = user
        return store

    async def close(self) -> None:
        await self._pool.close()

    def key(self, key_or_token: str) -> Key | None:
        """The living key with this secret or hash."""
        return self._keys.get(token_of(key_or_token))

    def deleted_key(self, key_or_token: str) -> Key | None:
        return self._deleted.get(token_of(key_or_token))

    def all_keys(self, *, deleted: bool = False) -> list[Key]:
        """All keys, newest first."""
        return sorted((self._deleted if deleted else self._keys).values(), key=lambda key: key.created_at, reverse=True)

    def key_by_alias(self, alias: str) -> Key | None:
        return next((key for key in self._keys.values() if key.key_alias == alias), None)

    async def save_key(self, key: Key) -> None:
        self._deleted.pop(key.token, None)
        self._keys[key.token] = key
        await self._write_keys([key])

    async def delete_keys(self, keys: Sequence[Key]) -> None:
        for key in keys:
            key.deleted_at = utc_now()
            self._deleted[key.token] = self._keys.pop(key.token)
        await self._write_keys(keys)

    async def save_user(self, user: User) -> None:
        self.users[user.user_id] = user
        await self._write_users([user])

    async def delete_user(self, user: User) -> None:
        """With all keys of theirs."""
        del self.users[user.user_id]
        await self._pool.execute("DELETE FROM proxy_user WHERE user_id = $1", user.user_id)
        await self.delete_keys([key for key in self._keys.values() if key.user_id == user.user_id])

    async def book(self, logs: Sequence[SpendLog]) -> None:
        """Write calls into the spend log, and their costs to their keys and users. If that fails, nothing is counted."""
        keys, users = self._count(logs, 1)
        try:
            await self._pool.executemany(
                "INSERT INTO spend_log VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                [(log.request_id, log.started, log.token, log.user_id, log.status, _json(log.content)) for log in logs],
            )
            await self._write_keys(keys)
            await self._write_users(users)
        except BaseException:
            self._count(logs, -1)
            raise

    def _count(self, logs: Sequence[SpendLog], sign: int) -> tuple[list[Key], list[User]]:
        """Add the costs (1) or take them back (-1); the keys and users that they belong to."""
        keys: dict[str, Key] = {}
        users: dict[str, User] = {}
        for log in logs:
            cost = sign * log.cost
            if key := self._keys.get(log.token) or self._deleted.get(log.token):
                key.spend += cost
                key.total_spend += cost
                key.unwritten = max(0.0, key.unwritten - cost)
                key.last_active = log.started
                keys[key.token] = key
            if user := self.users.get(log.user_id):
                user.spend += cost
                users[user.user_id] = user
        return list(keys.values()), list(users.values())

    async def reset_budgets(self, now: datetime) -> None:
        """Begin a new window for every key whose window is over."""
        due = [key for key in self._keys.values() if key.budget_reset_at and key.budget_reset_at <= now]
        for key in due:
            key.spend = 0.0
            key.start_window(now)
        await self._write_keys(due)

    async def spend_logs(
        self,
        start: datetime,
        end: datetime,
        filters: dict[str, str],
        limit: int,
        offset: int,
        *,
        oldest_first: bool,
        count_to: int,
    ) -> tuple[int, list[dict[str, Any]]]:
        """How many rows there are, up to `count_to`, and some of them, in order of time. `filters`: token, user_id, status.

        Rows of one moment come in any order, as they do from LiteLLM, whose pages may repeat one and leave out another.
        """
        where = ["started >= $1", "started <= $2"]
        values: list[Any] = [start, end]
        for column, value in filters.items():
            values.append(value)
            where.append(f"{column} = ${len(values)}")
        condition = " AND ".join(where)
        total = await self._pool.fetchval(
            f"SELECT count(*) FROM (SELECT FROM spend_log WHERE {condition} LIMIT {count_to:d}) AS counted",  # noqa: S608
            *values,
        )
        rows = await self._pool.fetch(
            f"SELECT content FROM spend_log WHERE {condition} "  # noqa: S608 - column names of our own
            f"ORDER BY started {'ASC' if oldest_first else 'DESC'} LIMIT {limit:d} OFFSET {offset:d}",
            *values,
        )
        return total, [msgspec.json.decode(row["content"]) for row in rows]

    async def _write_keys(self, keys: Sequence[Key]) -> None:
        await self._pool.executemany(
            "INSERT INTO virtual_key VALUES ($1, $2) ON CONFLICT (token) DO UPDATE SET content = excluded.content",
            # What is unwritten is lost with the process, as it is in LiteLLM.
            [(key.token, _json(msgspec.structs.replace(key, unwritten=0.0))) for key in keys],
        )

    async def _write_users(self, users: Sequence[User]) -> None:
        await self._pool.executemany(
            "INSERT INTO proxy_user VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET content = excluded.content",
            [(user.user_id, _json(user)) for user in users],
        )


def _json(value: object) -> str:
    # PostgreSQL's jsonb holds no NUL character.
    return msgspec.json.encode(value).decode().replace("\\u0000", "")
