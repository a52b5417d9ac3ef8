"""What auditors and admins see of everybody."""

from typing import Annotated

import strawberry

from gateway.actor import Role
from gateway.usage import Scope
from gateway.users import UserFilter
from schema import lists
from schema.account import AccessToken, TokenStatuses
from schema.audit import AuditEntry, AuditFilter, AuditRemoval
from schema.context import Info
from schema.keys import ApiKey
from schema.ledger import Ledger
from schema.lists import (
    Drifted,
    KeySearch,
    KeysOfModel,
    KeySort,
    KeyStatuses,
    OfModel,
    OfUser,
    SubscriptionSearch,
    SubscriptionSort,
    SubscriptionStatuses,
    UnusedDays,
)
from schema.people_mutations import OffboardingImpact
from schema.privacy import ErasureImpact
from schema.relay import After, Connection, First, connection, decode_id
from schema.subscriptions import ExistingSubscriptions, ModelSubscription, SubscriptionPolicy
from schema.system import System
from schema.usage import Filter, Range, Usage
from schema.users import User, UserOrder


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
        return await lists.subscriptions(
            info, Scope.ALL, first, after, status, search, model_id, order_by, user_id=user_id, awaiting=awaiting
        )

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
        return await lists.keys(
            info, Scope.ALL, first, after, status, unused_days, search, model_id, drifted, order_by, user_id=user_id
        )

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
        owner = lists.decoded("User", user_id, "userId")
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

    @strawberry.field(
        description="What is gone from the beginning of `auditLog`; null: nothing is, it reaches back to the first entry."
    )
    async def audit_removal(self, info: Info) -> AuditRemoval | None:
        removal = await info.context.services.audit.removal(info.context.actor)
        return AuditRemoval.of(removal) if removal else None

    @strawberry.field(description="How this installation is.")
    def system(self, info: Info) -> System:
        return System.of(info.context.services.system.litellm_status)
