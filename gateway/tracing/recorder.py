"""Spans that are recorded. The only module that needs OpenTelemetry."""

import asyncio
import socket
from collections.abc import Mapping
from contextvars import Token
from typing import Any, Self

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway import __version__
from gateway.scrubbing import scrub
from gateway.tracing.spans import NOTHING, Attributes, Span, Value

FLUSH_SECONDS = 5.0

# `traceparent` and `tracestate`. Never baggage, which may hold anything.
_W3C = TraceContextTextMapPropagator()


class Recorder:
    def __init__(self, endpoint: str) -> None:
        ours = {"service.name": "litemaas", "service.version": __version__, "service.instance.id": socket.gethostname()}
        # The environment's words win over ours.
        resource = Resource(ours).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
        self._tracer = self._provider.get_tracer("litemaas", __version__)

    def span(self, name: str, attributes: Attributes, root: bool) -> Span:
        parent = context.Context() if root else None
        return _Recorded(self._tracer.start_span(name, parent, attributes=_clean(attributes)), current=True)

    def outgoing(self, name: str, attributes: Attributes) -> Span:
        if not trace.get_current_span().get_span_context().is_valid:
            return NOTHING  # a trace of nothing but this, such as a probe's, says what metrics say
        started = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=_clean(attributes))
        return _Recorded(started, current=False)

    def incoming(self, name: str, headers: Mapping[str, str]) -> Span:
        parent = _W3C.extract(headers, context.Context())
        return _Recorded(self._tracer.start_span(name, parent, kind=SpanKind.SERVER), current=True)

    def ids(self) -> dict[str, str]:
        present = trace.get_current_span().get_span_context()
        if not present.is_valid:
            return {}
        return {
            "trace_id": trace.format_trace_id(present.trace_id),
            "span_id": trace.format_span_id(present.span_id),
        }

    async def close(self) -> None:
        await asyncio.to_thread(self._provider.force_flush, int(FLUSH_SECONDS * 1000))
        await asyncio.to_thread(self._provider.shutdown)


class _Recorded(Span):
    """`current`: whether spans that begin inside of it are its children."""

    __slots__ = ("_current", "_span", "_token")

    def __init__(self, span: trace.Span, *, current: bool) -> None:
        self._span, self._current = span, current
        self._token: Token[context.Context] | None = None

    def __enter__(self) -> Self:
        if self._current:
            self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        if self._token is not None:
            context.detach(self._token)
        if kind is not None:
            self.set("error.type", kind.__name__)
            if issubclass(kind, Exception):
                self.fail()
        self._span.end()

    def set(self, name: str, value: Value | None) -> None:
        if value is not None:
            self._span.set_attribute(name, scrub(value))

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def fail(self) -> None:
        self._span.set_status(StatusCode.ERROR)

    @property
    def headers(self) -> dict[str, str]:
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, trace.set_span_in_context(self._span))
        return carrier


def _clean(attributes: Attributes) -> dict[str, Any] | None:
    return {name: scrub(value) for name, value in attributes.items()} if attributes else None
