from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from index.config import ReadingConfig
from index.ingest import Source
from index.library import Library
from index.naming import checked_document_id
from index.reading import ReadingHere
from index.types import Extract
from index.web import Fetcher, WebConfig
from service.embedding_worker import EmbeddingWorker
from service.jobs.intake import Intake, web_document_id
from service.jobs.records import FINISHED, Item, Job, NewItem
from service.jobs.runner import JobRunner
from service.jobs.spool import Spool
from service.schemas.jobs import item_json
from tests.index.web.standins import Server, answer, redirect
from tests.service.http_service import PATIENCE, GatedEmbedder, eventually
from tests.service.jobs.zip_files import encrypted, written, zipped

PAGE = b"<html><head><title>%s</title></head><body><p>The %s was lit.</p>%s</body></html>"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def spool(library: Library) -> Spool:
    return Spool(library.data / "spool")


Start = Callable[..., JobRunner]


@pytest.fixture
def start(library: Library, spool: Spool, server: Server) -> Iterator[Start]:
    """Starts a runner on the library's folder, and the embedding of what it stores."""
    started: list[JobRunner | EmbeddingWorker] = []

    def start(*, keep_days: float = 7.0, worker: bool = True, most: int = 100_000) -> JobRunner:
        embedding = EmbeddingWorker(library)
        runner = _runner(library, spool, server, embedding.notify, keep_days=keep_days, most=most)
        for one in (embedding, runner) if worker else (runner,):
            one.start()
            started.append(one)
        return runner

    yield start
    for one in reversed(started):
        one.stop()


def _runner(
    library: Library,
    spool: Spool,
    server: Server,
    on_stored: Callable[[str], None],
    *,
    keep_days: float = 7.0,
    most: int = 100_000,
) -> JobRunner:
    web = WebConfig(
        allowed_networks=("127.0.0.0/8",), ports=(80, 443, server.port), delay_seconds=0.0, max_bytes=most
    )
    return JobRunner(
        library,
        Intake(spool, Fetcher(web), max_document_bytes=most),
        on_stored=on_stored,
        keep_days=keep_days,
    )


@pytest.fixture
def idle(library: Library, spool: Spool, server: Server) -> Iterator[JobRunner]:
    """A runner that is not started: its store is filled by hand."""
    library.open("default", create=True)
    runner = _runner(library, spool, server, lambda _: None)
    yield runner
    runner.stop()


def add(runner: JobRunner, *items: NewItem, job: str = "job", collection: str = "default") -> str:
    runner.store.add(job, collection, items)
    runner.wake()
    return job


def text(runner: JobRunner, name: str, data: bytes | str, number: int, job: str = "job") -> NewItem:
    data = data.encode() if isinstance(data, str) else data
    spooled, size = runner.spool.put(job, number, BytesIO(data))
    return NewItem("file", name, spooled, size)


def archive(
    runner: JobRunner, data: bytes, *, number: int = 1, job: str = "job", prefix: str = "", **said: Any
) -> NewItem:
    spooled, size = runner.spool.put(job, number, BytesIO(data))
    return NewItem("archive", "folder.zip", spooled, size, {"prefix": prefix, **said})


def finished(runner: JobRunner, job: str = "job") -> Job:
    eventually(lambda: runner.store.job(job).state in FINISHED)
    return runner.store.job(job)


def became(runner: JobRunner, job: str = "job") -> dict[str, str]:
    items = runner.store.items(job, limit=1000)
    return {one.name: one.code or one.outcome for one in items if one.outcome != "expanded"}


def item(runner: JobRunner, name: str, job: str = "job") -> Item:
    (found,) = (one for one in runner.store.items(job, limit=1000) if one.name == name)
    return found


def crawl(server: Server, path: str = "/", **bounds: int) -> NewItem:
    request = {"metadata": {"site": "x"}, "max_pages": 50, "max_depth": 3, **bounds}
    return NewItem("crawl", server.url(path, "127.0.0.1"), request=request)


def page(title: str, *links: str) -> bytes:
    leading = "".join(f'<a href="{link}">{link}</a>' for link in links)
    return answer(PAGE % (title.encode(), title.encode(), leading.encode()))


