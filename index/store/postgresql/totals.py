"""Maintain the totals of a collection by triggers: counting a million passages at each request is slow.

The triggers run once for each statement, inside its transaction, and add up the rows that it concerns.
"""

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


def watch(table: str) -> list[str]:
    """Return the statements that create the triggers of a table, which keep the totals up to date."""
    return [
        f"CREATE TRIGGER totals_{event.lower()} AFTER {event} ON {table} REFERENCING {' '.join(rows)}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION totals_{table}();\n"
        for event, rows in _CHANGED.items()
    ]


def unwatch(table: str) -> list[str]:
    """Return the statements that drop the triggers of a table."""
    return [f"DROP TRIGGER totals_{event.lower()} ON {table};\n" for event in _CHANGED]


TRIGGERS = "".join(_function(table) + "".join(watch(table)) for table in _COUNTED)
