"""What every resolver has at hand."""

from dataclasses import dataclass, field
from functools import cached_property

import strawberry

from gateway.actor import Actor
from gateway.errors import NotSignedIn
from gateway.services import Services
from schema.loaders import Loaders


@dataclass
class Context:
    """One for each HTTP request; one for each WebSocket connection, where loaders must not remember what they once read."""

    services: Services
    signed_in: Actor | None
    request_id: str
    long_lived: bool = False
    operation_name: str | None = field(default=None)
    last_event_id: int | None = None
    """The position after which a client of server-sent events wants to go on."""

    @property
    def actor(self) -> Actor:
        """Raises NotSignedIn."""
        if self.signed_in is None:
            raise NotSignedIn
        return self.signed_in

    @cached_property
    def loaders(self) -> Loaders:
        return Loaders(self.services, self.signed_in, cache=not self.long_lived)

    def live_scope(self) -> str:
        """Callers with the same scope may share the result of one subscription: a person's own sockets and tabs."""
        return f"{self.actor.user_id}:{self.actor.role}"


class Info(strawberry.Info[Context, None]):
    """What resolvers call `info`."""
