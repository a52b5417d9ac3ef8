"""What every resolver has at hand."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import strawberry

from gateway.actor import Actor, Kind
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
        """By whose name points are counted: a person's, one access token's, one key's or, for nobody, the address's."""
        actor = self.signed_in
        if actor is None:
            return address_caller(self.address)
        if actor.kind is Kind.TOKEN:
            return f"token:{actor.credential_id}"
        return f"key:{actor.api_key_id}" if actor.kind is Kind.KEY else f"user:{actor.user_id}"

    @property
    def from_browser(self) -> bool:
        """Whether no access token and no key was shown: then a page may have sent the request."""
        return self.signed_in is None or self.signed_in.kind is Kind.SESSION

    def live_scope(self) -> str:
        """Callers with the same scope may share the result of one subscription: a person's own sockets and tabs.

        Whoever joins is not asked again whether they may, so programs share only with those that may do the same.
        """
        return f"{self.actor.user_id}:{self.actor.role}:{'+'.join(sorted(self.actor.scopes))}"


class Info(strawberry.Info[Context, None]):
    """What resolvers call `info`."""
