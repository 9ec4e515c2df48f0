"""Check every invariant of a record, and repair what can be recomputed from the rest of it.

Documents, versions, texts and passages are never changed: when these are damaged, only a backup helps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from index.errors import StoreDamaged
from index.records import Problem
from index.store.rows.attributes import attributes_of, rows as attribute_rows
from index.store.rows.problems import (
    MOST,
    Rule,
    damaged_text,
    damaged_vector,
    limit_per_kind,
    uncovered,
    unused_attributes,
    wrong_attributes,
    wrong_length,
    wrong_totals,
    wrong_version,
)
from index.store.sql import attributes, marks, passages, texts, totals, versions
from index.store.sql.names import RAISE_VERSION
from index.store.sql.statements import Row, Statements
from index.types import Metadata

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
    yield from find_broken(statements)
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
    for rule in rules(statements):
        for statement in rule.repair:
            statements.execute(statement)
    restore_attributes(statements)
    totals.restore(statements)
    marks.begin_epoch(statements)


# Rules that the rows of a record keep, each a query for the rows that break it.


_ROWS = 500
_OF_VERSION = (
    "'document ' || COALESCE((SELECT '''' || d.id || '''' FROM documents d WHERE d.key = v.document),"
    " 'with key ' || v.document) || ', version ' || v.number"
)
_NO_VERSION_OF_TEXT = "NOT EXISTS (SELECT 1 FROM versions v WHERE v.text_sha256 = {}.sha256)"
_NO_VERSION_OF_ORIGINAL = "NOT EXISTS (SELECT 1 FROM versions v WHERE v.source_sha256 = originals.sha256)"
_NO_VECTOR = (
    "passages.embedded IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM embeddings e WHERE e.key = passages.embedding_key)"
)
_NO_PASSAGE = "NOT EXISTS (SELECT 1 FROM passages p WHERE p.embedding_key = {}.key)"
_ORIGINAL_BYTES = "(SELECT COALESCE(SUM(bytes), 0) FROM originals)"
_NO_DOCUMENT = "NOT EXISTS (SELECT 1 FROM documents d WHERE d.key = {}.document)"

_RULES = (
    Rule(
        "document_without_version",
        "SELECT 'document ''' || d.id || '''' FROM documents d"
        " LEFT JOIN versions v ON v.key = d.version AND v.document = d.key WHERE v.key IS NULL",
        "its newest version is missing",
    ),
    Rule(
        "newest_version_wrong",
        "SELECT 'document ''' || d.id || '''' FROM documents d"
        " JOIN versions v ON v.key = d.version AND v.document = d.key"
        " WHERE (v.removed IS NULL) <> (d.retired IS NULL) OR v.number < (SELECT MAX(number) FROM versions w"
        " WHERE w.document = d.key)"
        " OR (SELECT COUNT(*) FROM versions w WHERE w.document = d.key AND w.removed IS NULL) > 1",
        "its newest version is not the one that counts as the newest",
    ),
    Rule(
        "version_without_document",
        f"SELECT {_OF_VERSION} FROM versions v WHERE {_NO_DOCUMENT.format('v')}",
        "the version belongs to no document",
    ),
    Rule(
        "version_without_text",
        f"SELECT {_OF_VERSION} FROM versions v"
        " WHERE NOT EXISTS (SELECT 1 FROM texts t WHERE t.sha256 = v.text_sha256)",
        "its text is missing",
    ),
    Rule(
        "version_without_name",
        f"SELECT {_OF_VERSION} FROM versions v JOIN documents d ON d.key = v.document"
        " WHERE NOT EXISTS (SELECT 1 FROM names n WHERE n.document_id = d.id"
        " AND n.text_sha256 = v.text_sha256 AND n.version >= v.number)",
        "no name is reserved for its text",
        (
            "INSERT INTO names SELECT d.id, substr(v.text_sha256, 1, 6), v.text_sha256, MAX(v.number)"
            " FROM versions v JOIN documents d ON d.key = v.document WHERE true"
            f" GROUP BY d.id, v.text_sha256 {RAISE_VERSION}",
        ),
    ),
    Rule(
        "text_without_version",
        f"SELECT 'text ' || substr({{sha256}}, 1, 12) FROM texts WHERE {_NO_VERSION_OF_TEXT.format('texts')}",
        "no version uses the text",
        (f"DELETE FROM texts WHERE {_NO_VERSION_OF_TEXT.format('texts')}",),
    ),
    Rule(
        "text_block_without_text",
        "SELECT DISTINCT 'text ' || substr({sha256}, 1, 12) FROM text_blocks b"
        " WHERE NOT EXISTS (SELECT 1 FROM texts t WHERE t.sha256 = b.sha256)",
        "blocks of it are left over",
        (f"DELETE FROM text_blocks WHERE {_NO_VERSION_OF_TEXT.format('text_blocks')}",),
    ),
    Rule(
        "original_unused",
        f"SELECT 'original ' || substr({{sha256}}, 1, 12) FROM originals WHERE {_NO_VERSION_OF_ORIGINAL}",
        "no version was read from the bytes",
        (f"DELETE FROM originals WHERE {_NO_VERSION_OF_ORIGINAL}",),
    ),
    Rule(
        "original_bytes_wrong",
        f"SELECT 'originals' WHERE {_ORIGINAL_BYTES} <> {{original_bytes}}",
        "their size is counted wrongly",
        ("{count_original_bytes}",),
    ),
    Rule(
        "passage_without_version",
        "SELECT 'passage ' || p.id FROM passages p"
        " LEFT JOIN versions v ON v.key = p.version AND v.document = p.document WHERE v.key IS NULL",
        "the passage belongs to no version",
    ),
    Rule(
        "passage_of_old_version",
        "SELECT 'passage ' || p.id FROM passages p JOIN versions v ON v.key = p.version"
        " WHERE p.removed IS NULL AND v.removed IS NOT NULL",
        "the passage is searched though its version was replaced",
    ),
    Rule(
        "removal_missing",
        "SELECT 'passage ' || p.id FROM passages p WHERE p.removed IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.change = p.removed AND r.passage = p.id)",
        "indexes are not told that it was removed",
        (
            "INSERT INTO removals SELECT removed, id FROM passages WHERE removed IS NOT NULL"
            " ON CONFLICT DO NOTHING",
        ),
    ),
    Rule(
        "vector_missing",
        f"SELECT 'passage ' || id FROM passages WHERE {_NO_VECTOR}",
        "its vector is missing",
        (f"UPDATE passages SET embedded = NULL WHERE {_NO_VECTOR}",),
    ),
    Rule(
        "vector_unused",
        f"SELECT 'vector ' || {{key}} FROM embeddings WHERE {_NO_PASSAGE.format('embeddings')}",
        "no passage uses the vector",
        (f"DELETE FROM embeddings WHERE {_NO_PASSAGE.format('embeddings')}",),
    ),
    Rule(
        "claim_unused",
        f"SELECT 'claim ' || {{key}} FROM claims WHERE {_NO_PASSAGE.format('claims')}",
        "a worker claims to embed a passage that does not exist",
        (f"DELETE FROM claims WHERE {_NO_PASSAGE.format('claims')}",),
    ),
    Rule(
        "alias_without_document",
        f"SELECT 'former id ''' || id || '''' FROM aliases WHERE {_NO_DOCUMENT.format('aliases')}",
        "the former id belongs to no document",
        (f"DELETE FROM aliases WHERE {_NO_DOCUMENT.format('aliases')}",),
    ),
    Rule(
        "change_wrong",
        "SELECT 'change ' || latest FROM (SELECT MAX(change) AS latest FROM ("
        "SELECT MAX(added) AS change FROM versions UNION ALL SELECT MAX(added) FROM passages"
        " UNION ALL SELECT MAX(removed) FROM passages UNION ALL SELECT MAX(embedded) FROM passages"
        " UNION ALL SELECT MAX(change) FROM events UNION ALL SELECT MAX(change) FROM removals"
        " UNION ALL SELECT MAX(number) FROM changes) AS changes) AS found WHERE latest > {change}",
        "rows are of a later change than the last one",
    ),
    Rule(
        "change_order_wrong",
        f"SELECT {_OF_VERSION} FROM versions v WHERE removed < added"
        " OR (removed IS NULL) <> (replaced IS NULL)",
        "the version was replaced before it was added",
    ),
)
"""With places for what databases say in their own ways; see :func:`rules`."""
_UNUSED = "SELECT DISTINCT document FROM attributes WHERE " + _NO_DOCUMENT.format("attributes")
_DOCUMENTS = (
    "SELECT d.key, d.id, v.title, d.source, d.media_type, d.metadata"
    " FROM documents d JOIN versions v ON v.key = d.version ORDER BY d.key"
)


def rules(statements: Statements) -> Iterator[Rule]:
    """Yield the rules for a database."""
    forms = {
        "sha256": statements.hex("sha256"),
        "key": statements.hex("key"),
        "change": statements.value_of("change"),
        "original_bytes": statements.value_of("original_bytes"),
        "count_original_bytes": statements.set_value("original_bytes", _ORIGINAL_BYTES),
    }
    for rule in _RULES:
        repair = tuple(one.format_map(forms) for one in rule.repair)
        yield replace(rule, query=rule.query.format_map(forms), repair=repair)


def find_broken(statements: Statements) -> Iterator[Problem]:
    """Yield the rows that break a rule."""
    for rule in rules(statements):
        yield from limit_per_kind(rule.problems(place for (place,) in statements.rows(rule.query)))
    now = statements.read_state()
    stored = (now.documents, now.passages, now.waiting, now.characters)
    yield from wrong_totals(stored, totals.count(statements))
    yield from limit_per_kind(list(_wrong_attributes(statements)))


def _wrong_attributes(statements: Statements) -> Iterator[Problem]:
    """Compare the attributes that filters use with the documents that they come from."""
    form = statements.attributes
    for _, id_, stored, expected in _attributes(statements):
        own = None if expected is None else {form.row(*row) for row in attribute_rows(expected)}
        yield from wrong_attributes(id_, stored, own)
    for (key,) in statements.rows(_UNUSED):
        yield unused_attributes(key)


def _attributes(statements: Statements) -> Iterator[tuple[int, str, set[Row], Metadata | None]]:
    """Yield key, id, stored and expected attributes of each document; None if its metadata is damaged."""
    columns = ", ".join(statements.attributes.table.columns)
    for rows in statements.stream(_DOCUMENTS, size=_ROWS):
        stored: dict[int, set[Row]] = {row[0]: set() for row in rows}
        query = f"SELECT {columns} FROM attributes WHERE {{among}}"
        for *attribute, document in statements.rows_among(query, "document", stored):
            stored[document].add(tuple(attribute))
        for key, id_, title, source, media_type, metadata in rows:
            try:
                values = json.loads(metadata)
                yield key, id_, stored[key], attributes_of(id_, title, source, media_type, values)
            except (ValueError, TypeError):
                yield key, id_, stored[key], None


def restore_attributes(statements: Statements) -> None:
    """Make the attributes of all documents anew."""
    statements.execute(f"DELETE FROM attributes WHERE {_NO_DOCUMENT.format('attributes')}")
    expected = [(key, values) for key, _, _, values in _attributes(statements) if values is not None]
    for key, values in expected:
        attributes.put(statements, {key: values})
