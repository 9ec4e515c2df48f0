"""Check what rows contain: texts against their hashes, passages against their texts, and vectors."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator

import numpy as np

from index.errors import StoreDamaged
from index.records import Problem, content_key, indexed_text
from index.store.rows import sentences
from index.store.rows.vectors import is_intact
from index.store.sqlite import texts, versions
from index.store.sqlite.upkeep import rules

_FLOAT16 = np.dtype("<f2")
_NORM_TOLERANCE = 0.01
_ROWS = 500
_RESTORE = "Restore a backup."


def of_texts(connection: sqlite3.Connection, progress: Callable[[int], None]) -> Iterator[Problem]:
    """Yield texts that are not what their hashes say, and what of their versions does not fit them."""
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
            found.append(Problem("text_damaged", place, error.message))
            continue
        if len(text) != length:
            message = f"its text has {len(text)} characters, and {length} are recorded. {_RESTORE}"
            found.append(Problem("text_length_wrong", place, message))
        for key, name in used:
            found += _of_version(connection, key, name, text)
    yield from rules.listed(found)


def _of_version(connection: sqlite3.Connection, key: int, name: str, text: str) -> Iterator[Problem]:
    if not _has_valid_structure(connection, key, len(text)):
        yield Problem("structure_damaged", name, f"its blocks or pages are not those of its text. {_RESTORE}")
    rows = connection.execute(
        'SELECT id, start, "end", heading, quote_key, embedding_key FROM passages WHERE version = ?', (key,)
    )
    for id_, start, end, heading, quote_key, embedding_key in rows:
        quote = text[max(0, start) : max(0, end)]
        if not 0 <= start < end <= len(text) or content_key(quote) != quote_key:
            message = f"passage {id_} is not what was indexed. {_RESTORE}"
            yield Problem("passage_damaged", name, message)
        elif content_key(indexed_text(heading, quote)) != embedding_key:
            message = f"passage {id_} has the vector of another text. {_RESTORE}"
            yield Problem("passage_heading_damaged", name, message)


def _has_valid_structure(connection: sqlite3.Connection, key: int, length: int) -> bool:
    try:
        structure = versions.structure(connection, key)
    except Exception:  # whatever zlib, JSON and numpy raise for damaged bytes
        return False
    ends = [0, *itertools.chain.from_iterable((one.start, one.end) for one in structure.blocks), length]
    pages = [0, *structure.pages, length]
    return ends == sorted(ends) and pages == sorted(pages)


def of_vectors(
    connection: sqlite3.Connection, dimension: int, progress: Callable[[int], None]
) -> Iterator[Problem]:
    """Yield vectors and sentences that are damaged; a repair embeds their texts again."""
    found = []
    for done, key in enumerate(bad_vectors(connection, dimension, progress)):
        if done < 10 * rules.MOST:
            row = connection.execute(
                "SELECT MIN(id) FROM passages WHERE embedding_key = ?", (key,)
            ).fetchone()
            place = f"passage {row[0]}" if row and row[0] else f"vector {key.hex()}"
            message = "its vector or its sentences are damaged. Repair it: it is then embedded again."
            found.append(Problem("vector_damaged", place, message, is_repairable=True))
    yield from rules.listed(found)


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
            if not (_is_unit(vector, dimension) and _has_valid_sentences(blob)):
                yield key
        done += len(rows)
        progress(done)


def _is_unit(vector: bytes, dimension: int) -> bool:
    size = dimension * _FLOAT16.itemsize
    if not is_intact(vector, size):
        return False
    norm = float(np.linalg.norm(np.frombuffer(vector[:size], _FLOAT16).astype(np.float32)))
    # The vector of a text without words is zero.
    return abs(norm - 1) < _NORM_TOLERANCE or norm == 0


def _has_valid_sentences(blob: bytes | None) -> bool:
    if blob is None:
        return True
    content = sentences.unsealed(blob)
    if content is None:
        return False
    table = sentences.table([content])
    spans, ends = table.spans, table.term_ends
    ordered = bool(np.all(spans[:, 0] <= spans[:, 1]) and np.all(ends[1:] >= ends[:-1]))
    return ordered and bool(np.all(ends <= len(table.terms)) and np.all(np.isfinite(table.scales)))
