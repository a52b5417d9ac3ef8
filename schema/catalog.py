"""Models and how to find them."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from gateway import catalog
from schema.context import Info
from schema.relay import Node, encode_id

if TYPE_CHECKING:
    from schema.subscriptions import ModelSubscription, SubscriptionPolicy

ModelMode = catalog.ModelMode
strawberry.enum(ModelMode, description="What a model does; the endpoint to call follows from it.")
ModelCapability = catalog.ModelCapability
strawberry.enum(ModelCapability, description="Something that a model can do beyond plain text.")
ModelAccess = catalog.ModelAccess
strawberry.enum(ModelAccess, description="OPEN: usable at once. RESTRICTED: an admin approves. HIDDEN: not offered.")
ModelLifecycle = catalog.ModelLifecycle
strawberry.enum(
    ModelLifecycle, description="AVAILABLE, DEPRECATED (still works, will go) or RETIRED (gone from LiteLLM)."
)
ModelOrder = catalog.ModelOrder
strawberry.enum(
    ModelOrder,
    description="By name or cost from low to high, by context window from large to small, or newest first. Unknown values last.",
)

_CAPABILITIES = {
    capability.value: capability for capability in ModelCapability
}  # twenty times as fast as the enum's call


@strawberry.type(description="A model behind LiteLLM that people can subscribe to.")
class Model(Node):
    name: str = strawberry.field(description="What a call writes into `model`.")
    provider: str = strawberry.field(
        description="Who runs it, in LiteLLM's words: `openai`, `anthropic`, `hosted_vllm`."
    )
    mode: ModelMode = strawberry.field(description="What it does.")
    description: str | None = strawberry.field(description="What it is for, in a sentence or two.")
    context_window: int | None = strawberry.field(description="How many tokens a prompt may have.")
    max_output_tokens: int | None = strawberry.field(description="How many tokens an answer may have.")
    input_cost_per_million: Decimal | None = strawberry.field(
        description="US dollars for a million prompt tokens; null when LiteLLM knows no price."
    )
    output_cost_per_million: Decimal | None = strawberry.field(
        description="US dollars for a million tokens of the answer; null when LiteLLM knows no price."
    )
    capabilities: list[ModelCapability] = strawberry.field(description="What it can do beyond plain text.")
    access: ModelAccess = strawberry.field(description="Who may use it.")
    lifecycle: ModelLifecycle = strawberry.field(description="Whether it is here to stay.")
    row: strawberry.Private[Any]

    @strawberry.field(description="The caller's own newest subscription to this model; null when there never was one.")
    async def my_subscription(
        self, info: Info
    ) -> Annotated["ModelSubscription", strawberry.lazy("schema.subscriptions")] | None:
        from schema.subscriptions import ModelSubscription

        info.context.actor  # noqa: B018 - a loader needs somebody who asks
        row = await info.context.loaders.subscription_of_model.load(self.row.id)
        return ModelSubscription.of(row) if row else None

    @strawberry.field(
        description="What an admin recommends instead; null when nothing, or nothing that the caller may see."
    )
    async def successor(self, info: Info) -> "Model | None":
        if self.row.successor_id is None:
            return None
        info.context.actor  # noqa: B018 - a loader needs somebody who asks
        row = await info.context.loaders.model.load(self.row.successor_id)
        return Model.of(row) if row else None

    @strawberry.field(description="What a subscription to it gets when nobody says anything.")
    async def subscription_policy(
        self, info: Info
    ) -> Annotated["SubscriptionPolicy", strawberry.lazy("schema.subscriptions")]:
        from schema.subscriptions import SubscriptionPolicy

        info.context.actor  # noqa: B018 - a loader needs somebody who asks
        return SubscriptionPolicy.of(await info.context.loaders.rules_of_model.load(self.row.id))

    @classmethod
    def of(cls, row: Any) -> "Model":
        return cls(
            id=encode_id("Model", row.id),
            name=row.name,
            provider=row.provider,
            mode=row.mode,
            description=row.description,
            context_window=row.context_window,
            max_output_tokens=row.max_output_tokens,
            input_cost_per_million=row.input_cost_per_million,
            output_cost_per_million=row.output_cost_per_million,
            capabilities=[_CAPABILITIES[name] for name in row.capabilities],
            access=row.access,
            lifecycle=row.lifecycle,
            row=row,
        )


@strawberry.input(description="All that is given must hold; of a list, any of its values, but all of `capabilities`.")
class ModelFilter:
    search: str | None = strawberry.field(
        default=None, description="Words that must all occur in name, provider or description; at most 200 characters."
    )
    provider: list[str] | None = strawberry.field(
        default=None, description="Providers, as `Model.provider` spells them."
    )
    mode: list[ModelMode] | None = strawberry.field(default=None, description="Modes.")
    capabilities: list[ModelCapability] | None = strawberry.field(default=None, description="Capabilities, all needed.")
    access: list[ModelAccess] | None = strawberry.field(default=None, description="Kinds of access.")
    lifecycle: list[ModelLifecycle] | None = strawberry.field(
        default=None,
        description="Whether it is here to stay. RETIRED ones are listed only when they are named here, and for auditors and admins only.",
    )

    def to_domain(self) -> catalog.ModelFilter:
        return catalog.ModelFilter(
            self.search, self.provider, self.mode, self.capabilities, self.access, self.lifecycle
        )


@strawberry.type(description="One value of a facet.")
class Facet:
    value: str = strawberry.field(description="The value, as a filter takes it.")
    count: int = strawberry.field(description="How many models have it.")


@strawberry.type(
    description="How many of the models that the caller can choose from have each value, most frequent first."
)
class ModelFacets:
    providers: list[Facet] = strawberry.field(description="By provider.")
    modes: list[Facet] = strawberry.field(description="By mode.")
    capabilities: list[Facet] = strawberry.field(description="By capability; a model counts once for each of its own.")

    @classmethod
    def of(cls, facets: catalog.Facets) -> "ModelFacets":
        def counted(values: list[tuple[str, int]]) -> list[Facet]:
            return [Facet(value=value, count=count) for value, count in values]

        return cls(
            providers=counted(facets.providers),
            modes=counted(facets.modes),
            capabilities=counted(facets.capabilities),
        )
