"""Check every invariant of a record, in one read transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from index.errors import StoreDamaged
from index.postgresql import Transaction
from index.records import Problem
from index.store.postgresql import passages, texts, versions
from index.store.postgresql.upkeep import rules
from index.store.rows.problems import (
    MOST,
    damaged_text,
    damaged_vector,
    limit_per_kind,
    wrong_length,
    wrong_version,
)

Progress = Callable[[int, int], None]
"""Called with (texts and vectors checked, texts and vectors in all)."""

_PASSAGES = 'SELECT id, start, "end", heading, quote_key, embedding_key FROM passages WHERE version = %s'


def problems(transaction: Transaction, dimension: int, progress: Progress) -> Iterator[Problem]:
    """Find problems in rows, in texts and passages, and in vectors.

    Of one kind at most :data:`index.store.rows.problems.MOST` are told one by one. ``dimension`` is the
    length of a vector. Damaged files of the database are for the server's own tools.
    """
    yield from rules.find_broken(transaction)
    counts = transaction.row("SELECT (SELECT count(*) FROM texts), (SELECT count(*) FROM embeddings)")
    number, vectors = counts or (0, 0)
    total = number + vectors
    yield from _of_texts(transaction, lambda done: progress(done, total))
    yield from _of_vectors(transaction, dimension, lambda done: progress(number + done, total))
    progress(total, total)


def _of_texts(transaction: Transaction, progress: Callable[[int], None]) -> Iterator[Problem]:
    """Yield texts that do not match their hashes, and versions that do not match their texts."""
    found: list[Problem] = []
    for done, (sha, length) in enumerate(
        transaction.rows("SELECT sha256, length FROM texts ORDER BY sha256")
    ):
        progress(done)
        used = transaction.rows(
            "SELECT v.key, 'document ''' || d.id || ''', version ' || v.number FROM versions v"
            " JOIN documents d ON d.key = v.document WHERE v.text_sha256 = %s ORDER BY v.key",
            (sha,),
        )
        if not used:
            continue
        place = used[0][1]
        try:
            text = texts.read(transaction, sha)
        except StoreDamaged as error:
            found.append(damaged_text(place, error))
            continue
        found += wrong_length(place, text, length)
        for key, name in used:
            rows = transaction.rows(_PASSAGES, (key,))
            found += wrong_version(name, text, partial(versions.structure, transaction, key), rows)
    yield from limit_per_kind(found)


def _of_vectors(
    transaction: Transaction, dimension: int, progress: Callable[[int], None]
) -> Iterator[Problem]:
    """Yield vectors and sentences that are damaged; a repair embeds their texts again."""
    found = []
    for done, key in enumerate(passages.bad_vectors(transaction, dimension, progress)):
        if done < 10 * MOST:
            row = transaction.row("SELECT min(id) FROM passages WHERE embedding_key = %s", (key,))
            found.append(damaged_vector(key, row[0] if row else None))
    yield from limit_per_kind(found)
