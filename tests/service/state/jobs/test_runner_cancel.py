from __future__ import annotations

import pytest

from index.library import Library
from service.flows.ingest.jobs.runner import JobRunner
from service.state.jobs.records import NewItem
from service.state.jobs.spool.folder import FolderSpool
from service.state.jobs.sqlite import SqliteJobStore
from tests.index.sources.web.standins import Server, answer
from tests.patience import eventually
from tests.service.state.jobs.running import (
    NewRunner,
    Start,
    add,
    archive,
    finished,
    hold,
    page,
    results,
    text,
)
from tests.service.state.jobs.zip_files import zipped


def test_cancelled_job_continues_on_retry(
    library: Library, idle: JobRunner, start: Start, server: Server, spool: FolderSpool
) -> None:
    let_go = hold(server, "/slow.html", page("Slow"))
    files = [text(idle, "a.md", "A.", 1), NewItem("url", server.url("/slow.html", "127.0.0.1"))]
    add(idle, *files, text(idle, "c.md", "C.", 2), archive(idle, zipped({"d.md": "D."}), number=3))
    runner = start()
    eventually(lambda: "/slow.html" in server.targets)
    assert runner.store.cancel("job").state == "running"
    let_go.set()
    assert finished(runner).state == "cancelled"
    address = server.url("/slow.html", "127.0.0.1")
    assert results(runner) == {
        "a.md": "added",
        address: "added",
        "c.md": "cancelled",
        "folder.zip": "cancelled",
    }
    runner.store.retry("job")
    runner.wake()
    assert finished(runner).state == "done"
    assert results(runner) == {"a.md": "added", address: "added", "c.md": "added", "d.md": "added"}
    assert library.open("default").archive.counts().documents == 4
    eventually(lambda: not spool.path("job", "").exists())


def test_queued_job_is_cancelled_while_another_runs(idle: JobRunner, start: Start, server: Server) -> None:
    let_go = hold(server, "/slow.html", b"")
    add(idle, NewItem("url", server.url("/slow.html", "127.0.0.1")))
    add(idle, text(idle, "b.md", "B.", 1, "second"), job="second")
    runner = start()
    eventually(lambda: "/slow.html" in server.targets)
    assert runner.store.cancel("second").state == "cancelled"
    let_go.set()
    assert finished(runner).state == "done"
    assert results(runner, "second") == {"b.md": "cancelled"}


class DeletingStore(SqliteJobStore):
    """Cancels and deletes each job when it is about to begin, except the last."""

    def begin(self, job_id: str) -> bool:
        if job_id != "last":
            self.cancel(job_id)
            self.delete(job_id)
        return super().begin(job_id)


def test_job_deleted_as_it_begins_does_not_stop_the_others(
    library: Library, idle: JobRunner, new_runner: NewRunner, caplog: pytest.LogCaptureFixture
) -> None:
    add(idle, text(idle, "a.md", "A.", 1))
    add(idle, text(idle, "b.md", "B.", 1, "last"), job="last")
    runner = new_runner(store=DeletingStore(library.data / "jobs.sqlite"))
    runner.start()
    try:
        eventually(lambda: idle.store.job("last").state == "embedding")
    finally:
        runner.stop()
    assert idle.store.ids() == {"last"}
    assert "failed" not in caplog.text


def test_job_finishes_embedding_while_the_next_one_runs(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    first, second = hold(server, "/1.html", page("One")), hold(server, "/2.html", page("Two"))
    urls = [NewItem("url", server.url(path, "127.0.0.1")) for path in ("/1.html", "/2.html")]
    add(idle, text(idle, "a.md", "A.", 1))
    add(idle, *urls, job="long")
    runner = start()
    eventually(lambda: "/1.html" in server.targets)
    eventually(lambda: library.open("default").archive.counts().embedded == 1)
    first.set()
    assert finished(runner).state == "done"
    assert runner.store.job("long").state == "running"
    second.set()
    assert finished(runner, "long").state == "done"


def test_embedding_job_is_cancelled(library: Library, idle: JobRunner, start: Start) -> None:
    add(idle, text(idle, "a.md", "A.", 1))
    runner = start(worker=False)
    eventually(lambda: runner.store.job("job").state == "embedding")
    runner.store.cancel("job")
    assert finished(runner).state == "cancelled"
    assert results(runner) == {"a.md": "added"}
    assert library.open("default").archive.document("a.md").passages == 1


@pytest.mark.timeout(50)
def test_job_is_cancelled_while_its_sitemap_is_fetched(idle: JobRunner, start: Start, server: Server) -> None:
    listed = answer(f"{server.url('/a', '127.0.0.1')}\n".encode(), media_type="text/plain")
    let_go = hold(server, "/sitemap.txt", listed)
    add(idle, NewItem("sitemap", server.url("/sitemap.txt", "127.0.0.1")))
    runner = start()
    eventually(lambda: "/sitemap.txt" in server.targets)
    runner.store.add("second", "default", [NewItem("file", "x")])
    runner.store.cancel("second")
    runner.store.cancel("job")
    let_go.set()
    assert finished(runner).state == "cancelled"
    assert results(runner) == {server.url("/sitemap.txt", "127.0.0.1"): "cancelled"}


def test_retry_repeats_only_refused_items(
    library: Library, idle: JobRunner, start: Start, server: Server, spool: FolderSpool
) -> None:
    files = [text(idle, "a.md", "A.", 1), text(idle, "big.txt", "x" * 2000, 2)]
    address = server.url("/late.html", "127.0.0.1")
    add(
        idle,
        *files,
        archive(idle, zipped({"b.md": "B.", "c.txt": "y" * 2000}), number=3),
        NewItem("url", address),
    )
    runner = start(max_bytes=1000)
    first = finished(runner)
    assert results(runner) == {
        "a.md": "added",
        "big.txt": "document_too_large",
        "b.md": "added",
        "c.txt": "document_too_large",
        address: "unexpected_status",
    }
    runner.stop()
    server.answers["/late.html"] = page("Late")
    more = start()
    more.store.retry("job")
    again = finished(more)
    assert again.counts.outcomes == {"added": 5, "expanded": 1}
    assert again.revision > first.revision
    assert library.open("default").archive.document("a.md").version == 1
    eventually(lambda: not spool.path("job", "").exists())
