"""People."""

from typing import Any

import strawberry

from gateway.actor import Role
from schema.relay import Node, encode_id

strawberry.enum(
    Role,
    description="USER manages what is theirs, AUDITOR reads everything and changes nothing, ADMIN decides and sees all.",
)


@strawberry.type(description="A person who has signed in at least once.")
class User(Node):
    username: str = strawberry.field(description="The name that the person signs in with.")
    display_name: str = strawberry.field(description="The name to show.")
    email: str | None = strawberry.field(description="An e-mail address, where the sign-in provider tells one.")
    role: Role = strawberry.field(description="What the person may do.")

    @classmethod
    def of(cls, row: Any) -> "User":
        return cls(
            id=encode_id("User", row.id),
            username=row.username,
            display_name=row.display_name,
            email=row.email,
            role=row.role,
        )
