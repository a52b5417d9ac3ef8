"""`litemaas sandbox` as a person runs it: a process of its own, stopped with Ctrl-C, killed, and started again."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from gateway.sandbox import run
from gateway.sandbox.errors import SandboxError
from tests.ports import own_port

ROOT = Path(__file__).parents[2]
LITEMAAS = str(Path(sys.executable).with_name("litemaas"))
PATIENCE = 120.0

pytestmark = pytest.mark.timeout(240)


def _own_ports() -> tuple[int, int]:
    return own_port(), own_port()


@dataclass
class Running:
    process: subprocess.Popen[str]
    url: str
    litellm_url: str
    lines: list[str] = field(default_factory=list)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while "Stop with Ctrl-C" not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def _command(data: Path, ports: tuple[int, int], *options: str) -> tuple[list[str], dict[str, str]]:
    environment = {name: value for name, value in os.environ.items() if name not in ("PUBLIC_URL", "TRAFFIC")}
    environment |= {"LITEMAAS_SANDBOX_DIR": str(data), "PORT": str(ports[0]), "LITELLM_PORT": str(ports[1])}
    return [LITEMAAS, "sandbox", "--no-pages", *options], environment


@contextmanager
def _sandbox(data: Path, *options: str, **environment: str) -> Iterator[Running]:
    ports = _own_ports()
    command, env = _command(data, ports, *options)
    process = subprocess.Popen(
        command, env=env | environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    running = Running(process, f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}")

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            running.lines.append(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)
        reader.join(timeout=5)


def _refused(data: Path, ports: tuple[int, int], *options: str) -> str:
    """What a start says that does not come about; it has to be one sentence and no traceback."""
    command, env = _command(data, ports, *options)
    ended = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, ended.stderr
    return lines[0]


def _postgres_of(data: Path) -> list[int]:
    """Process ids of PostgreSQL servers on this data."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"postgres\0-D\0" + str(data / "postgres").encode() in command:
                found.append(int(entry.name))
    return found


def _until(what: Any, seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (result := what()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)
    return result


class Person:
    """Somebody signed in, with the cookie of a browser."""

    def __init__(self, running: Running, username: str | None, cookies: httpx.Cookies | None = None) -> None:
        self.http = httpx.Client(base_url=running.url, headers={"X-LiteMaaS-Request": "1"}, cookies=cookies, timeout=30)
        if username:
            assert self.http.post("/auth/sandbox", data={"username": username}).status_code in (200, 303)

    def graphql(self, query: str, **variables: Any) -> Any:
        answer = self.http.post("/graphql", json={"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]

    def create_key(self, model: str) -> str:
        models = self.graphql("{ models(first: 100) { edges { node { id name } } } }")["models"]["edges"]
        model_id = next(edge["node"]["id"] for edge in models if edge["node"]["name"] == model)
        self.graphql(
            "mutation ($id: ID!) { requestModelSubscription(input: {modelId: $id}) { __typename } }",
            id=model_id,
        )
        made = self.graphql(
            """mutation ($id: ID!) { createApiKey(input: {name: "mine", modelIds: [$id]}) {
                 __typename ... on CreateApiKeySuccess { secret } } }""",
            id=model_id,
        )["createApiKey"]
        assert made["__typename"] == "CreateApiKeySuccess"
        return str(made["secret"])

    def requests(self) -> int:
        now = datetime.now(UTC)
        data = self.graphql(
            "query ($r: DateRange!) { viewer { usage(range: $r) { totals { requests } } } }".replace(
                "DateRange", RANGE
            ),
            r={"start": (now - timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=1)).isoformat()},
        )
        return int(data["viewer"]["usage"]["totals"]["requests"])


RANGE = re.search(r"usage\([^)]*range: (\w+)!", (ROOT / "schema" / "schema.graphql").read_text()).group(1)  # type: ignore[union-attr]


def _call(running: Running, secret: str, model: str) -> int:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello."}]}
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.post(f"{running.litellm_url}/v1/chat/completions", json=body, headers=headers, timeout=30).status_code


def _listens_on(url: str) -> list[str]:
    """The addresses where somebody listens on this port, as Linux writes them."""
    port = f"{int(url.rpartition(':')[2]):04X}"
    return re.findall(rf"\d+: ([0-9A-F]{{8}}):{port} 00000000:0000 0A", Path("/proc/net/tcp").read_text())


def test_from_sign_in_to_the_first_call_and_over_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "sandbox"
    with _sandbox(data) as running:
        running.wait_until_ready()
        assert running.url in running.output
        for name in ("alice", "bob", "ada", "audrey"):
            assert name in running.output
        alice = Person(running, "alice")
        secret = alice.create_key("gpt-5-mini")
        assert alice.requests() == 0
        assert _call(running, secret, "gpt-5-mini") == 200
        assert _call(running, secret, "gpt-5") == 403
        _until(lambda: alice.requests() == 2)
        assert running.stop() == 0
        assert "Traceback" not in running.output
        assert "Stopped" in running.output
    assert _postgres_of(data) == []
    assert secret.encode() not in b"".join(file.read_bytes() for file in data.rglob("*") if file.is_file())

    with _sandbox(data) as running:
        running.wait_until_ready()
        again = Person(running, None, alice.http.cookies)  # the session from before
        assert again.requests() == 2
        assert _call(running, secret, "gpt-5-mini") == 200
        _until(lambda: again.requests() == 3)
        assert running.stop(signal.SIGTERM) == 0


def test_a_killed_sandbox_leaves_nothing_running_and_starts_again(tmp_path: Path) -> None:
    data = tmp_path / "sandbox"
    with _sandbox(data, HOST="0.0.0.0") as running:
        running.wait_until_ready()
        # On this machine only, whatever HOST says: anybody may sign in there as anybody.
        assert [_listens_on(url) for url in (running.url, running.litellm_url)] == [["0100007F"], ["0100007F"]]
        secret = Person(running, "bob").create_key("gpt-5-nano")
        assert len(_postgres_of(data)) == 1
        running.process.kill()
        running.process.wait()
        _until(lambda: not _postgres_of(data))
    with _sandbox(data) as running:
        running.wait_until_ready()
        assert _call(running, secret, "gpt-5-nano") == 200
        assert running.stop() == 0


def test_it_can_be_stopped_while_it_starts(tmp_path: Path) -> None:
    data = tmp_path / "sandbox"
    with _sandbox(data) as running:
        _until(lambda: "PostgreSQL" in running.output or _postgres_of(data), PATIENCE)
        assert running.stop() == 0
        assert "Traceback" not in running.output
    assert _postgres_of(data) == []


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """`make` killed the hard way does not take its children along."""
    data, ports = tmp_path / "sandbox", _own_ports()
    command, env = _command(data, ports, "--stop-with-parent")
    parent = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])", *command],
        env=env,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def healthy() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{ports[0]}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    try:
        _until(healthy, PATIENCE)
    finally:
        parent.kill()
        parent.wait()
    _until(lambda: not healthy() and not _postgres_of(data), PATIENCE)