def held(server: Server, path: str, body: bytes) -> threading.Event:
    """The server answers with this when the event is set."""
    let_go = threading.Event()

    def answering(connection: socket.socket) -> None:
        assert let_go.wait(PATIENCE)
        connection.sendall(body)

    server.answers[path] = answering
    return let_go


# Files


def test_a_job_is_done_from_its_files_to_their_vectors(
    library: Library, idle: JobRunner, start: Start
) -> None:
    add(idle, text(idle, "a.md", "# A\n\nThe lamp was lit.", 1), text(idle, "b.xyz", "x", 2))
    job = finished(start())
    assert (job.state, job.problem) == ("done", "")
    assert became(idle) == {"a.md": "added", "b.xyz": "unsupported_format"}
    record = library.open("default").document("a.md")
    assert (record.embedded, record.passages) == (1, 1)
    assert (job.counted.passages, job.counted.done, job.counted.total) == (1, 2, 2)
    assert job.created <= (job.started or 0) <= (job.finished or 0)


def test_jobs_are_done_in_the_order_they_came(library: Library, idle: JobRunner, start: Start) -> None:
    for number in range(5):
        add(idle, text(idle, "a.md", f"Text {number}.", 1, f"job{number}"), job=f"job{number}")
    runner = start()
    for number in range(5):
        assert finished(runner, f"job{number}").state == "done"
    texts = [library.open("default").text("a.md", number)[1] for number in range(1, 6)]
    assert texts == [f"Text {number}." for number in range(5)]


def test_files_of_one_name_replace_each_other_in_their_order(
    library: Library, idle: JobRunner, start: Start
) -> None:
    names = ("a.md", "caf\u00e9.md", "a.md", "cafe\u0301.md", "a.md")
    add(idle, *(text(idle, name, f"Text {n}.", n) for n, name in enumerate(names)))
    finished(runner := start())
    outcomes = [one.outcome for one in runner.store.items("job", limit=9)]
    assert outcomes == ["added", "added", "replaced", "replaced", "replaced"]
    collection = library.open("default")
    assert collection.document("a.md").version == 3
    assert collection.text("a.md")[1] == "Text 4."
    assert item(runner, "cafe\u0301.md").document == "caf\u00e9.md"


def test_more_files_than_one_commit_takes(library: Library, idle: JobRunner, start: Start) -> None:
    add(idle, *(text(idle, f"{n:03}.md", f"The lamp {n}.", n) for n in range(100)))
    assert finished(start()).counted.outcomes == {"added": 100}
    assert library.open("default").counts().documents == 100
    assert not idle.spool.path("job", "").exists()


def test_a_file_that_is_too_large_is_refused(idle: JobRunner, start: Start) -> None:
    add(idle, text(idle, "a.txt", "x" * 1001, 1), text(idle, "b.txt", "x" * 1000, 2))
    finished(runner := start(most=1000))
    assert became(runner) == {"a.txt": "document_too_large", "b.txt": "added"}
    assert "1,001 bytes; at most 1,000" in item(runner, "a.txt").message


def test_nothing_of_a_job_without_refusals_is_kept_on_disk(idle: JobRunner, start: Start) -> None:
    add(idle, archive(idle, zipped({"a.md": "A."})), text(idle, "b.md", "B.", 2))
    runner = start()
    finished(runner)
    eventually(lambda: not runner.spool.path("job", "").exists())


# ZIP files


def test_a_folder_is_unpacked(library: Library, idle: JobRunner, start: Start) -> None:
    files = {
        "a/one.md": "# One\n\nThe lamp was lit.",
        "a/one.md.meta.json": '{"title": "Of lamps", "source": "S", "metadata": {"year": 1859}}',
        "two.md": "Two.",
        "two.md.meta.yaml": "- broken",
        "../evil.md": "x",
        "/abs.md": "x",
        "pic.png": "x",
        ".hidden.md": "x",
    }
    add(idle, archive(idle, zipped(files), prefix="manuals/2020", metadata={"year": 1, "project": "p"}))
    finished(runner := start())
    assert became(runner) == {
        "manuals/2020/a/one.md": "added",
        "manuals/2020/two.md": "invalid_metadata",
        "manuals/2020/../evil.md": "invalid_document_id",
        "manuals/2020//abs.md": "invalid_document_id",
        "manuals/2020/pic.png": "unsupported_format",
    }
    record = library.open("default").document("manuals/2020/a/one.md")
    assert (record.title, record.source) == ("Of lamps", "S")
    assert record.metadata == {"year": 1859, "project": "p"}
    assert library.open("default").counts().documents == 1


