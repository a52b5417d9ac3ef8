"""Changes to keys: one input, one result, and every expected refusal a member of the result's union."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway import errors, keys, subscriptions
from schema.context import Info
from schema.errors import AlreadyDone, InvalidInput, InvalidTransition, NotSubscribed, declares, result
from schema.keys import ApiKey, KeyPolicy
from schema.relay import decode_id, decode_ids

INPUT = strawberry.argument(description="Everything that the change needs.")
KEY = "The key."
REQUEST_ID = (
    "A name of the caller's choice for this very request, up to 100 characters: sent a second time it makes nothing new, "
    "and is answered with AlreadyDone."
)


@strawberry.input(description="A new key. A limit that is left out is no limit.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="What its owner calls it; 1 to 100 characters.")
    model_ids: list[strawberry.ID] = strawberry.field(
        description="The models it may call; each needs an active subscription."
    )
    max_budget: Decimal | None = strawberry.field(
        default=None, description="US dollars that it may spend in each window."
    )
    budget_duration: str | None = strawberry.field(
        default=None, description='How long a window is: "24h", "30d", "1mo".'
    )
    rpm_limit: int | None = strawberry.field(default=None, description="Requests a minute.")
    tpm_limit: int | None = strawberry.field(default=None, description="Tokens a minute.")
    max_parallel_requests: int | None = strawberry.field(default=None, description="Requests at the same time.")
    expires_at: datetime | None = strawberry.field(default=None, description="When it stops working.")
    client_mutation_id: str | None = strawberry.field(default=None, description=REQUEST_ID)

    def to_domain(self) -> keys.NewKey:
        return keys.NewKey(
            name=self.name,
            model_ids=[decode_id("Model", model_id, "modelIds") for model_id in self.model_ids],
            max_budget=self.max_budget,
            budget_duration=self.budget_duration,
            rpm_limit=self.rpm_limit,
            tpm_limit=self.tpm_limit,
            max_parallel_requests=self.max_parallel_requests,
            expires_at=self.expires_at,
        )


@strawberry.input(description="Changes to a key. What is left out stays; a limit that is null is taken away.")
class UpdateApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)
    name: str | None = strawberry.field(
        default=UNSET, description="What its owner calls it; 1 to 100 characters, never null."
    )
    model_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="The models it may call, all of them; never null."
    )
    max_budget: Decimal | None = strawberry.field(
        default=UNSET, description="US dollars that it may spend in each window."
    )
    budget_duration: str | None = strawberry.field(
        default=UNSET, description='How long a window is: "24h", "30d", "1mo".'
    )
    rpm_limit: int | None = strawberry.field(default=UNSET, description="Requests a minute.")
    tpm_limit: int | None = strawberry.field(default=UNSET, description="Tokens a minute.")
    max_parallel_requests: int | None = strawberry.field(default=UNSET, description="Requests at the same time.")
    expires_at: datetime | None = strawberry.field(default=UNSET, description="When it stops working.")

    def to_domain(self) -> dict[str, Any]:
        """What was given, null or not."""
        given = {name: value for name, value in vars(self).items() if value is not UNSET and name != "api_key_id"}
        for column, field in (("name", "name"), ("model_ids", "modelIds")):
            if column in given and given[column] is None:
                raise errors.InvalidInput(field, "can't be null")
        if "model_ids" in given:
            given["model_ids"] = decode_ids("Model", given["model_ids"], "modelIds")
        return given


@strawberry.input(description="Put a key on hold.")
class BlockApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="Let a key that is on hold work again.")
class UnblockApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="End a key for good.")
class RevokeApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)


@strawberry.type(description="The key works.")
class CreateApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)
    secret: str = strawberry.field(description="The secret is in this answer and nowhere else, ever.")


@strawberry.type(description="The key was changed.")
class UpdateApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.type(description="The key is on hold.")
class BlockApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.type(description="The key works again.")
class UnblockApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.type(description="The key is revoked; `inSync` tells whether LiteLLM has confirmed it.")
class RevokeApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.input(description="What keys may have at most. What is left out stays; null takes a maximum away.")
class SetKeyPolicyInput:
    max_budget: Decimal | None = strawberry.field(
        default=UNSET, description="US dollars in each window; needs `budgetDuration`."
    )
    budget_duration: str | None = strawberry.field(
        default=UNSET, description='The window of all budgets, such as "30d".'
    )
    rpm_limit: int | None = strawberry.field(default=UNSET, description="Requests a minute.")
    tpm_limit: int | None = strawberry.field(default=UNSET, description="Tokens a minute.")
    max_parallel_requests: int | None = strawberry.field(default=UNSET, description="Requests at the same time.")
    max_life_days: int | None = strawberry.field(default=UNSET, description="Days from a key's making to its expiry.")
    default_life_days: int | None = strawberry.field(
        default=UNSET, description="Days that a new key gets when nobody says anything."
    )
    max_keys: int | None = strawberry.field(default=UNSET, description="Keys of one person.")


@strawberry.type(description="This holds for every key that is made or changed from now on.")
class SetKeyPolicySuccess:
    key_policy: KeyPolicy = strawberry.field(description="What keys may have at most.")


SetKeyPolicyResult = Annotated[SetKeyPolicySuccess | InvalidInput, result("SetKeyPolicyResult")]
CreateApiKeyResult = Annotated[
    CreateApiKeySuccess | NotSubscribed | AlreadyDone | InvalidInput, result("CreateApiKeyResult")
]
UpdateApiKeyResult = Annotated[
    UpdateApiKeySuccess | NotSubscribed | InvalidTransition | InvalidInput, result("UpdateApiKeyResult")
]
BlockApiKeyResult = Annotated[BlockApiKeySuccess | InvalidTransition | InvalidInput, result("BlockApiKeyResult")]
UnblockApiKeyResult = Annotated[UnblockApiKeySuccess | InvalidTransition | InvalidInput, result("UnblockApiKeyResult")]
RevokeApiKeyResult = Annotated[RevokeApiKeySuccess | InvalidTransition | InvalidInput, result("RevokeApiKeyResult")]


@strawberry.type
class KeyMutations:
    @strawberry.mutation(description="Make a key. The answer is the only place where its secret is ever shown.")
    @declares(errors.InvalidInput, keys.NotSubscribed, keys.AlreadyDone)
    async def create_api_key(self, info: Info, input: Annotated[CreateApiKeyInput, INPUT]) -> CreateApiKeyResult:
        created = await info.context.services.keys.create(
            info.context.actor, input.to_domain(), input.client_mutation_id
        )
        return CreateApiKeySuccess(api_key=ApiKey.of(created.row), secret=created.secret)

    @strawberry.mutation(description="Change a key. LiteLLM follows within seconds; `inSync` tells.")
    @declares(errors.InvalidInput, keys.NotSubscribed, subscriptions.InvalidTransition)
    async def update_api_key(self, info: Info, input: Annotated[UpdateApiKeyInput, INPUT]) -> UpdateApiKeyResult:
        actor, key_id = info.context.actor, decode_id("ApiKey", input.api_key_id, "apiKeyId")
        row = await info.context.services.keys.update(actor, key_id, input.to_domain())
        return UpdateApiKeySuccess(api_key=ApiKey.of(row))

    @strawberry.mutation(description="Put a key on hold: LiteLLM refuses it until it is unblocked.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def block_api_key(self, info: Info, input: Annotated[BlockApiKeyInput, INPUT]) -> BlockApiKeyResult:
        actor, key_id = info.context.actor, decode_id("ApiKey", input.api_key_id, "apiKeyId")
        return BlockApiKeySuccess(api_key=ApiKey.of(await info.context.services.keys.block(actor, key_id)))

    @strawberry.mutation(description="Let a key that is on hold work again.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def unblock_api_key(self, info: Info, input: Annotated[UnblockApiKeyInput, INPUT]) -> UnblockApiKeyResult:
        actor, key_id = info.context.actor, decode_id("ApiKey", input.api_key_id, "apiKeyId")
        return UnblockApiKeySuccess(api_key=ApiKey.of(await info.context.services.keys.unblock(actor, key_id)))

    @strawberry.mutation(description="End a key for good, at once.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def revoke_api_key(self, info: Info, input: Annotated[RevokeApiKeyInput, INPUT]) -> RevokeApiKeyResult:
        actor, key_id = info.context.actor, decode_id("ApiKey", input.api_key_id, "apiKeyId")
        return RevokeApiKeySuccess(api_key=ApiKey.of(await info.context.services.keys.revoke(actor, key_id)))

    @strawberry.mutation(
        description="Set what keys may have at most. Keys that are there keep what they have. Admins only."
    )
    @declares(errors.InvalidInput)
    async def set_key_policy(self, info: Info, input: Annotated[SetKeyPolicyInput, INPUT]) -> SetKeyPolicyResult:
        changes = {name: value for name, value in vars(input).items() if value is not UNSET}
        return SetKeyPolicySuccess(
            key_policy=KeyPolicy.of(await info.context.services.keys.set_rules(info.context.actor, changes))
        )
