"""What plain HTTP says when it can't do what it was asked: `{"error": {"code", "message", "field"?, "requestId"?}}`."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.db import PoolFull
from gateway.errors import DomainError
from gateway.expected import as_domain_error
from gateway.scrubbing import scrub

STATUS = {
    "SIGN_IN_NOT_STARTED": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "CSRF_REFUSED": 403,
    "SIGN_IN_REFUSED": 403,
    "IDENTITY_NOT_PROVEN": 403,
    "ACCOUNT_DISABLED": 403,
    "NOT_FOUND": 404,
    "NOT_AVAILABLE": 404,
    "PAYLOAD_TOO_LARGE": 413,
    "INVALID_INPUT": 422,
    "ISSUER_UNAVAILABLE": 502,
    "NO_OAUTH_SERVER": 502,
    "DATABASE_BUSY": 503,
    "UPSTREAM_UNAVAILABLE": 503,
}
_HTTP_ERRORS = {400: "BAD_REQUEST", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


class BodyTooLarge(DomainError):
    code = "PAYLOAD_TOO_LARGE"
    sentence = "The request's body is too large."


def error_answer(code: str, message: str, status: int | None = None, **facts: Any) -> Response:
    """A JSON error; `facts` stand beside code and message, None values are left out."""
    said = {name: value for name, value in facts.items() if value is not None}
    return JSONResponse(
        {"error": {"code": code, "message": scrub(message), **scrub(said)}},
        status_code=status or STATUS.get(code, 500),
        headers={"Cache-Control": "no-store"},
    )


def domain_error_answer(error: DomainError) -> Response:
    return _with_wait(error_answer(error.code, error.message, field=getattr(error, "field", None)), error)


def graphql_error_answer(error: DomainError) -> Response:
    """The same for clients that read GraphQL's form."""
    body = {"errors": [{"message": error.message, "extensions": error.extensions}]}
    return _with_wait(JSONResponse(body, STATUS.get(error.code, 500), {"Cache-Control": "no-store"}), error)


def _with_wait(answer: Response, error: DomainError) -> Response:
    if (seconds := getattr(error, "retry_after", None)) is not None:
        answer.headers["Retry-After"] = str(seconds)
    return answer


async def _on_expected_error(request: Request, error: Exception) -> Response:
    expected = as_domain_error(error)
    assert expected is not None
    return domain_error_answer(expected)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _HTTP_ERRORS.get(error.status_code, "REQUEST_REFUSED")
    answer = error_answer(code, f"{error.detail}.", error.status_code)
    answer.headers.update(error.headers or {})
    return answer


# For Starlette's `exception_handlers`.
EXCEPTION_HANDLERS: dict[Any, Any] = {
    DomainError: _on_expected_error,
    PoolFull: _on_expected_error,
    HTTPException: _on_http_error,
}
