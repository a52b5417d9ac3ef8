"""What happens after a call: its cost counts at once, reaches the database a little later, and is called back in batches."""

import asyncio
import contextlib
import logging
import time
from datetime import UTC, datetime
from typing import Any

import httpx

from gateway.sandbox.litellm.calls import Call, encode_events
from gateway.sandbox.litellm.options import VERSION, Options
from gateway.sandbox.litellm.store import SpendLog, Store

log = logging.getLogger(__name__)


class Ledger:
    """Used as `async with`; on leaving, what is waiting is written and sent, once."""

    def __init__(self, store: Store, options: Options) -> None:
        self._store = store
        self._options = options
        self._unwritten: list[SpendLog] = []
        self._unsent: list[dict[str, Any]] = []
        self._batch_full = asyncio.Event()
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        headers = {"content-type": "application/json", "user-agent": f"litellm/{VERSION}", **options.callback_headers}
        self._http = httpx.AsyncClient(headers=headers, timeout=10.0, trust_env=False)

    async def __aenter__(self) -> "Ledger":
        self._tasks = [asyncio.create_task(self._write_regularly()), asyncio.create_task(self._send_regularly())]
        return self

    async def __aexit__(self, *_: object) -> None:
        # Not cancelled: a write that was committed and then interrupted would be made again.
        self._stopping.set()
        self._batch_full.set()
        await asyncio.gather(*self._tasks)
        with contextlib.suppress(Exception):
            await self._write()
        await self._send(retries=0)
        await self._http.aclose()

    def record(self, call: Call) -> None:
        """The call is over, well or badly."""
        call.ended = time.time()
        if call.key:
            call.key.unwritten += call.cost
        self._unwritten.append(call.to_spend_log())
        if self._options.callback_url:
            self._unsent.append(call.to_event())
            if len(self._unsent) >= self._options.callback_batch:
                self._batch_full.set()

    async def _write_regularly(self) -> None:
        while not await _set_within(self._stopping, self._options.spend_interval):
            try:
                await self._write()
            except Exception:
                log.exception("the sandbox's LiteLLM could not write its spend log")

    async def _write(self) -> None:
        logs, self._unwritten = self._unwritten, []
        try:
            await self._store.book(logs)
        except BaseException:
            self._unwritten[:0] = logs
            raise
        await self._store.reset_budgets(datetime.now(UTC))

    async def _send_regularly(self) -> None:
        while not self._stopping.is_set():
            await _set_within(self._batch_full, self._options.callback_interval)
            self._batch_full.clear()
            await self._send(retries=self._options.callback_retries)

    async def _send(self, retries: int) -> None:
        """Send what is waiting as one batch. Like LiteLLM, drop it when the last attempt fails, and at once on a 4xx."""
        events, self._unsent = self._unsent, []
        if not events or not self._options.callback_url:
            return
        body = encode_events(events)
        delay = self._options.callback_retry_delay
        for attempt in range(retries + 1):
            try:
                response = await self._http.post(self._options.callback_url, content=body)
                if response.status_code < 500:
                    if response.status_code >= 400:
                        log.warning("the callback's receiver refused %d events: %d", len(events), response.status_code)
                    return
                reason = f"HTTP {response.status_code}"
            except httpx.HTTPError as error:
                reason = type(error).__name__
            if attempt < retries and not await _set_within(self._stopping, delay):
                delay *= 2
        log.warning("the callback's receiver does not answer (%s): %d events are lost", reason, len(events))


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event, but not longer; whether it is set."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
