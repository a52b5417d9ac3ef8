"""What live results run in: tasks that are cancelled when nobody listens any more."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import Any, ParamSpec

P = ParamSpec("P")
Work = Callable[P, Coroutine[Any, Any, None]]


def ends_when_cancelled(work: Work[P]) -> Work[P]:
    """For the whole of a task: cancelled, it ends as if it had come to its end.

    asyncio keeps the exception with which a task was cancelled, and that keeps its frames with all that they have at hand, often the
    task as well: a circle, which stays until Python looks for one.
    """

    @wraps(work)
    async def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with suppress(asyncio.CancelledError):
            await work(*args, **kwargs)

    return run
