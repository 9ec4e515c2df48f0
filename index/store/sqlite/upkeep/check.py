"""Check every invariant of a store file, in one read transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from index.records import Problem
from index.store.sqlite.upkeep import contents, rules

_MOST = 100
"""Problems that SQLite's own check reports at most."""
_OF_AN_INDEX = ("missing from index", "wrong # of entries in index", "non-unique entry in index")
_RESTORE = "Restore a backup."

Progress = Callable[[int, int], None]
"""Called with (texts and vectors checked, texts and vectors in all)."""


def problems(connection: sqlite3.Connection, dimension: int, progress: Progress) -> Iterator[Problem]:
    """Find problems in the file, in its rows, in its texts and passages, and in its vectors.

    Of one kind at most :data:`index.store.sqlite.upkeep.rules.MOST` are told one by one. ``dimension`` is the
    length of a vector.
    """
    if damaged := list(_of_the_file(connection)):
        yield from damaged
        return  # queries cannot be trusted
    yield from rules.find_broken(connection)
    (texts,) = connection.execute("SELECT COUNT(*) FROM texts").fetchone()
    (vectors,) = connection.execute("SELECT COUNT(*) FROM embeddings").fetchone()
    total = texts + vectors
    yield from contents.of_texts(connection, lambda done: progress(done, total))
    yield from contents.of_vectors(connection, dimension, lambda done: progress(texts + done, total))
    progress(total, total)


def _of_the_file(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Yield the damage that SQLite finds in its pages and indexes."""
    try:
        found = [message for (message,) in connection.execute(f"PRAGMA integrity_check({_MOST})").fetchall()]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    for message in found:
        if message == "ok":
            continue
        if any(words in message for words in _OF_AN_INDEX):
            yield Problem("store_index_damaged", "store", f"{message}. Repair it.", is_repairable=True)
        else:
            yield Problem("store_damaged", "store", f"{message}. {_RESTORE}")
