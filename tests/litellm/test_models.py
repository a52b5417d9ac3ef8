"""Contract: the list of models, and that the proxy is there."""

from decimal import Decimal

import httpx

from gateway.litellm import LiteLLM, ModelInfo
from gateway.litellm.models import read_models
from tests.litellm.conftest import Proxy, make_key


async def test_the_proxy_answers_and_tells_its_version(client: LiteLLM) -> None:
    await client.ping()
    version = await client.version()
    assert version is not None
    assert [part.isdigit() for part in version.split(".")[:3]] == [True, True, True]


async def test_models_have_names_providers_modes_and_exact_prices(client: LiteLLM, proxy: Proxy) -> None:
    models = {model.name: model for model in await client.models()}
    chat, embedding = models[proxy.chat], models[proxy.embedding]
    assert (chat.mode, embedding.mode) == ("chat", "embedding")
    assert chat.provider
    assert isinstance(chat.input_cost_per_token, Decimal)
    per_million = chat.input_cost_per_token * 1_000_000
    assert per_million == round(per_million, 6), "no binary noise"


async def test_a_key_sees_its_own_models(client: LiteLLM, proxy: Proxy, http: httpx.AsyncClient) -> None:
    key = await make_key(client, models=[proxy.chat, proxy.embedding])
    for path in ("/v1/models", "/models"):
        listed = (await http.get(path, headers=key.headers)).json()
        assert listed["object"] == "list"
        assert {model["id"] for model in listed["data"]} == {proxy.chat, proxy.embedding}
        assert {model["object"] for model in listed["data"]} == {"model"}


def _deployment(name: str, model: str = "openai/x", **info: object) -> dict[str, object]:
    return {"model_name": name, "litellm_params": {"model": model}, "model_info": {"id": "1", **info}}


def test_deployments_of_one_name_are_told_as_what_holds_for_all() -> None:
    first = _deployment(
        "big",
        mode="chat",
        litellm_provider="openai",
        max_input_tokens=1000,
        input_cost_per_token=1e-06,
        supports_vision=True,
    )
    second = _deployment(
        "big",
        "azure/x",
        max_input_tokens=800,
        max_output_tokens=50,
        input_cost_per_token=1.5e-06,
        output_cost_per_token=5.099999999999999e-05,
        supports_vision=True,
        supports_reasoning=True,
    )
    assert read_models([first, _deployment("openai/*"), second]) == [
        ModelInfo(
            name="big",
            provider="openai",
            mode="chat",
            description=None,
            max_input_tokens=800,
            max_output_tokens=50,
            input_cost_per_token=Decimal("0.0000015"),
            output_cost_per_token=Decimal("0.000051"),
            capabilities=frozenset({"vision"}),
        )
    ]
    assert read_models([first])[0].capabilities == {"vision"}


def test_a_model_about_which_litellm_knows_nothing() -> None:
    assert read_models(
        [{"model_name": "bare", "litellm_params": {"model": "hosted_vllm/org/bare"}, "model_info": {"id": "1"}}]
    ) == [ModelInfo("bare", "hosted_vllm", "chat", None, None, None, None, None, frozenset())]
