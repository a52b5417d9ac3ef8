"""Subscriptions that many share: executed and written once, sent to all.

A subscription field marked with `metadata=SHARED` shows a state, and every event replaces the one before. Those who subscribe to the
same document with the same variables and the same `live_scope()` of their context see the same, so one stream serves them all.
Whoever joins later is given the newest result at once: it is what everybody else sees, and each later change comes to all. A reader
who is too slow for every event gets the newest when there is room again.

Fields without the mark are executed for each subscriber, and no event is left out.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from typing import Any, Protocol

import orjson
import structlog
from graphql import FieldNode, OperationType
from strawberry import Schema
from strawberry.types.field import StrawberryField

from schema.operations import Operation, Operations, Refused, Result
from schema.tasks import ends_when_cancelled

SHARED = {"shared": True}
AT_ONCE = 250  # members, before others have their turn

log = structlog.get_logger()


class Member(Protocol):
    """One subscriber. Both methods return at once and never raise."""

    def offer(self, result: Result) -> None:
        """The newest result; one that was not sent yet may be forgotten."""

    def finish(self, errors: list[dict[str, Any]] | None) -> None:
        """Nothing more comes: the source has ended, or it broke."""


def is_shared(schema: Schema, operation: Operation) -> bool:
    """Whether the operation is a valid subscription to one field that is marked SHARED."""
    if operation.document.errors or operation.dry_run or operation.type is not OperationType.SUBSCRIPTION:
        return False
    node, root = operation.document.operation(operation.name), schema._schema.subscription_type
    if node is None or root is None or len(node.selection_set.selections) != 1:
        return False
    (selection,) = node.selection_set.selections
    field = root.fields.get(selection.name.value) if isinstance(selection, FieldNode) else None
    own = field.extensions.get("strawberry-definition") if field else None
    return isinstance(own, StrawberryField) and bool(own.metadata.get("shared"))


class LiveHub:
    """The streams that run at present, by what they show to whom."""

    def __init__(self) -> None:
        self._streams: dict[Hashable, _Stream] = {}

    def __len__(self) -> int:
        return len(self._streams)

    def join(
        self, operations: Operations, operation: Operation, context: Any, request_id: str, member: Member
    ) -> Callable[[], None]:
        """Let `member` have the results of a shared operation, which starts if nobody has it yet. Gives the function to leave.

        It ends with its last member. Raises what `context.live_scope()` raises.
        """
        key = (operation.query, operation.name, _canonical(operation.variables), context.live_scope())
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream(operations.results(operation, context, request_id))
            stream.task.add_done_callback(lambda _task: self._forget(key, stream))
        stream.members.add(member)
        if stream.latest is not None:
            member.offer(stream.latest)

        def leave() -> None:
            stream.members.discard(member)
            if not stream.members:
                self._forget(key, stream)
                stream.task.cancel()

        return leave

    def _forget(self, key: Hashable, stream: "_Stream") -> None:
        if self._streams.get(key) is stream:
            del self._streams[key]


def _canonical(variables: dict[str, Any] | None) -> bytes:
    return orjson.dumps(variables or {}, option=orjson.OPT_SORT_KEYS)


class _Stream:
    def __init__(self, results: AsyncGenerator[Result, None]) -> None:
        self.members: set[Member] = set()
        self.latest: Result | None = None
        self.task = asyncio.create_task(self._run(results), name="live stream")

    @ends_when_cancelled
    async def _run(self, results: AsyncGenerator[Result, None]) -> None:
        errors = None
        try:
            async with aclosing(results):
                async for result in results:
                    self.latest = result
                    for number, member in enumerate(tuple(self.members), 1):
                        member.offer(result)
                        if number % AT_ONCE == 0:
                            await asyncio.sleep(0)
        except Refused as refused:
            errors = refused.errors
        except Exception:
            log.exception("live_stream_broke")
            errors = [{"message": "Something went wrong on our side.", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]
        for member in tuple(self.members):
            member.finish(errors)
