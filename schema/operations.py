"""What a client may ask for, whichever way the request came: read, executed, and written as JSON with its errors made public."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import ExecutionResult, GraphQLError, OperationType

from schema import measures
from schema.deprecations import deprecations_in
from schema.documents import PREFIX, StoredDocuments
from schema.execution import Document, Engine, encode

if TYPE_CHECKING:
    from schema.admission import Charge, Gate

# Of variables: in one list or object, and lists and objects in one another. No field takes nearly as much.
MAX_VALUES = 1_000
MAX_NESTING = 50

PublicError = Callable[[GraphQLError, str], GraphQLError]
"""(error, request id) -> the error as the caller may see it."""


class BadRequest(Exception):
    """A request that is none: nothing was executed."""

    def __init__(self, message: str, code: str = "BAD_REQUEST", status: int = 400) -> None:
        super().__init__(message)
        self.message, self.code, self.status = message, code, status

    @property
    def body(self) -> bytes:
        """As GraphQL clients expect to read it."""
        return encode({"errors": [{"message": self.message, "extensions": {"code": self.code}}]})


class Refused(Exception):
    """A subscription that did not begin, or ended with an error."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document with its variables, still to be executed."""

    document: Document
    query: str
    """What the request said: the document's text or its id."""
    variables: dict[str, Any] | None
    name: str | None
    stored: bool = False
    """Whether it was named by its id: it is one of our own pages', or nobody knows it."""
    dry_run: bool = False
    """Whether it is asked only what it would cost."""

    @property
    def type(self) -> OperationType | None:
        """None when the name fits no operation: executing it says so."""
        return self.document.operation_type(self.name)


@dataclass(frozen=True, slots=True)
class Result:
    """One result of a subscription as JSON, made once however many are sent it."""

    json: bytes
    position: str | None
    """`position` of its field, where the selection has it: where to go on after the connection was lost."""


