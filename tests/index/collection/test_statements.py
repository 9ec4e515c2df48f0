"""The statements and transactions that a collection sends to its record, as SQLite itself reports them."""

import gc
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.history.ledger import Ledger
from index.ingest import Source
from tests.opening import collection_in

TEXT = "Mercury is the smallest planet. It orbits the Sun in 88 days. Its days are long."


@dataclass
class Sent:
    """Statements and transactions. SQLite reports a statement again for each trigger that it fires.

    A query outside a transaction is a read transaction by itself.
    """

    statements: int = 0
    reads: int = 0
    writes: int = 0
    _inside: set[int] = field(default_factory=set)

    def note(self, connection: int, statement: str) -> None:
        self.statements += 1
        first = statement.split(maxsplit=1)[0]
        if statement == "BEGIN IMMEDIATE":
            self.writes += 1
        elif connection not in self._inside:
            self.reads += 1
        if first == "BEGIN":
            self._inside.add(connection)
        elif first == "COMMIT":
            self._inside.remove(connection)


def connections_to(path: Path) -> set[sqlite3.Connection]:
    kinds = {sqlite3.Connection, *sqlite3.Connection.__subclasses__()}
    found = set()
    # There are millions of objects, and __class__ of some warns.
    for one in [one for one in gc.get_objects() if type(one) in kinds]:
        with suppress(sqlite3.ProgrammingError):  # it is closed, or another thread's
            if one.execute("PRAGMA database_list").fetchone()[2] == str(path):
                found.add(one)
    return found


@contextmanager
def counted(path: Path) -> Iterator[Sent]:
    """Count what is sent to the record, by connections that are open already."""
    sent, connections = Sent(), connections_to(path)
    for one in connections:
        one.set_trace_callback(partial(sent.note, id(one)))
    yield sent
    for one in connections:
        one.set_trace_callback(None)
    assert connections_to(path) == connections


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "default"


@pytest.fixture
def collection(folder: Path) -> Iterator[Collection]:
    """A collection like those of the service: with a ledger, and connections that are open."""
    ledger = Ledger(folder.with_name("erased.jsonl"))
    with collection_in(folder, embedder=WordEmbedder(), config=LibraryConfig(), ledger=ledger) as opened:
        for name in ("a", "b"):
            opened.put(document(name))
            opened.embed_pending(limit=32)
        yield opened


def document(name: str, text: str = TEXT) -> Source:
    return Source(f"{name}.txt", f"Of {name}. {text}".encode())


@pytest.fixture
def count(folder: Path, collection: Collection) -> Callable[[Callable[[], object]], Sent]:
    """Count what a call sends."""

    def of(call: Callable[[], object]) -> Sent:
        with counted(folder / "store.sqlite") as sent:
            call()
        return sent

    return of


Count = Callable[[Callable[[], object]], Sent]


def test_a_put_reads_the_record_four_times_and_writes_it_once(collection: Collection, count: Count) -> None:
    sent = count(lambda: collection.put(document("new")))
    assert sent.writes == 1
    assert 0 < sent.reads <= 4
    assert 0 < sent.statements <= 40


def test_a_put_of_another_text_retires_the_one_before(collection: Collection, count: Count) -> None:
    sent = count(lambda: collection.put(document("a", f"{TEXT} It has no moon.")))
    assert sent.writes == 1
    assert sent.reads <= 4
    assert sent.statements <= 49


def test_a_put_of_what_is_stored_writes_nothing(collection: Collection, count: Count) -> None:
    sent = count(lambda: collection.put(document("a")))
    assert (sent.writes, sent.reads) == (0, 2)
    assert sent.statements <= 8


def test_vectors_of_a_small_document_are_stored_with_few_statements(
    collection: Collection, count: Count
) -> None:
    collection.put(document("new"))
    # It claims the passage, looks for others meanwhile, stores the vector, and ends the claims of its lease.
    sent = count(lambda: collection.embed_pending(limit=32))
    assert sent.writes == 4
    assert sent.reads <= 5
    assert sent.statements <= 40
    assert collection.state.embedded == 1.0


def test_a_look_for_changes_and_for_passages_is_one_statement_each(
    collection: Collection, count: Count
) -> None:
    for look in (collection.refresh, lambda: collection.embed_pending(limit=32)):
        sent = count(look)
        assert (sent.statements, sent.reads, sent.writes) == (1, 1, 0)


def test_a_question_and_a_locator_are_answered_in_one_transaction_each(
    collection: Collection, count: Count
) -> None:
    asked = count(lambda: collection.ask("Which planet is the smallest?"))
    assert (asked.reads, asked.writes) == (1, 0)
    assert asked.statements <= 17
    locator = collection.ask("Which planet is the smallest?").hits[0].citation.locator
    cited = count(lambda: collection.archive.cite(locator))
    assert (cited.reads, cited.writes) == (1, 0)
    assert cited.statements <= 7
