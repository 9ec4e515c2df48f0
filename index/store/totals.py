"""How much a collection holds, kept as it changes: counting a million passages takes longer than adding one.

Triggers do it, inside the transaction that changes something. They are added to a file that has none yet, and
work there for programs that know nothing of them.
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
"""For each table what its rows count in each total."""


def install(connection: sqlite3.Connection) -> None:
    """Make the totals, unless they are there."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'totals'").fetchone():
        return
    connection.execute(
        "CREATE TABLE totals (documents INTEGER NOT NULL, passages INTEGER NOT NULL,"
        " waiting INTEGER NOT NULL, characters INTEGER NOT NULL)"
    )
    connection.execute(
        "INSERT INTO totals SELECT (SELECT COUNT(*) FROM documents),"
        " (SELECT COUNT(*) FROM passages WHERE removed IS NULL),"
        " (SELECT COUNT(*) FROM passages WHERE removed IS NULL AND embedded IS NULL),"
        " (SELECT COALESCE(SUM(length), 0) FROM versions v JOIN texts t ON t.sha256 = v.text_sha256"
        "  WHERE v.removed IS NULL)"
    )
    for table, totals in _COUNTED.items():
        for event, terms in (
            ("INSERT", {"NEW": "+"}),
            ("DELETE", {"OLD": "-"}),
            ("UPDATE OF removed", {"NEW": "+", "OLD": "-"}),
            ("UPDATE OF embedded", {"NEW": "+", "OLD": "-"}),
        ):
            if ("UPDATE" in event and table == "documents") or ("embedded" in event and table != "passages"):
                continue
            sums = ", ".join(
                f"{total} = {total} "
                + " ".join(f"{sign} {of.format(row=row)}" for row, sign in terms.items())
                for total, of in totals.items()
            )
            name = f"totals_{table}_{event.replace(' ', '_').lower()}"
            connection.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN UPDATE totals SET {sums}; END"
            )


def read(connection: sqlite3.Connection) -> tuple[int, int, int, int]:
    """Documents, live passages, those of them without a vector, and code points of the newest versions."""
    row: tuple[int, int, int, int] = connection.execute(
        "SELECT documents, passages, waiting, characters FROM totals"
    ).fetchone()
    return row
