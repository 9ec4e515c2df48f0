from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from index.config import ReadingConfig
from index.library import Library
from index.readers import InProcessReaders
from index.types import Extract
from service.flows.ingest.jobs.runner import JobRunner
from service.state.jobs.records import NewItem
from service.state.jobs.spool.folder import FolderSpool
from tests.index.sources.web.standins import Server
from tests.patience import eventually
from tests.service.http_service import GatedEmbedder
from tests.service.state.jobs.running import (
    NewRunner,
    Start,
    add,
    archive,
    finished,
    hold,
    item,
    page,
    results,
    text,
)
from tests.service.state.jobs.zip_files import encrypted, written, zipped

# Files


def test_job_is_done_once_its_passages_have_vectors(library: Library, idle: JobRunner, start: Start) -> None:
    add(idle, text(idle, "a.md", "# A\n\nThe lamp was lit.", 1), text(idle, "b.xyz", "x", 2))
    job = finished(start())
    assert (job.state, job.problem) == ("done", "")
    assert results(idle) == {"a.md": "added", "b.xyz": "unsupported_format"}
    record = library.open("default").archive.document("a.md")
    assert (record.embedded, record.passages) == (1, 1)
    assert (job.counts.passages, job.counts.done, job.counts.total) == (1, 2, 2)
    assert job.created <= (job.started or 0) <= (job.finished or 0)


def test_jobs_run_in_the_order_they_were_added(library: Library, idle: JobRunner, start: Start) -> None:
    for number in range(5):
        add(idle, text(idle, "a.md", f"Text {number}.", 1, f"job{number}"), job=f"job{number}")
    runner = start()
    for number in range(5):
        assert finished(runner, f"job{number}").state == "done"
    texts = [library.open("default").archive.text("a.md", number)[1] for number in range(1, 6)]
    assert texts == [f"Text {number}." for number in range(5)]


def test_small_jobs_share_commits(
    library: Library, idle: JobRunner, start: Start, spool: FolderSpool
) -> None:
    """Files that are attached one by one: a commit for each would take as long as one for all of them."""
    for number in range(20):
        add(idle, text(idle, f"{number}.md", f"The lamp {number}.", 1, f"job{number}"), job=f"job{number}")
    add(idle, text(idle, "a.xyz", "x", 1, "refused"), job="refused")
    add(idle, archive(idle, zipped({"b.md": "B."}), job="archive"), job="archive")
    idle.store.cancel("job7")
    runner = start()
    states = {number: finished(runner, f"job{number}").state for number in range(20)}
    assert states == {number: "cancelled" if number == 7 else "done" for number in range(20)}
    assert finished(runner, "refused").counts.outcomes == {"refused": 1}
    assert finished(runner, "archive").state == "done"
    collection = library.open("default")
    assert collection.archive.counts().documents == 20
    feed, _ = collection.archive.changes(limit=100)
    assert len({event.change for event in feed.events}) == 2  # of the small jobs together, and of the archive
    assert not spool.path("job3", "").exists()


def test_collections_take_turns(library: Library, idle: JobRunner, start: Start) -> None:
    """A job of many files does not hold up those of other collections."""
    for name in ("other", "third"):
        library.open(name, create=True)
    files = [text(idle, f"{at}.md", f"The lamp {at}.", at, "large") for at in range(1, 41)]
    add(idle, *files, job="large")
    for name in ("other", "third"):
        two = [text(idle, f"{at}.md", f"The wick {at}.", at, name) for at in (1, 2)]
        add(idle, *two, job=name, collection=name)
    runner = start(worker=False, turn_seconds=0.0)
    eventually(lambda: runner.store.job("large").state == "embedding")
    stored = {name: runner.store.job(name) for name in ("large", "other", "third")}
    assert {one.state for one in stored.values()} == {"embedding"}
    changes = {name: _last_stored(library, name) for name in ("default", "other", "third")}
    assert changes["default"] > max(changes["other"], changes["third"])


