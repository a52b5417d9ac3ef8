"""Alice, a model that the LiteLLM behind the line has, and her subscription to it."""

import pytest

from gateway.actor import Actor
from gateway.catalog import Model
from gateway.db import Database
from gateway.keys import KeyService, NewKey
from gateway.litellm import LiteLLM
from tests.builders import a_model, a_subscription


@pytest.fixture
def keys(db: Database, litellm: LiteLLM) -> KeyService:
    return KeyService(db, litellm)


@pytest.fixture
async def model(db: Database, alice: Actor) -> Model:
    made = await a_model(db, "gpt-5-mini")
    await a_subscription(db, alice, made.id)
    return made


@pytest.fixture
def wanted(model: Model) -> NewKey:
    return NewKey(name="laptop", model_ids=[model.id])
