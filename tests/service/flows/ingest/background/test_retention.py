"""The thread that erases documents when they have been retired for long enough."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.library import Library
from service.flows.ingest.background.retention import RetentionWorker
from tests.log_lines import lines
from tests.patience import eventually

Start = Callable[..., RetentionWorker]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        for name in ("default", "other"):
            collection = library.open(name, create=True)
            for id_ in ("kept.txt", "retired.txt"):
                collection.put(Source(id_, b"Moons."))
            collection.editor.retire(["retired.txt"])
        yield library


@pytest.fixture
def start(library: Library) -> Iterator[Start]:
    workers: list[RetentionWorker] = []

    def start(**given: float | None) -> RetentionWorker:
        workers.append(RetentionWorker(library, **given))  # type: ignore[arg-type]
        workers[-1].start()
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop()


def left(library: Library, name: str = "default") -> list[str]:
    return [one.id for one in library.open(name).archive.documents(retired=True)]


def test_overdue_documents_of_all_collections_are_erased(
    library: Library, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "loccit.service")
    start(keep_days=0.0, period_seconds=0.01)
    for name in ("default", "other"):
        eventually(lambda name=name: left(library, name) == ["kept.txt"])
    eventually(lambda: len(lines(caplog)) == 2)
    assert lines(caplog)[0] == (
        "The collection 'default': erased 1 documents that were retired more than 0 days ago."
    )


def test_what_is_overdue_only_at_one_look_is_kept(library: Library, start: Start) -> None:
    worker = start(keep_days=0.0)  # its next look is in an hour
    eventually(lambda: worker.looks >= 1)
    worker.stop()
    assert left(library) == ["kept.txt", "retired.txt"]


@pytest.mark.parametrize("days", [30.0, None])
def test_documents_are_kept_for_as_long_as_the_setting_says(
    library: Library, start: Start, days: float | None
) -> None:
    worker = start(keep_days=days, period_seconds=0.001)
    eventually(lambda: days is None or worker.looks >= 3)
    worker.stop()
    assert left(library) == ["kept.txt", "retired.txt"]


def test_a_document_that_was_restored_is_kept(library: Library, start: Start) -> None:
    library.open("default").put(Source("retired.txt", b"Moons."))
    worker = start(keep_days=0.0, period_seconds=0.001)
    eventually(lambda: left(library, "other") == ["kept.txt"])
    eventually(lambda: worker.looks >= 3)
    assert left(library) == ["kept.txt", "retired.txt"]


def test_a_collection_that_cannot_be_opened_does_not_stop_the_others(
    library: Library, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    library.open("broken", create=True)
    folder = library.open("broken").folder
    library.close()
    (folder / "collection.json").write_text("no JSON")
    start(keep_days=0.0, period_seconds=0.01)
    eventually(lambda: left(library, "other") == ["kept.txt"])
    assert any("'broken' are not erased" in message for message in caplog.messages)
