"""What people and LiteLLM do in these tests."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from tests.domains.keys.looking import sha256
from tests.graphql import Client
from tests.replicas.cluster import until

MODELS = "{ models(first: 100) { edges { node { id access } } } }"
SUBSCRIBE = """mutation ($model: ID!) { requestModelSubscription(input: {modelId: $model}) {
  ... on RequestModelSubscriptionSuccess { subscription { status } } } }"""
CREATE = """mutation ($models: [ID!]!, $name: String!) { createApiKey(input: {name: $name, modelIds: $models}) {
  __typename ... on CreateApiKeySuccess { secret apiKey { id } } } }"""


def cookies_of(response: httpx.Response) -> str:
    return "; ".join(header.partition(";")[0] for header in response.headers.get_list("set-cookie"))


def cookies_of_client(client: Client) -> str:
    return "; ".join(f"{name}={value}" for name, value in client.http.cookies.items())


async def a_model(client: Client) -> str:
    """The id of one that everybody may have. The job that reads them may have to come yet."""

    async def found() -> list[str]:
        edges = (await client.execute(MODELS))["models"]["edges"]
        return [edge["node"]["id"] for edge in edges if edge["node"]["access"] == "OPEN"]

    models: list[str] = await until(found, "models are read from LiteLLM")
    return models[0]


async def subscribed(client: Client, model: str) -> None:
    answer = await client.execute(SUBSCRIBE, {"model": model})
    assert answer == {"requestModelSubscription": {"subscription": {"status": "ACTIVE"}}}


async def a_key(client: Client, name: str = "key") -> str:
    """The secret of a new key, whose owner has just subscribed to its model."""
    model = await a_model(client)
    await subscribed(client, model)
    created = (await client.execute(CREATE, {"models": [model], "name": name}))["createApiKey"]
    assert created["__typename"] == "CreateApiKeySuccess", created
    secret: str = created["secret"]
    return secret


def a_call(secret: str) -> dict[str, Any]:
    """As LiteLLM reports one that has just ended."""
    now = datetime.now(UTC).timestamp()
    return {
        "litellm_call_id": uuid4().hex,
        "status": "success",
        "startTime": now,
        "endTime": now,
        "model_group": "small",
        "total_tokens": 3,
        "response_cost": 0.001,
        "metadata": {"user_api_key_hash": sha256(secret)},
    }
