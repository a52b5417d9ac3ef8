"""What to do about keys that were changed in LiteLLM itself."""

from typing import Annotated

import strawberry

from gateway import errors, subscriptions
from schema.context import Info
from schema.errors import InvalidInput, InvalidTransition, declares, result
from schema.key_mutations import INPUT, KEY
from schema.keys import ApiKey
from schema.relay import decode_id


@strawberry.input(description="Make LiteLLM say again what LiteMaaS says.")
class RepairApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="Make LiteMaaS say what LiteLLM says.")
class AdoptApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)


@strawberry.type(description="LiteLLM is being brought back; `inSync` tells whether it has confirmed.")
class RepairApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.type(description="The key is now what LiteLLM had; one that was deleted there is revoked.")
class AdoptApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


RepairApiKeyResult = Annotated[RepairApiKeySuccess | InvalidTransition | InvalidInput, result("RepairApiKeyResult")]
AdoptApiKeyResult = Annotated[AdoptApiKeySuccess | InvalidTransition | InvalidInput, result("AdoptApiKeyResult")]


@strawberry.type
class DriftMutations:
    @strawberry.mutation(description="Undo what was changed in LiteLLM behind our back.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def repair_api_key(self, info: Info, input: Annotated[RepairApiKeyInput, INPUT]) -> RepairApiKeyResult:
        actor, key_id = info.context.actor, decode_id("ApiKey", input.api_key_id, "apiKeyId")
        return RepairApiKeySuccess(api_key=ApiKey.of(await info.context.services.keys.repair(actor, key_id)))

    @strawberry.mutation(
        description="Keep what was changed in LiteLLM, except models without a subscription. Admins only."
    )
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def adopt_api_key(self, info: Info, input: Annotated[AdoptApiKeyInput, INPUT]) -> AdoptApiKeyResult:
        actor, key_id = info.context.actor, decode_id("ApiKey", input.api_key_id, "apiKeyId")
        return AdoptApiKeySuccess(api_key=ApiKey.of(await info.context.services.keys.adopt(actor, key_id)))
