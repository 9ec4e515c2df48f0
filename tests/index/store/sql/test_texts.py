from __future__ import annotations

import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from index.store.sql import texts
from index.store.sqlite.database import Database
from index.store.sqlite.statements import SqliteStatements
from index.store.sqlite.store import SqliteStore
from index.types import Passage
from tests.calls import profiled
from tests.contracts.documents import document, pending, put

TEXT = "".join(f"Sentence {n} tells of the lamp and the sea. 🌊\n" for n in range(2000))
SHA = texts.text_sha256(TEXT)
PLACES = st.integers(0, len(TEXT))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    path = tmp_path_factory.mktemp("store") / "store.sqlite"
    SqliteStore(path).close()
    database = Database(path)
    with database.write() as connection:
        texts.put(SqliteStatements(connection), TEXT)
    return database


@given(st.lists(st.tuples(PLACES, PLACES), max_size=10))
@example([(texts.BLOCK + 9, texts.BLOCK - 9), (2 * texts.BLOCK, 1)])
def test_slices_are_those_of_the_text(database: Database, spans: list[tuple[int, int]]) -> None:
    with database.read() as connection:
        statements = SqliteStatements(connection)
        found = texts.slices(statements, [*((SHA, *span) for span in spans), (b"unknown", 0, 9)])
        assert found == [*(TEXT[start:end] for start, end in spans), ""]
        for start, end in spans:
            assert texts.read(statements, SHA, start, end) == TEXT[start:end]


def test_the_passages_of_a_document_decompress_each_of_its_blocks_once(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    ends = [at + 1 for at, character in enumerate(TEXT) if character == "\n"]
    passages = [Passage(start, end, (), None, 9) for start, end in pairwise([0, *ends])]
    put(store, [document(text=TEXT, passages=passages, headings=[""] * len(passages))])
    blocks = -(-len(TEXT) // texts.BLOCK)
    assert blocks > 4
    with store.snapshot() as moment:
        found: list[Any] = []
        assert _decompressions(lambda: found.extend(moment.added_texts(0, 9))) <= blocks
        assert len(found) == len(passages)
    assert _decompressions(lambda: pending(store)) <= blocks
    store.close()


def _decompressions(work: Callable[[], object]) -> int:
    """How often work calls :func:`zlib.decompress`."""
    calls = 0

    def count(_: object, event: str, called: object) -> None:
        nonlocal calls
        calls += event == "c_call" and called is zlib.decompress

    with profiled(count):
        work()
    return calls
