"""Programs that deploy/ is tested with: `.ci/tools` has put them into .tools/ where they are not installed."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def find(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([str(ROOT / ".tools"), os.environ["PATH"], "/usr/sbin"]))
    assert found, f"{name} is missing: run .ci/tools"
    return found


def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([find(name), *map(str, arguments)], capture_output=True, text=True, timeout=60)
