"""Check what rows contain: texts against their hashes, passages against their texts, and vectors."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial

from index.errors import StoreDamaged
from index.records import Problem
from index.store.rows import sentences
from index.store.rows.problems import (
    MOST,
    damaged_text,
    damaged_vector,
    limit_per_kind,
    wrong_length,
    wrong_version,
)
from index.store.rows.vectors import is_unit
from index.store.sqlite import texts, versions

_ROWS = 500
_PASSAGES = 'SELECT id, start, "end", heading, quote_key, embedding_key FROM passages WHERE version = ?'


def of_texts(connection: sqlite3.Connection, progress: Callable[[int], None]) -> Iterator[Problem]:
    """Yield texts that do not match their hashes, and versions that do not match their texts."""
    found: list[Problem] = []
    rows = connection.execute("SELECT sha256, length FROM texts ORDER BY sha256").fetchall()
    for done, (sha, length) in enumerate(rows):
        progress(done)
        used = connection.execute(
            "SELECT v.key, 'document ''' || d.id || ''', version ' || v.number FROM versions v"
            " JOIN documents d ON d.key = v.document WHERE v.text_sha256 = ? ORDER BY v.key",
            (sha,),
        ).fetchall()
        if not used:
            continue
        place = used[0][1]
        try:
            text = texts.read(connection, sha)
        except StoreDamaged as error:
            found.append(damaged_text(place, error))
            continue
        found += wrong_length(place, text, length)
        for key, name in used:
            passages = connection.execute(_PASSAGES, (key,))
            found += wrong_version(name, text, partial(versions.structure, connection, key), passages)
    yield from limit_per_kind(found)


def of_vectors(
    connection: sqlite3.Connection, dimension: int, progress: Callable[[int], None]
) -> Iterator[Problem]:
    """Yield vectors and sentences that are damaged; a repair embeds their texts again."""
    found = []
    for done, key in enumerate(bad_vectors(connection, dimension, progress)):
        if done < 10 * MOST:
            row = connection.execute(
                "SELECT MIN(id) FROM passages WHERE embedding_key = ?", (key,)
            ).fetchone()
            found.append(damaged_vector(key, row[0] if row else None))
    yield from limit_per_kind(found)


def bad_vectors(
    connection: sqlite3.Connection, dimension: int, progress: Callable[[int], None] = lambda _: None
) -> Iterator[bytes]:
    """Yield the keys of vectors that are not what was stored, or have damaged sentences.

    Those of files before format 6 have no checksum: they are of another length, or not of unit length.
    """
    cursor = connection.execute("SELECT key, vector, sentences FROM embeddings")
    done = 0
    while rows := cursor.fetchmany(_ROWS):
        for key, vector, blob in rows:
            if not (is_unit(vector, dimension) and sentences.are_valid(blob)):
                yield key
        done += len(rows)
        progress(done)
