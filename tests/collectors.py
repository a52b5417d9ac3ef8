"""An OpenTelemetry collector that takes traces over HTTP, and shows them as a tree."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.issuers import serving


@dataclass(frozen=True)
class Told:
    """A span as the collector got it. Ids are hexadecimal, `parent` is "" for the first of a trace."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: dict[str, Any]


@dataclass
class Collector:
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        body = await request.body()
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        return Response(media_type="application/x-protobuf")

    @property
    def spans(self) -> list[Told]:
        return [
            Told(
                name=span.name,
                kind=span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                trace=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent=span.parent_span_id.hex(),
                failed=span.status.code == 2,
                attributes={
                    each.key: getattr(each.value, each.value.WhichOneof("value") or "") for each in span.attributes
                },
            )
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def resource(self) -> dict[str, str]:
        """What the newest batch says of who told it."""
        (resource,) = ExportTraceServiceRequest.FromString(self.bodies[-1]).resource_spans
        return {each.key: each.value.string_value for each in resource.resource.attributes}

    def tree(self, root: Told) -> Any:
        """(name, [children, by name])."""
        children = [span for span in self.spans if (span.trace, span.parent) == (root.trace, root.id)]
        return root.name, sorted((self.tree(child) for child in children), key=str)

    def named(self, name: str) -> Told:
        (found,) = (span for span in self.spans if span.name == name)
        return found


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a port of its own; `url` is what OTEL_EXPORTER_OTLP_ENDPOINT wants."""
    collector = Collector()
    with serving(Starlette(routes=[Route("/v1/traces", collector.take, methods=["POST"])])) as collector.url:
        yield collector
