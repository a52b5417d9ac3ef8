"""How LiteLLM's words about a model become ours."""

from decimal import Decimal
from typing import Any

from gateway.catalog.tables import ModelAccess, ModelCapability, ModelMode
from gateway.litellm import ModelInfo

_MODES = {
    "chat": ModelMode.CHAT,
    "responses": ModelMode.CHAT,
    "completion": ModelMode.COMPLETION,
    "embedding": ModelMode.EMBEDDING,
    "image_generation": ModelMode.IMAGE,
    "image_edit": ModelMode.IMAGE,
    "audio_transcription": ModelMode.AUDIO,
    "audio_speech": ModelMode.AUDIO,
    "rerank": ModelMode.RERANK,
}
_CAPABILITIES = {
    "vision": ModelCapability.VISION,
    "function_calling": ModelCapability.FUNCTION_CALLING,
    "reasoning": ModelCapability.REASONING,
    "response_schema": ModelCapability.JSON_SCHEMA,
    "native_streaming": ModelCapability.STREAMING,
    "prompt_caching": ModelCapability.PROMPT_CACHING,
    "web_search": ModelCapability.WEB_SEARCH,
    "audio_input": ModelCapability.AUDIO_INPUT,
    "audio_output": ModelCapability.AUDIO_OUTPUT,
}
# LiteLLM streams these for every provider, and seldom says so.
_STREAMED = (ModelMode.CHAT, ModelMode.COMPLETION)

# What LiteLLM decides, and so what a sync overwrites. `access` is only its first word: afterwards an admin's decision stands.
COPIED = (
    "provider",
    "mode",
    "description",
    "context_window",
    "max_output_tokens",
    "input_cost_per_million",
    "output_cost_per_million",
    "capabilities",
)


def described(info: ModelInfo) -> dict[str, Any]:
    """The columns of COPIED, from LiteLLM's description."""
    mode = _MODES.get(info.mode, ModelMode.OTHER)
    capabilities = {_CAPABILITIES[name] for name in info.capabilities if name in _CAPABILITIES}
    if mode in _STREAMED:
        capabilities.add(ModelCapability.STREAMING)
    return {
        "provider": info.provider,
        "mode": mode,
        "description": info.description,
        "context_window": info.max_input_tokens,
        "max_output_tokens": info.max_output_tokens,
        "input_cost_per_million": _per_million(info.input_cost_per_token),
        "output_cost_per_million": _per_million(info.output_cost_per_token),
        "capabilities": sorted(capability.value for capability in capabilities),
    }


def access_of(info: ModelInfo) -> ModelAccess:
    """What the proxy's configuration says, RESTRICTED when it says something unknown: an unknown word must not open a model."""
    return (
        ModelAccess(info.access.upper()) if info.access.upper() in ModelAccess.__members__ else ModelAccess.RESTRICTED
    )


def _per_million(cost: Decimal | None) -> Decimal | None:
    if cost is None:
        return None
    scaled = (cost * 1_000_000).normalize()
    return scaled.quantize(Decimal(1)) if scaled == scaled.to_integral_value() else scaled
