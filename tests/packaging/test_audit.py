"""The audit of the locked libraries, against a database on this machine that answers as OSV does."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts.audit import KNOWN, PYPI, command, pypi_problem

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def advisory(name: str) -> Mapping[str, Any]:
    return {
        "vulns": [
            {
                "id": "GHSA-test-test-test",
                "summary": "Something is wrong.",
                "affected": [
                    {
                        "package": {"name": name, "ecosystem": "PyPI"},
                        "ranges": [
                            {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9999.0"}]}
                        ],
                    }
                ],
            }
        ]
    }


def knows_only(name: str) -> Answer:
    """A database that knows the release that all know, and an advisory for all versions of one library."""

    def answer(query: Mapping[str, Any]) -> Mapping[str, Any]:
        found = query["package"]["name"]
        return advisory(found) if query == KNOWN or found == name else {}

    return answer


@contextmanager
def database(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._reply(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def do_GET(self) -> None:
            self._reply({"asked": self.path})

        def _reply(self, query: Mapping[str, Any]) -> None:
            body = json.dumps(answer(query)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()
        thread.join()


NOWHERE = "http://127.0.0.1:9/pypi/jinja2/2.4.1/json"
"""The port ``discard``, where nothing answers."""


def audit(url: str, pypi: str = NOWHERE) -> subprocess.CompletedProcess[str]:
    asked = [sys.executable, "-m", "scripts.audit", f"--osv-url={url}", f"--pypi-url={pypi}"]
    return subprocess.run(asked, capture_output=True, text=True, check=False, cwd=ROOT)


def test_no_known_vulnerability_passes() -> None:
    with database(knows_only("nothing")) as url:
        done = audit(url)
    assert done.returncode == 0, done.stderr
    assert "No known vulnerabilities found" in done.stderr
    assert "NOT AUDITED" not in done.stderr


@pytest.mark.parametrize("library", ["lxml", "torch"])
def test_a_known_vulnerability_of_a_locked_library_fails(library: str) -> None:
    with database(knows_only(library)) as url:
        done = audit(url)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if line.startswith(library) and "GHSA-test" in line]


def test_a_database_that_cannot_be_reached_is_told_aloud_and_fails_nothing() -> None:
    with database(knows_only("lxml")) as url:
        pass
    done = audit(url)
    assert done.returncode == 0
    assert f"NOT AUDITED: {url} cannot be asked" in done.stderr
    assert f"And {NOWHERE} cannot be asked" in done.stderr


def test_a_database_that_knows_nothing_is_none() -> None:
    with database(lambda _: {}) as url:
        done = audit(url)
    assert done.returncode == 0
    assert "NOT AUDITED" in done.stderr


@pytest.mark.parametrize(
    ("known", "problem"),
    [
        ({"vulnerabilities": [{"id": "PYSEC-1"}]}, ""),
        ({"vulnerabilities": []}, "does not know"),
        ({}, "not know"),
    ],
)
def test_pypi_is_asked_whether_it_knows_vulnerabilities(known: Mapping[str, Any], problem: str) -> None:
    with database(lambda _: known) as url:
        found = pypi_problem(url)
    assert problem in found
    assert bool(found) == bool(problem)


def test_pypi_audits_the_same_locks() -> None:
    osv, pypi = command("--vulnerability-service=osv"), command("--vulnerability-service=pypi")
    assert [one for one in osv if "service" not in one] == [one for one in pypi if "service" not in one]
    assert PYPI.startswith("https://pypi.org/pypi/")
