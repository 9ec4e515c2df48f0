"""Maintain the totals of a collection by triggers: counting a million passages at each request is slow.

Triggers run inside the transaction of each change. They are added to files made by earlier releases, and work
also when such a release writes the file.
"""

from __future__ import annotations

import sqlite3

_LENGTH = "(SELECT length FROM texts WHERE sha256 = {row}.text_sha256)"
_LIVE = "({row}.removed IS NULL)"
_WAITING = "({row}.removed IS NULL AND {row}.embedded IS NULL)"

_COUNTED = {
    "documents": {"documents": "1"},
    "passages": {"passages": _LIVE, "waiting": _WAITING},
    # The newest version of each document is the one that was not removed.
    "versions": {"characters": f"{_LIVE} * {_LENGTH}"},
}
"""For each table, the contribution of a row to each total."""

_COUNT = (
    # A retired document has no version that counts as its newest: that was removed when it was retired.
    "SELECT (SELECT COUNT(*) FROM documents d JOIN versions v ON v.key = d.version WHERE v.removed IS NULL),"
    " (SELECT COUNT(*) FROM passages WHERE removed IS NULL),"
    " (SELECT COUNT(*) FROM passages WHERE removed IS NULL AND embedded IS NULL),"
    " (SELECT COALESCE(SUM(length), 0) FROM versions v JOIN texts t ON t.sha256 = v.text_sha256"
    "  WHERE v.removed IS NULL)"
)


def install(connection: sqlite3.Connection) -> None:
    """Create the totals and their triggers if the file has none."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'totals'").fetchone():
        return
    connection.execute(
        "CREATE TABLE totals (documents INTEGER NOT NULL, passages INTEGER NOT NULL,"
        " waiting INTEGER NOT NULL, characters INTEGER NOT NULL)"
    )
    connection.execute(f"INSERT INTO totals {_COUNT}")
    for table in _COUNTED:
        watch(connection, table)


_EVENTS = (
    ("INSERT", {"NEW": "+"}),
    ("DELETE", {"OLD": "-"}),
    ("UPDATE OF removed", {"NEW": "+", "OLD": "-"}),
    ("UPDATE OF embedded", {"NEW": "+", "OLD": "-"}),
)


def watch(connection: sqlite3.Connection, table: str) -> None:
    """Create the triggers of a table, which keep the totals up to date."""
    for event, terms in _EVENTS:
        if ("UPDATE" in event and table == "documents") or ("embedded" in event and table != "passages"):
            continue
        sums = ", ".join(
            f"{total} = {total} " + " ".join(f"{sign} {of.format(row=row)}" for row, sign in terms.items())
            for total, of in _COUNTED[table].items()
        )
        connection.execute(
            f"CREATE TRIGGER {_trigger(table, event)} AFTER {event} ON {table}"
            f" BEGIN UPDATE totals SET {sums}; END"
        )


def unwatch(connection: sqlite3.Connection, table: str) -> None:
    """Drop the triggers of a table."""
    for event, _ in _EVENTS:
        connection.execute(f"DROP TRIGGER IF EXISTS {_trigger(table, event)}")


def _trigger(table: str, event: str) -> str:
    return f"totals_{table}_{event.replace(' ', '_').lower()}"


def leave_out_retired(connection: sqlite3.Connection) -> None:
    """Count only documents that are not retired. For a file in which none is."""
    for event, terms in (
        ("INSERT", "+ (NEW.retired IS NULL)"),
        ("DELETE", "- (OLD.retired IS NULL)"),
        ("UPDATE OF retired", "+ (NEW.retired IS NULL) - (OLD.retired IS NULL)"),
    ):
        name = f"totals_documents_{event.replace(' ', '_').lower()}"
        connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        connection.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON documents"
            f" BEGIN UPDATE totals SET documents = documents {terms}; END"
        )


def read(connection: sqlite3.Connection) -> tuple[int, int, int, int]:
    """Return counts: documents, live passages, those without a vector, code points of newest versions."""
    row: tuple[int, int, int, int] = connection.execute(
        "SELECT documents, passages, waiting, characters FROM totals"
    ).fetchone()
    return row


def count(connection: sqlite3.Connection) -> tuple[int, int, int, int]:
    """Count the same from the rows themselves: slow for a large collection."""
    row: tuple[int, int, int, int] = connection.execute(_COUNT).fetchone()
    return row


def restore(connection: sqlite3.Connection) -> None:
    """Count the totals again."""
    connection.execute("DELETE FROM totals")
    connection.execute(f"INSERT INTO totals {_COUNT}")


def count_hidden(
    connection: sqlite3.Connection, selection: str, parameter: str
) -> tuple[int, int, int, int, int]:
    """Return the counts of the documents that a query selects, one by one.

    They are documents, live passages, those with a vector, code points of newest versions, and bytes of
    originals that no other document has.
    """
    row: tuple[int, int, int, int, int] = connection.execute(
        f"WITH hidden AS ({selection}) SELECT"
        " (SELECT COUNT(*) FROM documents WHERE retired IS NULL AND key IN hidden),"
        " (SELECT COUNT(*) FROM passages WHERE removed IS NULL AND document IN hidden),"
        " (SELECT COUNT(embedded) FROM passages WHERE removed IS NULL AND document IN hidden),"
        " (SELECT COALESCE(SUM(length), 0) FROM documents d JOIN versions v ON v.key = d.version"
        "  JOIN texts t ON t.sha256 = v.text_sha256 WHERE d.retired IS NULL AND d.key IN hidden),"
        " (SELECT COALESCE(SUM(bytes), 0) FROM originals o WHERE NOT EXISTS (SELECT 1 FROM versions"
        "  WHERE source_sha256 = o.sha256 AND document NOT IN hidden))",
        (parameter,),
    ).fetchone()
    return row
