"""The models of the sandbox: several providers, kinds and prices, so that lists, filters and charts have something to show."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class SandboxModel:
    """One deployment. Prices are US dollars per million tokens, `speed` tokens per second, `first` seconds to the first."""

    name: str
    behind: str  # LiteLLM's "provider/model"
    mode: str
    price_in: float
    price_out: float
    context: int | None
    max_output: int | None
    description: str
    supports: tuple[str, ...] = ()
    restricted: bool = False
    speed: float = 180.0
    first: float = 0.25
    fails: bool = False
    extra: tuple[tuple[str, float], ...] = ()  # prices by something else than tokens
    dimensions: int = 1024  # of an embedding

    @property
    def provider(self) -> str:
        return self.behind.partition("/")[0]

    @property
    def id(self) -> str:
        return f"sandbox-{self.name}"

    @cached_property
    def input_cost(self) -> float:
        """US dollars per token."""
        return self.price_in / 1_000_000

    @cached_property
    def output_cost(self) -> float:
        return self.price_out / 1_000_000

    def to_deployment(self) -> dict[str, Any]:
        """An entry of `/model/info`."""
        return {
            "model_name": self.name,
            "litellm_params": {"model": self.behind, "use_in_pass_through": False, "use_litellm_proxy": False},
            "model_info": {"id": self.id, "db_model": False, "access_via_team_ids": [], "direct_access": True}
            | self.to_map_value(),
        }

    def to_map_value(self) -> dict[str, Any]:
        """What LiteLLM knows about the model: in `/model/info`, and in every callback event."""
        described: dict[str, Any] = {
            "key": self.behind,
            "mode": self.mode,
            "description": self.description,
            "litellm_provider": self.provider,
            "max_tokens": self.max_output,
            "max_input_tokens": self.context,
            "max_output_tokens": self.max_output,
            "input_cost_per_token": self.input_cost,
            "output_cost_per_token": self.output_cost,
            **dict(self.extra),
            **{f"supports_{name}": True if name in self.supports else None for name in _CAPABILITIES},
        }
        return described | ({"litemaas_access": "restricted"} if self.restricted else {})


_CAPABILITIES = (
    *("system_messages", "response_schema", "vision", "function_calling", "parallel_function_calling", "tool_choice"),
    *("assistant_prefill", "prompt_caching", "audio_input", "audio_output", "pdf_input", "web_search", "reasoning"),
    "native_streaming",
)

_BASIC = ("system_messages", "native_streaming")
_TOOLS = (*_BASIC, "function_calling", "parallel_function_calling", "tool_choice", "response_schema")
_SEES = (*_TOOLS, "vision", "pdf_input", "prompt_caching")
_THINKS = (*_SEES, "reasoning")
_OPEN_THINKS = (*_TOOLS, "reasoning")

MODELS: tuple[SandboxModel, ...] = (
    SandboxModel(
        *("gpt-5", "openai/gpt-5", "chat", 1.25, 10.0, 272_000, 128_000),
        "OpenAI's flagship for coding, long documents and work in many steps.",
        (*_THINKS, "web_search"),
        restricted=True,
        speed=90,
        first=0.6,
    ),
    SandboxModel(
        *("gpt-5-mini", "openai/gpt-5-mini", "chat", 0.25, 2.0, 272_000, 128_000),
        "A faster and cheaper GPT-5 for well-defined tasks.",
        (*_THINKS, "web_search"),
        speed=160,
    ),
    SandboxModel(
        *("gpt-5-nano", "openai/gpt-5-nano", "chat", 0.05, 0.4, 272_000, 128_000),
        "The smallest GPT-5: classification, extraction, short summaries.",
        _THINKS,
        speed=260,
        first=0.15,
    ),
    SandboxModel(
        *("gpt-4.1", "openai/gpt-4.1", "chat", 2.0, 8.0, 1_047_576, 32_768),
        "Follows instructions closely, over a context of a million tokens.",
        _SEES,
        speed=110,
    ),
    SandboxModel(
        *("gpt-4.1-mini", "openai/gpt-4.1-mini", "chat", 0.4, 1.6, 1_047_576, 32_768),
        "A small model with a long memory and vision.",
        _SEES,
    ),
    SandboxModel(
        *("gpt-4o-audio", "openai/gpt-4o-audio-preview", "chat", 2.5, 10.0, 128_000, 16_384),
        "Hears and speaks: audio in, audio out.",
        (*_TOOLS, "audio_input", "audio_output"),
        restricted=True,
    ),
    SandboxModel(
        *("claude-opus-4-1", "anthropic/claude-opus-4-1", "chat", 15.0, 75.0, 200_000, 32_000),
        "Anthropic's strongest model of its generation, for hard problems.",
        (*_THINKS, "assistant_prefill"),
        restricted=True,
        speed=60,
        first=0.8,
    ),
    SandboxModel(
        *("claude-sonnet-4-5", "anthropic/claude-sonnet-4-5", "chat", 3.0, 15.0, 200_000, 64_000),
        "A balanced model for agents, code and writing.",
        (*_THINKS, "assistant_prefill", "web_search"),
        speed=100,
    ),
    SandboxModel(
        *("claude-haiku-4-5", "anthropic/claude-haiku-4-5", "chat", 1.0, 5.0, 200_000, 64_000),
        "Quick and affordable, near the larger models in coding.",
        (*_THINKS, "assistant_prefill"),
        speed=220,
        first=0.15,
    ),
    SandboxModel(
        *("gemini-2.5-pro", "vertex_ai/gemini-2.5-pro", "chat", 1.25, 10.0, 1_048_576, 65_535),
        "Google's thinking model for text, images, audio and video.",
        (*_THINKS, "audio_input", "web_search"),
        restricted=True,
        speed=110,
        first=0.7,
    ),
    SandboxModel(
        *("gemini-2.5-flash", "vertex_ai/gemini-2.5-flash", "chat", 0.3, 2.5, 1_048_576, 65_535),
        "Fast and multimodal, with thinking when it pays.",
        (*_THINKS, "audio_input", "web_search"),
        speed=240,
    ),
    SandboxModel(
        *("gemini-2.5-flash-lite", "vertex_ai/gemini-2.5-flash-lite", "chat", 0.1, 0.4, 1_048_576, 65_535),
        "The cheapest of the Gemini family, for volume.",
        (*_SEES, "audio_input"),
        speed=300,
        first=0.12,
    ),
    SandboxModel(
        *("mistral-large", "mistral/mistral-large-latest", "chat", 2.0, 6.0, 128_000, 128_000),
        "Mistral's large multilingual model, hosted in the EU.",
        _TOOLS,
    ),
    SandboxModel(
        *("mistral-small", "mistral/mistral-small-latest", "chat", 0.1, 0.3, 128_000, 128_000),
        "A small European model with vision.",
        (*_TOOLS, "vision"),
        speed=220,
    ),
    SandboxModel(
        *("codestral", "mistral/codestral-latest", "chat", 0.3, 0.9, 256_000, 256_000),
        "Writes and completes code in more than 80 languages.",
        _TOOLS,
        speed=240,
    ),
    SandboxModel(
        *("llama-3.3-70b-instruct", "hosted_vllm/meta-llama/Llama-3.3-70B-Instruct", "chat", 0.6, 0.6, 131_072, 8_192),
        "Meta's all-round open model, on our own GPUs: data stays in the house.",
        _TOOLS,
    ),
    SandboxModel(
        *("llama-4-scout", "hosted_vllm/meta-llama/Llama-4-Scout-17B-16E-Instruct", "chat", 0.2, 0.4, 327_680, 16_384),
        "An open mixture of experts that also reads images, on our own GPUs.",
        (*_TOOLS, "vision"),
    ),
    SandboxModel(
        *("granite-4-h-small", "hosted_vllm/ibm-granite/granite-4.0-h-small", "chat", 0.06, 0.25, 131_072, 16_384),
        "IBM Granite for tools and retrieval, Apache-2.0, on our own GPUs.",
        _TOOLS,
        speed=260,
    ),
    SandboxModel(
        *(
            "granite-3.3-8b-instruct",
            "hosted_vllm/ibm-granite/granite-3.3-8b-instruct",
            "chat",
            0.03,
            0.1,
            131_072,
            8_192,
        ),
        "A small Granite with optional reasoning, on our own GPUs.",
        (*_BASIC, "function_calling", "reasoning"),
        speed=280,
        first=0.1,
    ),
    SandboxModel(
        *("qwen3-235b-a22b", "hosted_vllm/Qwen/Qwen3-235B-A22B-Instruct-2507", "chat", 0.22, 0.88, 262_144, 16_384),
        "A large open model, strong in mathematics and many languages.",
        _OPEN_THINKS,
        speed=120,
    ),
    SandboxModel(
        *("qwen3-coder-30b", "hosted_vllm/Qwen/Qwen3-Coder-30B-A3B-Instruct", "chat", 0.07, 0.27, 262_144, 65_536),
        "An open coding model for agents and large repositories.",
        _TOOLS,
        speed=260,
    ),
    SandboxModel(
        *("deepseek-v3.1", "deepseek/deepseek-chat", "chat", 0.27, 1.1, 131_072, 8_192),
        "An open model for chat and code, with prompt caching.",
        (*_TOOLS, "prompt_caching"),
    ),
    SandboxModel(
        *("deepseek-r1", "deepseek/deepseek-reasoner", "chat", 0.55, 2.19, 131_072, 65_536),
        "Thinks step by step before it answers.",
        (*_BASIC, "reasoning", "prompt_caching"),
        speed=70,
        first=0.9,
    ),
    SandboxModel(
        *("command-a", "cohere_chat/command-a-03-2025", "chat", 2.5, 10.0, 256_000, 8_000),
        "Cohere's model for retrieval with citations, in 23 languages.",
        _TOOLS,
    ),
    SandboxModel(
        *("starcoder2-15b", "hosted_vllm/bigcode/starcoder2-15b", "completion", 0.1, 0.1, 16_384, 4_096),
        "Plain text completion for code editors.",
        ("native_streaming",),
        speed=260,
    ),
    SandboxModel(
        *("text-embedding-3-small", "openai/text-embedding-3-small", "embedding", 0.02, 0.0, 8_191, None),
        "Embeddings for search at a low price.",
        dimensions=1536,
    ),
    SandboxModel(
        *("text-embedding-3-large", "openai/text-embedding-3-large", "embedding", 0.13, 0.0, 8_191, None),
        "Embeddings of the highest quality, up to 3072 dimensions.",
        dimensions=3072,
    ),
    SandboxModel(
        *(
            "granite-embedding-278m",
            "hosted_vllm/ibm-granite/granite-embedding-278m-multilingual",
            "embedding",
            0.01,
            0.0,
            512,
            None,
        ),
        "Multilingual embeddings on our own GPUs.",
        dimensions=768,
    ),
    SandboxModel(
        *("embed-v4", "cohere/embed-v4.0", "embedding", 0.12, 0.0, 128_000, None),
        "Embeddings of long documents and of images.",
        ("vision",),
        dimensions=1536,
    ),
    SandboxModel(
        *("rerank-v3.5", "cohere/rerank-v3.5", "rerank", 0.0, 0.0, 4_096, None),
        "Sorts search results by how well they answer a question.",
        extra=(("input_cost_per_query", 0.002),),
    ),
    SandboxModel(
        *("gpt-image-1", "openai/gpt-image-1", "image_generation", 5.0, 40.0, 32_000, None),
        "Makes and edits pictures from descriptions.",
        ("vision",),
        restricted=True,
    ),
    SandboxModel(
        *("whisper-large-v3", "hosted_vllm/openai/whisper-large-v3", "audio_transcription", 0.0, 0.0, None, None),
        "Speech to text in 99 languages, on our own GPUs.",
        ("audio_input",),
        extra=(("input_cost_per_second", 0.00003),),
    ),
    SandboxModel(
        *("unreliable-preview", "hosted_vllm/preview/unreliable", "chat", 0.05, 0.05, 32_768, 4_096),
        "A preview that sometimes fails: for trying out how a program copes.",
        _BASIC,
        fails=True,
    ),
)
