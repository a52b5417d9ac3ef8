"""New secrets for keys: rotation, and what to do when a secret has leaked."""

from datetime import datetime, timedelta
from typing import Annotated

import strawberry
from graphql import ObjectValueNode, StringValueNode, ValueNode

from gateway import errors, keys, subscriptions
from schema.context import Info
from schema.errors import AlreadyDone, InvalidInput, InvalidTransition, declares, result
from schema.key_mutations import INPUT, KEY, REQUEST_ID
from schema.keys import ApiKey
from schema.relay import decode_id


@strawberry.input(description="A new secret for a key.")
class RotateApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)
    overlap: int = strawberry.field(
        description="How long the old secret keeps working, in seconds, up to 7 days and never past the key's expiry; 0 ends it at once."
    )
    client_mutation_id: str | None = strawberry.field(default=None, description=REQUEST_ID)


@strawberry.input(description="End the old secret before its time.")
class FinishApiKeyRotationInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="Go back to the old secret.")
class UndoApiKeyRotationInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="A secret that others may know.")
class ReportApiKeyLeakInput:
    api_key_id: strawberry.ID = strawberry.field(description=KEY)
    since: datetime = strawberry.field(
        description="When it may have leaked; for the record, and to look at calls since."
    )


@strawberry.input(description="A secret that was found somewhere.")
class FindLeakedApiKeyInput:
    secret: str = strawberry.field(
        description="The whole secret. It is hashed and compared, and neither stored nor logged. Send it as a variable."
    )


@strawberry.type(description="The key has a new secret.")
class RotateApiKeySuccess:
    api_key: ApiKey = strawberry.field(description=KEY)
    secret: str = strawberry.field(description="The new secret is in this answer and nowhere else, ever.")


@strawberry.type(description="Only the new secret works from now on.")
class FinishApiKeyRotationSuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.type(description="Only the old secret works from now on.")
class UndoApiKeyRotationSuccess:
    api_key: ApiKey = strawberry.field(description=KEY)


@strawberry.type(description="Every secret that the key had is ended; `inSync` tells whether LiteLLM has confirmed it.")
class ReportApiKeyLeakSuccess:
    api_key: ApiKey = strawberry.field(description=KEY)
    secret: str | None = strawberry.field(
        description=(
            "The new secret, in this answer and nowhere else, ever. Null when LiteLLM made none (the key is BLOCKED; rotate it), "
            "or for an admin: only the owner gets a secret."
        )
    )


@strawberry.type(description="What the secret opens.")
class FindLeakedApiKeySuccess:
    api_key: ApiKey | None = strawberry.field(description="The key that has or had this secret; null: none of ours.")


RotateApiKeyResult = Annotated[
    RotateApiKeySuccess | AlreadyDone | InvalidTransition | InvalidInput, result("RotateApiKeyResult")
]
FinishApiKeyRotationResult = Annotated[
    FinishApiKeyRotationSuccess | InvalidTransition | InvalidInput, result("FinishApiKeyRotationResult")
]
UndoApiKeyRotationResult = Annotated[
    UndoApiKeyRotationSuccess | InvalidTransition | InvalidInput, result("UndoApiKeyRotationResult")
]
ReportApiKeyLeakResult = Annotated[
    ReportApiKeyLeakSuccess | InvalidTransition | InvalidInput, result("ReportApiKeyLeakResult")
]
FindLeakedApiKeyResult = Annotated[FindLeakedApiKeySuccess | InvalidInput, result("FindLeakedApiKeyResult")]


def _values(info: Info) -> list[ValueNode]:
    """What the document says for the arguments of this field, and for the fields of an input."""
    values = [argument.value for node in info._raw_info.field_nodes for argument in node.arguments or ()]
    return values + [field.value for value in values if isinstance(value, ObjectValueNode) for field in value.fields]


@strawberry.type
class RotationMutations:
    @strawberry.mutation(
        description=(
            "Give a key a new secret; the old one works for the overlap. Models and limits stay; a budget goes on where the old secret "
            "was, and during the overlap limits count for each of the two. If LiteLLM does not confirm, the old secret works as before."
        )
    )
    @declares(errors.InvalidInput, keys.AlreadyDone, subscriptions.InvalidTransition)
    async def rotate_api_key(self, info: Info, input: Annotated[RotateApiKeyInput, INPUT]) -> RotateApiKeyResult:
        rotated = await info.context.services.keys.rotate(
            info.context.actor,
            decode_id("ApiKey", input.api_key_id, "apiKeyId"),
            timedelta(seconds=input.overlap),
            input.client_mutation_id,
        )
        return RotateApiKeySuccess(api_key=ApiKey.of(rotated.row), secret=rotated.secret)

    @strawberry.mutation(description="End the old secret before its time.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def finish_api_key_rotation(
        self, info: Info, input: Annotated[FinishApiKeyRotationInput, INPUT]
    ) -> FinishApiKeyRotationResult:
        actor, key_id = info.context.actor, decode_id("ApiKey", input.api_key_id, "apiKeyId")
        row = await info.context.services.keys.finish_rotation(actor, key_id)
        return FinishApiKeyRotationSuccess(api_key=ApiKey.of(row))

    @strawberry.mutation(description="End the new secret; the old one stays, for as long as its key lives.")
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def undo_api_key_rotation(
        self, info: Info, input: Annotated[UndoApiKeyRotationInput, INPUT]
    ) -> UndoApiKeyRotationResult:
        actor, key_id = info.context.actor, decode_id("ApiKey", input.api_key_id, "apiKeyId")
        row = await info.context.services.keys.undo_rotation(actor, key_id)
        return UndoApiKeyRotationSuccess(api_key=ApiKey.of(row))

    @strawberry.mutation(
        description="A secret has leaked: end it at once, and get a new one. What was called since: `ApiKey.calls(since:)`."
    )
    @declares(errors.InvalidInput, subscriptions.InvalidTransition)
    async def report_api_key_leak(
        self, info: Info, input: Annotated[ReportApiKeyLeakInput, INPUT]
    ) -> ReportApiKeyLeakResult:
        actor, key_id = info.context.actor, decode_id("ApiKey", input.api_key_id, "apiKeyId")
        reported = await info.context.services.keys.report_leak(actor, key_id, input.since)
        return ReportApiKeyLeakSuccess(api_key=ApiKey.of(reported.row), secret=reported.secret)

    @strawberry.mutation(description="Whose key a secret is that was found somewhere. For admins.")
    @declares(errors.InvalidInput)
    async def find_leaked_api_key(
        self, info: Info, input: Annotated[FindLeakedApiKeyInput, INPUT]
    ) -> FindLeakedApiKeyResult:
        if any(isinstance(node, StringValueNode) for node in _values(info)):
            # The text of a document is kept for the next time; variables are not.
            raise errors.InvalidInput("secret", "must be sent as a variable, so that it is kept nowhere")
        row = await info.context.services.keys.find_by_secret(info.context.actor, input.secret)
        return FindLeakedApiKeySuccess(api_key=ApiKey.of(row) if row else None)
