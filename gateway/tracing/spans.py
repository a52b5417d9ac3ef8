"""A span, and the one that does nothing."""

from collections.abc import Mapping
from typing import Self

Value = str | int | float | bool
Attributes = Mapping[str, Value] | None


class Span:
    """What is being done, as a context manager. This one belongs to a process that traces nothing."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        pass

    def set(self, name: str, value: Value | None) -> None:
        """An attribute more; none for None."""

    def rename(self, name: str) -> None:
        """It turned out to be something else."""

    def fail(self) -> None:
        """It did not go well, though nothing is raised."""

    @property
    def headers(self) -> dict[str, str]:
        """What tells somebody who is asked which span the request belongs to."""
        return {}


NOTHING = Span()
