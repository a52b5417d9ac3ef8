"""The caller's own ways in: sessions of browsers and access tokens of programs."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from gateway import auth, errors
from gateway.actor import TokenScope
from schema.context import Info
from schema.errors import InvalidInput, TooManyAccessTokens, declares, result
from schema.key_mutations import INPUT
from schema.relay import decode_id, encode_id
from schema.users import User

TokenStatus = auth.TokenStatus
strawberry.enum(
    TokenScope,
    name="AccessTokenScope",
    description=(
        "What an access token may be used for, within its owner's rights at that moment. READ: what is the owner's own. KEYS_WRITE and "
        "SUBSCRIPTIONS_WRITE: change those, but for an auditor. ACCOUNT_WRITE: notifications, sessions, and access tokens with at most "
        "its own scopes. ADMIN: what the owner may do as auditor or admin; without it a token is a plain user's."
    ),
)
strawberry.enum(
    TokenStatus,
    name="AccessTokenStatus",
    description="ACTIVE works as long as its owner is not disabled; EXPIRED and REVOKED are over.",
)
TokenStatuses = Annotated[
    list[TokenStatus] | None,
    strawberry.argument(description="Only with one of these statuses; all, if left out."),
]


@strawberry.type(description="A browser in which somebody is signed in.")
class LoginSession:
    id: strawberry.ID = strawberry.field(description="What `endSession` takes.")
    created_at: datetime = strawberry.field(description="When the sign-in was.")
    last_seen_at: datetime = strawberry.field(description="When it was last used, to the minute.")
    expires_at: datetime = strawberry.field(description="When it ends at the latest.")
    address: str | None = strawberry.field(description="The address that the sign-in came from; null: unknown.")
    user_agent: str | None = strawberry.field(
        description="What the browser called itself, at most 200 characters; null: unknown."
    )
    current: bool = strawberry.field(description="Whether it is the one that asks.")

    @classmethod
    def of(cls, info: Info, row: Any) -> "LoginSession":
        return cls(
            id=encode_id("LoginSession", row.id),
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            address=row.address,
            user_agent=row.user_agent,
            current=row.id == info.context.actor.credential_id,
        )


@strawberry.type(
    description="How a program of a person's asks: `Authorization: Bearer lmt_…`. Its secret was shown once, and is stored nowhere."
)
class AccessToken:
    id: strawberry.ID = strawberry.field(description="What `revokeAccessToken` takes.")
    name: str = strawberry.field(description="What its owner calls it.")
    last_four: str = strawberry.field(description="How the secret ends, to recognise it by.")
    scopes: list[TokenScope] = strawberry.field(description="What it may be used for.")
    status: TokenStatus = strawberry.field(description="Whether it works.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="When it stops working.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked; null: it was not.")
    last_used_at: datetime | None = strawberry.field(description="When it was last used, to the minute; null: never.")
    last_used_address: str | None = strawberry.field(description="The address that it was last used from.")
    row: strawberry.Private[Any]

    @strawberry.field(description="Whose it is.")
    async def user(self, info: Info) -> User | None:
        row = await info.context.loaders.user.load(self.row.user_id)
        return User.of(row) if row else None

    @classmethod
    def of(cls, row: Any) -> "AccessToken":
        return cls(
            id=encode_id("AccessToken", row.id),
            name=row.name,
            last_four=row.last_four,
            scopes=[TokenScope(scope) for scope in row.scopes],
            status=TokenStatus(row.status),
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
            last_used_address=row.last_used_address,
            row=row,
        )


@strawberry.input(description="Sign one browser out.")
class EndSessionInput:
    session_id: strawberry.ID = strawberry.field(description="The session; the caller's own.")


@strawberry.type(description="Whoever uses that browser has to sign in again.")
class EndSessionSuccess:
    session_id: strawberry.ID = strawberry.field(description="The session that ended.")


@strawberry.input(description="Sign all other browsers out.")
class EndOtherSessionsInput:
    this_too: bool = strawberry.field(default=False, description="The one that asks as well: sign out everywhere.")


@strawberry.type(description="They have ended.")
class EndOtherSessionsSuccess:
    ended: int = strawberry.field(description="How many there were.")


@strawberry.input(description="A new access token.")
class CreateAccessTokenInput:
    name: str = strawberry.field(description="What its owner calls it; 1 to 100 characters.")
    scopes: list[TokenScope] = strawberry.field(
        description="What it may be used for; at most what the token that asks may do, if one asks."
    )
    expires_at: datetime = strawberry.field(
        description="When it stops working: at most 366 days from now, and not after the token that asks, if one asks."
    )


@strawberry.type(description="The token works.")
class CreateAccessTokenSuccess:
    access_token: AccessToken = strawberry.field(description="The token.")
    secret: str = strawberry.field(description="The secret is in this answer and nowhere else, ever.")


@strawberry.input(description="End a token for good.")
class RevokeAccessTokenInput:
    access_token_id: strawberry.ID = strawberry.field(
        description="The token: the caller's own or, for admins, anybody's."
    )


@strawberry.type(description="The token is refused from now on.")
class RevokeAccessTokenSuccess:
    access_token: AccessToken = strawberry.field(description="The token.")


EndSessionResult = Annotated[EndSessionSuccess | InvalidInput, result("EndSessionResult")]
CreateAccessTokenResult = Annotated[
    CreateAccessTokenSuccess | TooManyAccessTokens | InvalidInput, result("CreateAccessTokenResult")
]
RevokeAccessTokenResult = Annotated[RevokeAccessTokenSuccess | InvalidInput, result("RevokeAccessTokenResult")]
EndOtherSessionsResult = Annotated[EndOtherSessionsSuccess | InvalidInput, result("EndOtherSessionsResult")]


@strawberry.type
class AccountMutations:
    @strawberry.mutation(description="Sign one of the caller's own browsers out, at once.")
    @declares(errors.InvalidInput)
    async def end_session(self, info: Info, input: Annotated[EndSessionInput, INPUT]) -> EndSessionResult:
        session_id = decode_id("LoginSession", input.session_id, "sessionId")
        await info.context.services.auth.end_session(info.context.actor, session_id)
        return EndSessionSuccess(session_id=input.session_id)

    @strawberry.mutation(description="Sign all of the caller's other browsers out, at once.")
    @declares(errors.InvalidInput)
    async def end_other_sessions(
        self, info: Info, input: Annotated[EndOtherSessionsInput, INPUT]
    ) -> EndOtherSessionsResult:
        auth_service, actor = info.context.services.auth, info.context.actor
        return EndOtherSessionsSuccess(ended=await auth_service.end_other_sessions(actor, this_too=input.this_too))

    @strawberry.mutation(
        description="Make an access token. The answer is the only place where its secret is ever shown."
    )
    @declares(errors.InvalidInput, auth.TooManyTokens)
    async def create_access_token(
        self, info: Info, input: Annotated[CreateAccessTokenInput, INPUT]
    ) -> CreateAccessTokenResult:
        created = await info.context.services.auth.create_token(
            info.context.actor, input.name, input.scopes, input.expires_at
        )
        return CreateAccessTokenSuccess(access_token=AccessToken.of(created.row), secret=created.secret)

    @strawberry.mutation(description="End an access token for good, at once.")
    @declares(errors.InvalidInput)
    async def revoke_access_token(
        self, info: Info, input: Annotated[RevokeAccessTokenInput, INPUT]
    ) -> RevokeAccessTokenResult:
        token_id = decode_id("AccessToken", input.access_token_id, "accessTokenId")
        row = await info.context.services.auth.revoke_token(info.context.actor, token_id)
        return RevokeAccessTokenSuccess(access_token=AccessToken.of(row))
