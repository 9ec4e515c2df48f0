"""Rules that the rows of a store file keep, each a query for the rows that break it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from index.records import Problem
from index.store.rows.attributes import attributes_of
from index.store.rows.attributes import rows as attribute_rows
from index.store.rows.problems import Rule, limit_per_kind, unused_attributes, wrong_attributes, wrong_totals
from index.store.sqlite import attributes, totals
from index.types import Metadata

_OF_VERSION = (
    "'document ' || COALESCE((SELECT '''' || d.id || '''' FROM documents d WHERE d.key = v.document),"
    " 'with key ' || v.document) || ', version ' || v.number"
)


RULES = (
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
        f"SELECT {_OF_VERSION} FROM versions v WHERE document NOT IN (SELECT key FROM documents)",
        "the version belongs to no document",
    ),
    Rule(
        "version_without_text",
        f"SELECT {_OF_VERSION} FROM versions v WHERE text_sha256 NOT IN (SELECT sha256 FROM texts)",
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
            " FROM versions v JOIN documents d ON d.key = v.document WHERE true GROUP BY d.id, v.text_sha256"
            " ON CONFLICT (document_id, digits) DO UPDATE SET version = MAX(version, excluded.version)",
        ),
    ),
    Rule(
        "text_without_version",
        "SELECT 'text ' || substr(lower(hex(sha256)), 1, 12) FROM texts"
        " WHERE sha256 NOT IN (SELECT text_sha256 FROM versions)",
        "no version uses the text",
        ("DELETE FROM texts WHERE sha256 NOT IN (SELECT text_sha256 FROM versions)",),
    ),
    Rule(
        "text_block_without_text",
        "SELECT DISTINCT 'text ' || substr(lower(hex(sha256)), 1, 12) FROM text_blocks"
        " WHERE sha256 NOT IN (SELECT sha256 FROM texts)",
        "blocks of it are left over",
        ("DELETE FROM text_blocks WHERE sha256 NOT IN (SELECT text_sha256 FROM versions)",),
    ),
    Rule(
        "original_unused",
        "SELECT 'original ' || substr(lower(hex(sha256)), 1, 12) FROM originals"
        " WHERE sha256 NOT IN (SELECT source_sha256 FROM versions)",
        "no version was read from the bytes",
        ("DELETE FROM originals WHERE sha256 NOT IN (SELECT source_sha256 FROM versions)",),
    ),
    Rule(
        "original_bytes_wrong",
        "SELECT 'originals' WHERE (SELECT COALESCE(SUM(bytes), 0) FROM originals)"
        " <> (SELECT value FROM meta WHERE key = 'original_bytes')",
        "their size is counted wrongly",
        (
            "UPDATE meta SET value = (SELECT COALESCE(SUM(bytes), 0) FROM originals)"
            " WHERE key = 'original_bytes'",
        ),
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
        ("INSERT OR IGNORE INTO removals SELECT removed, id FROM passages WHERE removed IS NOT NULL",),
    ),
    Rule(
        "vector_missing",
        "SELECT 'passage ' || p.id FROM passages p WHERE p.embedded IS NOT NULL"
        " AND p.embedding_key NOT IN (SELECT key FROM embeddings)",
        "its vector is missing",
        (
            "UPDATE passages SET embedded = NULL WHERE embedded IS NOT NULL"
            " AND embedding_key NOT IN (SELECT key FROM embeddings)",
        ),
    ),
    Rule(
        "vector_unused",
        "SELECT 'vector ' || lower(hex(key)) FROM embeddings"
        " WHERE key NOT IN (SELECT embedding_key FROM passages)",
        "no passage uses the vector",
        ("DELETE FROM embeddings WHERE key NOT IN (SELECT embedding_key FROM passages)",),
    ),
    Rule(
        "claim_unused",
        "SELECT 'claim ' || lower(hex(key)) FROM claims"
        " WHERE key NOT IN (SELECT embedding_key FROM passages)",
        "a worker claims to embed a passage that does not exist",
        ("DELETE FROM claims WHERE key NOT IN (SELECT embedding_key FROM passages)",),
    ),
    Rule(
        "alias_without_document",
        "SELECT 'former id ''' || id || '''' FROM aliases WHERE document NOT IN (SELECT key FROM documents)",
        "the former id belongs to no document",
        ("DELETE FROM aliases WHERE document NOT IN (SELECT key FROM documents)",),
    ),
    Rule(
        "change_wrong",
        "SELECT 'change ' || latest FROM (SELECT max("
        " (SELECT COALESCE(MAX(added), 0) FROM versions), (SELECT COALESCE(MAX(added), 0) FROM passages),"
        " (SELECT COALESCE(MAX(removed), 0) FROM passages),"
        " (SELECT COALESCE(MAX(embedded), 0) FROM passages),"
        " (SELECT COALESCE(MAX(change), 0) FROM events), (SELECT COALESCE(MAX(change), 0) FROM removals),"
        " (SELECT COALESCE(MAX(number), 0) FROM changes)) AS latest)"
        " WHERE latest > (SELECT value FROM meta WHERE key = 'change')",
        "rows are of a later change than the last one",
    ),
    Rule(
        "change_order_wrong",
        f"SELECT {_OF_VERSION} FROM versions v WHERE removed < added"
        " OR (removed IS NULL) <> (replaced IS NULL)",
        "the version was replaced before it was added",
    ),
)


def find_broken(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Yield the rows that break a rule."""
    for rule in RULES:
        places = connection.execute(rule.query).fetchall()
        yield from limit_per_kind(rule.problems(place for (place,) in places))
    yield from wrong_totals(totals.read(connection), totals.count(connection))
    yield from limit_per_kind(list(_wrong_attributes(connection)))


def _wrong_attributes(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Compare the attributes that filters use with the documents that they come from."""
    for key, id_, expected in _expected_attributes(connection):
        stored = connection.execute(
            "SELECT key, kind, value FROM attributes WHERE document = ?", (key,)
        ).fetchall()
        own = None if expected is None else attribute_rows(expected)
        yield from wrong_attributes(id_, set(stored), own)
    orphans = connection.execute(
        "SELECT DISTINCT document FROM attributes WHERE document NOT IN (SELECT key FROM documents)"
    ).fetchall()
    for (key,) in orphans:
        yield unused_attributes(key)


def _expected_attributes(
    connection: sqlite3.Connection,
) -> Iterator[tuple[int, str, Metadata | None]]:
    """Yield key, id and expected attributes of each document; None if its metadata cannot be read."""
    rows = connection.execute(
        "SELECT d.key, d.id, v.title, d.source, d.media_type, d.metadata FROM documents d"
        " JOIN versions v ON v.key = d.version"
    )
    for key, id_, title, source, media_type, metadata in rows:
        try:
            values = json.loads(metadata)
            yield key, id_, attributes_of(id_, title, source, media_type, values)
        except (ValueError, TypeError):
            yield key, id_, None


def restore_attributes(connection: sqlite3.Connection) -> None:
    """Make the attributes of all documents anew where they are wrong."""
    connection.execute("DELETE FROM attributes WHERE document NOT IN (SELECT key FROM documents)")
    for key, _, expected in list(_expected_attributes(connection)):
        if expected is not None:
            attributes.put(connection, key, expected)