def test_a_zip_file_that_cannot_be_opened_is_refused_by_its_name(idle: JobRunner, start: Start) -> None:
    add(idle, archive(idle, b"zzz"), text(idle, "b.md", "B.", 2))
    finished(runner := start())
    assert became(runner) == {"folder.zip": "corrupt_document", "b.md": "added"}
    assert item(runner, "folder.zip").message.startswith("folder.zip: not a ZIP file")


@pytest.mark.parametrize(
    ("password", "code"),
    [("right", "added"), ("wrong", "encrypted_document"), ("", "encrypted_document")],
)
def test_an_encrypted_folder(idle: JobRunner, start: Start, password: str, code: str) -> None:
    add(idle, archive(idle, written([encrypted("a.md", b"The lamp.", "right")]), password=password))
    finished(runner := start())
    assert became(runner) == {"a.md": code}
    with sqlite3.connect(runner.spool.path("", "").parent / "jobs.sqlite") as connection:
        kept = connection.execute("SELECT request FROM items").fetchall()
    connection.close()
    # As long as it may be tried again with the same password.
    assert ("right" in str(kept)) is False


# What goes wrong


class BrokenReading(ReadingHere):
    """A reader that has an error of its own for one file."""

    def read(self, data: bytes, *, name: str, media_type: str | None = None, password: str = "") -> Extract:
        if name == "bad.md":
            raise ZeroDivisionError
        return super().read(data, name=name, media_type=media_type, password=password)


