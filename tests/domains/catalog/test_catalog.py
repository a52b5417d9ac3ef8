"""The catalogue: copied from LiteLLM, never wiped by it, listed by rights."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from gateway.actor import Role
from gateway.catalog import (
    CatalogService,
    Model,
    ModelAccess,
    ModelCapability,
    ModelFilter,
    ModelLifecycle,
    ModelMode,
    ModelOrder,
)
from gateway.db import Database
from gateway.errors import InvalidInput
from gateway.litellm import LiteLLM, LiteLLMUnavailable, ModelInfo
from tests.builders import a_model, a_person
from tests.proxies import Line

SMALL = ModelInfo(
    name="small",
    provider="openai",
    mode="chat",
    description="A small one.",
    max_input_tokens=8192,
    max_output_tokens=2048,
    input_cost_per_token=Decimal("0.00000015"),
    output_cost_per_token=Decimal("0.0000006"),
    capabilities=frozenset({"vision", "function_calling", "something_new"}),
)
VECTORS = replace(SMALL, name="vectors", mode="embedding", capabilities=frozenset(), output_cost_per_token=None)


class Listing:
    """Stands where the client stands; says what it is told to."""

    def __init__(self, *models: ModelInfo) -> None:
        self.answer = list(models)

    async def models(self) -> list[ModelInfo]:
        return self.answer


@pytest.fixture
def listing() -> Listing:
    return Listing(SMALL, VECTORS)


@pytest.fixture
def catalog(db: Database, listing: Listing) -> CatalogService:
    return CatalogService(db, listing)  # type: ignore[arg-type]


async def rows(db: Database) -> dict[str, Any]:
    async with db.read() as session:
        return {row.name: row for row in await session.execute(select(Model.__table__))}  # type: ignore[attr-defined]


async def test_copies_what_litellm_says(db: Database, catalog: CatalogService) -> None:
    await catalog.sync()
    small, vectors = (await rows(db))["small"], (await rows(db))["vectors"]
    assert (small.provider, small.mode, small.context_window) == ("openai", ModelMode.CHAT, 8192)
    assert (small.input_cost_per_million, small.output_cost_per_million) == (Decimal("0.15"), Decimal("0.6"))
    assert small.capabilities == ["FUNCTION_CALLING", "STREAMING", "VISION"]
    assert (vectors.mode, vectors.capabilities, vectors.output_cost_per_million) == (ModelMode.EMBEDDING, [], None)
    assert (small.access, small.lifecycle) == (ModelAccess.OPEN, ModelLifecycle.AVAILABLE)


async def test_prices_are_noted_when_they_change(db: Database, catalog: CatalogService, listing: Listing) -> None:
    async def prices() -> list[Any]:
        async with db.read() as session:
            rows = await session.execute(text("SELECT * FROM model_price ORDER BY model_name, valid_from"))
            return [(row.model_name, row.input_cost_per_million, row.output_cost_per_million) for row in rows]

    await catalog.sync()
    await catalog.sync()
    before = [("small", Decimal("0.15"), Decimal("0.6")), ("vectors", Decimal("0.15"), None)]
    assert await prices() == before
    listing.answer[0] = replace(SMALL, input_cost_per_token=None)
    await catalog.sync()
    await catalog.sync()
    assert await prices() == [before[0], ("small", None, Decimal("0.6")), before[1]]


async def test_a_second_sync_writes_nothing(db: Database, catalog: CatalogService) -> None:
    await catalog.sync()
    before = await rows(db)
    await catalog.sync()
    assert await rows(db) == before


async def test_follows_a_new_price_and_keeps_the_admins_decision(
    db: Database, catalog: CatalogService, listing: Listing
) -> None:
    await catalog.sync()
    async with db.write() as session:
        await session.execute(
            text("UPDATE model SET access = 'RESTRICTED', lifecycle = 'DEPRECATED' WHERE name = 'small'")
        )
    listing.answer = [replace(SMALL, input_cost_per_token=Decimal("0.000001")), VECTORS]
    await catalog.sync()
    small = (await rows(db))["small"]
    assert small.input_cost_per_million == Decimal(1)
    assert (small.access, small.lifecycle) == (ModelAccess.RESTRICTED, ModelLifecycle.DEPRECATED)


async def test_a_model_that_is_gone_is_retired_and_comes_back(
    db: Database, catalog: CatalogService, listing: Listing
) -> None:
    await catalog.sync()
    first = (await rows(db))["vectors"].id
    listing.answer = [SMALL]
    await catalog.sync()
    assert (await rows(db))["vectors"].lifecycle is ModelLifecycle.RETIRED
    listing.answer = [SMALL, VECTORS]
    await catalog.sync()
    back = (await rows(db))["vectors"]
    assert (back.id, back.lifecycle) == (first, ModelLifecycle.AVAILABLE)


async def test_no_models_at_all_wipes_nothing(db: Database, catalog: CatalogService, listing: Listing) -> None:
    await catalog.sync()
    listing.answer = []
    await catalog.sync()
    assert {row.lifecycle for row in (await rows(db)).values()} == {ModelLifecycle.AVAILABLE}


async def test_a_litellm_that_does_not_answer_wipes_nothing(db: Database, litellm: LiteLLM, line: Line) -> None:
    catalog = CatalogService(db, litellm)
    await catalog.sync()
    before = await rows(db)
    assert len(before) >= 24
    line.cut = True
    with pytest.raises(LiteLLMUnavailable):
        await catalog.sync()
    assert await rows(db) == before


@pytest.fixture
async def shop(db: Database) -> CatalogService:
    await a_model(db, "Alpha", provider="mistral", input_cost_per_million=Decimal(3), context_window=1000)
    await a_model(db, "beta", input_cost_per_million=Decimal("0.1"), capabilities=["VISION", "REASONING"])
    await a_model(db, "gamma", mode=ModelMode.EMBEDDING, input_cost_per_million=None, context_window=500)
    await a_model(db, "hidden", access=ModelAccess.HIDDEN)
    await a_model(db, "gone", lifecycle=ModelLifecycle.RETIRED)
    await a_model(db, "secret sauce", access=ModelAccess.RESTRICTED, description="100% made by us")
    return CatalogService(db, Listing())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (None, ["Alpha", "beta", "gamma", "secret sauce"]),
        (ModelFilter(search="ALPH"), ["Alpha"]),
        (ModelFilter(search="openai sauce"), ["secret sauce"]),
        (ModelFilter(search="100%"), ["secret sauce"]),
        (ModelFilter(search="_"), []),
        (ModelFilter(provider=["mistral"]), ["Alpha"]),
        (ModelFilter(provider=[]), []),
        (ModelFilter(mode=[ModelMode.EMBEDDING]), ["gamma"]),
        (ModelFilter(access=[ModelAccess.RESTRICTED]), ["secret sauce"]),
        (ModelFilter(access=[ModelAccess.HIDDEN]), []),
        (ModelFilter(capabilities=[ModelCapability.VISION]), ["beta"]),
        (ModelFilter(capabilities=[ModelCapability.VISION, ModelCapability.WEB_SEARCH]), []),
    ],
)
async def test_filters(db: Database, shop: CatalogService, wanted: ModelFilter | None, names: list[str]) -> None:
    alice = await a_person(db)
    page = await shop.page(alice, 100, wanted=wanted)
    assert [row.name for row in page.rows] == names
    assert await page.total_count() == len(names)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (ModelOrder.NAME, ["Alpha", "beta", "gamma", "secret sauce"]),
        (ModelOrder.INPUT_COST, ["beta", "secret sauce", "Alpha", "gamma"]),
        (ModelOrder.CONTEXT_WINDOW, ["Alpha", "gamma"]),
        (ModelOrder.NEWEST, ["secret sauce", "gamma", "beta", "Alpha"]),
    ],
)
async def test_every_order_is_the_same_in_one_page_and_in_many(
    db: Database, shop: CatalogService, order: ModelOrder, names: list[str]
) -> None:
    alice = await a_person(db)
    whole = [row.name for row in (await shop.page(alice, 100, order=order)).rows]
    assert whole[: len(names)] == names
    walked: list[str] = []
    after = None
    while True:
        page = await shop.page(alice, 1, after, order=order)
        walked += [row.name for row in page.rows]
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert walked == whole


async def test_admins_and_auditors_see_hidden_models(db: Database, shop: CatalogService) -> None:
    for role in (Role.ADMIN, Role.AUDITOR):
        page = await shop.page(await a_person(db, role=role), 100)
        assert "hidden" in [row.name for row in page.rows]


async def test_facets_count_what_can_be_chosen(db: Database, shop: CatalogService) -> None:
    facets = await shop.facets(await a_person(db))
    assert facets.providers == [("openai", 3), ("mistral", 1)]
    assert facets.modes == [("CHAT", 3), ("EMBEDDING", 1)]
    assert facets.capabilities == [("REASONING", 1), ("VISION", 1)]


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_refuses_pages_of_other_sizes(db: Database, shop: CatalogService, first: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        await shop.page(await a_person(db), first)
    assert refused.value.field == "first"


async def test_refuses_foreign_cursors(db: Database, shop: CatalogService) -> None:
    alice = await a_person(db)
    of_costs = (await shop.page(alice, 1, order=ModelOrder.INPUT_COST)).cursors[0]
    for after in (of_costs, "", "nonsense", "bnVsbA", "W10", "é"):
        with pytest.raises(InvalidInput) as refused:
            await shop.page(alice, 10, after)
        assert refused.value.field == "after"


def test_refuses_oversized_filters() -> None:
    with pytest.raises(InvalidInput) as refused:
        ModelFilter(search="x" * 10_000)
    assert refused.value.field == "filter.search"
    with pytest.raises(InvalidInput) as refused:
        ModelFilter(provider=["x"] * 101)
    assert refused.value.field == "filter.provider"
