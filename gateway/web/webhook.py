"""POST /webhooks/litellm: LiteLLM reports calls. Answered with 2xx after they are stored, never before.

LiteLLM sends a 5xx again (as often as its `max_retries` says) and drops a batch for good on a 4xx; so 4xx is said only of
what will not get better. Storing the same again is harmless.
"""

import hmac
import zlib
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gateway import usage
from gateway.db import utc_now
from gateway.services import Services
from gateway.web.answers import BodyTooLarge, domain_error_answer, error_answer

log = structlog.get_logger(__name__)

# Bytes, after decompression. LiteLLM sends up to 512 events at once, of 8 to 12 kB each and the prompts and answers on top
# unless `turn_off_message_logging` is set.
MAX_BODY = 32 * 1024 * 1024
RETRY_AFTER = 2  # seconds

_deliveries = Counter(
    "litemaas_webhook_deliveries", "Requests to LiteLLM's webhook, by what was answered.", ["outcome"]
)
_events = Counter("litemaas_usage_events", "Calls that LiteLLM reported, by what became of them.", ["outcome"])

_lag = Histogram(
    "litemaas_webhook_delivery_lag_seconds",
    "Time from the end of the oldest call in a delivery until the delivery was booked.",
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)


class _NotGzip(Exception):
    """The body says that it is gzip and is not, or ends too early."""


def routes(services: Services) -> list[BaseRoute]:
    secret = services.settings.litellm.webhook_secret.get_secret_value().encode()

    async def receive(request: Request) -> Response:
        if not _is_signed(request.headers, secret):
            _deliveries.labels("unsigned").inc()
            answer = error_answer("UNAUTHENTICATED", "The webhook's secret is missing or wrong.")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        return await _receive(request, services.usage)

    return [Route("/webhooks/litellm", receive, methods=["POST"])]


def _is_signed(headers: Headers, secret: bytes) -> bool:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    given = token.strip() if scheme.lower() == "bearer" else headers.get("x-callback-secret", "")
    return hmac.compare_digest(given.encode("latin-1"), secret)


async def _receive(request: Request, ledger: usage.UsageService) -> Response:
    try:
        callback = usage.decode(await _read(request))
    except BodyTooLarge as error:
        _deliveries.labels("too_large").inc()
        log.warning("webhook.too_large", limit=MAX_BODY)
        return domain_error_answer(error)
    except _NotGzip:
        _deliveries.labels("malformed").inc()
        return error_answer("MALFORMED_BODY", "The body is not gzip, or not all of it.", 400)
    except ValueError:
        _deliveries.labels("malformed").inc()
        return error_answer("MALFORMED_JSON", "The body is not JSON.", 400)
    except ClientDisconnect:
        _deliveries.labels("aborted").inc()
        return Response(status_code=400)  # nobody reads it
    if callback.rejected:
        log.warning("webhook.rejected", count=callback.rejected, some=callback.rejected_ids[:10])
    try:
        result = await ledger.ingest(callback.records)
    except usage.LedgerUnavailable as error:
        _deliveries.labels("unavailable").inc()
        answer = error_answer(error.code, error.message, 503)
        answer.headers["Retry-After"] = str(RETRY_AFTER)
        return answer
    if callback.records:
        _lag.observe(max(0.0, (utc_now() - min(map(_ended_at, callback.records))).total_seconds()))
    counts = {
        "stored": result.stored,
        "duplicates": result.duplicates,
        "ignored": callback.ignored,
        "rejected": callback.rejected + result.rejected,
    }
    for outcome, count in counts.items():
        _events.labels(outcome).inc(count)
    if counts["rejected"] and not any((result.stored, result.duplicates, callback.ignored)):
        _deliveries.labels("rejected").inc()
        return error_answer("INVALID_INPUT", "None of the events is one that can be booked.", **counts)
    _deliveries.labels("ok").inc()
    return JSONResponse(counts)


def _ended_at(record: usage.CallRecord) -> datetime:
    return record.occurred_at + timedelta(milliseconds=record.latency_ms or 0)


async def _read(request: Request) -> bytes:
    """The whole body, decompressed. Raises BodyTooLarge before more than the limit is in memory, and _NotGzip."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > MAX_BODY:
        raise BodyTooLarge
    is_gzip = request.headers.get("content-encoding", "").strip().lower() == "gzip"
    gzip = zlib.decompressobj(wbits=31)
    body = bytearray()
    async for chunk in request.stream():
        if is_gzip and chunk:
            try:
                chunk = gzip.decompress(chunk, MAX_BODY + 1 - len(body))
            except zlib.error:
                raise _NotGzip from None
            if gzip.unused_data:
                raise _NotGzip
        if len(body) + len(chunk) > MAX_BODY:
            raise BodyTooLarge
        body += chunk
    if is_gzip and not gzip.eof:
        raise _NotGzip
    return bytes(body)