def _last_stored(library: Library, collection: str) -> float:
    return max(one.created for one in library.open(collection).archive.documents(limit=100))


def test_one_small_job_that_cannot_be_stored_stops_no_other(
    library: Library, idle: JobRunner, start: Start
) -> None:
    library.open("other", create=True)
    for number, collection in enumerate(["default", "other", "other", "default"]):
        add(
            idle,
            text(idle, f"{number}.md", f"The lamp {number}.", 1, f"job{number}"),
            job=f"job{number}",
            collection=collection,
        )
    library.delete("other")
    runner = start()
    states = [finished(runner, f"job{number}").state for number in range(4)]
    assert states == ["done", "failed", "failed", "done"]


def test_files_of_the_same_name_replace_each_other_in_order(
    library: Library, idle: JobRunner, start: Start
) -> None:
    names = ("a.md", "caf\u00e9.md", "a.md", "cafe\u0301.md", "a.md")
    add(idle, *(text(idle, name, f"Text {n}.", n) for n, name in enumerate(names)))
    finished(runner := start())
    outcomes = [one.outcome for one in runner.store.items("job", limit=9)]
    assert outcomes == ["added", "added", "replaced", "replaced", "replaced"]
    collection = library.open("default")
    assert collection.archive.document("a.md").version == 3
    assert collection.archive.text("a.md")[1] == "Text 4."
    assert item(runner, "cafe\u0301.md").document == "caf\u00e9.md"


def test_job_of_several_commits(library: Library, idle: JobRunner, start: Start, spool: FolderSpool) -> None:
    add(idle, *(text(idle, f"{n:03}.md", f"The lamp {n}.", n) for n in range(100)))
    assert finished(start()).counts.outcomes == {"added": 100}
    assert library.open("default").archive.counts().documents == 100
    assert not spool.path("job", "").exists()


def test_too_large_file_is_refused(idle: JobRunner, start: Start) -> None:
    add(idle, text(idle, "a.txt", "x" * 1001, 1), text(idle, "b.txt", "x" * 1000, 2))
    finished(runner := start(max_bytes=1000))
    assert results(runner) == {"a.txt": "document_too_large", "b.txt": "added"}
    assert "1,001 bytes; at most 1,000" in item(runner, "a.txt").message


def test_spooled_files_are_deleted_when_nothing_was_refused(
    idle: JobRunner, start: Start, spool: FolderSpool
) -> None:
    add(idle, archive(idle, zipped({"a.md": "A."})), text(idle, "b.md", "B.", 2))
    runner = start()
    finished(runner)
    eventually(lambda: not spool.path("job", "").exists())


# ZIP files


def test_archive_is_unpacked(library: Library, idle: JobRunner, start: Start) -> None:
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
    assert results(runner) == {
        "manuals/2020/a/one.md": "added",
        "manuals/2020/two.md": "invalid_metadata",
        "manuals/2020/../evil.md": "invalid_document_id",
        "manuals/2020//abs.md": "invalid_document_id",
        "manuals/2020/pic.png": "unsupported_format",
    }
    record = library.open("default").archive.document("manuals/2020/a/one.md")
    assert (record.title, record.source) == ("Of lamps", "S")
    assert record.metadata == {"year": 1859, "project": "p"}
    assert library.open("default").archive.counts().documents == 1


def test_damaged_archive_is_refused_by_its_name(idle: JobRunner, start: Start) -> None:
    add(idle, archive(idle, b"zzz"), text(idle, "b.md", "B.", 2))
    finished(runner := start())
    assert results(runner) == {"folder.zip": "corrupt_document", "b.md": "added"}
    assert item(runner, "folder.zip").message.startswith("Not a ZIP file")


