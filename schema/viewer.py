"""What the caller has, and what auditors and admins see of everybody."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from gateway import usage
from gateway.actor import Role
from gateway.errors import NotAvailable
from gateway.keys import KeyFilter
from gateway.subscriptions import SubscriptionFilter
from gateway.usage import Scope
from gateway.users import UserFilter
from schema.account import AccessToken, LoginSession, TokenStatuses
from schema.audit import AuditEntry, AuditFilter
from schema.catalog import Model
from schema.context import Info
from schema.keys import ApiKey, ApiKeyOrder, ApiKeyStatus, KeyPolicy
from schema.ledger import Ledger
from schema.notifications import Notification
from schema.people_mutations import OffboardingImpact
from schema.privacy import ErasureImpact
from schema.relay import After, Connection, First, connection, decode_id
from schema.subscriptions import (
    ExistingSubscriptions,
    ModelSubscription,
    SubscriptionOrder,
    SubscriptionPolicy,
    SubscriptionStatus,
)
from schema.system import System
from schema.teams import Team
from schema.usage import TimeRange, Usage, UsageFilter
from schema.users import User, UserOrder

Range = Annotated[TimeRange, strawberry.argument(description="The time to look at.")]
Filter = Annotated[UsageFilter | None, strawberry.argument(description="Which calls count; all, if left out.")]
SubscriptionStatuses = Annotated[
    list[SubscriptionStatus] | None,
    strawberry.argument(description="Only with one of these statuses; all, if left out."),
]
SubscriptionSearch = Annotated[
    str | None,
    strawberry.argument(
        description="Words that must all occur in the model's name or, among everybody's, the owner's; at most 200 characters."
    ),
]
SubscriptionSort = Annotated[
    SubscriptionOrder | None, strawberry.argument(description="In which order; newest first, if left out.")
]
OfModel = Annotated[strawberry.ID | None, strawberry.argument(description="Only to this model.")]
OfUser = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this person.")]
UnusedDays = Annotated[
    int | None,
    strawberry.argument(description="Only keys that work and were not used for so many days, whatever `status` says."),
]
KeyStatuses = Annotated[
    list[ApiKeyStatus] | None, strawberry.argument(description="Only with one of these statuses; all, if left out.")
]


KeySearch = Annotated[
    str | None,
    strawberry.argument(
        description="Words each of which must occur in the key's name, be the `prefix` or `lastFour` of one of its secrets or, among "
        "everybody's, occur in its owner's name; at most 200 characters."
    ),
]
KeysOfModel = Annotated[strawberry.ID | None, strawberry.argument(description="Only those that hold this model.")]
Drifted = Annotated[
    bool | None,
    strawberry.argument(
        description="Whether somebody has changed the key in LiteLLM itself (`ApiKey.drift`); all, if left out."
    ),
]
KeySort = Annotated[ApiKeyOrder | None, strawberry.argument(description="In which order; newest first, if left out.")]


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
        wanted = SubscriptionFilter(status, search, model_id=_decoded("Model", model_id, "modelId"))
        page = await info.context.services.subscriptions.page(info.context.actor, first, after, wanted, order_by)
        return connection(page, ModelSubscription.of)

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
        wanted = KeyFilter(status, search, model_id=_decoded("Model", model_id, "modelId"), drifted=drifted)
        page = await info.context.services.usage.page_of_keys(
            info.context.actor, first, after, wanted, order_by, unused_days=unused_days
        )
        return connection(page, ApiKey.of)

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


@strawberry.type(description="Whom a change to a model concerns.")
class ModelChangeImpact:
    active_subscriptions: int = strawberry.field(description="Subscriptions to it that are active.")
    pending_subscriptions: int = strawberry.field(description="Requests for it that wait for a decision.")
    suspended_subscriptions: int = strawberry.field(description="Subscriptions to it that are on hold.")
    people: int = strawberry.field(description="People with an active subscription.")
    keys: int = strawberry.field(description="Keys that hold it and are not over.")
    becoming_suspended: int = strawberry.field(
        description="How many active subscriptions the change puts on hold, so that the model leaves their owners' keys."
    )
    becoming_cancelled: int = strawberry.field(
        description="How many active and suspended subscriptions the change ends, so that the model leaves their owners' keys."
    )
    becoming_denied: int = strawberry.field(description="How many waiting requests the change denies.")


@strawberry.type(description="What auditors may read and admins may act on.")
class Admin:
    @strawberry.field(
        description="Everybody's subscriptions. What waits for a decision: `awaiting: true`, by LONGEST_WAITING."
    )
    async def model_subscriptions(
        self,
        info: Info,
        first: First,
        after: After = None,
        status: SubscriptionStatuses = None,
        search: SubscriptionSearch = None,
        model_id: OfModel = None,
        user_id: OfUser = None,
        awaiting: Annotated[
            bool | None,
            strawberry.argument(
                description="Whether an admin's decision is awaited, on the request or on other limits; all, if left out."
            ),
        ] = None,
        order_by: SubscriptionSort = None,
    ) -> Connection[ModelSubscription]:
        wanted = SubscriptionFilter(
            status,
            search,
            awaiting=awaiting,
            model_id=_decoded("Model", model_id, "modelId"),
            user_id=_decoded("User", user_id, "userId"),
        )
        page = await info.context.services.subscriptions.page_of_all(info.context.actor, first, after, wanted, order_by)
        return connection(page, ModelSubscription.of)

    @strawberry.field(description="What `setModelAccess` would do at present. Nothing is written.")
    async def model_change_impact(
        self,
        info: Info,
        model_id: Annotated[strawberry.ID, strawberry.argument(description="The model.")],
        existing: Annotated[
            ExistingSubscriptions, strawberry.argument(description="What is to become of active subscriptions.")
        ] = ExistingSubscriptions.KEEP,
    ) -> ModelChangeImpact:
        services, actor = info.context.services, info.context.actor
        key = decode_id("Model", model_id, "modelId")
        found = await services.subscriptions.model_change_impact(actor, key, existing)
        return ModelChangeImpact(
            active_subscriptions=found.active,
            pending_subscriptions=found.pending,
            suspended_subscriptions=found.suspended,
            people=found.people,
            becoming_suspended=found.becoming_suspended,
            becoming_cancelled=found.becoming_cancelled,
            becoming_denied=found.becoming_denied,
            keys=await services.keys.count_holding(actor, key),
        )

    @strawberry.field(description="Everybody's keys.")
    async def api_keys(
        self,
        info: Info,
        first: First,
        after: After = None,
        status: KeyStatuses = None,
        unused_days: UnusedDays = None,
        search: KeySearch = None,
        user_id: OfUser = None,
        model_id: KeysOfModel = None,
        drifted: Drifted = None,
        order_by: KeySort = None,
    ) -> Connection[ApiKey]:
        wanted = KeyFilter(
            status,
            search,
            user_id=_decoded("User", user_id, "userId"),
            model_id=_decoded("Model", model_id, "modelId"),
            drifted=drifted,
        )
        page = await info.context.services.usage.page_of_keys(
            info.context.actor, first, after, wanted, order_by, unused_days=unused_days, own=False
        )
        return connection(page, ApiKey.of)

    @strawberry.field(
        description="What subscriptions get when nobody says anything: first for all models, if that was ever set, then for single ones."
    )
    async def subscription_policies(self, info: Info) -> list[SubscriptionPolicy]:
        rules = await info.context.services.subscriptions.all_rules(info.context.actor)
        return [SubscriptionPolicy.of(each) for each in rules]

    @strawberry.field(description="Everybody who ever signed in, by username.")
    async def users(
        self,
        info: Info,
        first: First,
        after: After = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Words that must all occur in a username, display name or e-mail address; at most 200 characters."
            ),
        ] = None,
        role: Annotated[
            list[Role] | None, strawberry.argument(description="Only with one of these roles; all, if left out.")
        ] = None,
        disabled: Annotated[
            bool | None, strawberry.argument(description="Only those who are, or are not; all, if left out.")
        ] = None,
        order_by: Annotated[
            UserOrder | None, strawberry.argument(description="In which order; by username, if left out.")
        ] = None,
    ) -> Connection[User]:
        wanted, order = UserFilter(search, role, disabled), order_by or UserOrder.USERNAME
        return connection(
            await info.context.services.users.page(info.context.actor, first, after, wanted, order), User.of
        )

    @strawberry.field(description="One person.")
    async def user(
        self, info: Info, user_id: Annotated[strawberry.ID, strawberry.argument(description="The person.")]
    ) -> User:
        key = decode_id("User", user_id, "userId")
        return User.of(await info.context.services.users.get(info.context.actor, key))

    @strawberry.field(description="What `offboardUser` would end at present. Nothing is written.")
    async def offboarding_impact(
        self, info: Info, user_id: Annotated[strawberry.ID, strawberry.argument(description="The person.")]
    ) -> OffboardingImpact:
        key = decode_id("User", user_id, "userId")
        return OffboardingImpact.of(await info.context.services.offboarding.impact(info.context.actor, key))

    @strawberry.field(description="What `erasePerson` would remove at present. Nothing is written.")
    async def erasure_impact(
        self, info: Info, user_id: Annotated[strawberry.ID, strawberry.argument(description="The person.")]
    ) -> ErasureImpact:
        key = decode_id("User", user_id, "userId")
        return ErasureImpact.of(await info.context.services.privacy.impact(info.context.actor, key))

    @strawberry.field(description="Everybody's access tokens, newest first.")
    async def access_tokens(
        self, info: Info, first: First, after: After = None, status: TokenStatuses = None, user_id: OfUser = None
    ) -> Connection[AccessToken]:
        owner = _decoded("User", user_id, "userId")
        page = await info.context.services.auth.tokens_of_all(info.context.actor, first, after, status, owner)
        return connection(page, AccessToken.of)

    @strawberry.field(description="What everybody used.")
    def usage(self, info: Info, range: Range, filter: Filter = None) -> Usage:
        return Usage.of(info, Scope.ALL, range.to_domain(), filter)

    @strawberry.field(description="How the ledger stands beside LiteLLM's own spend log; cheap enough to be polled.")
    async def ledger(self, info: Info) -> Ledger:
        return Ledger.of(await info.context.services.ledger.status(info.context.actor))

    @strawberry.field(description="What was done and refused, newest first.")
    async def audit_log(
        self,
        info: Info,
        first: First,
        after: After = None,
        filter: Annotated[AuditFilter | None, strawberry.argument(description="Which; all, if left out.")] = None,
    ) -> Connection[AuditEntry]:
        wanted = (filter or AuditFilter()).to_domain()
        page = await info.context.services.audit.page(info.context.actor, first, after, wanted)
        return connection(page, AuditEntry.of)

    @strawberry.field(description="How this installation is.")
    def system(self, info: Info) -> System:
        return System.of(info.context.services.system.litellm_status)


def _decoded(kind: str, node_id: strawberry.ID | None, field: str) -> UUID | None:
    return None if node_id is None else decode_id(kind, node_id, field)
