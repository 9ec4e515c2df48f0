"""What is true of the SQLite store beside the contract."""

import sqlite3
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.errors import (
    CollectionNotFound,
    StoreDamaged,
)
from index.store.sqlite import SqliteStore
from tests.contracts.conftest import Opener
from tests.contracts.documents import (
    document,
    embed,
    live_ids,
    now,
    pending,
    put,
)


def test_a_text_that_was_tampered_with_is_noticed(open_store: Opener, tmp_path: Path) -> None:
    store = open_store()
    (record,) = put(store, [document()])
    path = tmp_path / "store.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE text_blocks SET body = ?", (zlib.compress(b"Two two. Three four."),))
    connection.close()
    with pytest.raises(StoreDamaged, match="hash"):
        now(store).text(record.text_sha256)
    with pytest.raises(StoreDamaged, match="hash"):
        now(store).passages(np.array(live_ids(store), np.int64))


def test_nothing_of_what_was_erased_is_on_disk(open_store: Opener, tmp_path: Path) -> None:
    store = open_store()
    body = zlib.compress(b"Secret one. Secret two.", 6)
    put(store, [document(text="Secret one. Secret two.")])
    store.delete("a")
    store.close()
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    assert files
    assert not any(body in data for data in files)


def test_what_is_closed_opens_no_file_made_anew_under_its_name(open_store: Opener, tmp_path: Path) -> None:
    old = open_store()
    put(old, [document()])
    old.close()
    for path in tmp_path.glob("store.sqlite*"):
        path.unlink()
    with pytest.raises(CollectionNotFound, match="closed"):
        now(old).counts()
    with pytest.raises(CollectionNotFound, match="closed"):
        put(old, [document()])
    assert not list(tmp_path.glob("store.sqlite*"))


def test_totals_are_those_of_a_count(open_store: Opener, tmp_path: Path) -> None:
    store = open_store()

    def counted() -> tuple[int, ...]:
        with sqlite3.connect(tmp_path / "store.sqlite") as connection:
            row: tuple[int, ...] = connection.execute(
                "SELECT (SELECT COUNT(*) FROM documents),"
                " (SELECT COUNT(*) FROM passages WHERE removed IS NULL),"
                " (SELECT COUNT(*) FROM passages WHERE removed IS NULL AND embedded IS NOT NULL),"
                " (SELECT COALESCE(SUM(length), 0) FROM documents d JOIN versions v ON v.key = d.version"
                "  JOIN texts t ON t.sha256 = v.text_sha256)"
            ).fetchone()
        connection.close()
        return row

    def told() -> tuple[int, ...]:
        counts = now(store).counts()
        return counts.documents, counts.passages, counts.embedded, counts.characters

    changes: list[Callable[[], object]] = [
        lambda: put(store, [document("a"), document("b", text="Other words. And more."), document("c")]),
        lambda: embed(store),
        lambda: put(store, [document("a", text="New words of a. And some more of them.")]),
        lambda: put(store, [document("a", text="New words of a. And some more of them.", title="Titled")]),
        lambda: put(store, [document("d"), document("d2", text="Other words. And more.")]),
        lambda: store.rename("b", "e"),
        lambda: store.delete("c"),
        lambda: embed(store),
        lambda: put(store, [document("a")]),
        lambda: store.prune([one.key for one in now(store).replaced_versions()]),
        lambda: store.delete("a"),
        lambda: store.delete("d2"),
    ]
    for change in changes:
        change()
        assert told() == counted()


def test_many_may_open_a_new_store_at_the_same_moment(tmp_path: Path) -> None:
    def opened(path: Path) -> int:
        store = SqliteStore(path)
        store.close()
        return 1

    with ThreadPoolExecutor(8) as pool:
        for number in range(100):
            paths = [tmp_path / f"{number}.sqlite"] * 8
            assert sum(pool.map(opened, paths)) == 8


def test_claims_of_a_dead_worker_are_void(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    put(store, [document("a")])
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.execute("INSERT INTO claims SELECT embedding_key, 'embed/killed' FROM passages")
    connection.close()
    assert len(pending(store)) == 2
    store.close()
