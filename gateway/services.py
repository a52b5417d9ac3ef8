"""All that the front doors may call, built, opened and closed as one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.audit import AuditService, stream_to
from gateway.auth import AuthService
from gateway.catalog import CatalogService
from gateway.db import Database
from gateway.events import Bus
from gateway.keys import KeyService
from gateway.litellm import Breaker, LiteLLM
from gateway.notifications import NotificationService
from gateway.ratelimit import Buckets, buckets_at
from gateway.settings import Settings
from gateway.subscriptions import SubscriptionService
from gateway.system import SystemService
from gateway.usage import LedgerService, UsageService
from gateway.users import UserService


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
        audit=AuditService(db, stream_to(settings.audit_stream)),
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
        notifications=NotificationService(db),
        system=SystemService(db, litellm, keys),
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
