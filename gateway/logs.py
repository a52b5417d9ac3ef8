"""Logging: one line per event on standard error, JSON for machines or coloured for people, and no secret in either."""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# LiteLLM's keys, access tokens, bearer tokens, OpenShift's tokens, and the password in an address.
_SECRETS = (
    (re.compile(r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{6,}"), "sk-…"),
    (re.compile(r"(?<![A-Za-z0-9])lmt_[A-Za-z0-9]{6,}"), "lmt_…"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 …"),
    (re.compile(r"sha256~[A-Za-z0-9_-]{8,}"), "sha256~…"),
    (re.compile(r"(\w://[^\s:/@]*):[^\s/@]+@"), r"\1:…@"),
)


def scrub(value: Any) -> Any:
    """`value` without secrets; containers are copied, objects that are no text become it."""
    if isinstance(value, str):
        for pattern, replacement in _SECRETS:
            value = pattern.sub(replacement, value)
        return value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {scrub(name): scrub(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [scrub(inner) for inner in value]
    return scrub(str(value))


def _scrub_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {name: scrub(value) for name, value in event.items()}


def configure_logging(*, pretty: bool) -> None:
    """For structlog and for what libraries log; `pretty` is for a person at a terminal."""
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if pretty else "iso", utc=not pretty),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    structlog.configure(
        processors=[*first, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    render: Processor = (
        structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=first,
            # Last before rendering, so that exceptions and what libraries say are scrubbed too.
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _scrub_event,
                render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("httpx", "httpx2", "alembic.runtime.migration", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
