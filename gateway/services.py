"""All that the front doors may call, opened and closed as one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.audit import AuditService
from gateway.auth import AuthService
from gateway.catalog import CatalogService
from gateway.db import Database
from gateway.events import Bus
from gateway.keys import KeyService
from gateway.litellm import LiteLLM
from gateway.settings import Settings
from gateway.subscriptions import SubscriptionService
from gateway.usage import UsageService
from gateway.users import UserService


@dataclass(frozen=True)
class Services:
    settings: Settings
    db: Database
    bus: Bus
    litellm: LiteLLM
    audit: AuditService
    users: UserService
    auth: AuthService
    catalog: CatalogService
    subscriptions: SubscriptionService
    keys: KeyService
    usage: UsageService


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Everything on one pool, one LiteLLM client and one LISTEN connection; closed in reverse on leaving."""
    db = Database(settings.database.url)
    bus = Bus(settings.database.url)
    litellm = LiteLLM(settings.litellm.base_url, settings.litellm.master_key.get_secret_value())
    try:
        await bus.start()
        users = UserService(db)
        yield Services(
            settings=settings,
            db=db,
            bus=bus,
            litellm=litellm,
            audit=AuditService(db),
            users=users,
            auth=AuthService(db, settings),
            catalog=CatalogService(db, litellm),
            subscriptions=SubscriptionService(db),
            keys=KeyService(db, litellm),
            usage=UsageService(db, bus),
        )
    finally:
        await bus.stop()
        await litellm.aclose()
        await db.close()
