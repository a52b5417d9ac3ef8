"""The HTTP client. One per process; safe to share between tasks."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
from prometheus_client import Counter, Histogram

from gateway import tracing
from gateway.litellm.breaker import Breaker, Circuit
from gateway.litellm.errors import LiteLLMPaused, LiteLLMRefused, LiteLLMUnavailable, from_response, from_transport
from gateway.litellm.models import ModelInfo, read_models
from gateway.litellm.wire import (
    GeneratedKey,
    GenerateKey,
    KeyChanges,
    KeyInfo,
    KeyPage,
    SpendPage,
    SpendRow,
    exact_money,
    hash_secret,
)

T = TypeVar("T")

_TIMEOUT = httpx.Timeout(20.0, connect=3.0, pool=5.0)
_PING_TIMEOUT = httpx.Timeout(3.0)
# LiteLLM's server closes idle connections after 5 s: letting go first avoids writing into a closing one.
_LIMITS = httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=3.0)
_NO_MODELS = ["no-default-models"]  # an empty list would mean all of them

_encoder = msgspec.json.Encoder(decimal_format="number")


_requests = Counter(
    "litemaas_litellm_requests", "Requests to LiteLLM: answered, refused, unavailable.", ["route", "outcome"]
)
_took = Histogram(
    "litemaas_litellm_request_seconds",
    "Time until LiteLLM had answered a request, or was given up.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)


class _ModelInfoAnswer(msgspec.Struct):
    data: list[dict[str, Any]]


class _KeyListAnswer(msgspec.Struct):
    keys: list[dict[str, Any]]
    total_count: int | None = None
    total_pages: int | None = None


class _KeyInfoAnswer(msgspec.Struct):
    key: str
    info: dict[str, Any]


class LiteLLM:
    """LiteLLM's management API at `base_url`. Every method raises LiteLLMUnavailable or LiteLLMRefused.

    With a `breaker`, requests that follow several failures are not sent at all for some seconds (LiteLLMPaused).
    """

    def __init__(
        self,
        base_url: str,
        master_key: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._host = urlsplit(self.base_url).hostname or ""
        self._breaker = breaker
        self._client = httpx.AsyncClient(
            base_url=self.base_url,
            headers={"Authorization": f"Bearer {master_key}", "User-Agent": "litemaas"},
            limits=_LIMITS,
            transport=transport,
            # A proxy from the environment is for the world outside, not for this machine.
            mounts=None if transport else {"all://127.0.0.1": None, "all://localhost": None},
        )

    def __repr__(self) -> str:
        return f"LiteLLM({self.base_url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.aclose()

    @property
    def circuit(self) -> Circuit:
        """Whether requests are sent at present."""
        return self._breaker.state if self._breaker else Circuit.CLOSED

    def check(self) -> None:
        """For who is about to begin what LiteLLM is needed for. Raises LiteLLMPaused when nothing would be sent."""
        if self.circuit is Circuit.OPEN:
            raise LiteLLMPaused

    async def ping(self) -> None:
        """Returns when LiteLLM answers, within seconds. Calls no model and asks no database; a pause does not hold it back.

        That it answers here does not say that it can do its work, so it ends no pause either.
        """
        try:
            await self._exchange("GET", "/health/liveliness", timeout=_PING_TIMEOUT)
        except LiteLLMUnavailable:
            if self._breaker:
                self._breaker.failed()
            raise

    async def version(self) -> str | None:
        """LiteLLM's version; None when it does not tell."""
        for path in ("/health/readiness/details", "/health/readiness"):  # the second one told until 1.10x
            try:
                answer = self._decode(await self._send("GET", path), dict[str, Any])
            except LiteLLMRefused:
                continue
            if version := answer.get("litellm_version"):
                return str(version)
        return None

    async def models(self) -> list[ModelInfo]:
        """All models of the proxy, one per name."""
        return read_models(self._decode(await self._send("GET", "/model/info"), _ModelInfoAnswer).data)

    async def ensure_user(self, user_id: str, alias: str | None = None) -> None:
        """Make the user known to LiteLLM, without a key. One that exists already stays as it is."""
        body = {"user_id": user_id, "user_alias": alias, "auto_create_key": False}
        try:
            await self._send("POST", "/user/new", body)
        except LiteLLMRefused as error:
            if error.status != 409:
                raise

    async def generate_key(self, request: GenerateKey) -> GeneratedKey:
        """Make a key that may call models and nothing else.

        The secret has to be new: for one that exists LiteLLM answers as if all were well, and changes nothing. An alias
        that exists is refused (status 400, param "key_alias").
        """
        body: dict[str, Any] = msgspec.structs.asdict(request)
        body = {name: value for name, value in body.items() if value is not None and value != {}}
        body |= {"key_type": "llm_api", "models": request.models or _NO_MODELS}
        if request.duration is not None:
            body["duration"] = _seconds(request.duration)
        made = self._decode(await self._send("POST", "/key/generate", body), GeneratedKey)
        if made.token != hash_secret(request.key):
            raise LiteLLMUnavailable(reason="LiteLLM made a key of another secret than asked", maybe_done=True)
        return made

    async def key_info(self, token: str) -> KeyInfo | None:
        """The key with this hash; None when there is none, or none any more."""
        try:
            response = await self._send("GET", "/key/info", params={"key": token})
        except LiteLLMRefused as error:
            if error.missing:
                return None
            raise
        answer = self._decode(response, _KeyInfoAnswer)
        info = self._key(answer.info | {"token": token})
        return None if info.deleted else info

    async def list_keys(self, alias: str, page: int = 1) -> KeyPage:
        """One page of up to 100 keys, oldest first, whose alias contains `alias`; from page 1, empty after the last.

        Keys that are made or deleted meanwhile shift the pages: what is missing from them need not be missing.
        """
        params: dict[str, Any] = {"key_alias": alias, "substring_matching": "true", "return_full_object": "true"}
        params |= {"sort_by": "created_at", "sort_order": "asc", "page": page, "size": 100}
        answer = self._decode(await self._send("GET", "/key/list", params=params), _KeyListAnswer)
        keys = [self._key(key) for key in answer.keys]
        return KeyPage(keys=[key for key in keys if not key.deleted], total_pages=answer.total_pages)

    def _key(self, fields: dict[str, Any]) -> KeyInfo:
        info = self._convert({name: value for name, value in fields.items() if value is not None}, KeyInfo)
        return msgspec.structs.replace(info, spend=exact_money(info.spend))

    async def update_key(self, token: str, changes: KeyChanges) -> bool:
        """Apply the changes; False when there is no such key."""
        body = {name: value for name, value in msgspec.structs.asdict(changes).items() if value is not msgspec.UNSET}
        if body.get("models") == []:
            body["models"] = _NO_MODELS
        if isinstance(changes.duration, timedelta):
            body["duration"] = _seconds(changes.duration)
        return await self._change("/key/update", body | {"key": token})

    async def block_key(self, token: str) -> bool:
        """Refuse all calls with this key from now on; False when there is no such key."""
        return await self._change("/key/block", {"key": token})

    async def unblock_key(self, token: str) -> bool:
        """Undo block_key; False when there is no such key."""
        return await self._change("/key/unblock", {"key": token})

    async def delete_key(self, token: str) -> bool:
        """Delete the key; False when it was gone already."""
        return await self._change("/key/delete", {"keys": [token]})

    async def spend_logs(
        self, start: datetime, end: datetime, page: int = 1, page_size: int = 100, *, oldest_first: bool = False
    ) -> SpendPage:
        """Calls that began from `start` to `end` (aware, both included, whole seconds), newest first, failures too.

        Rows appear some seconds after the call; pages shift while they do, so read slices of time that are over. Calls of
        one millisecond stand in any order, another one on each page: pages may repeat a row and leave out its neighbour.
        """
        params: dict[str, Any] = {
            "start_date": _utc(start),
            "end_date": _utc(end),
            "page": page,
            "page_size": page_size,
        }
        params["sort_order"] = "asc" if oldest_first else "desc"
        answer = self._decode(await self._send("GET", "/spend/logs/v2", params=params), SpendPage)
        return msgspec.structs.replace(answer, data=[_exact(row) for row in answer.data])

    async def _change(self, path: str, body: dict[str, Any]) -> bool:
        try:
            await self._send("POST", path, body)
        except LiteLLMRefused as error:
            if error.missing:
                return False
            raise
        return True

    async def _send(
        self, method: str, path: str, body: object | None = None, params: dict[str, Any] | None = None
    ) -> httpx.Response:
        """One exchange, unless there is a pause."""
        with self._breaker.guard() if self._breaker else nullcontext():
            return await self._exchange(method, path, body, params)

    async def _exchange(
        self,
        method: str,
        path: str,
        body: object | None = None,
        params: dict[str, Any] | None = None,
        timeout: httpx.Timeout = _TIMEOUT,
    ) -> httpx.Response:
        """Reading ones are tried a second time when the connection broke. `path` holds nothing but a route's name."""
        content = None if body is None else _encoder.encode(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        attempts = 2 if method == "GET" else 1
        about = {"server.address": self._host, "http.request.method": method, "url.template": path}
        with _measured(path), tracing.outgoing(f"LiteLLM {method} {path}", about) as span:
            headers |= span.headers
            while True:
                attempts -= 1
                try:
                    response = await self._client.request(
                        method, path, content=content, headers=headers, params=params, timeout=timeout
                    )
                    break
                except (httpx.ReadError, httpx.RemoteProtocolError) as error:
                    if not attempts:
                        raise from_transport(error) from None
                except httpx.HTTPError as error:
                    # `from None`: the request hangs on httpx's error, and the secrets on the request.
                    raise from_transport(error) from None
            span.set("http.response.status_code", response.status_code)
            if response.status_code >= 400:
                raise from_response(response)
            return response

    @staticmethod
    def _decode(response: httpx.Response, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(response.content, type=kind)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise LiteLLMUnavailable(reason=f"an answer of another shape: {error}", maybe_done=True) from None

    @staticmethod
    def _convert(value: object, kind: type[T]) -> T:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise LiteLLMUnavailable(reason=f"an answer of another shape: {error}", maybe_done=True) from None


@contextmanager
def _measured(route: str) -> Iterator[None]:
    began, outcome = perf_counter(), "unavailable"
    try:
        yield
        outcome = "answered"
    except LiteLLMRefused:
        outcome = "refused"
        raise
    finally:
        _requests.labels(route, outcome).inc()
        _took.labels(route).observe(perf_counter() - began)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _seconds(duration: timedelta) -> str:
    """In LiteLLM's spelling; whole seconds, and at least one, since it knows no key that has ended before it began."""
    return f"{max(1, round(duration.total_seconds()))}s"


def _exact(row: SpendRow) -> SpendRow:
    return msgspec.structs.replace(row, spend=exact_money(row.spend))
