"""Maintain the totals of a collection by triggers: counting a million passages at each request is slow.

The triggers run once for each statement, inside its transaction, and add up the rows that it concerns.
"""

from __future__ import annotations

from index.postgresql import Transaction

_CHANGED: dict[str, tuple[str, ...]] = {
    "INSERT": ("NEW TABLE AS rows_added",),
    "DELETE": ("OLD TABLE AS rows_gone",),
}
_CHANGED["UPDATE"] = (*_CHANGED["INSERT"], *_CHANGED["DELETE"])

_COUNTED = {
    "documents": {"documents": "count(*) FILTER (WHERE retired IS NULL)"},
    "passages": {
        "passages": "count(*) FILTER (WHERE removed IS NULL)",
        "waiting": "count(*) FILTER (WHERE removed IS NULL AND embedded IS NULL)",
    },
    # The newest version of each document is the one that was not removed.
    "versions": {
        "characters": "COALESCE(sum((SELECT length FROM texts WHERE sha256 = text_sha256))"
        " FILTER (WHERE removed IS NULL), 0)"
    },
    "originals": {"original_bytes": "COALESCE(sum(bytes), 0)"},
}
"""For each table, the contribution of a row to each total."""

COUNTED = (
    # A retired document has no version that counts as its newest: that was removed when it was retired.
    "SELECT (SELECT count(*) FROM documents d JOIN versions v ON v.key = d.version WHERE v.removed IS NULL)"
    " AS documents, (SELECT count(*) FROM passages WHERE removed IS NULL) AS passages,"
    " (SELECT count(*) FROM passages WHERE removed IS NULL AND embedded IS NULL) AS waiting,"
    " (SELECT COALESCE(sum(length), 0)::bigint FROM versions v JOIN texts t ON t.sha256 = v.text_sha256"
    "  WHERE v.removed IS NULL) AS characters"
)
"""Counts the totals from the rows themselves: slow for a large collection."""


def _function(table: str) -> str:
    def update(sign: str, rows: str) -> str:
        sums = ", ".join(f"{of} AS {total}" for total, of in _COUNTED[table].items())
        sets = ", ".join(f"{total} = state.{total} {sign} counted.{total}" for total in _COUNTED[table])
        moved = " OR ".join(f"counted.{total} <> 0" for total in _COUNTED[table])
        return f"UPDATE state SET {sets} FROM (SELECT {sums} FROM {rows}) counted WHERE {moved};"

    return (
        f"CREATE FUNCTION totals_{table}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT"
        f" AS $$ BEGIN IF TG_OP <> 'DELETE' THEN {update('+', 'rows_added')} END IF;"
        f" IF TG_OP <> 'INSERT' THEN {update('-', 'rows_gone')} END IF; RETURN NULL; END $$;\n"
    )


def watch(table: str) -> str:
    """Return the statements that create the triggers of a table, which keep the totals up to date."""
    return "".join(
        f"CREATE TRIGGER totals_{event.lower()} AFTER {event} ON {table} REFERENCING {' '.join(rows)}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION totals_{table}();\n"
        for event, rows in _CHANGED.items()
    )


def unwatch(table: str) -> str:
    """Return the statements that drop the triggers of a table."""
    return "".join(f"DROP TRIGGER totals_{event.lower()} ON {table};\n" for event in _CHANGED)


TRIGGERS = "".join(_function(table) + watch(table) for table in _COUNTED)


def restore(transaction: Transaction) -> None:
    """Count the totals again."""
    transaction.execute(
        "UPDATE state SET documents = counted.documents, passages = counted.passages,"
        f" waiting = counted.waiting, characters = counted.characters FROM ({COUNTED}) counted"
    )


def count_hidden(
    transaction: Transaction, selection: str, parameter: list[str]
) -> tuple[int, int, int, int, int]:
    """Return the counts of the documents that a query selects, one by one.

    They are documents, live passages, those with a vector, code points of newest versions, and bytes of
    originals that no other document has.
    """
    row = transaction.row(
        f"WITH hidden AS MATERIALIZED ({selection}) SELECT"
        " (SELECT count(*) FROM documents WHERE retired IS NULL AND key IN (SELECT document FROM hidden)),"
        " (SELECT count(*) FROM passages WHERE removed IS NULL"
        "  AND document IN (SELECT document FROM hidden)),"
        " (SELECT count(embedded) FROM passages WHERE removed IS NULL"
        "  AND document IN (SELECT document FROM hidden)),"
        " (SELECT COALESCE(sum(length), 0)::bigint FROM documents d JOIN versions v ON v.key = d.version"
        "  JOIN texts t ON t.sha256 = v.text_sha256"
        "  WHERE d.retired IS NULL AND d.key IN (SELECT document FROM hidden)),"
        " (SELECT COALESCE(sum(bytes), 0)::bigint FROM originals o WHERE NOT EXISTS (SELECT FROM versions"
        "  WHERE source_sha256 = o.sha256 AND document NOT IN (SELECT document FROM hidden)))",
        (parameter,),
    )
    assert row is not None  # noqa: S101 -- it has no FROM
    documents, passages, embedded, characters, original_bytes = row
    return documents, passages, embedded, characters, original_bytes
