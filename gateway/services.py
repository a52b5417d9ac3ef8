"""All that the front doors may call, built, opened and closed as one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.actor import Actor, Kind
from gateway.audit import AuditService, stream_to
from gateway.auth import AuthService, UnknownCredentials
from gateway.catalog import CatalogService
from gateway.db import Database
from gateway.events import Bus
from gateway.keys import KeyService
from gateway.litellm import Breaker, LiteLLM
from gateway.notifications import NotificationService
from gateway.offboarding import OffboardingService
from gateway.privacy import PrivacyService
from gateway.ratelimit import Buckets, buckets_at
from gateway.settings import Settings
from gateway.subscriptions import SubscriptionService
from gateway.system import FiguresService, SystemService
from gateway.usage import LedgerService, UsageService
from gateway.users import UserService, rights_topic

RECHECK = 50.0  # seconds; with all that a recheck may wait for, less than the minute that is promised
RECHECK_PAUSE = 0.5

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Services:
    settings: Settings
    db: Database
    bus: Bus
    litellm: LiteLLM
    buckets: Buckets
    audit: AuditService
    users: UserService
    auth: AuthService
    catalog: CatalogService
    subscriptions: SubscriptionService
    keys: KeyService
    usage: UsageService
    ledger: LedgerService
    notifications: NotificationService
    system: SystemService
    figures: FiguresService
    offboarding: OffboardingService
    privacy: PrivacyService

    async def bearer(self, token: str, address: str | None = None) -> Actor:
        """Whom a bearer token speaks for: a person's access token for its owner, a LiteLLM key for itself.

        Raises UnknownCredentials for anything else.
        """
        is_key = token.startswith("sk-")
        actor = await (self.keys.key_actor(token) if is_key else self.auth.token_actor(token, address))
        if actor is None:
            raise UnknownCredentials
        return actor

    async def recheck(self, actor: Actor) -> Actor | None:
        """The same caller as it is now, for connections that outlive a request; None once what it showed has ended."""
        again = {
            Kind.SESSION: self.auth.session_again,
            Kind.TOKEN: self.auth.token_again,
            Kind.KEY: self.keys.key_again,
        }
        return await again[actor.kind](actor)

    async def until_changed(self, actor: Actor) -> Actor | None:
        """Waits until the caller is not who it was, and gives who it is; None once what it showed has ended.

        Within a second of the commit that publishes `rights_topic` or the end of one of the key's secrets, and within a minute of
        everything else, such as the session's end by the clock.
        """
        topics = {rights_topic(actor.owner_id or actor.user_id), f"api_key:{actor.api_key_id}"}
        async with self.bus.subscribe(topics, interval=RECHECK_PAUSE) as wakes:
            while True:
                try:
                    present = await self.recheck(actor)
                    if present != actor:
                        return present
                except (asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, OSError) as error:
                    log.warning("caller_not_checked", error=type(error).__name__)  # the database is away: ask again
                with suppress(TimeoutError):
                    async with asyncio.timeout(RECHECK):
                        if await anext(wakes, "stopped"):  # a wake is None: the bus has stopped, the clock has not
                            await asyncio.sleep(RECHECK)


def build_services(settings: Settings) -> Services:
    """Everything on one pool and one LiteLLM client. Nothing is connected yet: see `opened`."""
    db = Database(settings.database.url)
    bus = Bus(settings.database.url)
    litellm = LiteLLM(settings.litellm.base_url, settings.litellm.master_key.get_secret_value(), breaker=Breaker())
    keys = KeyService(db, litellm)
    usage = UsageService(db, bus, settings.database.usage_keep_days)
    return Services(
        settings=settings,
        db=db,
        bus=bus,
        litellm=litellm,
        buckets=buckets_at(settings.redis_url),
        audit=AuditService(db, stream_to(settings.audit_stream), settings.database.audit_keep_days),
        users=UserService(db),
        auth=AuthService(db, settings),
        catalog=CatalogService(db, litellm),
        subscriptions=SubscriptionService(db),
        keys=keys,
        usage=usage,
        ledger=LedgerService(
            db,
            litellm,
            usage,
            settle_seconds=settings.litellm.settle_seconds,
            history_days=settings.litellm.history_days,
        ),
        notifications=NotificationService(db, settings.auth.role_notice),
        system=SystemService(db, litellm, keys),
        figures=FiguresService(db, keys),
        offboarding=OffboardingService(db),
        privacy=PrivacyService(
            db,
            notifications_keep_days=settings.database.notifications_keep_days,
            ended_keep_days=settings.database.ended_keep_days,
        ),
    )


@asynccontextmanager
async def opened(services: Services) -> AsyncIterator[Services]:
    """Listening from now on; everything is closed on leaving."""
    try:
        await services.bus.start()
        yield services
    finally:
        await services.bus.stop()
        await services.litellm.aclose()
        await services.buckets.close()
        await services.db.close()
