"""Rules that the rows of a record keep, each a query for the rows that break it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from index.postgresql import Transaction
from index.records import Problem
from index.store.postgresql import attributes
from index.store.postgresql.totals import COUNTED
from index.store.rows.attributes import attributes_of
from index.store.rows.attributes import rows as attribute_rows
from index.store.rows.problems import Rule, limit_per_kind, unused_attributes, wrong_attributes, wrong_totals
from index.types import Metadata

_ROWS = 500
_OF_VERSION = (
    "'document ' || COALESCE((SELECT '''' || d.id || '''' FROM documents d WHERE d.key = v.document),"
    " 'with key ' || v.document) || ', version ' || v.number"
)
_NO_VERSION_OF_TEXT = "NOT EXISTS (SELECT FROM versions v WHERE v.text_sha256 = {}.sha256)"
_NO_VERSION_OF_ORIGINAL = "NOT EXISTS (SELECT FROM versions v WHERE v.source_sha256 = originals.sha256)"
_NO_VECTOR = (
    "passages.embedded IS NOT NULL"
    " AND NOT EXISTS (SELECT FROM embeddings e WHERE e.key = passages.embedding_key)"
)
_NO_PASSAGE = "NOT EXISTS (SELECT FROM passages p WHERE p.embedding_key = {}.key)"
_NO_DOCUMENT = "NOT EXISTS (SELECT FROM documents d WHERE d.key = {}.document)"

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
        " WHERE (v.removed IS NULL) <> (d.retired IS NULL) OR v.number < (SELECT max(number) FROM versions w"
        " WHERE w.document = d.key)"
        " OR (SELECT count(*) FROM versions w WHERE w.document = d.key AND w.removed IS NULL) > 1",
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
        " WHERE NOT EXISTS (SELECT FROM texts t WHERE t.sha256 = v.text_sha256)",
        "its text is missing",
    ),
    Rule(
        "version_without_name",
        f"SELECT {_OF_VERSION} FROM versions v JOIN documents d ON d.key = v.document"
        " WHERE NOT EXISTS (SELECT FROM names n WHERE n.document_id = d.id"
        " AND n.text_sha256 = v.text_sha256 AND n.version >= v.number)",
        "no name is reserved for its text",
        (
            "INSERT INTO names SELECT d.id, substr(v.text_sha256, 1, 6), v.text_sha256, max(v.number)"
            " FROM versions v JOIN documents d ON d.key = v.document GROUP BY d.id, v.text_sha256"
            " ON CONFLICT (document_id, digits)"
            " DO UPDATE SET version = GREATEST(names.version, EXCLUDED.version)",
        ),
    ),
    Rule(
        "text_without_version",
        "SELECT 'text ' || left(encode(sha256, 'hex'), 12) FROM texts"
        f" WHERE {_NO_VERSION_OF_TEXT.format('texts')}",
        "no version uses the text",
        (f"DELETE FROM texts WHERE {_NO_VERSION_OF_TEXT.format('texts')}",),
    ),
    Rule(
        "text_block_without_text",
        "SELECT DISTINCT 'text ' || left(encode(sha256, 'hex'), 12) FROM text_blocks b"
        " WHERE NOT EXISTS (SELECT FROM texts t WHERE t.sha256 = b.sha256)",
        "blocks of it are left over",
        (f"DELETE FROM text_blocks WHERE {_NO_VERSION_OF_TEXT.format('text_blocks')}",),
    ),
    Rule(
        "original_unused",
        "SELECT 'original ' || left(encode(sha256, 'hex'), 12) FROM originals"
        f" WHERE {_NO_VERSION_OF_ORIGINAL}",
        "no version was read from the bytes",
        (f"DELETE FROM originals WHERE {_NO_VERSION_OF_ORIGINAL}",),
    ),
    Rule(
        "original_bytes_wrong",
        "SELECT 'originals' FROM state"
        " WHERE (SELECT COALESCE(sum(bytes), 0) FROM originals) <> original_bytes",
        "their size is counted wrongly",
        ("UPDATE state SET original_bytes = (SELECT COALESCE(sum(bytes), 0) FROM originals)",),
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
        " AND NOT EXISTS (SELECT FROM removals r WHERE r.change = p.removed AND r.passage = p.id)",
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
        f"SELECT 'vector ' || encode(key, 'hex') FROM embeddings WHERE {_NO_PASSAGE.format('embeddings')}",
        "no passage uses the vector",
        (f"DELETE FROM embeddings WHERE {_NO_PASSAGE.format('embeddings')}",),
    ),
    Rule(
        "claim_unused",
        f"SELECT 'claim ' || encode(key, 'hex') FROM claims WHERE {_NO_PASSAGE.format('claims')}",
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
        "SELECT 'change ' || latest FROM (SELECT GREATEST("
        " (SELECT max(added) FROM versions), (SELECT max(added) FROM passages),"
        " (SELECT max(removed) FROM passages), (SELECT max(embedded) FROM passages),"
        " (SELECT max(change) FROM events), (SELECT max(change) FROM removals),"
        " (SELECT max(number) FROM changes)) AS latest) found"
        " WHERE latest > (SELECT change FROM state)",
        "rows are of a later change than the last one",
    ),
    Rule(
        "change_order_wrong",
        f"SELECT {_OF_VERSION} FROM versions v WHERE removed < added"
        " OR (removed IS NULL) <> (replaced IS NULL)",
        "the version was replaced before it was added",
    ),
)
_UNUSED = "SELECT DISTINCT document FROM attributes WHERE " + _NO_DOCUMENT.format("attributes")
_STORED = (
    "SELECT d.key, d.id, v.title, d.source, d.media_type, d.metadata,"
    " (SELECT array_agg(a.key ORDER BY a.ctid) FROM attributes a WHERE a.document = d.key),"
    " (SELECT array_agg(a.kind ORDER BY a.ctid) FROM attributes a WHERE a.document = d.key),"
    " (SELECT array_agg(a.string ORDER BY a.ctid) FROM attributes a WHERE a.document = d.key),"
    " (SELECT array_agg(a.number ORDER BY a.ctid) FROM attributes a WHERE a.document = d.key),"
    " (SELECT array_agg(a.folded ORDER BY a.ctid) FROM attributes a WHERE a.document = d.key)"
    " FROM documents d JOIN versions v ON v.key = d.version ORDER BY d.key"
)


def find_broken(transaction: Transaction) -> Iterator[Problem]:
    """Yield the rows that break a rule."""
    for rule in RULES:
        yield from limit_per_kind(rule.problems(place for (place,) in transaction.rows(rule.query)))
    stored = transaction.row("SELECT documents, passages, waiting, characters FROM state")
    yield from wrong_totals(stored or (), transaction.row(COUNTED) or ())
    yield from limit_per_kind(list(_wrong_attributes(transaction)))


def _wrong_attributes(transaction: Transaction) -> Iterator[Problem]:
    """Compare the attributes that filters use with the documents that they come from."""
    for _, id_, stored, expected in _attributes(transaction):
        rows = None if expected is None else attribute_rows(expected)
        own = None if rows is None else {attributes.stored_row(*row) for row in rows}
        yield from wrong_attributes(id_, stored, own)
    for (key,) in transaction.rows(_UNUSED):
        yield unused_attributes(key)


def _attributes(
    transaction: Transaction,
) -> Iterator[tuple[int, str, set[tuple[object, ...]], Metadata | None]]:
    """Yield key, id, stored and expected attributes of each document; None if its metadata is damaged."""
    for rows in transaction.stream(_STORED, size=_ROWS):
        for key, id_, title, source, media_type, metadata, *columns in rows:
            stored = set(zip(*(column or [] for column in columns), strict=True))
            try:
                values = json.loads(metadata)
                yield key, id_, stored, attributes_of(id_, title, source, media_type, values)
            except (ValueError, TypeError):
                yield key, id_, stored, None


def restore_attributes(transaction: Transaction) -> None:
    """Make the attributes of all documents anew."""
    transaction.execute(f"DELETE FROM attributes WHERE {_NO_DOCUMENT.format('attributes')}")
    expected = [(key, values) for key, _, _, values in _attributes(transaction) if values is not None]
    for key, values in expected:
        attributes.put(transaction, key, values)
