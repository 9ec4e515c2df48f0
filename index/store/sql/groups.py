"""The groups that may read a document; those of deleted documents stay, for the events of these."""

from collections.abc import Sequence

from index.filters import ReadableBy, veiled
from index.store.sql.statements import Selection, Statements

_OF_ERASED = (
    "SELECT DISTINCT document FROM document_groups WHERE document NOT IN (SELECT key FROM documents)"
    " AND substr(name, 1, 1) <> ','"
)


def hidden_from(statements: Statements, readable: ReadableBy) -> Selection:
    """Select the documents (keys) whose groups share none with these, deleted documents included."""
    condition, values = statements.among("name", readable.stored)
    return (
        f"SELECT document FROM document_groups EXCEPT SELECT document FROM document_groups WHERE {condition}"
    ), values


def put(statements: Statements, document: int, groups: Sequence[str]) -> None:
    """Replace the groups of a document (key)."""
    statements.execute("DELETE FROM document_groups WHERE document = ?", (document,))
    statements.many(
        "INSERT INTO document_groups VALUES (?, ?)", [(document, name) for name in sorted(set(groups))]
    )


def veil(statements: Statements, document: int) -> None:
    """Keep the groups of an erased document (key) as hashes: they still decide who is told of its end."""
    rows = statements.rows("SELECT name FROM document_groups WHERE document = ?", (document,))
    put(statements, document, [veiled(name) for (name,) in rows])


def veil_of_erased(statements: Statements) -> int:
    """Do so for all erased documents whose groups have names; returns how many had."""
    rows = statements.rows(_OF_ERASED)
    for (document,) in rows:
        veil(statements, document)
    return len(rows)