@pytest.mark.parametrize(
    ("password", "code"),
    [("right", "added"), ("wrong", "encrypted_document"), ("", "encrypted_document")],
)
def test_encrypted_archive_needs_its_password(
    idle: JobRunner, start: Start, password: str, code: str, spool: FolderSpool
) -> None:
    add(idle, archive(idle, written([encrypted("a.md", b"The lamp.", "right")]), password=password))
    finished(runner := start())
    assert results(runner) == {"a.md": code}
    with sqlite3.connect(spool.path("", "").parent / "jobs.sqlite") as connection:
        requests = connection.execute("SELECT request FROM items").fetchall()
    connection.close()
    # A password is kept only while the item may be retried with it.
    assert ("right" in str(requests)) is False


# Failures


class BrokenReaders(InProcessReaders):
    """A reader with a bug that one file triggers."""

    def read(self, data: bytes, *, name: str, media_type: str | None = None, password: str = "") -> Extract:
        if name == "bad.md":
            raise ZeroDivisionError
        return super().read(data, name=name, media_type=media_type, password=password)


def test_reader_bug_refuses_one_file_and_stores_the_others(
    tmp_path: Path, new_runner: NewRunner, caplog: pytest.LogCaptureFixture
) -> None:
    with Library(tmp_path, embedder=GatedEmbedder(), readers=BrokenReaders(ReadingConfig())) as library:
        library.open("default", create=True)
        runner = new_runner(library=library)
        add(runner, *(text(runner, name, name, n) for n, name in enumerate(("a.md", "bad.md", "c.md"))))
        runner.start()
        eventually(lambda: runner.store.job("job").state == "embedding")
        assert results(runner) == {"a.md": "added", "bad.md": "reader_failed", "c.md": "added"}
        assert "ZeroDivisionError" not in item(runner, "bad.md").message
        assert "ZeroDivisionError" in caplog.text
        runner.stop()


def test_job_fails_when_its_collection_was_deleted(library: Library, idle: JobRunner, start: Start) -> None:
    library.open("gone", create=True)
    add(idle, text(idle, "a.md", "A.", 1), collection="gone")
    library.delete("gone")
    job = finished(runner := start())
    assert job.state == "failed"
    assert "no collection 'gone'" in job.problem
    assert results(runner) == {"a.md": "waiting"}
    library.open("gone", create=True)
    runner.store.retry("job")
    assert finished(runner).state == "done"
    assert library.open("gone").archive.counts().documents == 1


def test_embedding_job_fails_when_its_collection_is_deleted(
    library: Library, idle: JobRunner, start: Start
) -> None:
    library.open("gone", create=True)
    add(idle, text(idle, "a.md", "A.", 1), collection="gone")
    runner = start(worker=False)
    eventually(lambda: runner.store.job("job").state == "embedding")
    library.delete("gone")
    assert "no collection 'gone'" in finished(runner).problem


def test_recreated_collection_receives_the_remaining_items(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    library.open("other", create=True)
    let_go = hold(server, "/slow.html", page("Slow"))
    first = text(idle, "a.md", "A.", 1)
    slow_one = NewItem("url", server.url("/slow.html", "127.0.0.1"))
    add(idle, first, slow_one, collection="other")
    runner = start()
    eventually(lambda: "/slow.html" in server.targets)
    library.delete("other")
    library.open("other", create=True)
    let_go.set()
    assert finished(runner).state == "done"
    records = list(library.open("other").archive.documents(limit=9))
    # The first file was stored before, and deleted with the collection.
    assert [record.id for record in records] == [f"127.0.0.1:{server.port}/slow.html"]


def test_item_whose_spooled_file_is_gone_is_refused(idle: JobRunner, start: Start) -> None:
    add(idle, text(idle, "a.md", "A.", 1), archive(idle, zipped({"b.md": "B."}), number=2))
    idle.spool.clear("job")
    finished(runner := start())
    assert results(runner) == {"a.md": "corrupt_document", "folder.zip": "corrupt_document"}
    assert "Send it again" in item(runner, "a.md").message