class Operations:
    """Reads and executes operations on one schema. `public_error` has the last word on each error that leaves.

    Every operation passes the `gate`, which charges it; without one they are free.
    """

    def __init__(
        self, engine: Engine, stored: StoredDocuments, public_error: PublicError, gate: "Gate | None" = None
    ) -> None:
        self.engine = engine
        self._stored = stored
        self._public_error = public_error
        self._gate = gate

    def read(self, request: Any) -> Operation:
        """The operation in a decoded request: `query`, `variables`, `operationName`. Raises BadRequest."""
        if isinstance(request, list):
            raise BadRequest("Batches are not served: send one operation a request.")
        if not isinstance(request, dict):
            raise BadRequest("The request must be a JSON object.")
        query, variables, name = request.get("query"), request.get("variables"), request.get("operationName")
        wishes = request.get("extensions")
        if not isinstance(query, str) or not query.strip():
            raise BadRequest("`query` must be a document or the id of a stored one, as a string.")
        if variables is not None and not isinstance(variables, dict):
            raise BadRequest("`variables` must be an object or null.")
        _check_size(variables)
        if name is not None and not isinstance(name, str):
            raise BadRequest("`operationName` must be a string or null.")
        if wishes is not None and not isinstance(wishes, dict):
            raise BadRequest("`extensions` must be an object or null.")
        document = self._stored.find(query)
        return Operation(
            document,
            query,
            variables,
            name,
            stored=query.startswith(PREFIX),
            dry_run=wishes is not None and wishes.get("dryRun") is True,
        )

    async def execute(self, operation: Operation, context: Any, request_id: str) -> tuple[bytes, bool]:
        """(the result as JSON, whether it was executed at all) of a query or mutation.

        One that the gate refuses, or that asks only for its cost, was not executed: `context.charge` says more.
        """
        with measures.measured(operation, request_id) as measured:
            charge = await self._gate.admit(operation, context) if self._gate else None
            try:
                if charge and charge.refusal:
                    result = ExecutionResult(None, [_as_graphql(charge.refusal)])
                elif charge and charge.dry_run:
                    result = ExecutionResult(None, list(operation.document.errors) or None)
                else:
                    result = await self.engine.execute(
                        operation.document,
                        variables=operation.variables,
                        operation_name=operation.name,
                        context=context,
                    )
                if charge:
                    await charge.settle(result.data)
            finally:
                if charge:
                    charge.release()
            measured.outcome = "refused" if charge and charge.refusal else "failed" if result.errors else "done"
        executed = not result.errors or result.data is not None or _has_path(result)
        return self._written(result, request_id, self._extensions(operation, charge)), executed

    async def results(self, operation: Operation, context: Any, request_id: str) -> AsyncGenerator[Result, None]:
        """The results of a subscription. Raises Refused when it can't begin or its source breaks."""
        with measures.measured(operation, request_id) as measured:
            charge = await self._gate.admit(operation, context) if self._gate else None
            stream: AsyncGenerator[ExecutionResult, None] | ExecutionResult | None = None
            if charge and charge.refusal:
                measured.outcome = "refused"
            elif charge and charge.dry_run and not operation.document.errors:
                await charge.settle(None)
                measured.outcome = "done"
            else:
                stream = await self.engine.subscribe(
                    operation.document,
                    variables=operation.variables,
                    operation_name=operation.name,
                    context=context,
                    around_event=measures.events(operation, request_id),
                )
                measured.outcome = "failed" if isinstance(stream, ExecutionResult) else "done"
        if charge and charge.refusal:
            raise Refused(self.public([charge.refusal], request_id))
        if stream is None:
            price = self._written(ExecutionResult(None, None), request_id, self._extensions(operation, charge))
            yield Result(price, None)
            return
        if isinstance(stream, ExecutionResult):
            raise Refused(self.public(stream.errors, request_id))
        extensions = self._extensions(operation, None)
        async with aclosing(stream):
            try:
                async for result in stream:
                    yield Result(self._written(result, request_id, extensions), _position(result.data))
                    if charge:
                        await charge.pace(result.data)
            except Exception as error:
                raise Refused(self.public([error], request_id)) from error

    def _extensions(self, operation: Operation, charge: "Charge | None") -> dict[str, Any]:
        said: dict[str, Any] = {"cost": charge.extensions} if charge else {}
        if dying := deprecations_in(self.engine.schema._schema, operation.document):
            said["deprecations"] = dying
        return said

    def _written(self, result: ExecutionResult, request_id: str, extensions: dict[str, Any]) -> bytes:
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = self.public(result.errors, request_id)
        if extensions:
            answer["extensions"] = extensions
        try:
            return encode(answer)
        except TypeError as error:  # a scalar gave what JSON does not know
            return encode({"data": None, "errors": self.public([error], request_id)})

    def public(self, errors: Sequence[Exception] | None, request_id: str) -> list[dict[str, Any]]:
        """Errors of any kind as the caller may read them."""
        return [dict(self._public_error(_as_graphql(error), request_id).formatted) for error in errors or ()]


def _check_size(variables: dict[str, Any] | None) -> None:
    """Raises BadRequest for what would be dear to read or to ask the database for, long before it is a megabyte."""
    level: list[Any] = [variables]
    for _ in range(MAX_NESTING):
        below: list[Any] = []
        for value in level:
            if isinstance(value, list | dict):
                if len(value) > MAX_VALUES:
                    raise BadRequest(f"`variables` may have at most {MAX_VALUES:,} values in a list or object.")
                below += value if isinstance(value, list) else value.values()
        if not below:
            return
        level = below
    raise BadRequest(f"`variables` may be nested at most {MAX_NESTING} deep.")


def _as_graphql(error: Exception) -> GraphQLError:
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)


def _position(data: dict[str, Any] | None) -> str | None:
    for event in (data or {}).values():  # a subscription has one field
        if isinstance(event, dict) and "position" in event:
            return str(event["position"])
    return None


def _has_path(result: ExecutionResult) -> bool:
    return any(error.path for error in result.errors or ())
