"""How much one caller may ask for: token buckets that fill up again at a steady pace.

A bucket belongs to a caller and has a `Rate`. `Buckets.take` draws from several at once, from all or from none, and says what is left
or how long to wait; `give` puts back what was not needed. With a Valkey or Redis all replicas draw from the same buckets, in one atomic
step. Without one, or while it does not answer, each replica has its own in memory: requests never fail because of the counting.
"""

from gateway.ratelimit.buckets import Buckets, Draw, MemoryBuckets, Rate, Taken
from gateway.ratelimit.callers import address_caller
from gateway.ratelimit.errors import RateLimited
from gateway.ratelimit.shared import SharedBuckets, buckets_at

__all__ = [
    "Buckets",
    "Draw",
    "MemoryBuckets",
    "Rate",
    "RateLimited",
    "SharedBuckets",
    "Taken",
    "address_caller",
    "buckets_at",
]
