"""The totals of a collection, which triggers of the database maintain, counted from the rows themselves."""

from index.filters import ReadableBy
from index.store.sql import groups
from index.store.sql.statements import Statements

COUNTED = (
    # A retired document has no version that counts as its newest: that was removed when it was retired.
    "SELECT (SELECT COUNT(*) FROM documents d JOIN versions v ON v.key = d.version WHERE v.removed IS NULL),"
    " (SELECT COUNT(*) FROM passages WHERE removed IS NULL),"
    " (SELECT COUNT(*) FROM passages WHERE removed IS NULL AND embedded IS NULL),"
    " (SELECT CAST(COALESCE(SUM(length), 0) AS BIGINT) FROM versions v"
    "  JOIN texts t ON t.sha256 = v.text_sha256 WHERE v.removed IS NULL)"
)


def count(statements: Statements) -> tuple[int, ...]:
    """Count documents, live passages, those without a vector, and code points of newest versions.

    It is slow for a large collection.
    """
    return tuple(statements.row(COUNTED) or ())


def restore(statements: Statements) -> None:
    """Count the totals again."""
    statements.store_totals(count(statements))


def count_hidden(statements: Statements, readable: ReadableBy) -> tuple[int, ...]:
    """Return the counts of the documents that are hidden from somebody, one by one.

    They are documents, live passages, those with a vector, code points of newest versions, and bytes of
    originals that no other document has.
    """
    selection, values = groups.hidden_from(statements, readable)
    row = statements.row(
        f"WITH hidden AS MATERIALIZED ({selection}) SELECT"
        " (SELECT COUNT(*) FROM documents WHERE retired IS NULL AND key IN (SELECT document FROM hidden)),"
        " (SELECT COUNT(*) FROM passages WHERE removed IS NULL"
        "  AND document IN (SELECT document FROM hidden)),"
        " (SELECT COUNT(embedded) FROM passages WHERE removed IS NULL"
        "  AND document IN (SELECT document FROM hidden)),"
        " (SELECT CAST(COALESCE(SUM(length), 0) AS BIGINT) FROM documents d"
        "  JOIN versions v ON v.key = d.version JOIN texts t ON t.sha256 = v.text_sha256"
        "  WHERE d.retired IS NULL AND d.key IN (SELECT document FROM hidden)),"
        " (SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM originals o"
        "  WHERE NOT EXISTS (SELECT 1 FROM versions"
        "  WHERE source_sha256 = o.sha256 AND document NOT IN (SELECT document FROM hidden)))",
        values,
    )
    return tuple(row or ())
