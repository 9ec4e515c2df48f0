"""What the comparison of two versions sends, and what it makes of the replies."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.speed.interleaved import (
    NOW,
    Reply,
    Service,
    Version,
    asked,
    code_of,
    compared,
    interleaved,
    processor,
    revision_of,
)

log: list[tuple[str, str]] = []
"""Who was asked what, in order."""


def reply(ms: float, total: float, *, encode: float = 1.0) -> Reply:
    return Reply(ms, {"encode": encode, "total": total}, ("a@1:2-3",))


@contextmanager
def answering(name: str, status: int = 200) -> Iterator[Service]:
    """A service that answers each question with a passage of its own name."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            log.append((name, body["question"]))
            passages = [{"citation": {"locator": f"{name}:{self.headers['Authorization']}"}}]
            content = json.dumps({"timings_ms": {"total": 1.5}, "passages": passages}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        service = Service("127.0.0.1", server.server_port, "secret")
        yield service
        service.connection.close()
        server.shutdown()


def test_every_question_is_asked_before_one_is_asked_again() -> None:
    bodies = [json.loads(body) for body in asked(["a", "b", "c"], "scifact", 8)]
    questions = [body["question"] for body in bodies]
    assert {body["collection"] for body in bodies} == {"scifact"}
    assert sorted(questions[:3]) == sorted(questions[3:6]) == ["a", "b", "c"]
    assert len(set(questions[6:])) == 2


def test_both_are_asked_the_same_in_random_order() -> None:
    log.clear()
    with answering("before") as before, answering("now") as now:
        old, new = interleaved([before, now], asked([f"q{n}" for n in range(30)], "c", 30), warm=10)
    assert (len(old), len(new)) == (20, 20)
    assert {one.passages for one in old} == {("before:Bearer secret",)}
    assert {one.passages for one in new} == {("now:Bearer secret",)}
    assert all(one.ms > 0 and one.stages == {"total": 1.5} for one in [*old, *new])
    pairs = list(zip(log[::2], log[1::2], strict=True))
    assert all(first[1] == second[1] and first[0] != second[0] for first, second in pairs)
    assert {first[0] for first, _ in pairs} == {"before", "now"}


def test_a_refused_question_ends_the_measurement() -> None:
    with (
        answering("before") as before,
        answering("now", 503) as now,
        pytest.raises(RuntimeError, match="the status 503"),
    ):
        interleaved([before, now], asked(["q"], "c", 1))


def test_the_difference_of_medians_is_that_of_all_stages_and_the_rest() -> None:
    before = [reply(10.0 + at, 8.0 + at) for at in range(101)]
    now = [reply(10.5 + at, 8.2 + at, encode=0.5) for at in range(101)]
    found = compared(before, now)
    assert (found["before_p50_ms"].value, found["now_p50_ms"].value) == (60.0, 60.5)
    difference = found["difference_ms"]
    # The same questions are drawn of both: what all of them differ by has no interval.
    assert [difference.value, difference.low, difference.high] == pytest.approx([0.5] * 3)
    assert difference.questions == 101
    assert found["difference_total_ms"].value == pytest.approx(0.2)
    assert found["difference_rest_ms"].value == pytest.approx(0.3)
    assert found["difference_encode_ms"].value == pytest.approx(-0.5)


def test_differences_that_vary_have_an_interval() -> None:
    before = [reply(10.0 + at % 7, 8.0) for at in range(200)]
    now = [reply(10.0 + at % 11, 8.0) for at in range(200)]
    difference = compared(before, now)["difference_ms"]
    assert difference.low < difference.value <= difference.high


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--initial-branch=main")
    (tmp_path / "version.txt").write_text("before")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "before")
    (tmp_path / "version.txt").write_text("now")
    git(tmp_path, "commit", "-am", "now")
    return tmp_path


@pytest.mark.processes
def test_a_revision_has_a_worktree_until_the_end(repository: Path) -> None:
    with code_of("HEAD~1", repository) as code:
        assert (code / "version.txt").read_text() == "before"
        assert len(revision_of(code)) == 12
        assert revision_of(code) != revision_of(repository)
    assert not code.exists()
    assert len(git(repository, "worktree", "list").splitlines()) == 1


@pytest.mark.processes
def test_a_folder_is_taken_as_it_is(repository: Path, tmp_path: Path) -> None:
    with code_of(str(repository), NOW) as code:
        assert code == repository
    assert (repository / "version.txt").exists()
    with pytest.raises(subprocess.CalledProcessError), code_of("no-such-revision", repository):
        pass


@pytest.mark.processes
def test_a_version_runs_its_own_code_without_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCCIT_RATE_LIMIT", "1:1")
    (tmp_path / "named.py").write_text("NAME = 'before'")
    version = Version(tmp_path, tmp_path / "data")
    told = version.run("-c", "import named, os; print(named.NAME, *(n for n in os.environ if 'LOCCIT' in n))")
    assert told.stdout.split() == ["before", "LOCCIT_DATA"]


def test_the_processor_is_named() -> None:
    assert processor()
