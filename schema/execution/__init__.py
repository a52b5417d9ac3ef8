"""Executes GraphQL documents: parsed, judged and compiled once, then run at a fraction of graphql-core's cost.

`Engine(schema)` executes a `Document`, which `Engine.documents` makes from a text. `CompiledExecutor` is graphql-core's executor
with compiled selections; Strawberry takes it as `execution_context_class`, so that `Schema.execute` follows the same path.
`encode` writes a result as JSON.
"""

from schema.execution.documents import Document, Documents, Limits, nodes_of
from schema.execution.encode import encode
from schema.execution.engine import Engine
from schema.execution.executor import CompiledExecutor

__all__ = ["CompiledExecutor", "Document", "Documents", "Engine", "Limits", "encode", "nodes_of"]
