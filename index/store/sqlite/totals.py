"""Maintain the totals of a collection by triggers: counting a million passages at each request is slow.

Triggers run inside the transaction of each change. They are added to files made by earlier releases, and work
also when such a release writes the file.
"""

from index.store.sql.statements import Statements
from index.store.sql.totals import COUNTED

_LENGTH = "(SELECT length FROM texts WHERE sha256 = {row}.text_sha256)"
_LIVE = "({row}.removed IS NULL)"
_WAITING = "({row}.removed IS NULL AND {row}.embedded IS NULL)"

_TABLES = {
    "documents": {"documents": "1"},
    "passages": {"passages": _LIVE, "waiting": _WAITING},
    # The newest version of each document is the one that was not removed.
    "versions": {"characters": f"{_LIVE} * {_LENGTH}"},
}
"""For each table, the contribution of a row to each total."""


def install(statements: Statements) -> None:
    """Create the totals and their triggers if the file has none."""
    if statements.has_table("totals"):
        return
    statements.execute(
        "CREATE TABLE totals (documents INTEGER NOT NULL, passages INTEGER NOT NULL,"
        " waiting INTEGER NOT NULL, characters INTEGER NOT NULL)"
    )
    statements.execute(f"INSERT INTO totals {COUNTED}")
    for table in _TABLES:
        watch(statements, table)


_EVENTS = (
    ("INSERT", {"NEW": "+"}),
    ("DELETE", {"OLD": "-"}),
    ("UPDATE OF removed", {"NEW": "+", "OLD": "-"}),
    ("UPDATE OF embedded", {"NEW": "+", "OLD": "-"}),
)


def watch(statements: Statements, table: str) -> None:
    """Create the triggers of a table, which keep the totals up to date."""
    for event, terms in _EVENTS:
        if ("UPDATE" in event and table == "documents") or ("embedded" in event and table != "passages"):
            continue
        sums = ", ".join(
            f"{total} = {total} " + " ".join(f"{sign} {of.format(row=row)}" for row, sign in terms.items())
            for total, of in _TABLES[table].items()
        )
        statements.execute(
            f"CREATE TRIGGER {_trigger(table, event)} AFTER {event} ON {table}"
            f" BEGIN UPDATE totals SET {sums}; END"
        )


def unwatch(statements: Statements, table: str) -> None:
    """Drop the triggers of a table."""
    for event, _ in _EVENTS:
        statements.execute(f"DROP TRIGGER IF EXISTS {_trigger(table, event)}")


def _trigger(table: str, event: str) -> str:
    return f"totals_{table}_{event.replace(' ', '_').lower()}"


def leave_out_retired(statements: Statements) -> None:
    """Count only documents that are not retired. For a file in which none is."""
    for event, terms in (
        ("INSERT", "+ (NEW.retired IS NULL)"),
        ("DELETE", "- (OLD.retired IS NULL)"),
        ("UPDATE OF retired", "+ (NEW.retired IS NULL) - (OLD.retired IS NULL)"),
    ):
        name = _trigger("documents", event)
        statements.execute(f"DROP TRIGGER IF EXISTS {name}")
        statements.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON documents"
            f" BEGIN UPDATE totals SET documents = documents {terms}; END"
        )
