"""What anybody may know, signed in or not."""

from datetime import datetime
from enum import Enum

import strawberry

import gateway
from gateway.actor import Role
from schema.context import Info


@strawberry.enum(description="Who vouches for people. SANDBOX lets anybody in by name alone, for a first look.")
class AuthProvider(Enum):
    OPENSHIFT = "openshift"
    OIDC = "oidc"
    SANDBOX = "sandbox"


@strawberry.type(description="Somebody whom the sandbox lets in by name.")
class SandboxUser:
    username: str = strawberry.field(description="What to post to /auth/sandbox.")
    display_name: str = strawberry.field(description="The name to show.")
    role: Role = strawberry.field(description="What that person may do.")


@strawberry.type(description="How people sign in here.")
class SignIn:
    provider: AuthProvider = strawberry.field(description="Who vouches for them.")
    login_url: str = strawberry.field(description="Where to send the browser; takes `next`, a path to come back to.")
    sandbox_users: list[SandboxUser] = strawberry.field(description="Whom the sandbox lets in; empty everywhere else.")


@strawberry.type(name="LiteLLMStatus", description="How LiteLLM was when it was last asked.")
class LiteLLMStatus:
    reachable: bool = strawberry.field(
        description="Whether it answered. What is shown is the last known while it does not."
    )
    checked_at: datetime | None = strawberry.field(description="When it was last asked; null before the first time.")


@strawberry.type(
    description="What a client needs before anything else: where models are called, and which LiteMaaS this is."
)
class Portal:
    llm_base_url: str = strawberry.field(
        description="The base URL of LiteLLM's OpenAI-compatible API, for clients with a key."
    )
    version: str = strawberry.field(description="The version of LiteMaaS.")
    sign_in: SignIn = strawberry.field(description="How people sign in here.")
    lite_llm: LiteLLMStatus = strawberry.field(name="liteLLM", description="How LiteLLM was when it was last asked.")

    @classmethod
    def of(cls, info: Info) -> "Portal":
        services = info.context.services
        settings, status = services.settings, services.system.litellm_status
        people = [
            SandboxUser(username=person.username, display_name=person.display_name, role=person.role)
            for person in settings.sandbox_people
        ]
        return cls(
            llm_base_url=settings.litellm.public_url,
            version=gateway.__version__,
            sign_in=SignIn(
                provider=AuthProvider(settings.auth.provider), login_url="/auth/login", sandbox_users=people
            ),
            lite_llm=LiteLLMStatus(reachable=status.reachable, checked_at=status.checked_at),
        )
