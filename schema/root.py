"""The schema: what can be asked at the top, and everything that follows from it."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from schema.admin import Admin
from schema.audit import AuditEntry
from schema.catalog import Model, ModelFacets, ModelFilter, ModelOrder
from schema.context import Info
from schema.keys import ApiKey
from schema.live import Subscription
from schema.mutations import Mutation
from schema.permissions import enforce
from schema.portal import Portal
from schema.relay import After, Connection, First, Node, connection, split_id
from schema.scalars import SCALARS
from schema.subscriptions import ModelSubscription, QuotaChange
from schema.teams import Team
from schema.users import User
from schema.viewer import Viewer


@strawberry.type(
    description="The caller's points. Every operation is charged; each second some come back, up to `limit`."
)
class RateLimit:
    cost: int = strawberry.field(
        description="What this operation may cost at most. To be told without executing it, send `extensions: {dryRun: true}` with it."
    )
    remaining: int = strawberry.field(description="Points left, this operation paid; what it does not use comes back.")
    limit: int = strawberry.field(description="Points that the caller has at most.")
    reset_at: datetime = strawberry.field(
        description="When the caller has all of them again, if nothing else is asked until then."
    )


@strawberry.type(description="What can be asked. All but `portal` and `rateLimit` needs somebody who is signed in.")
class Query:
    @strawberry.field(description="The caller, and what is the caller's own.")
    def viewer(self) -> Viewer:
        return Viewer()

    @strawberry.field(description="Anything with an id, as far as the caller may see it; null for all else.")
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id, as it was once answered.")],
    ) -> Node | None:
        kind, key = split_id(id)
        loaders = info.context.loaders
        finders: dict[str, tuple[Any, Any]] = {
            "Model": (loaders.model, Model),
            "ModelSubscription": (loaders.subscription, ModelSubscription),
            "QuotaChange": (loaders.quota_change, QuotaChange),
            "ApiKey": (loaders.api_key, ApiKey),
            "User": (loaders.user, User),
            "AuditEntry": (loaders.audit_entry, AuditEntry),
        }
        if kind not in finders:
            return None
        loader, made_of = finders[kind]
        row = await loader.load(key)
        return made_of.of(row) if row else None

    @strawberry.field(description="The models that the caller can choose from.")
    async def models(
        self,
        info: Info,
        first: First,
        after: After = None,
        filter: Annotated[ModelFilter | None, strawberry.argument(description="Which; all, if left out.")] = None,
        order_by: Annotated[
            ModelOrder | None, strawberry.argument(description="In which order; by name, if left out.")
        ] = None,
    ) -> Connection[Model]:
        wanted = filter.to_domain() if filter else None
        page = await info.context.services.catalog.page(info.context.actor, first, after, wanted, order_by)
        return connection(page, Model.of)

    @strawberry.field(description="How many of the models that the caller can choose from have each value.")
    async def model_facets(self, info: Info) -> ModelFacets:
        return ModelFacets.of(await info.context.services.catalog.facets(info.context.actor))

    @strawberry.field(description="What the caller may still ask for. Answers say the same in `extensions.cost`.")
    def rate_limit(self, info: Info) -> RateLimit:
        charge = info.context.charge
        assert charge is not None
        return RateLimit(
            cost=charge.requested, remaining=charge.available, limit=charge.limit, reset_at=charge.reset_at
        )

    @strawberry.field(description="What auditors may read and admins may act on. Anyone else: FORBIDDEN.")
    def admin(self) -> Admin:
        return Admin()

    @strawberry.field(description="What anybody may know, signed in or not.")
    def portal(self, info: Info) -> Portal:
        return Portal.of(info)


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Model, ModelSubscription, QuotaChange, ApiKey, User, Team, AuditEntry],
    config=StrawberryConfig(scalar_map=SCALARS, info_class=Info, disable_field_suggestions=False),
)


enforce(schema)


def sdl() -> str:
    """The schema as text: what stands in schema/schema.graphql."""
    return print_schema(schema) + "\n"