def test_a_file_on_which_the_reader_breaks_does_not_hold_up_the_others(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(tmp_path / "spool")
    with Library(tmp_path, embedder=GatedEmbedder(), reading=BrokenReading(ReadingConfig())) as library:
        library.open("default", create=True)
        runner = _runner(library, spool, server, lambda _: None)
        add(runner, *(text(runner, name, name, n) for n, name in enumerate(("a.md", "bad.md", "c.md"))))
        runner.start()
        eventually(lambda: runner.store.job("job").state == "embedding")
        assert became(runner) == {"a.md": "added", "bad.md": "reader_failed", "c.md": "added"}
        assert "ZeroDivisionError" not in item(runner, "bad.md").message
        assert "ZeroDivisionError" in caplog.text
        runner.stop()


def test_a_collection_that_is_deleted_meanwhile_fails_its_job(
    library: Library, idle: JobRunner, start: Start
) -> None:
    library.open("gone", create=True)
    add(idle, text(idle, "a.md", "A.", 1), collection="gone")
    library.delete("gone")
    job = finished(runner := start())
    assert job.state == "failed"
    assert "no collection 'gone'" in job.problem
    assert became(runner) == {"a.md": "waiting"}
    library.open("gone", create=True)
    runner.store.retry("job")
    assert finished(runner).state == "done"
    assert library.open("gone").counts().documents == 1


def test_a_collection_that_is_deleted_while_it_is_embedded_fails_its_job(
    library: Library, idle: JobRunner, start: Start
) -> None:
    library.open("gone", create=True)
    add(idle, text(idle, "a.md", "A.", 1), collection="gone")
    runner = start(worker=False)
    eventually(lambda: runner.store.job("job").state == "embedding")
    library.delete("gone")
    assert "no collection 'gone'" in finished(runner).problem


def test_a_collection_that_is_deleted_and_made_anew_takes_the_rest(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    library.open("other", create=True)
    let_go = held(server, "/slow.html", page("Slow"))
    first = text(idle, "a.md", "A.", 1)
    slow_one = NewItem("url", server.url("/slow.html", "127.0.0.1"))
    add(idle, first, slow_one, collection="other")
    runner = start()
    eventually(lambda: "/slow.html" in server.targets)
    library.delete("other")
    library.open("other", create=True)
    let_go.set()
    assert finished(runner).state == "done"
    records = list(library.open("other").documents(limit=9))
    assert [record.id for record in records] == [f"127.0.0.1:{server.port}/slow.html", "a.md"]


def test_a_file_that_is_not_kept_any_more_is_refused(idle: JobRunner, start: Start) -> None:
    add(idle, text(idle, "a.md", "A.", 1), archive(idle, zipped({"b.md": "B."}), number=2))
    idle.spool.clear("job")
    finished(runner := start())
    assert became(runner) == {"a.md": "corrupt_document", "folder.zip": "corrupt_document"}
    assert "Send it again" in item(runner, "a.md").message


# Cancelling, and trying again


def test_a_running_job_is_cancelled_and_goes_on_later(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    let_go = held(server, "/slow.html", page("Slow"))
    files = [text(idle, "a.md", "A.", 1), NewItem("url", server.url("/slow.html", "127.0.0.1"))]
    add(idle, *files, text(idle, "c.md", "C.", 2), archive(idle, zipped({"d.md": "D."}), number=3))
    runner = start()
    eventually(lambda: "/slow.html" in server.targets)
    assert runner.store.cancel("job").state == "running"
    let_go.set()
    assert finished(runner).state == "cancelled"
    address = server.url("/slow.html", "127.0.0.1")
    assert became(runner) == {
        "a.md": "added",
        address: "added",
        "c.md": "cancelled",
        "folder.zip": "cancelled",
    }
    runner.store.retry("job")
    runner.wake()
    assert finished(runner).state == "done"
    assert became(runner) == {"a.md": "added", address: "added", "c.md": "added", "d.md": "added"}
    assert library.open("default").counts().documents == 4
    eventually(lambda: not runner.spool.path("job", "").exists())


def test_a_queued_job_does_not_wait_for_others_to_be_cancelled(
    idle: JobRunner, start: Start, server: Server
) -> None:
    let_go = held(server, "/slow.html", b"")
    add(idle, NewItem("url", server.url("/slow.html", "127.0.0.1")))
    add(idle, text(idle, "b.md", "B.", 1, "second"), job="second")
    runner = start()
    eventually(lambda: "/slow.html" in server.targets)
    assert runner.store.cancel("second").state == "cancelled"
    let_go.set()
    assert finished(runner).state == "done"
    assert became(runner, "second") == {"b.md": "cancelled"}


class Forgetful(JobRunner):
    """Each job is cancelled and forgotten when it is about to begin, but for the last."""

    def _do(self, job: Job) -> None:
        if job.id != "last":
            self.store.cancel(job.id)
            self.store.delete(job.id)
        super()._do(job)


def test_a_job_that_is_forgotten_as_it_begins_holds_up_nobody(
    library: Library, idle: JobRunner, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    add(idle, text(idle, "a.md", "A.", 1))
    add(idle, text(idle, "b.md", "B.", 1, "last"), job="last")
    intake = Intake(spool, Fetcher(WebConfig()), max_document_bytes=1000)
    runner = Forgetful(library, intake, on_stored=lambda _: None, keep_days=7.0)
    runner.start()
    try:
        eventually(lambda: idle.store.job("last").state == "embedding")
    finally:
        runner.stop()
    assert idle.store.ids() == {"last"}
    assert "failed" not in caplog.text


def test_a_job_is_done_while_the_next_goes_on(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    first, second = held(server, "/1.html", page("One")), held(server, "/2.html", page("Two"))
    urls = [NewItem("url", server.url(path, "127.0.0.1")) for path in ("/1.html", "/2.html")]
    add(idle, text(idle, "a.md", "A.", 1))
    add(idle, *urls, job="long")
    runner = start()
    eventually(lambda: "/1.html" in server.targets)
    eventually(lambda: library.open("default").counts().embedded == 1)
    first.set()
    assert finished(runner).state == "done"
    assert runner.store.job("long").state == "running"
    second.set()
    assert finished(runner, "long").state == "done"


def test_a_job_that_is_embedding_is_cancelled(library: Library, idle: JobRunner, start: Start) -> None:
    add(idle, text(idle, "a.md", "A.", 1))
    runner = start(worker=False)
    eventually(lambda: runner.store.job("job").state == "embedding")
    runner.store.cancel("job")
    assert finished(runner).state == "cancelled"
    assert became(runner) == {"a.md": "added"}
    assert library.open("default").document("a.md").passages == 1


@pytest.mark.timeout(50)
def test_a_long_sitemap_holds_up_nobody_and_is_cancelled(
    idle: JobRunner, start: Start, server: Server
) -> None:
    listed = answer(f"{server.url('/a', '127.0.0.1')}\n".encode(), media_type="text/plain")
    let_go = held(server, "/sitemap.txt", listed)
    add(idle, NewItem("sitemap", server.url("/sitemap.txt", "127.0.0.1")))
    runner = start()
    eventually(lambda: "/sitemap.txt" in server.targets)
    runner.store.add("second", "default", [NewItem("file", "x")])
    runner.store.cancel("second")
    runner.store.cancel("job")
    let_go.set()
    assert finished(runner).state == "cancelled"
    assert became(runner) == {server.url("/sitemap.txt", "127.0.0.1"): "cancelled"}


def test_what_was_refused_is_tried_again(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    files = [text(idle, "a.md", "A.", 1), text(idle, "big.txt", "x" * 2000, 2)]
    address = server.url("/late.html", "127.0.0.1")
    add(
        idle,
        *files,
        archive(idle, zipped({"b.md": "B.", "c.txt": "y" * 2000}), number=3),
        NewItem("url", address),
    )
    runner = start(most=1000)
    first = finished(runner)
    assert became(runner) == {
        "a.md": "added",
        "big.txt": "document_too_large",
        "b.md": "added",
        "c.txt": "document_too_large",
        address: "unexpected_status",
    }
    runner.stop()
    server.answers["/late.html"] = page("Late")
    more = start(most=100_000)
    more.store.retry("job")
    again = finished(more)
    assert again.counted.outcomes == {"added": 5, "expanded": 1}
    assert again.revision > first.revision
    assert library.open("default").document("a.md").version == 1
    eventually(lambda: not more.spool.path("job", "").exists())


# Coming back after the process ended


def test_what_was_stored_and_not_settled_is_not_doubled(
    library: Library, idle: JobRunner, start: Start
) -> None:
    """The process was killed when the first files were stored, before the job's file said so."""
    add(idle, *(text(idle, f"{n}.md", f"Text {n}.", n) for n in range(5)))
    assert idle.store.begin("job")
    collection = library.open("default")
    collection.put_many([Source(f"{n}.md", f"Text {n}.".encode()) for n in range(3)])
    job = finished(runner := start())
    assert job.state == "done"
    assert set(became(runner)) == {f"{n}.md" for n in range(5)}
    assert [became(runner)[f"{n}.md"] for n in range(5)] == ["unchanged"] * 3 + ["added"] * 2
    assert [collection.document(f"{n}.md").versions for n in range(5)] == [1] * 5
    assert collection.counts().embedded == collection.counts().passages == 5


def test_what_was_settled_and_not_cleared_is_cleared(idle: JobRunner, start: Start) -> None:
    add(idle, text(idle, "a.md", "A.", 1))
    idle.store.begin("job")
    idle.store.move("job", "embedding")
    finished(runner := start())
    assert not runner.spool.path("job", "").exists()


def test_an_archive_goes_on_where_it_was_left(library: Library, idle: JobRunner, start: Start) -> None:
    add(idle, archive(idle, zipped({f"{n}.md": f"Text {n}." for n in range(4)})))
    idle.store.begin("job")
    members = [
        NewItem("member", f"{n}.md", "000001", 7, {"member": f"{n}.md", "metadata": {}}) for n in range(4)
    ]
    idle.store.expand("job", 1, members)
    job = finished(start())
    assert job.counted.outcomes == {"added": 4, "expanded": 1}
    assert library.open("default").counts().documents == 4


def test_a_runner_that_is_stopped_leaves_the_rest_to_the_next(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    let_go = held(server, "/slow.html", page("Slow"))
    address = server.url("/slow.html", "127.0.0.1")
    add(idle, NewItem("url", address), text(idle, "b.md", "B.", 1))
    first = start()
    eventually(lambda: "/slow.html" in server.targets)
    stopping = threading.Thread(target=first.stop)
    stopping.start()
    let_go.set()
    stopping.join()
    assert idle.store.job("job").state == "running"
    assert became(idle) == {address: "added", "b.md": "waiting"}
    assert finished(start()).state == "done"
    assert library.open("default").counts().documents == 2


def test_of_two_runners_one_does_the_jobs(
    library: Library, idle: JobRunner, spool: Spool, server: Server
) -> None:
    by: dict[str, list[str]] = {"first": [], "second": []}
    first, second = (_runner(library, spool, server, stored.append) for stored in by.values())
    for number in range(20):
        name = f"job{number}"
        add(idle, text(idle, f"{number}.md", f"Text {number}.", 1, name), job=name)
    with ExitStack() as running:
        for one in (EmbeddingWorker(library, poll_seconds=0.05), first, second):
            one.start()
            running.callback(one.stop)
        for number in range(20):
            job = finished(idle, f"job{number}")
            assert (job.state, job.counted.outcomes) == ("done", {"added": 1})
        collection = library.open("default")
        assert [collection.document(f"{n}.md").versions for n in range(20)] == [1] * 20
        assert sorted(map(len, by.values())) == [0, 20]
        (first if by["first"] else second).stop()
        add(idle, text(idle, "last.md", "Last.", 1, "last"), job="last")
        assert finished(idle, "last").state == "done"  # the other takes over
        assert sorted(map(len, by.values())) == [1, 20]


# Expiry


def test_a_job_is_forgotten_after_its_days(idle: JobRunner, start: Start) -> None:
    add(idle, text(idle, "a.xyz", "A.", 1))
    runner = start()
    finished(runner)
    runner.stop()
    runner = start(keep_days=1)
    add(runner, text(runner, "b.md", "B.", 1, "later"), job="later")
    finished(runner, "later")
    runner.stop()
    assert idle.store.ids() == {"job", "later"}
    assert runner.spool.path("job", "000001").exists()
    runner = start(keep_days=0)
    eventually(lambda: not runner.store.ids())
    eventually(lambda: not runner.spool.path("job", "").exists())


# The web


def test_addresses_are_fetched(library: Library, idle: JobRunner, start: Start, server: Server) -> None:
    server.answers["/guide/lamp.html?next=/x/&y=1"] = page("Lamp")
    server.answers["/text"] = answer(b"Plain words.", media_type="text/plain; charset=utf-8")
    server.answers["/moved"] = redirect("/text")
    server.answers["/pic.png"] = answer(b"x", media_type="image/png")
    server.answers["/robots.txt"] = answer(b"User-agent: *\nDisallow: /\n", media_type="text/plain")
    paths = ("/guide/lamp.html?next=/x/&y=1", "/moved", "/pic.png", "/gone.html")
    address = {path: server.url(path, "127.0.0.1") for path in paths}
    outside = "http://127.0.0.1:1/"
    said = {"metadata": {"project": "p"}}
    add(idle, *(NewItem("url", one, request=said) for one in (*address.values(), outside)))
    finished(runner := start())
    assert became(runner) == {
        address["/guide/lamp.html?next=/x/&y=1"]: "added",
        address["/moved"]: "added",
        address["/pic.png"]: "unsupported_format",
        address["/gone.html"]: "unexpected_status",
        outside: "address_refused",
    }
    host = f"127.0.0.1:{server.port}"
    lamp = library.open("default").document(f"{host}/guide/lamp.html?next=%2Fx%2F&y=1")
    assert (lamp.title, lamp.metadata) == ("Lamp", {"project": "p"})
    assert lamp.source == address["/guide/lamp.html?next=/x/&y=1"]
    moved = item(runner, address["/moved"])
    assert moved.document == f"{host}/text/index"
    assert item_json(moved, "default")["links"] == {"document": f"/v1/documents/{host}/text/index"}
    assert "/robots.txt" not in server.targets  # whoever names a page wants it


def test_a_sitemap_is_taken_in(library: Library, idle: JobRunner, start: Start, server: Server) -> None:
    lines = [server.url(path, "127.0.0.1") for path in ("/a.html", "/b.html", "/private/c.html")]
    foreign = "http://other.example/x.html"
    server.answers["/sitemap.txt"] = answer("\n".join([*lines, foreign]).encode(), media_type="text/plain")
    server.answers["/robots.txt"] = answer(b"User-agent: *\nDisallow: /private/\n", media_type="text/plain")
    for name in ("a", "b", "private/c"):
        server.answers[f"/{name}.html"] = page(name)
    add(idle, NewItem("sitemap", server.url("/sitemap.txt", "127.0.0.1"), request={"metadata": {"m": 1}}))
    finished(runner := start())
    assert became(runner) == {
        lines[0]: "added",
        lines[1]: "added",
        lines[2]: "refused_by_robots",
        foreign: "outside_crawl",
    }
    records = list(library.open("default").documents(limit=9))
    assert [record.metadata for record in records] == [{"m": 1}] * 2


def test_a_sitemap_that_cannot_be_had_is_refused(idle: JobRunner, start: Start, server: Server) -> None:
    server.answers["/sitemap.xml"] = answer(b"<html></html>")
    bad, gone = (server.url(path, "127.0.0.1") for path in ("/sitemap.xml", "/gone.xml"))
    add(idle, NewItem("sitemap", bad), NewItem("sitemap", gone))
    finished(runner := start())
    assert became(runner) == {bad: "invalid_sitemap", gone: "unexpected_status"}


def test_a_site_is_crawled(library: Library, idle: JobRunner, start: Start, server: Server) -> None:
    server.answers["/docs/"] = page(
        "Start", "a.html", "gone.html", "/elsewhere.html", "http://other.example/"
    )
    server.answers["/docs/a.html"] = page("A", "b.html")
    server.answers["/docs/b.html"] = page("B", "a.html", "c.html")
    server.answers["/docs/c.html"] = page("C")
    server.answers["/elsewhere.html"] = page("Elsewhere")
    add(idle, crawl(server, "/docs/", max_depth=2))
    finished(runner := start())
    host = f"127.0.0.1:{server.port}"
    assert {record.id for record in library.open("default").documents(limit=9)} == {
        f"{host}/docs",
        f"{host}/docs/a.html",
        f"{host}/docs/b.html",
    }
    assert item(runner, server.url("/docs/gone.html", "127.0.0.1")).code == "unexpected_status"
    assert runner.store.job("job").counted.total == 4
    assert library.open("default").document(f"{host}/docs").metadata == {"site": "x"}


def test_a_crawl_takes_so_many_pages(library: Library, idle: JobRunner, start: Start, server: Server) -> None:
    server.answers["/"] = page("Start", *(f"/{n}.html" for n in range(9)))
    for number in range(9):
        server.answers[f"/{number}.html"] = page(str(number))
    add(idle, crawl(server, max_pages=4))
    finished(start())
    assert library.open("default").counts().documents == 4


def test_a_crawl_that_was_broken_off_begins_again_and_doubles_nothing(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    server.answers["/"] = page("Start", "/a.html")
    server.answers["/a.html"] = page("A")
    add(idle, crawl(server))
    idle.store.begin("job")
    idle.store.add_item(
        "job", NewItem("url", server.url("/", "127.0.0.1"), request={"metadata": {"site": "x"}})
    )
    job = finished(start())
    assert job.counted.outcomes == {"added": 2, "expanded": 1}
    collection = library.open("default")
    assert [record.versions for record in collection.documents(limit=9)] == [1, 1]


def test_a_crawl_that_led_nowhere_is_tried_again_as_a_whole(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    add(idle, crawl(server))
    runner = start()
    assert finished(runner).state == "done"
    assert became(runner) == {server.url("/", "127.0.0.1"): "unexpected_status"}
    server.answers["/"] = page("Start", "/a.html")
    server.answers["/a.html"] = page("A")
    runner.store.retry("job")
    assert finished(runner).counted.outcomes == {"added": 2, "expanded": 1}
    assert library.open("default").counts().documents == 2


@pytest.mark.parametrize(
    ("address", "document_id"),
    [
        ("https://docs.example.org/guide/lamps.html", "docs.example.org/guide/lamps.html"),
        ("https://docs.example.org/", "docs.example.org"),
        ("https://docs.example.org:8443//a//b/", "docs.example.org:8443/a/b"),
        ("https://example.org/a/text", "example.org/a/text/index"),
        ("https://example.org/versions?x=1", "example.org/versions/index?x=1"),
        ("https://example.org/a?q=/b/&r=//", "example.org/a?q=%2Fb%2F&r=%2F%2F"),
        ("https://example.org/a?x/text", "example.org/a?x%2Ftext"),
        ("https://example.org/%2e%2e/b#frag", "example.org/b"),
    ],
)
def test_the_id_of_a_page(address: str, document_id: str) -> None:
    assert checked_document_id(web_document_id(address)) == document_id


def test_ids_of_long_addresses_stay_apart() -> None:
    ids = {checked_document_id(web_document_id(f"https://example.org/{'a/' * 400}{n}")) for n in range(5)}
    assert len(ids) == 5
    assert all(len(one) <= 512 for one in ids)
