"""Processes that share a database follow its changes when they are told of them, not by looking."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest import Source
from index.library import Library
from index.postgresql import open_server
from service.flows.ingest.background.embedding import RARE_REFRESH_SECONDS, EmbeddingWorker
from service.flows.ingest.background.purging import Purger
from tests.patience import eventually
from tests.postgresql import database, end_connections, held_notifications, logged

pytestmark = pytest.mark.processes

NEVER = 3600.0
"""Seconds between two looks that nobody asked for."""
QUIET_SECONDS = 1.0


@pytest.fixture
def url() -> Iterator[str]:
    with database() as found, closing(open_server(found)):
        yield found


@pytest.fixture
def writer(tmp_path: Path, url: str) -> Iterator[Library]:
    with opened(tmp_path / "writer", url) as library:
        put(library, "a.txt", "A lamp is lit.")
        yield library


@pytest.fixture
def follower(tmp_path: Path, url: str, writer: Library) -> Iterator[Library]:
    """What an answers-only service has open; it follows, and looks by itself only when it starts."""
    with opened(tmp_path / "follower", url) as library:
        purger = Purger(library, None, look_seconds=NEVER)
        worker = EmbeddingWorker(
            library, embeds=False, refresh_seconds=NEVER, poll_seconds=NEVER, on_told=purger.look_at
        )
        worker.start()
        purger.start()
        try:
            eventually(lambda: "default" in library.lags())  # it is open
            yield library
        finally:
            worker.stop()
            purger.stop()


def opened(folder: Path, url: str) -> Library:
    folder.mkdir()
    return Library(folder, embedder=WordEmbedder(), config=LibraryConfig(store=SecretStr(url)))


def put(library: Library, name: str, text: str, *, collection: str = "default") -> None:
    library.open(collection, create=True).put(Source(name, text.encode()))


def found(library: Library, question: str, *, collection: str = "default") -> list[str]:
    answer = library.open(collection).ask(question, k=5)
    return [hit.citation.document_id for hit in answer.hits]


def test_what_another_process_stores_is_found_at_once(writer: Library, follower: Library) -> None:
    put(writer, "b.txt", "A kettle boils.")
    eventually(lambda: found(follower, "kettle") == ["b.txt"])
    writer.open("default").embed_pending()
    eventually(lambda: follower.open("default").state.embedded == 1.0)
    writer.open("default").editor.delete("b.txt")
    eventually(lambda: "b.txt" not in found(follower, "kettle"))
    eventually(lambda: not follower.lags()["default"].changes)


def test_a_collection_that_another_process_makes_is_followed(writer: Library, follower: Library) -> None:
    put(writer, "c.txt", "A clock ticks.", collection="other")
    eventually(lambda: "other" in follower.lags())  # it is open
    put(writer, "d.txt", "A door creaks.", collection="other")
    eventually(lambda: follower.lags()["other"].changes == 0 and applied(follower, "other") == 2)
    writer.delete("other")
    eventually(lambda: "other" not in follower.lags())


def applied(library: Library, collection: str) -> int:
    return library.open(collection).state.change


def test_changes_while_the_listening_connection_is_broken_are_made_good(
    writer: Library, follower: Library, url: str
) -> None:
    end_connections(url)
    put(writer, "b.txt", "A kettle boils.")
    eventually(lambda: applied(follower, "default") == 2)


def test_what_nobody_is_told_of_is_found_within_seconds(tmp_path: Path, writer: Library, url: str) -> None:
    with opened(tmp_path / "unaware", url) as library:
        worker = EmbeddingWorker(library)
        worker.start()
        try:
            eventually(lambda: applied(library, "default") == 2)  # it has embedded the first document
            with held_notifications(url):  # as if each process died between its commit and telling of it
                put(writer, "b.txt", "A kettle boils.")
                put(writer, "c.txt", "A clock ticks.", collection="other")
                eventually(lambda: embedded(library, "default", 2) and embedded(library, "other", 1))
        finally:
            worker.stop()
    assert RARE_REFRESH_SECONDS <= 5.0


def embedded(library: Library, collection: str, documents: int) -> bool:
    """Whether so many documents have their vectors."""
    opened = library.open(collection, create=True)
    return opened.archive.counts().documents == documents and opened.state.embedded == 1.0


def test_an_idle_process_sends_nothing(writer: Library, follower: Library, url: str) -> None:
    with logged(url) as since:
        put(writer, "b.txt", "A kettle boils.")
        eventually(lambda: applied(follower, "default") == 2)
        eventually(lambda: is_quiet(since))


def is_quiet(since: Callable[[], list[str]]) -> bool:
    """Whether no statement comes for a while, in which a process would look if it looked by the clock."""
    since()
    threading.Event().wait(QUIET_SECONDS)
    return since() == []


def test_what_another_process_erases_is_purged(writer: Library, follower: Library) -> None:
    purging = writer.open("default").purging
    writer.open("default").editor.delete("a.txt")
    eventually(lambda: purging.pending() is None)
