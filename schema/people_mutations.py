"""What admins do about people: letting them out and in again, and what becomes of a leaver's things."""

from typing import Annotated

import strawberry

from gateway import errors, offboarding
from schema.context import Info
from schema.errors import InvalidInput, declares, result
from schema.key_mutations import INPUT
from schema.relay import decode_id
from schema.users import User

PERSON = "The person."
REASON = "Why, for the record; at most 1,000 characters."

KeysFate = offboarding.KeysFate
SubscriptionsFate = offboarding.SubscriptionsFate
strawberry.enum(
    KeysFate,
    name="OffboardedKeys",
    description="REVOKE ends a leaver's keys for good; BLOCK keeps them on hold as long as their owner is disabled.",
)
strawberry.enum(
    SubscriptionsFate,
    name="OffboardedSubscriptions",
    description="CANCEL gives a leaver's subscriptions and requests up; KEEP leaves them as they are.",
)


@strawberry.type(description="What there is of a person that leaving would end.")
class OffboardingImpact:
    sessions: int = strawberry.field(description="Browsers in which the person is signed in.")
    access_tokens: int = strawberry.field(description="Access tokens that work.")
    keys: int = strawberry.field(description="Keys that are not over.")
    keys_in_use: int = strawberry.field(description="Those of them that were used within the last 7 days.")
    active_subscriptions: int = strawberry.field(description="Subscriptions that are active.")
    pending_subscriptions: int = strawberry.field(description="Requests that wait for a decision.")
    suspended_subscriptions: int = strawberry.field(description="Subscriptions that are on hold.")

    @classmethod
    def of(cls, found: offboarding.OffboardingImpact) -> "OffboardingImpact":
        return cls(**vars(found))


@strawberry.input(description="Let nobody in as this person, until `enableUser`.")
class DisableUserInput:
    user_id: strawberry.ID = strawberry.field(description=PERSON)
    reason: str | None = strawberry.field(default=None, description=REASON)


@strawberry.input(description="Let a disabled person in again.")
class EnableUserInput:
    user_id: strawberry.ID = strawberry.field(description=PERSON)
    reason: str | None = strawberry.field(default=None, description=REASON)


@strawberry.input(description="Somebody leaves. `admin.offboardingImpact` tells beforehand what that ends.")
class OffboardUserInput:
    user_id: strawberry.ID = strawberry.field(description=PERSON)
    keys: KeysFate = strawberry.field(description="What becomes of the person's keys.")
    subscriptions: SubscriptionsFate = strawberry.field(
        default=SubscriptionsFate.CANCEL, description="What becomes of the person's subscriptions."
    )
    reason: str | None = strawberry.field(default=None, description=REASON)


@strawberry.type(description="Nobody is signed in as this person any more; LiteLLM refuses the keys within seconds.")
class DisableUserSuccess:
    user: User = strawberry.field(description=PERSON)


@strawberry.type(description="The person may sign in again; keys and access tokens that were not revoked work again.")
class EnableUserSuccess:
    user: User = strawberry.field(description=PERSON)


@strawberry.type(description="The person is disabled, and what was to end has ended; LiteLLM follows within seconds.")
class OffboardUserSuccess:
    user: User = strawberry.field(description=PERSON)


DisableUserResult = Annotated[DisableUserSuccess | InvalidInput, result("DisableUserResult")]
EnableUserResult = Annotated[EnableUserSuccess | InvalidInput, result("EnableUserResult")]
OffboardUserResult = Annotated[OffboardUserSuccess | InvalidInput, result("OffboardUserResult")]


@strawberry.type
class PeopleMutations:
    @strawberry.mutation(
        description="End all of a person's sessions and let nobody in as that person. Admins only, and never oneself."
    )
    @declares(errors.InvalidInput)
    async def disable_user(self, info: Info, input: Annotated[DisableUserInput, INPUT]) -> DisableUserResult:
        actor, user_id = info.context.actor, decode_id("User", input.user_id, "userId")
        row = await info.context.services.auth.disable_user(actor, user_id, input.reason)
        return DisableUserSuccess(user=User.of(row))

    @strawberry.mutation(description="Let a disabled person in again. Admins only.")
    @declares(errors.InvalidInput)
    async def enable_user(self, info: Info, input: Annotated[EnableUserInput, INPUT]) -> EnableUserResult:
        actor, user_id = info.context.actor, decode_id("User", input.user_id, "userId")
        row = await info.context.services.auth.enable_user(actor, user_id, input.reason)
        return EnableUserSuccess(user=User.of(row))

    @strawberry.mutation(
        description="Disable a person who leaves, revoke the access tokens, end the rest as told. Admins only, and never oneself."
    )
    @declares(errors.InvalidInput)
    async def offboard_user(self, info: Info, input: Annotated[OffboardUserInput, INPUT]) -> OffboardUserResult:
        row = await info.context.services.offboarding.offboard(
            info.context.actor,
            decode_id("User", input.user_id, "userId"),
            input.keys,
            input.subscriptions,
            input.reason,
        )
        return OffboardUserSuccess(user=User.of(row))
