"""Expected failures as types: what a mutation's result union may hold beside its success.

The services raise `DomainError`; `declares` turns those that a mutation lists into its answer. All others become GraphQL errors with
`extensions.code`, made by `public_error`, which is also the one place where what nobody expected is masked.
"""

import functools
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import strawberry
import structlog
from graphql import FieldNode, GraphQLError

from gateway import auth, errors, keys, subscriptions
from gateway.expected import as_domain_error
from gateway.scrubbing import scrub
from schema import refusals
from schema.catalog import Model
from schema.keys import ApiKey
from schema.subscriptions import ModelSubscription

log = structlog.get_logger()

R = TypeVar("R")


@strawberry.interface(description="Why a change was refused. Nothing was written.")
class Error:
    message: str = strawberry.field(description="One sentence for people.")


@strawberry.type(description="One value of the input was refused.")
class InvalidInput(Error):
    field: str = strawberry.field(description="The field of the input, as its name stands there.")

    @classmethod
    def of(cls, error: errors.InvalidInput) -> "InvalidInput":
        return cls(message=error.message, field=error.field)


@strawberry.type(description="A key may hold only models to which its owner has an active subscription.")
class NotSubscribed(Error):
    field: str = strawberry.field(description="The field of the input: `modelIds`.")
    models: list[Model] = strawberry.field(description="The models that lack a subscription.")

    @classmethod
    def of(cls, error: keys.NotSubscribed) -> "NotSubscribed":
        return cls(message=error.message, field=error.field, models=[Model.of(row) for row in error.models])


@strawberry.type(description="The same request, by its `clientMutationId`, was carried out before.")
class AlreadyDone(Error):
    api_key: ApiKey = strawberry.field(description="The key that it made; its secret was in the first answer.")

    @classmethod
    def of(cls, error: keys.AlreadyDone) -> "AlreadyDone":
        return cls(message=error.message, api_key=ApiKey.of(error.key))


@strawberry.type(description="There is an open subscription to this model already.")
class AlreadySubscribed(Error):
    subscription: ModelSubscription = strawberry.field(description="The subscription that is there.")

    @classmethod
    def of(cls, error: subscriptions.AlreadySubscribed) -> "AlreadySubscribed":
        return cls(message=error.message, subscription=ModelSubscription.of(error.subscription))


@strawberry.type(description="The model is no longer offered.")
class ModelUnavailable(Error):
    model: Model = strawberry.field(description="The model as it last was.")

    @classmethod
    def of(cls, error: subscriptions.ModelUnavailable) -> "ModelUnavailable":
        return cls(message=error.message, model=Model.of(error.model))


@strawberry.type(description="What was asked for does not fit the present status.")
class InvalidTransition(Error):
    status: str = strawberry.field(description="The present status.")

    @classmethod
    def of(cls, error: subscriptions.InvalidTransition) -> "InvalidTransition":
        return cls(message=error.message, status=error.status)


@strawberry.type(description="The caller has as many access tokens that work as one person may have.")
class TooManyAccessTokens(Error):
    limit: int = strawberry.field(description="How many that is.")

    @classmethod
    def of(cls, error: auth.TooManyTokens) -> "TooManyAccessTokens":
        return cls(message=error.message, limit=error.limit)


_TYPES: dict[type[errors.DomainError], Any] = {
    errors.InvalidInput: InvalidInput,
    keys.NotSubscribed: NotSubscribed,
    keys.AlreadyDone: AlreadyDone,
    subscriptions.AlreadySubscribed: AlreadySubscribed,
    subscriptions.ModelUnavailable: ModelUnavailable,
    subscriptions.InvalidTransition: InvalidTransition,
    auth.TooManyTokens: TooManyAccessTokens,
}


def declares(*kinds: type[errors.DomainError]) -> Callable[[Callable[..., Awaitable[R]]], Callable[..., Awaitable[R]]]:
    """A mutation answers these errors as members of its result union. Whatever refused it goes into the record."""

    def decorate(resolver: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
        @functools.wraps(resolver)
        async def answer(*args: Any, **kwargs: Any) -> Any:
            try:
                return await resolver(*args, **kwargs)
            except errors.DomainError as error:
                await refusals.put_down(kwargs["info"], kwargs.get("input"), error)
                if isinstance(error, kinds):
                    return _TYPES[type(error)].of(error)
                raise

        return answer

    return decorate


def result(name: str) -> Any:
    """The union `name` of a mutation's success and its refusals."""
    return strawberry.union(name, description="The change that was made, or why it was refused.")


def public_error(error: GraphQLError, request_id: str) -> GraphQLError:
    """The error as the caller may see it: codes for what we expected, a masked one (logged in full) for all else."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if (expected := as_domain_error(cause)) is not None:
        message, extensions = expected.message, expected.extensions
    elif field := _variable(error.message):
        message, extensions = error.message, {"code": "BAD_USER_INPUT", "field": field}
    elif (cause is None and not _of_a_value(error)) or (isinstance(cause, ValueError) and not error.path):
        # With a cause: a literal that a scalar of ours refused, in its own words.
        message, extensions = error.message, {"code": "GRAPHQL_VALIDATION_FAILED"} | (error.extensions or {})
    else:
        log.error(
            "unexpected_error", path=error.path, request_id=request_id, exc_info=cause or error.original_error or error
        )
        message = "Something went wrong on our side."
        extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    return GraphQLError(
        scrub(message),
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _of_a_value(error: GraphQLError) -> bool:
    """Whether graphql-core refused what one of our resolvers gave, and may quote it: such errors point at a field.

    Those about an argument, which the caller gave, point at the argument's value.
    """
    return bool(error.path and error.nodes and isinstance(error.nodes[0], FieldNode))


_BAD_VARIABLE = re.compile(
    r"Variable '\$(?P<name>\w+)' has invalid value(?: at (?P<path>[\w.\[\]]+))?"
    r"(?:.* (?:include required|include unknown) field '(?P<missing>\w+)')?"
)


def _variable(message: str) -> str | None:
    """`input.maxBudget`, from graphql-core's sentence about a variable: the only place where it says which."""
    match = _BAD_VARIABLE.match(message)
    if match is None:
        return None
    return match["name"] + (match["path"] or "") + (f".{match['missing']}" if match["missing"] else "")
