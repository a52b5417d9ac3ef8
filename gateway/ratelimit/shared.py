"""Buckets that all replicas share, in Valkey or Redis."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import redis.asyncio as valkey
import structlog
from prometheus_client import Gauge
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.ratelimit.buckets import Buckets, Draw, MemoryBuckets, Taken

log = structlog.get_logger()

_TIMEOUT = 0.5  # seconds that a request waits at most for the count
_PAUSE = 5.0  # seconds before a Valkey that did not answer is asked again

_shared = Gauge("litemaas_rate_limit_shared", "1 while all replicas count together, 0 while this one counts alone.")

# The clock is the server's, so that replicas need not agree on the time.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local left, wait = {}, 0
for i, key in ipairs(KEYS) do
  local points, capacity, rate = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local kept = redis.call('HMGET', key, 'points', 'at')
  left[i] = capacity
  if kept[1] then
    left[i] = math.min(capacity, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * rate)
  end
  wait = math.max(wait, (points - left[i]) / rate)
end
for i, key in ipairs(KEYS) do
  if wait <= 0 then
    local points, capacity, rate = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
    left[i] = math.min(capacity, left[i] - points)
    redis.call('HSET', key, 'points', string.format('%.6f', left[i]), 'at', string.format('%.6f', now))
    redis.call('PEXPIRE', key, math.ceil((capacity - left[i]) / rate * 1000) + 1000)
  end
  left[i] = string.format('%.6f', left[i])
end
return {string.format('%.6f', wait), unpack(left)}
"""


def buckets_at(url: str | None) -> Buckets:
    """Those in the Valkey at `url`, or in memory when there is none."""
    return SharedBuckets(url) if url else MemoryBuckets()


class SharedBuckets:
    """Counts in Valkey. While that does not answer, this process counts alone, and says so in its log and metric."""

    def __init__(self, url: str, *, timeout: float = _TIMEOUT, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = valkey.Redis.from_url(
            url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
        )
        self._script = self._client.register_script(_TAKE)
        self._alone = MemoryBuckets()
        self._clock = clock
        self._asked_again_at = 0.0
        self._answers = True
        _shared.set(1)

    @property
    def shared(self) -> bool:
        return self._answers

    async def take(self, caller: str, draws: Sequence[Draw]) -> Taken:
        if self._clock() < self._asked_again_at:
            return self._alone.take_now(caller, draws)
        # The braces keep a caller's buckets on one node of a cluster.
        keys = [f"litemaas:rate:{{{caller}}}:{draw.bucket}" for draw in draws]
        values = [value for draw in draws for value in (draw.points, draw.rate.capacity, draw.rate.per_second)]
        try:
            wait, *left = await self._script(keys=keys, args=values)
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(error)
            return self._alone.take_now(caller, draws)
        if not self._answers:
            self._answers = True
            _shared.set(1)
            log.info("rate_limits_are_shared_again")
        return Taken(float(wait), tuple(float(points) for points in left))

    async def close(self) -> None:
        await self._client.aclose()

    def _lost(self, error: Any) -> None:
        self._asked_again_at = self._clock() + _PAUSE
        if self._answers:
            self._answers = False
            _shared.set(0)
            log.warning("rate_limits_are_not_shared", error=type(error).__name__)
