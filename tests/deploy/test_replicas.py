"""Replicas and a worker on one database, behind the proxy, as in deploy/compose.replicas.yaml."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.commands import started
from tests.cli.server.test_worker import working
from tests.deploy.programs import CADDY, DEPLOY
from tests.patience import PATIENCE, eventually

pytestmark = pytest.mark.processes

CLIENTS = 4
QUESTION = {"question": "Which moons does Mars have?"}


@contextmanager
def kept_port() -> Iterator[int]:
    """A port that only those can listen on who share it, as Caddy does: nobody else takes it meanwhile."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


@contextmanager
def proxy(
    folder: Path, port: int, upstreams: list[int]
) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """Caddy with the file in deploy/, without TLS, and a client of it."""
    given = {
        "HOME": str(folder),
        "CADDY_ADMIN": f"unix/{folder / 'admin.sock'}",
        "LOCCIT_DOMAIN": f"http://127.0.0.1:{port}",
        "LOCCIT_UPSTREAMS": " ".join(f"127.0.0.1:{one}" for one in upstreams),
        "LOCCIT_HEALTH": "/readyz",
    }
    with (folder / "caddy.log").open("w") as log:
        process = subprocess.Popen(
            [CADDY, "run", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")],
            stdout=log,
            stderr=log,
            env={"PATH": "/usr/bin:/bin", **given},
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
                eventually(lambda: process.poll() is not None or answers(client))
                assert process.poll() is None, (folder / "caddy.log").read_text()
                yield process, client
        finally:
            process.terminate()
            process.wait(PATIENCE)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def first(client: httpx.Client, question: str) -> str:
    reply = client.post("/v1/ask", json={"question": question, "k": 1})
    assert reply.status_code == 200, reply.text
    return next((one["citation"]["document_id"] for one in reply.json()["passages"]), "")


def asked(replica: httpx.Client) -> int:
    """How many questions a replica has answered."""
    lines = replica.get("/metrics").text.splitlines()
    counts = [line for line in lines if line.startswith("loccit_http_requests_total{") and "/v1/ask" in line]
    return sum(int(float(line.rpartition(" ")[2])) for line in counts)


@dataclass
class Questions:
    """Clients that ask through the proxy, one question after the other, until the context ends."""

    client: httpx.Client
    answered: int = 0
    failed: list[Any] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Questions:
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                status: Any = self.client.post("/v1/ask", json=QUESTION).status_code
            except httpx.HTTPError as error:
                status = error
            if status == 200:
                self.answered += 1
            else:
                self.failed.append(status)

    def go_on(self) -> None:
        """Wait until some more questions were answered."""
        enough = self.answered + 10 * CLIENTS
        eventually(lambda: self.answered >= enough)


def test_a_replica_is_killed_under_questions_and_comes_back(tmp_path: Path, postgresql_url: str) -> None:
    settings = {
        "LOCCIT_STORE": postgresql_url,
        "LOCCIT_OBJECTS": (tmp_path / "objects").as_uri(),
        "LOCCIT_ANSWERS_ONLY": "true",
    }
    folders = [tmp_path / name for name in ("objects", "one", "two", "proxy")]
    for folder in folders:
        folder.mkdir()
    _, one, two, home = folders

    def replica(folder: Path, *arguments: str) -> Any:
        return started(folder, *arguments, **settings)

    with ExitStack() as stack:
        # Both at once, on an empty database.
        with ThreadPoolExecutor() as pool:
            (first_process, here), (_, there) = pool.map(stack.enter_context, map(replica, (one, two)))
        stack.enter_context(working(tmp_path / "worker", **settings))
        ports = [each.base_url.port or 0 for each in (here, there)]
        _, client = stack.enter_context(proxy(home, stack.enter_context(kept_port()), ports))
        assert client.put("/v1/documents/mars.txt", content=b"Mars has two moons.").status_code == 201
        for each in (here, there):
            eventually(lambda each=each: first(each, "moons") == "mars.txt")
            eventually(
                lambda each=each: each.get("/v1/documents/mars.txt").json()["passages"]["embedded"] == 1
            )
        with Questions(client) as questions:
            questions.go_on()
            assert asked(here)
            assert asked(there)
            first_process.kill()
            first_process.wait()
            questions.go_on()
            with replica(one, "--port", str(ports[0])) as (_, again):
                eventually(lambda: asked(again))
                questions.go_on()
        # Those that the killed one was answering, and those that it got before the kernel had closed its
        # sockets: they may have been half done, and are not sent twice.
        assert len(questions.failed) <= 2 * CLIENTS, questions.failed
        assert set(questions.failed) <= {502}
