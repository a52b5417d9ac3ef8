"""PostgreSQL refuses to run as root, and root is who runs things in many containers. How to run it all the same."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from gateway.sandbox.errors import SandboxError

_OVERFLOW_ID = 65534  # "nobody" everywhere on Linux; needs no entry in a user namespace's passwd
_UNSHARE = ("unshare", "--user", f"--map-user={_OVERFLOW_ID}", f"--map-group={_OVERFLOW_ID}", "--")


@dataclass(frozen=True)
class RunAs:
    """How to start PostgreSQL's programs.

    `prefix` goes before the command, `popen` are extra arguments for subprocess, and `owner` is the user id that the
    data directory must belong to.
    """

    owner: int
    prefix: tuple[str, ...] = ()
    popen: dict[str, object] = field(default_factory=dict)


@cache
def _unshare_works() -> bool:
    if shutil.which("unshare") is None:
        return False
    trial = subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False)  # noqa: S603 - a constant command
    return trial.returncode == 0


def choose(binaries: Path, data_dir: Path) -> RunAs:
    """Pick the way that works here for the programs in `binaries` and the directory `data_dir`, which must exist.

    Not root: directly. Root: in a user namespace where we are "nobody" (files stay root's), else as the user nobody if
    that user can reach both places. Raises SandboxError when none of it works.
    """
    if os.geteuid() != 0:
        return RunAs(owner=os.geteuid())
    if _unshare_works():
        return RunAs(owner=0, prefix=_UNSHARE)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise SandboxError(_root_message("this system has no user 'nobody'")) from None
    as_nobody = RunAs(
        owner=nobody.pw_uid, popen={"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}
    )
    reachable = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
        ["/bin/sh", "-c", '"$0" --version && cd "$1"', binaries / "postgres", data_dir.parent],
        capture_output=True,
        check=False,
        **as_nobody.popen,
    )
    if reachable.returncode != 0:
        raise SandboxError(
            _root_message(
                f"the user 'nobody' can't reach {binaries} and {data_dir.parent}, and user namespaces are off"
            )
        )
    return as_nobody


def _root_message(reason: str) -> str:
    return (
        f"PostgreSQL does not run as root, and {reason}: start the sandbox as an ordinary user, "
        "or run `litemaas serve` with DATABASE_URL naming a PostgreSQL of your own."
    )