def test_sample_traffic_moves_the_numbers_and_takes_its_keys_away(tmp_path: Path) -> None:
    data = tmp_path / "sandbox"
    with _sandbox(data, TRAFFIC="1") as running:
        running.wait_until_ready()
        alice = Person(running, "alice")
        _until(lambda: alice.requests() > 3, 60)
        assert running.stop() == 0
        assert "Traceback" not in running.output
    with _sandbox(data) as running:
        running.wait_until_ready()
        keys = Person(running, None, alice.http.cookies).graphql(
            "{ viewer { apiKeys(first: 10) { edges { node { name status } } } } }"
        )["viewer"]["apiKeys"]["edges"]
        assert {key["node"]["status"] for key in keys} == {"REVOKED"}
        assert all(key["node"]["name"].startswith("Sample traffic") for key in keys)


@pytest.mark.parametrize(("which", "variable"), [(0, "PORT"), (1, "LITELLM_PORT")], ids=["the gateway's", "LiteLLM's"])
def test_a_taken_port(tmp_path: Path, which: int, variable: str) -> None:
    ports = _own_ports()
    with socket.create_server(("127.0.0.1", ports[which])):
        said = _refused(tmp_path / "sandbox", ports)
    assert said == f"Port {ports[which]} on 127.0.0.1 is taken by another program; set {variable} to a free one."
    assert not (tmp_path / "sandbox").exists()


def test_data_that_another_sandbox_uses(tmp_path: Path) -> None:
    data = tmp_path / "sandbox"
    with _sandbox(data) as running:
        running.wait_until_ready()
        said = _refused(data, _own_ports())
        assert said == f"Another sandbox is using {data}/postgres: stop it first."
        assert Person(running, "alice").requests() == 0


def test_data_that_can_not_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "can't keep its data" in _refused(tmp_path / "file" / "sandbox", _own_ports())


def test_a_full_disk(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    ports = _own_ports()
    command, env = _command(small / "sandbox", ports)
    script = f'mount -t tmpfs -o size=8m none "{small}" && exec "$@"'
    in_own_mounts = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*in_own_mounts, f"mount -t tmpfs none {small}"], capture_output=True).returncode != 0:
        pytest.skip("a small file system needs user namespaces")
    ended = subprocess.run([*in_own_mounts, script, "sh", *command], env=env, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("The disk is full: PostgreSQL ")
    assert "Traceback" not in ended.stdout + ended.stderr


async def test_pages_that_are_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PLACES", (tmp_path / "dist",))
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        sandbox = run.Sandbox(tmp_path / "data", one, other, configure=None)  # type: ignore[arg-type]
        with pytest.raises(SandboxError, match=r"^The pages are not built: use `make run`"):
            await run.run_sandbox(sandbox, Console())
    assert not (tmp_path / "data").exists()
