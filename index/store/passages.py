"""Passages, their vectors, and what an index has to catch up on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np

from index.records import NewDocument, PendingPassage, content_key
from index.store import sentences, texts
from index.types import Ids, Passage, Sentences, Vectors

_STORED = np.dtype("<f2")


def indexed_text(heading: str, quote: str) -> str:
    """What is embedded and searched: the heading line when there is one, then the slice itself."""
    return f"{heading}\n{quote}" if heading else quote


def put(connection: sqlite3.Connection, new: NewDocument, keys: tuple[int, int], change: int) -> int:
    """Store a new version's passages, given the keys of document and version.

    Returns how many of them had a vector already.
    """
    rows = []
    for passage, heading in zip(new.passages, new.headings, strict=True):
        quote = new.text[passage.start : passage.end]
        first_page, last_page = passage.pages or (None, None)
        rows.append(
            (*keys, passage.start, passage.end, json.dumps(passage.section, ensure_ascii=False), heading,
             first_page, last_page, passage.tokens, content_key(quote),
             content_key(indexed_text(heading, quote)), change)
        )  # fmt: skip
    connection.executemany(
        'INSERT INTO passages (document, version, start, "end", section, heading, first_page, last_page,'
        " tokens, quote_key, embedding_key, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    known = connection.execute(
        # Not those of an earlier cut of the same version: when they had their vectors is history.
        "UPDATE passages SET embedded = ? WHERE version = ? AND added = ?"
        " AND embedding_key IN (SELECT key FROM embeddings)",
        (change, keys[1], change),
    )
    return known.rowcount


def retire(connection: sqlite3.Connection, document: int, change: int) -> int:
    """Take a document's live passages out of the indexes; returns how many."""
    connection.execute(
        "INSERT INTO removals SELECT ?, id FROM passages WHERE document = ? AND removed IS NULL",
        (change, document),
    )
    retired = connection.execute(
        "UPDATE passages SET removed = ? WHERE document = ? AND removed IS NULL", (change, document)
    )
    return retired.rowcount


def drop(connection: sqlite3.Connection, versions: Sequence[int]) -> None:
    """Forget the passages of versions (keys), and the vectors that no other passage shares."""
    names: set[bytes] = set()
    for version in versions:
        rows = connection.execute(
            "DELETE FROM passages WHERE version = ? RETURNING embedding_key", (version,)
        )
        names.update(name for (name,) in rows.fetchall())
    connection.executemany(
        "DELETE FROM embeddings WHERE key = ?1"
        " AND NOT EXISTS (SELECT 1 FROM passages WHERE embedding_key = ?1)",
        [(name,) for name in names],
    )


def pending(connection: sqlite3.Connection, limit: int, after: int = 0) -> list[PendingPassage]:
    """The oldest passages without a vector, one for each text to embed, with ids above ``after``."""
    rows = connection.execute(
        'SELECT p.id, p.embedding_key, p.heading, p.tokens, v.text_sha256, p.start, p."end" FROM passages p'
        " JOIN versions v ON v.key = p.version WHERE p.embedded IS NULL AND p.removed IS NULL"
        " AND p.id > ? ORDER BY p.id LIMIT ?",
        (after, limit),
    ).fetchall()
    unique = {key: (id_, key, heading, tokens, where) for id_, key, heading, tokens, *where in rows}
    found = []
    for id_, key, heading, tokens, where in unique.values():
        quote = texts.read(connection, *where)
        text = indexed_text(heading, quote)
        found.append(PendingPassage(id_, key, text, len(text) - len(quote), tokens))
    return found


def last(connection: sqlite3.Connection) -> int:
    """The id of the passage that was stored last; 0 if none ever was."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
    return int(row[0]) if row else 0


def waiting(connection: sqlite3.Connection, up_to: int) -> int:
    """How many live passages, up to this one, have no vector."""
    (count,) = connection.execute(
        "SELECT COUNT(*) FROM passages WHERE embedded IS NULL AND removed IS NULL AND id <= ?", (up_to,)
    ).fetchone()
    return int(count)


def put_vectors(
    connection: sqlite3.Connection,
    keys: Sequence[bytes],
    vectors: Vectors,
    looks: Sequence[Sentences],
    change: int,
) -> int:
    """Store vectors and sentences by the names of their texts; returns how many passages they serve."""
    packed: Sequence[bytes | None] = [sentences.packed(one) for one in looks] or [None] * len(keys)
    rows = zip(keys, vectors.astype(_STORED), packed, strict=True)
    connection.executemany(
        "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)",
        ((key, row.tobytes(), blob) for key, row, blob in rows),
    )
    served = 0
    for at in range(0, len(keys), 500):
        part = keys[at : at + 500]
        marks = ", ".join("?" * len(part))
        served += connection.execute(
            "UPDATE passages SET embedded = ? WHERE embedded IS NULL AND removed IS NULL"
            f" AND embedding_key IN ({marks})",
            (change, *part),
        ).rowcount
    return served


def removed_ids(connection: sqlite3.Connection, since: int, until: int) -> Ids:
    """Passages taken out of the indexes after change ``since``, up to ``until``."""
    rows = connection.execute(
        "SELECT passage FROM removals WHERE change > ? AND change <= ?", (since, until)
    ).fetchall()
    return np.array([id_ for (id_,) in rows], np.int64)


def passage_of(row: tuple[Any, ...]) -> Passage:
    """Make a passage of its columns: start, end, section, first and last page, tokens."""
    start, end, section, first_page, last_page, tokens = row
    pages = None if first_page is None else (first_page, last_page)
    return Passage(start, end, tuple(json.loads(section)), pages, tokens)
