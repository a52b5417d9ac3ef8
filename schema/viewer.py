"""What the caller has."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from gateway import usage
from gateway.errors import NotAvailable
from gateway.usage import Scope
from schema import lists
from schema.account import AccessToken, LoginSession, TokenStatuses
from schema.catalog import Model
from schema.context import Info
from schema.keys import ApiKey, KeyPolicy
from schema.lists import (
    Drifted,
    KeySearch,
    KeysOfModel,
    KeySort,
    KeyStatuses,
    OfModel,
    SubscriptionSearch,
    SubscriptionSort,
    SubscriptionStatuses,
    UnusedDays,
)
from schema.notifications import Notification
from schema.privacy import ErasureImpact
from schema.relay import After, Connection, First, connection
from schema.subscriptions import ModelSubscription, SubscriptionPolicy
from schema.teams import Team
from schema.usage import Filter, Range, Usage
from schema.users import User


@strawberry.type(description="What may be spent, what is spent, and when it starts again.")
class Budget:
    max_budget: Decimal | None = strawberry.field(description="US dollars in each window; null: no limit.")
    spend: Decimal = strawberry.field(description="US dollars spent in the present window.")
    remaining: Decimal | None = strawberry.field(description="What is left of it; null: no limit.")
    budget_duration: str | None = strawberry.field(description='How long a window is, in LiteLLM\'s words: "30d".')
    resets_at: datetime | None = strawberry.field(description="When the next window begins.")

    @classmethod
    def of(cls, found: usage.Budget) -> "Budget":
        names = cls.__dataclass_fields__
        return cls(**{name: getattr(found, name) for name in names})


@strawberry.type(
    description="The caller: a person with a session or an access token, or an LLM key that speaks for itself."
)
class Viewer:
    @strawberry.field(description="Who is signed in, or whose access token asks.")
    async def user(self, info: Info) -> User | None:
        return User.of(await info.context.loaders.user.load(info.context.actor.user_id))

    @strawberry.field(description="The key that is asking for itself; null for a person.")
    async def api_key(self, info: Info) -> ApiKey | None:
        key_id = info.context.actor.api_key_id
        return None if key_id is None else ApiKey.of(await info.context.loaders.api_key.load(key_id))

    @strawberry.field(
        description="The models that the caller can call now, by name: a key those that it holds, a person those with a subscription."
    )
    async def models(self, info: Info) -> list[Model]:
        return [Model.of(row) for row in await info.context.services.keys.callable_models(info.context.actor)]

    @strawberry.field(description="The caller's own subscriptions.")
    async def model_subscriptions(
        self,
        info: Info,
        first: First,
        after: After = None,
        status: SubscriptionStatuses = None,
        search: SubscriptionSearch = None,
        model_id: OfModel = None,
        order_by: SubscriptionSort = None,
    ) -> Connection[ModelSubscription]:
        return await lists.subscriptions(info, Scope.OWN, first, after, status, search, model_id, order_by)

    @strawberry.field(description="The caller's own keys.")
    async def api_keys(
        self,
        info: Info,
        first: First,
        after: After = None,
        status: KeyStatuses = None,
        unused_days: UnusedDays = None,
        search: KeySearch = None,
        model_id: KeysOfModel = None,
        drifted: Drifted = None,
        order_by: KeySort = None,
    ) -> Connection[ApiKey]:
        return await lists.keys(info, Scope.OWN, first, after, status, unused_days, search, model_id, drifted, order_by)

    @strawberry.field(description="What the caller's keys may have at most.")
    async def key_policy(self, info: Info) -> KeyPolicy:
        return KeyPolicy.of(await info.context.services.keys.rules())

    @strawberry.field(
        description="What a subscription gets when nobody says anything, to a model without a policy of its own. See "
        "`Model.subscriptionPolicy`."
    )
    async def subscription_policy(self, info: Info) -> SubscriptionPolicy:
        return SubscriptionPolicy.of(await info.context.services.subscriptions.rules())

    @strawberry.field(description="What the caller should know, newest first.")
    async def notifications(
        self,
        info: Info,
        first: First,
        after: After = None,
        unread: Annotated[bool, strawberry.argument(description="Only those that are not marked as read.")] = False,
    ) -> Connection[Notification]:
        page = await info.context.services.notifications.page(info.context.actor, first, after, unread=unread)
        return connection(page, Notification.of)

    @strawberry.field(description="The caller's teams. Not available in this version.")
    def teams(self, first: First, after: After = None) -> Connection[Team]:
        raise NotAvailable("Viewer.teams")

    @strawberry.field(description="The browsers in which the caller is signed in, the one that was used last first.")
    async def sessions(self, info: Info, first: First, after: After = None) -> Connection[LoginSession]:
        page = await info.context.services.auth.sessions(info.context.actor, first, after)
        return connection(page, lambda row: LoginSession.of(info, row))

    @strawberry.field(description="The caller's own access tokens, newest first.")
    async def access_tokens(
        self, info: Info, first: First, after: After = None, status: TokenStatuses = None
    ) -> Connection[AccessToken]:
        page = await info.context.services.auth.tokens(info.context.actor, first, after, status)
        return connection(page, AccessToken.of)

    @strawberry.field(description="What `eraseMe` would remove at present. Nothing is written.")
    async def erasure_impact(self, info: Info) -> ErasureImpact:
        actor = info.context.actor
        return ErasureImpact.of(await info.context.services.privacy.impact(actor, actor.user_id))

    @strawberry.field(description="What the caller used.")
    def usage(self, info: Info, range: Range, filter: Filter = None) -> Usage:
        return Usage.of(info, Scope.OWN, range.to_domain(), filter)

    @strawberry.field(
        description="What the key that asks may spend, by LiteMaaS's own ledger. Not available for a person, whose keys have a budget each."
    )
    async def budget(self, info: Info) -> Budget | None:
        return Budget.of(await info.context.services.usage.budget(info.context.actor))
