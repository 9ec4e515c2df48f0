"""Repair what can be recomputed from the documents, versions and texts of a store file.

Documents, versions, texts and passages are never changed: when these are damaged, only a backup helps.
"""

from __future__ import annotations

import sqlite3

from index.store.sqlite import changes, totals
from index.store.sqlite.database import is_whole_index
from index.store.sqlite.upkeep import contents, rules


def repair(connection: sqlite3.Connection, dimension: int) -> None:
    """Make good what :func:`index.store.sqlite.upkeep.problems` calls repairable, in a write transaction.

    What is derived from the file is disowned, so that it is made anew. Passages whose vectors were missing or
    damaged wait for them again.
    """
    _make_indexes_anew(connection)
    drop_bad_vectors(connection, dimension)
    for rule in rules.RULES:
        for statement in rule.repair:
            connection.execute(statement)
    rules.restore_attributes(connection)
    totals.restore(connection)
    changes.begin_epoch(connection)


def _make_indexes_anew(connection: sqlite3.Connection) -> None:
    """Make all indexes anew but those of whole rows: nobody knows which copy of a row is the right one."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()
    for (name,) in names:
        if not is_whole_index(name):
            connection.execute(f'REINDEX "{name}"')


def drop_bad_vectors(connection: sqlite3.Connection, dimension: int) -> int:
    """Delete damaged vectors, so that their passages wait for new ones; returns how many.

    Reads all of them.
    """
    bad = [(key,) for key in contents.bad_vectors(connection, dimension)]
    connection.executemany("DELETE FROM embeddings WHERE key = ?", bad)
    connection.executemany("UPDATE passages SET embedded = NULL WHERE embedding_key = ?", bad)
    return len(bad)
