"""A LiteLLM for the sandbox: answers over HTTP like the real proxy, as far as LiteMaaS and its users' programs go.

Keys, users, limits, budgets, spend and callbacks behave as observed on LiteLLM 1.108.5, quirks included; the contract
suite in tests/litellm holds both to the same expectations. What differs on purpose: models answer by themselves
(`answers`), a virtual key that is not `llm_api` reaches no management route at all, and of the kinds of calls there are
chat, text completions and embeddings. State lives in a PostgreSQL database of its own and survives a restart.
"""

from gateway.sandbox.litellm.app import create_app
from gateway.sandbox.litellm.catalog import MODELS, SandboxModel
from gateway.sandbox.litellm.options import Options

__all__ = ["MODELS", "Options", "SandboxModel", "create_app"]
