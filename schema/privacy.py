"""Personal data: what an erasure would remove, and the erasure."""

from datetime import datetime
from typing import Annotated

import strawberry

from gateway import errors, privacy
from schema.context import Info
from schema.errors import InvalidInput, declares, result
from schema.key_mutations import INPUT
from schema.relay import decode_id, encode_id

CONFIRMATION = "The person's username, as a confirmation; it must be exactly that."


@strawberry.type(description="What there is of a person that an erasure would end or remove.")
class ErasureImpact:
    username: str = strawberry.field(description="What has to be given as a confirmation.")
    sessions: int = strawberry.field(description="Browsers in which the person is signed in; they are signed out.")
    access_tokens: int = strawberry.field(description="Access tokens, ended ones too; they are deleted.")
    keys: int = strawberry.field(description="Keys that are not over; they are revoked.")
    subscriptions: int = strawberry.field(description="Subscriptions and requests that are open; they are given up.")
    notifications: int = strawberry.field(description="Notifications; they are deleted.")
    audit_entries: int = strawberry.field(description="Entries of the audit record that will name a pseudonym.")

    @classmethod
    def of(cls, found: privacy.ErasureImpact) -> "ErasureImpact":
        return cls(**vars(found))


@strawberry.type(description="What was erased. It stands in the audit record, too.")
class ErasureReceipt:
    user_id: strawberry.ID = strawberry.field(description="The person's row, which stays under a pseudonym.")
    pseudonym: str = strawberry.field(description="What stands for username, display name and actor from now on.")
    erased_at: datetime = strawberry.field(description="When the person was erased first.")
    sessions: int = strawberry.field(description="Sessions that were ended.")
    access_tokens: int = strawberry.field(description="Access tokens that were deleted.")
    keys: int = strawberry.field(description="Keys that were revoked; LiteLLM deletes them within seconds.")
    subscriptions: int = strawberry.field(description="Subscriptions and requests that were given up.")
    notifications: int = strawberry.field(description="Notifications that were deleted.")
    texts: int = strawberry.field(
        description="Rows that lost a name or a text: names of keys, justifications, reasons, and whom others' notices and histories name."
    )
    audit_entries: int = strawberry.field(description="Entries of the audit record that name the pseudonym.")

    @classmethod
    def of(cls, receipt: privacy.Receipt) -> "ErasureReceipt":
        return cls(**(vars(receipt) | {"user_id": encode_id("User", receipt.user_id)}))


@strawberry.input(
    description="Forget me. `viewer.erasureImpact` tells beforehand what that ends. There is no way back."
)
class EraseMeInput:
    username: str = strawberry.field(description=CONFIRMATION)


@strawberry.input(
    description="Forget a person. `admin.erasureImpact` tells beforehand what that ends. There is no way back."
)
class ErasePersonInput:
    user_id: strawberry.ID = strawberry.field(description="The person.")
    username: str = strawberry.field(description=CONFIRMATION)


@strawberry.type(description="The caller is erased and signed out.")
class EraseMeSuccess:
    receipt: ErasureReceipt = strawberry.field(description="What was erased.")


@strawberry.type(description="The person is erased.")
class ErasePersonSuccess:
    receipt: ErasureReceipt = strawberry.field(description="What was erased.")


EraseMeResult = Annotated[EraseMeSuccess | InvalidInput, result("EraseMeResult")]
ErasePersonResult = Annotated[ErasePersonSuccess | InvalidInput, result("ErasePersonResult")]


@strawberry.type
class PrivacyMutations:
    @strawberry.mutation(
        description="Revoke my keys, give up my subscriptions, and replace my name by a pseudonym everywhere. The last admin can't."
    )
    @declares(errors.InvalidInput)
    async def erase_me(self, info: Info, input: Annotated[EraseMeInput, INPUT]) -> EraseMeResult:
        actor = info.context.actor
        receipt = await info.context.services.privacy.erase(actor, actor.user_id, input.username)
        return EraseMeSuccess(receipt=ErasureReceipt.of(receipt))

    @strawberry.mutation(description="The same for anybody, who then need not be signed in. Admins only.")
    @declares(errors.InvalidInput)
    async def erase_person(self, info: Info, input: Annotated[ErasePersonInput, INPUT]) -> ErasePersonResult:
        user_id = decode_id("User", input.user_id, "userId")
        receipt = await info.context.services.privacy.erase(info.context.actor, user_id, input.username)
        return ErasePersonSuccess(receipt=ErasureReceipt.of(receipt))
