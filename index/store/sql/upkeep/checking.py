"""Check every invariant of a record, and repair what can be recomputed from the rest of it.

Documents, versions, texts and passages are never changed: when these are damaged, only a backup helps.
"""

from collections.abc import Callable, Iterator
from functools import partial

from index.errors import StoreDamaged
from index.records import Problem
from index.store.rows.problems import (
    MOST,
    damaged_text,
    damaged_vector,
    limit_per_kind,
    uncovered,
    wrong_length,
    wrong_version,
)
from index.store.sql import marks, passages, texts, totals, versions
from index.store.sql.statements import Statements
from index.store.sql.upkeep import rules

Progress = Callable[[int, int], None]
"""Called with (texts and vectors checked, texts and vectors in all)."""

_SPANS = (
    'SELECT p.start, p."end" FROM passages p JOIN versions v ON v.key = p.version WHERE v.key = ?'
    " AND (v.removed IS NOT NULL OR p.removed IS NULL)"
)
_PASSAGES = 'SELECT id, start, "end", heading, quote_key, embedding_key FROM passages WHERE version = ?'


def problems(statements: Statements, dimension: int, progress: Progress) -> Iterator[Problem]:
    """Find problems in rows, in texts and passages, and in vectors, in one read transaction.

    Of one kind at most :data:`index.store.rows.problems.MOST` are told one by one. ``dimension`` is the
    length of a vector. Damaged files and tables of the database are for its own tools.
    """
    yield from rules.find_broken(statements)
    counts = statements.row("SELECT (SELECT COUNT(*) FROM texts), (SELECT COUNT(*) FROM embeddings)")
    number, vectors = counts or (0, 0)
    total = number + vectors
    yield from _of_texts(statements, lambda done: progress(done, total))
    yield from _of_vectors(statements, dimension, lambda done: progress(number + done, total))
    progress(total, total)


def _of_texts(statements: Statements, progress: Callable[[int], None]) -> Iterator[Problem]:
    """Yield texts that do not match their hashes, and versions that do not match their texts."""
    found: list[Problem] = []
    for done, (sha, length) in enumerate(statements.rows("SELECT sha256, length FROM texts ORDER BY sha256")):
        progress(done)
        used = statements.rows(
            "SELECT v.key, 'document ''' || d.id || ''', version ' || v.number FROM versions v"
            " JOIN documents d ON d.key = v.document WHERE v.text_sha256 = ? ORDER BY v.key",
            (sha,),
        )
        if not used:
            continue
        place = used[0][1]
        try:
            text = texts.read(statements, sha)
        except StoreDamaged as error:
            found.append(damaged_text(place, error))
            continue
        found += wrong_length(place, text, length)
        for key, name in used:
            rows = statements.rows(_PASSAGES, (key,))
            read = partial(versions.structure, statements, key)
            wrong = list(wrong_version(name, text, read, rows))
            found += wrong or _lost_passages(statements, name, text, key)
    yield from limit_per_kind(found)


def _lost_passages(statements: Statements, name: str, text: str, key: int) -> list[Problem]:
    """Find out whether the passages of an intact version cover its text: of the newest one, those in use."""
    spans = statements.rows(_SPANS, (key,))
    return list(uncovered(name, text, versions.structure(statements, key).blocks, spans))


def _of_vectors(statements: Statements, dimension: int, progress: Callable[[int], None]) -> Iterator[Problem]:
    """Yield vectors and sentences that are damaged; a repair embeds their texts again."""
    found = []
    for done, key in enumerate(passages.bad_vectors(statements, dimension, progress)):
        if done < 10 * MOST:
            row = statements.row("SELECT MIN(id) FROM passages WHERE embedding_key = ?", (key,))
            found.append(damaged_vector(key, row[0] if row else None))
    yield from limit_per_kind(found)


def repair(statements: Statements, dimension: int) -> None:
    """Make good what :func:`problems` calls repairable.

    What is derived from the record is disowned, so that it is made anew. Passages whose vectors were missing
    or damaged wait for them again.
    """
    passages.drop_bad_vectors(statements, dimension)
    for rule in rules.rules(statements):
        for statement in rule.repair:
            statements.execute(statement)
    rules.restore_attributes(statements)
    totals.restore(statements)
    marks.begin_epoch(statements)
