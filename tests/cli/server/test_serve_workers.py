"""``loccit serve --workers``: several processes on one port, which are one service to whoever asks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.commands import loccit, started
from tests.patience import PATIENCE, eventually
from tests.service.monitoring.metrics.exposition import value

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
]


@dataclass
class Service:
    process: subprocess.Popen[bytes]
    base_url: str
    log: Path

    @property
    def workers(self) -> set[int]:
        """The processes that hold the application: multiprocessing's own helper is none of them."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {int(pid) for pid in children if b"spawn_main" in _command(int(pid))}

    def ready(self) -> int:
        """How many workers have said that they are ready, over the whole time."""
        return self.log.read_text().count("Ready. Collections")

    def on_new_connection(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request that any of the workers may get."""
        with httpx.Client(base_url=self.base_url, timeout=PATIENCE) as client:
            return client.request(method, path, **more)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def two_workers(tmp_path: Path, *arguments: str, **settings: str) -> Iterator[Service]:
    with started(tmp_path, *arguments, **settings) as (process, client):
        service = Service(process, str(client.base_url), tmp_path / "serve.log")
        eventually(lambda: service.ready() == 2)
        yield service


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the tests that leave two workers behind."""
    with two_workers(tmp_path_factory.mktemp("workers"), "--workers", "2") as service:
        yield service


@pytest.fixture
def service(shared_service: Service) -> Iterator[Service]:
    """The service with its default collection empty."""
    shared_service.on_new_connection("PUT", "/v1/collections/default")
    yield shared_service
    assert shared_service.on_new_connection("DELETE", "/v1/collections/default").status_code == 200


def answering(service: Service, found: Callable[[httpx.Response], bool], question: str) -> bool:
    """Whether every one of twenty new connections, which both workers share, gets such an answer."""
    body = {"question": question, "k": 3}
    return all(found(service.on_new_connection("POST", "/v1/ask", json=body)) for _ in range(20))


def cites(document_id: str) -> Callable[[httpx.Response], bool]:
    def found(answer: httpx.Response) -> bool:
        assert answer.status_code == 200, answer.text
        return document_id in {one["citation"]["document_id"] for one in answer.json()["passages"]}

    return found


def is_embedded(answer: httpx.Response) -> bool:
    return bool(answer.json()["index"]["embedded"] == 1)


def both_answer(service: Service) -> bool:
    """Whether each worker has used processor time for a bout of questions."""
    before = {pid: _ticks(pid) for pid in service.workers}
    for _ in range(100):
        service.on_new_connection("POST", "/v1/ask", json={"question": "moons of Mars"})
    after = {pid: _ticks(pid) for pid in service.workers}
    # An idle one takes a tick now and then for looking around.
    return all(after.get(pid, 0) - before[pid] > 5 for pid in before)


def _ticks(pid: int) -> int:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return int(user) + int(system)


def test_two_workers_are_one_service(service: Service) -> None:
    assert len(service.workers) == 2
    put = service.on_new_connection("PUT", "/v1/documents/mars.txt", content="Mars has two moons.")
    assert put.status_code == 201
    eventually(lambda: answering(service, cites("mars.txt"), "moons of Mars"))
    eventually(lambda: both_answer(service))
    eventually(lambda: answering(service, is_embedded, "moons of Mars"))
    assert service.on_new_connection("DELETE", "/v1/documents/mars.txt").status_code == 200
    eventually(lambda: answering(service, lambda answer: not cites("mars.txt")(answer), "moons"))


def test_any_worker_tells_the_metrics_of_all(service: Service) -> None:
    def told() -> str:
        return service.on_new_connection("GET", "/metrics").text

    eventually(lambda: value(told(), "workers_ready") == 2)
    service.on_new_connection("PUT", "/v1/documents/mars.txt", content="Mars has two moons.")
    before = value(told(), "questions_total")
    for _ in range(40):
        service.on_new_connection("POST", "/v1/ask", json={"question": "moons of Mars"})
    # A question is counted after it was answered.
    eventually(lambda: {value(told(), "questions_total") - before for _ in range(10)} == {40})
    assert {value(told(), "collection_documents", collection="default") for _ in range(10)} == {1}
    assert min(value(told(), "worker_resident_bytes", worker=str(worker)) for worker in (0, 1)) > 0


def send(service: Service, round_: int, count: int) -> str:
    texts = {f"{round_}-{n}.txt": f"Moon {n} of planet {round_}." for n in range(count)}
    files = [("files", (name, text.encode())) for name, text in texts.items()]
    sent = service.on_new_connection("POST", "/v1/ingest", files=files)
    assert sent.status_code == 202, sent.text
    return str(sent.json()["job_id"])


def job_of(service: Service, job: str) -> dict[str, Any]:
    found: dict[str, Any] = service.on_new_connection("GET", f"/v1/jobs/{job}").json()
    assert found["state"] not in {"failed", "cancelled"}
    return found


def test_a_job_is_done_once_whoever_took_it(service: Service) -> None:
    jobs = [send(service, round_, 20) for round_ in range(4)]
    eventually(lambda: all(job_of(service, job)["state"] == "done" for job in jobs))
    for job in jobs:  # what is taken in twice is "unchanged" the second time
        files = job_of(service, job)["files"]
        assert (files["total"], files["added"]) == (20, 20)
    assert service.on_new_connection("GET", "/v1/collections/default").json()["documents"] == 80


def test_killed_workers_are_replaced_and_their_work_is_gone_on_with(service: Service) -> None:
    first, ready = service.workers, service.ready()
    job = send(service, 0, 300)
    for killed, pid in enumerate(first, start=1):  # one of them does the jobs
        os.kill(pid, signal.SIGKILL)
        eventually(lambda killed=killed: service.ready() == ready + killed)
    assert len(service.workers) == 2
    assert not first & service.workers
    eventually(lambda: job_of(service, job)["state"] == "done")
    files = job_of(service, job)["files"]
    assert (files["done"], files["added"] + files["unchanged"]) == (300, 300)
    assert service.on_new_connection("GET", "/v1/collections/default").json()["documents"] == 300
    put = service.on_new_connection("PUT", "/v1/documents/mars.txt?wait=true", content="Mars has two moons.")
    assert put.json()["passages"]["embedded"] == 1
    eventually(lambda: value(service.on_new_connection("GET", "/metrics").text, "workers_ready") == 2)


def test_the_end_of_the_first_process_is_the_end_of_all(tmp_path: Path) -> None:
    data = tmp_path / "elsewhere"
    (tmp_path / "mars.txt").write_text("Mars has two moons.")
    loccit(tmp_path, "ingest", str(tmp_path / "mars.txt"), "--data", str(data))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    settings = {"LOCCIT_WORKERS": "1", "TMPDIR": str(temporary)}
    with two_workers(tmp_path, "--workers", "2", "--data", str(data), **settings) as service:
        assert list(temporary.glob("loccit-metrics-*"))
        # Options of the command line reach the workers.
        assert cites("mars.txt")(service.on_new_connection("POST", "/v1/ask", json={"question": "moons"}))
        workers = service.workers
        assert len(workers) == 2
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(PATIENCE)
    assert not [pid for pid in workers if alive(pid)]
    log = service.log.read_text()
    assert log.count("Application shutdown complete") == 2
    assert "Traceback" not in log
    assert "Killed" not in log
    assert not (tmp_path / "data").exists()
    assert not list(temporary.glob("loccit-metrics-*"))


def test_workers_do_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    with two_workers(tmp_path, LOCCIT_WORKERS="2") as service:
        workers = service.workers
        service.process.kill()
        service.process.wait(PATIENCE)
        try:
            eventually(lambda: not [pid for pid in workers if alive(pid)])
        finally:
            for pid in filter(alive, workers):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        with pytest.raises(httpx.ConnectError):
            service.on_new_connection("GET", "/healthz")
