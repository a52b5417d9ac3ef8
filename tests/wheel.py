"""Installs a wheel into an empty environment and tries it as somebody would who has neither a checkout nor Node.js.

python -m tests.wheel dist/litemaas-0.1.0-py3-none-any.whl
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.ports import own_port

ROOT = Path(__file__).parents[1]
UV = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
PATIENCE = 120.0


def install(wheel: Path, place: Path) -> Path:
    """The `litemaas` command of an environment that has the wheel, the sandbox and what they need, as the lock file names it."""
    environment = place / "environment"
    constraints = place / "constraints.txt"
    pins = re.findall(r"^[\w.-]+==[^\s;\\]+", (ROOT / "requirements-dev.lock").read_text(), re.M)
    constraints.write_text("\n".join(pins))
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    subprocess.run(
        [
            *(UV, "pip", "install", "--quiet", "--python", environment / "bin" / "python"),
            *("--constraint", constraints, f"litemaas[sandbox] @ {wheel.resolve().as_uri()}"),
        ],
        check=True,
    )
    return environment / "bin" / "litemaas"


def try_it(client: httpx.Client) -> None:
    page = client.get("/", headers={"Accept": "text/html"}).raise_for_status()
    scripts = re.findall(r'<script[^>]+src="(/assets/[^"]+)"', page.text)
    assert scripts, page.text
    for script in scripts:
        assert "javascript" in client.get(script).raise_for_status().headers["content-type"]
    assert "<html" in client.get("/graphiql", headers={"Accept": "text/html"}).raise_for_status().text
    assert client.get("/readyz").json()["status"] == "ready"
    signed_in = client.post("/auth/sandbox", data={"username": "alice"}, headers={"X-LiteMaaS-Request": "1"})
    assert signed_in.status_code < 400, signed_in.text
    query = "{ viewer { user { username } } models(first: 5) { edges { node { name } } } }"
    answer = client.post("/graphql", json={"query": query}, headers={"X-LiteMaaS-Request": "1"}).json()
    assert "errors" not in answer, answer
    assert answer["data"]["viewer"]["user"]["username"] == "alice", answer
    assert len(answer["data"]["models"]["edges"]) == 5, answer
    # What a page sends: its documents came with the wheel too.
    for id in json.loads((ROOT / "frontend" / "operations.json").read_text()):
        stored = client.post("/graphql", json={"query": f"sha256:{id}"}, headers={"X-LiteMaaS-Request": "1"}).json()
        codes = {error.get("extensions", {}).get("code") for error in stored.get("errors", ())}
        assert "DOCUMENT_NOT_FOUND" not in codes, id


def main(wheel: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)  # PostgreSQL runs as somebody else where we are root
        command = install(wheel, place)
        empty = place / "empty"
        empty.mkdir()
        port, litellm_port = own_port(), own_port()
        env = {"PATH": "/nowhere", "HOME": str(empty), "PORT": str(port), "LITELLM_PORT": str(litellm_port)}
        sandbox = subprocess.Popen([command, "sandbox"], cwd=empty, env=env, stdout=subprocess.PIPE, text=True)
        assert sandbox.stdout is not None
        try:
            deadline = time.monotonic() + PATIENCE
            for line in sandbox.stdout:
                print(line, end="")
                if "Stop with Ctrl-C" in line:
                    break
                assert time.monotonic() < deadline, "It did not start in two minutes."
            assert sandbox.poll() is None, "It did not start."
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                try_it(client)
            sandbox.send_signal(signal.SIGTERM)
            assert sandbox.wait(PATIENCE) == 0
        finally:
            sandbox.kill()
            sandbox.wait()
        assert [each.name for each in empty.iterdir()] == [".sandbox"]
    print(f"{wheel.name} ({os.path.getsize(wheel) / 1e6:.1f} MB) is complete.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
