"""What can be turned on the sandbox's LiteLLM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.sandbox.litellm.catalog import MODELS, SandboxModel

VERSION = "1.108.5"  # the release whose behaviour is imitated


@dataclass(frozen=True, kw_only=True)
class Options:
    """Times are in seconds.

    `spend_interval`: between two writes of spend to the database (LiteLLM's own default is 10 and more).
    `latency`: factor on the models' thinking times; 0 answers at once.
    `failure_rate`: share of calls that fail, of those to models that are meant to.
    `spend_log_cap`: how many rows of the spend log are counted.
    """

    database_url: str
    master_key: str = field(repr=False)
    callback_url: str | None = None
    callback_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    callback_interval: float = 1.0
    callback_batch: int = 512
    callback_retries: int = 3
    callback_retry_delay: float = 0.2
    spend_interval: float = 2.0
    latency: float = 1.0
    failure_rate: float = 0.25
    spend_log_cap: int = 10_000
    models: Sequence[SandboxModel] = MODELS
