"""What Prometheus reads of GraphQL. An operation's name is told only if it is one of our own pages': strangers choose names freely."""

from typing import TYPE_CHECKING

import structlog
from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from schema.operations import Operation

OTHER = "other"

_operations = Counter(
    "litemaas_graphql_operations",
    "Queries and mutations answered: done, failed (with an error, but what a union says is none) or refused by the gate.",
    ["operation", "outcome"],
)
_seconds = Histogram(
    "litemaas_graphql_operation_seconds",
    "Time that a query or mutation took, from its admission to its result.",
    ["operation"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
loader_rows = Histogram(
    "litemaas_graphql_loader_batch_rows",
    "Rows that one batch of a loader asked for with one statement.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200),
)
superseded_results = Counter(
    "litemaas_live_results_superseded", "Live results that a slow reader did not get, since a newer one came before."
)


def begin(operation: "Operation") -> str:
    """What the operation is called from now on, in lines of the log as well."""
    name = label_of(operation)
    structlog.contextvars.bind_contextvars(operation=name)
    return name


def end(name: str, outcome: str, seconds: float) -> None:
    """Count one query or mutation that was answered."""
    _operations.labels(name, outcome).inc()
    _seconds.labels(name).observe(seconds)


def label_of(operation: "Operation") -> str:
    """Its name among the pages' own."""
    document = operation.document
    if not operation.stored or document.errors:
        return OTHER
    node = document.operation(operation.name)
    return node.name.value if node is not None and node.name is not None else OTHER
