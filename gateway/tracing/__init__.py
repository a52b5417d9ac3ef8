"""Tracing: what a request did, piece by piece, told to an OpenTelemetry collector.

Off until `exporting` is entered, and then `span`, `outgoing` and `incoming` give one object that does nothing. A span says which kind of
thing was done and how it ended: names are templates, values are few, and what an exception says is left out. What callers choose, such as
a request's id, is scrubbed like a line of the log.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateway.tracing.spans import NOTHING, Attributes, Span, Value

if TYPE_CHECKING:
    from gateway.tracing.recorder import Recorder

__all__ = ["Attributes", "Span", "Value", "exporting", "ids", "incoming", "installed", "outgoing", "span"]

_recorder: "Recorder | None" = None


def installed() -> bool:
    """Whether OpenTelemetry is there: it comes with the extra `otel`."""
    try:
        from gateway.tracing import recorder  # noqa: F401
    except ImportError:
        return False
    return True


@asynccontextmanager
async def exporting(endpoint: str) -> AsyncIterator[None]:
    """Spans go to `endpoint`, by OTLP over HTTP, until leaving; then those that are left, for some seconds.

    All else is said by OpenTelemetry's own variables, such as OTEL_EXPORTER_OTLP_HEADERS and OTEL_TRACES_SAMPLER.
    """
    global _recorder
    from gateway.tracing.recorder import Recorder

    _recorder = recorder = Recorder(endpoint)
    try:
        yield
    finally:
        _recorder = None
        await recorder.close()


def span(name: str, attributes: Attributes = None, *, root: bool = False) -> Span:
    """Around something that is done here; what is done inside of it becomes its children. `root` begins a trace of its own.

    Not around a `yield`: who goes on elsewhere would be taken for a child, too.
    """
    return NOTHING if _recorder is None else _recorder.span(name, attributes, root)


def outgoing(name: str, attributes: Attributes = None) -> Span:
    """Around something that somebody else is asked to do: a database, LiteLLM, an issuer. It has no children here, and begins no trace."""
    return NOTHING if _recorder is None else _recorder.outgoing(name, attributes)


def incoming(name: str, headers: Mapping[str, str]) -> Span:
    """Around the answer to a request, as a child of what `traceparent` and `tracestate` among `headers` name."""
    return NOTHING if _recorder is None else _recorder.incoming(name, headers)


def ids() -> dict[str, str]:
    """`trace_id` and `span_id` of the present span, for lines of the log; nothing while there is none."""
    return {} if _recorder is None else _recorder.ids()
