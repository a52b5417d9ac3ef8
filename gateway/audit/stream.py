"""The record as lines of JSON for a collector: on standard output, or at the end of a file."""

import sys
from collections.abc import Callable
from pathlib import Path

Stream = Callable[[str], None]
"""Takes one line, and has it when it returns."""


def stream_to(target: str | None) -> Stream | None:
    """`stdout`, or the path of a file; None for None."""
    if target is None:
        return None
    return _print if target == "stdout" else _append_to(Path(target))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _append_to(path: Path) -> Stream:
    def append(line: str) -> None:
        # Opened each time, so that the file may be rotated away.
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return append
