"""What is told as it happens."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from gateway.errors import NotFound
from gateway.usage import Scope
from schema.context import Info
from schema.keys import ApiKey
from schema.live_hub import SHARED
from schema.notifications import Notification
from schema.relay import decode_id, encode_id
from schema.scalars import BigInt
from schema.subscriptions import ModelSubscription
from schema.usage import ApiKeyUse, Filter, TimeRange, Usage, UsageChange, UsageFilter, UsageTotals


@strawberry.type(description="The number of requests that wait for an admin's decision may have changed.")
class ApprovalsChange:
    id: strawberry.ID = strawberry.field(description="Always the same, so that a client's store merges live ticks.")
    pending_count: int = strawberry.field(
        description="How many subscriptions wait for a decision now, on the request or on other limits."
    )


@strawberry.type(description="Some of the caller's own subscriptions were changed.")
class ModelSubscriptionsChange:
    subscriptions: list[ModelSubscription] = strawberry.field(
        description="Those that were changed last, as they are now; the newest change first, at most 20."
    )


@strawberry.type(description="The caller's own notifications were written or marked as read.")
class NotificationsChange:
    id: strawberry.ID = strawberry.field(
        description="The same for each tick of a caller, so that a client's store merges them."
    )
    unread_count: int = strawberry.field(description="How many are not marked as read now.")


@strawberry.type(
    description="Live data on /graphql, over graphql-transport-ws, or as server-sent events to a POST that accepts them."
)
class Subscription:
    @strawberry.subscription(
        description="The caller's usage now, and again after each change, some ten times a second at most. Only the newest state counts.",
        metadata=SHARED,
    )
    async def usage_changed(
        self,
        info: Info,
        range: Annotated[
            TimeRange | None,
            strawberry.argument(description="The time to look at; the present day, in UTC, if left out."),
        ] = None,
        filter: Filter = None,
    ) -> AsyncGenerator[UsageChange, None]:
        wanted = range.to_domain() if range else None
        narrowed = (filter or UsageFilter()).to_domain()
        shown: Usage | None = None
        async for tick in info.context.services.usage.changes(info.context.actor, wanted, narrowed):
            if shown is None or shown.view.during != tick.during:  # the day before has ended
                shown = Usage.of(info, Scope.OWN, tick.during, filter)
            yield UsageChange(
                as_of=tick.as_of,
                usage=shown,
                position=BigInt(tick.position),
                totals=UsageTotals.of(tick.totals),
            )

    @strawberry.subscription(
        description="Each call made with this key from now on, once, in the order in which LiteLLM reported them."
    )
    async def api_key_used(
        self,
        info: Info,
        api_key_id: Annotated[strawberry.ID, strawberry.argument(description="The key to listen to.")],
        after: Annotated[
            BigInt | None,
            strawberry.argument(
                description="`position` of the last call that is known: those after it come first, at most 10,000. "
                "Over server-sent events, the header `Last-Event-ID` says the same."
            ),
        ] = None,
    ) -> AsyncGenerator[ApiKeyUse, None]:
        key_id = decode_id("ApiKey", api_key_id, "apiKeyId")
        row = await info.context.loaders.api_key.load(key_id)
        if row is None:
            raise NotFound("key")
        known = info.context.last_event_id if after is None else after
        async for use in info.context.services.usage.uses(info.context.actor, key_id, known):
            yield ApiKeyUse.of(ApiKey.of(row), use)

    @strawberry.subscription(
        description="How many requests wait for an admin's decision, now and after each change. Auditors and admins only.",
        metadata=SHARED,
    )
    async def approvals_changed(self, info: Info) -> AsyncGenerator[ApprovalsChange, None]:
        services = info.context.services
        async for count in services.subscriptions.awaiting_counts(services.bus, info.context.actor):
            yield ApprovalsChange(id=encode_id("ApprovalsChange", "all"), pending_count=count)

    @strawberry.subscription(
        description="The caller's own subscriptions that were changed last, now and after each change: decided, suspended, used up.",
        metadata=SHARED,
    )
    async def model_subscriptions_changed(self, info: Info) -> AsyncGenerator[ModelSubscriptionsChange, None]:
        services = info.context.services
        async for rows in services.subscriptions.own_changes(services.bus, info.context.actor):
            yield ModelSubscriptionsChange(subscriptions=[ModelSubscription.of(row) for row in rows])

    @strawberry.subscription(description="Each of the caller's own notifications that is written from now on.")
    async def notification_received(self, info: Info) -> AsyncGenerator[Notification, None]:
        services = info.context.services
        async for row in services.notifications.received(services.bus, info.context.actor):
            yield Notification.of(row)

    @strawberry.subscription(
        description="How many of the caller's own notifications are not read, now and after each change.",
        metadata=SHARED,
    )
    async def notifications_changed(self, info: Info) -> AsyncGenerator[NotificationsChange, None]:
        services, actor = info.context.services, info.context.actor
        async for count in services.notifications.unread_counts(services.bus, actor):
            yield NotificationsChange(id=encode_id("NotificationsChange", actor.user_id), unread_count=count)
