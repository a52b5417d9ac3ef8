"""Changes to keys: one input, one result, and every expected refusal a member of the result's union."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from gateway import errors, keys, subscriptions
from gateway.errors import NotAvailable
from schema.context import Info
from schema.errors import InvalidInput, InvalidTransition, NotSubscribed, declares, result
from schema.keys import ApiKey
from schema.relay import decode_id

INPUT = strawberry.argument(description="Everything that the change needs.")
KEY = "The key."


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
    expires_at: datetime | None = strawberry.field(default=None, description="When it stops working.")

    def to_domain(self) -> keys.NewKey:
        return keys.NewKey(
            name=self.name,
            model_ids=[decode_id("Model", model_id, "modelIds") for model_id in self.model_ids],
            max_budget=self.max_budget,
            budget_duration=self.budget_duration,
            rpm_limit=self.rpm_limit,
            tpm_limit=self.tpm_limit,
            expires_at=self.expires_at,
        )


@strawberry.input(description="Changes to a key; what is left out stays.")
class UpdateApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)
    name: str | None = strawberry.field(default=None, description="What its owner calls it; 1 to 100 characters.")
    model_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="The models it may call.")
    max_budget: Decimal | None = strawberry.field(
        default=None, description="US dollars that it may spend in each window."
    )
    budget_duration: str | None = strawberry.field(
        default=None, description='How long a window is: "24h", "30d", "1mo".'
    )
    rpm_limit: int | None = strawberry.field(default=None, description="Requests a minute.")
    tpm_limit: int | None = strawberry.field(default=None, description="Tokens a minute.")
    expires_at: datetime | None = strawberry.field(default=None, description="When it stops working.")


@strawberry.input(description="A new secret for a key.")
class RotateApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)
    overlap: int = strawberry.field(description="How long the old secret keeps working, in seconds; 0 ends it at once.")


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


@strawberry.type(description="The key has a new secret.")
class RotateApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)
    secret: str = strawberry.field(description="The new secret is in this answer and nowhere else, ever.")


@strawberry.type(description="The key is on hold.")
class BlockApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.type(description="The key works again.")
class UnblockApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.type(description="The key is revoked; `inSync` tells whether LiteLLM has confirmed it.")
class RevokeApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


CreateApiKeyResult = Annotated[CreateApiKeySuccess | NotSubscribed | InvalidInput, result("CreateApiKeyResult")]
UpdateApiKeyResult = Annotated[
    UpdateApiKeySuccess | NotSubscribed | InvalidTransition | InvalidInput, result("UpdateApiKeyResult")
]
RotateApiKeyResult = Annotated[RotateApiKeySuccess | InvalidTransition | InvalidInput, result("RotateApiKeyResult")]
BlockApiKeyResult = Annotated[BlockApiKeySuccess | InvalidTransition, result("BlockApiKeyResult")]
UnblockApiKeyResult = Annotated[UnblockApiKeySuccess | InvalidTransition, result("UnblockApiKeyResult")]
RevokeApiKeyResult = Annotated[RevokeApiKeySuccess | InvalidTransition | InvalidInput, result("RevokeApiKeyResult")]


@strawberry.type
class KeyMutations:
    @strawberry.mutation(description="Make a key. The answer is the only place where its secret is ever shown.")
    @declares(errors.InvalidInput, keys.NotSubscribed)
    async def create_api_key(self, info: Info, input: Annotated[CreateApiKeyInput, INPUT]) -> CreateApiKeyResult:
        created = await info.context.services.keys.create(info.context.actor, input.to_domain())
        return CreateApiKeySuccess(api_key=ApiKey.of(created.row), secret=created.secret)

    @strawberry.mutation(description="Change a key. Not available in this version.")
    async def update_api_key(self, info: Info, input: Annotated[UpdateApiKeyInput, INPUT]) -> UpdateApiKeyResult:
        raise NotAvailable("updateApiKey")

    @strawberry.mutation(description="Give a key a new secret. Not available in this version.")
    async def rotate_api_key(self, info: Info, input: Annotated[RotateApiKeyInput, INPUT]) -> RotateApiKeyResult:
        raise NotAvailable("rotateApiKey")

    @strawberry.mutation(description="Put a key on hold. Not available in this version.")
    async def block_api_key(self, info: Info, input: Annotated[BlockApiKeyInput, INPUT]) -> BlockApiKeyResult:
        raise NotAvailable("blockApiKey")

    @strawberry.mutation(description="Let a key work again. Not available in this version.")
    async def unblock_api_key(self, info: Info, input: Annotated[UnblockApiKeyInput, INPUT]) -> UnblockApiKeyResult:
        raise NotAvailable("unblockApiKey")

    @strawberry.mutation(description="End a key for good, at once.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def revoke_api_key(self, info: Info, input: Annotated[RevokeApiKeyInput, INPUT]) -> RevokeApiKeyResult:
        actor, key_id = info.context.actor, decode_id("ApiKey", input.api_key_id, "apiKeyId")
        return RevokeApiKeySuccess(api_key=ApiKey.of(await info.context.services.keys.revoke(actor, key_id)))
