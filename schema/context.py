"""What every resolver has at hand."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import strawberry

from gateway.actor import Actor
from gateway.errors import NotSignedIn
from gateway.ratelimit import address_caller
from gateway.services import Services
from schema.loaders import Loaders

if TYPE_CHECKING:
    from schema.admission import Charge


@dataclass
class Context:
    """One for each HTTP request; one for each WebSocket connection, where loaders must not remember what they once read."""

    services: Services
    signed_in: Actor | None
    request_id: str
    long_lived: bool = False
    last_event_id: int | None = None
    """The position after which a client of server-sent events wants to go on."""
    address: str = ""
    """The client's, as far as it is known."""
    charge: "Charge | None" = None
    """What the operation is charged, once it was admitted."""

    @property
    def actor(self) -> Actor:
        """Raises NotSignedIn."""
        if self.signed_in is None:
            raise NotSignedIn
        return self.signed_in

    @cached_property
    def loaders(self) -> Loaders:
        return Loaders(self.services, self.signed_in, cache=not self.long_lived)

    @property
    def caller(self) -> str:
        """By whose name points are counted."""
        return f"user:{self.signed_in.user_id}" if self.signed_in else address_caller(self.address)

    @property
    def from_browser(self) -> bool:
        """Whether no access token and no key was shown: then a page may have sent the request."""
        return True

    def live_scope(self) -> str:
        """Callers with the same scope may share the result of one subscription: a person's own sockets and tabs."""
        return f"{self.actor.user_id}:{self.actor.role}"


class Info(strawberry.Info[Context, None]):
    """What resolvers call `info`."""
