"""What Prometheus and traces read of GraphQL. An operation's name is told only if it is one of our own pages': strangers choose freely."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import structlog
from graphql import OperationType
from prometheus_client import Counter, Histogram, Summary

from gateway import tracing

if TYPE_CHECKING:
    from schema.operations import Operation

OTHER = "other"

_operations = Counter(
    "litemaas_graphql_operations",
    "Operations: done (or begun, for a subscription), failed (with an error, but what a union says is none) or refused by the gate.",
    ["operation", "outcome"],
)
_seconds = Histogram(
    "litemaas_graphql_operation_seconds",
    "Time that a query or mutation took, from its admission to its result.",
    ["operation"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_loader_rows = Histogram(
    "litemaas_graphql_loader_batch_rows",
    "Rows that one batch of a loader asked for with one statement.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200),
)
_loader_seconds = Summary("litemaas_graphql_loader_seconds", "Time that batches of a loader took.", ["loader"])
superseded_results = Counter(
    "litemaas_live_results_superseded", "Live results that a slow reader did not get, since a newer one came before."
)


@dataclass
class Measured:
    """`outcome` is done, failed or refused, and to be set by who knows."""

    outcome: str = "failed"


@contextmanager
def measured(operation: "Operation", request_id: str) -> Iterator[Measured]:
    """Around a query or mutation, or the beginning of a subscription: counted, timed, traced, and named in lines of the log."""
    began, name = perf_counter(), label_of(operation)
    structlog.contextvars.bind_contextvars(operation=name)
    so_far = Measured()
    with tracing.span(f"{_kind(operation)} {name}", _about(operation, name, request_id)) as span:
        yield so_far
        span.set("litemaas.outcome", so_far.outcome)
        if so_far.outcome == "failed":
            span.fail()
    _operations.labels(name, so_far.outcome).inc()
    if operation.type is not OperationType.SUBSCRIPTION:
        _seconds.labels(name).observe(perf_counter() - began)


def events(operation: "Operation", request_id: str) -> Callable[[], tracing.Span]:
    """Around the execution of each event of a subscription: a trace of its own, since the subscription lasts for hours."""
    name = label_of(operation)
    return partial(tracing.span, f"event {name}", _about(operation, name, request_id), root=True)


@contextmanager
def batch(loader: str, rows: int) -> Iterator[None]:
    """Around what a loader reads with one statement."""
    began = perf_counter()
    with tracing.span(f"load {loader}", {"litemaas.rows": rows}):
        yield
    _loader_rows.observe(rows)
    _loader_seconds.labels(loader).observe(perf_counter() - began)


def _kind(operation: "Operation") -> str:
    return operation.type.value if operation.type else "operation"


def _about(operation: "Operation", name: str, request_id: str) -> dict[str, tracing.Value]:
    return {
        "graphql.operation.type": _kind(operation),
        "graphql.operation.name": name,
        "litemaas.request_id": request_id,
    }


def label_of(operation: "Operation") -> str:
    """Its name among the pages' own."""
    document = operation.document
    if not operation.stored or document.errors:
        return OTHER
    node = document.operation(operation.name)
    return node.name.value if node is not None and node.name is not None else OTHER
