"""Compare the tables of a schema, and what belongs to them, with those that its migrations make.

What the server has beside that, as an operator's index or a column of a later version, is left alone.
"""

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from index.postgresql.migrations import Migration, migrate_within
from index.postgresql.server import Server
from index.postgresql.transactions import Transaction
from index.records import Problem

MISSING_INDEX = "database_index_missing"
WRONG_DEFINITION = "database_definition_wrong"
_CATALOG = "pg_catalog"
_WHAT = "the definitions of its tables"
_SHOWN = 200
_NAME_OF_INDEX = re.compile(r"(INDEX )\S+( ON)")
_OF_SCHEMA = "c.relnamespace = %s::regnamespace AND c.relkind = 'r'"
_QUERIES = {
    "table": f"SELECT c.relname, c.relname, 'TABLE ' || c.relname FROM pg_class c WHERE {_OF_SCHEMA}",
    "column": (
        "SELECT c.relname, a.attname, a.attname || ' ' || format_type(a.atttypid, a.atttypmod)"
        " || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END"
        " || COALESCE(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
        f" WHERE {_OF_SCHEMA} AND a.attnum > 0 AND NOT a.attisdropped"
    ),
    "constraint": (
        "SELECT c.relname, o.conname, pg_get_constraintdef(o.oid) FROM pg_constraint o"
        f" JOIN pg_class c ON c.oid = o.conrelid WHERE {_OF_SCHEMA} AND o.contype IN ('c', 'f', 'p', 'u')"
    ),
    "index": (
        "SELECT c.relname, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        f" JOIN pg_class c ON c.oid = i.indrelid WHERE {_OF_SCHEMA} AND i.indisvalid"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conindid = i.indexrelid)"
    ),
    "trigger": (
        "SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t"
        f" JOIN pg_class c ON c.oid = t.tgrelid WHERE {_OF_SCHEMA} AND NOT t.tgisinternal"
        " AND t.tgenabled <> 'D'"
    ),
    "function": (
        "SELECT '', p.proname, pg_get_functiondef(p.oid) FROM pg_proc p"
        " WHERE p.pronamespace = %s::regnamespace"
    ),
}
"""For each kind of part: its table, its name, and its definition."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A part that the migrations make and the schema lacks, and the statement that makes it, if one does."""

    kind: str
    table: str
    name: str
    definition: str


class _Undone(Exception):
    """Ends a transaction whose changes are not wanted."""


def missing_parts(
    server: Server, schema: str, component: str, migrations: Sequence[Migration]
) -> list[Missing]:
    """Find what a component of a schema lacks, by making its tables elsewhere in a transaction without end.

    Raises :class:`index.errors.StoreUnavailable` and what :meth:`index.postgresql.Server.write` raises.
    """
    scratch = f"loccit_check_{uuid.uuid4().hex[:16]}"
    lacking: list[Missing] = []
    with suppress(_Undone), server.write(_CATALOG, what=_WHAT) as writing:
        migrate_within(writing, scratch, component, migrations)
        writing.execute("SET LOCAL search_path TO pg_catalog")
        expected, found = _parts(writing, scratch), set(_parts(writing, schema))
        for key, (name, definition) in expected.items():
            if key not in found:
                kind, table, _ = key
                lacking.append(Missing(kind, table, name, definition.replace(f"{scratch}.", f"{schema}.")))
        raise _Undone
    gone = {one.table for one in lacking if one.kind == "table"}
    return [one for one in lacking if one.kind == "table" or one.table not in gone]


def definition_problems(
    server: Server, schema: str, component: str, migrations: Sequence[Migration]
) -> Iterator[Problem]:
    """Tell what a component of a schema lacks; only indexes are made again by a repair."""
    for one in missing_parts(server, schema, component, migrations):
        place = f"table {one.table}" if one.table else f"schema {schema}"
        shown = " ".join(one.definition.split())[:_SHOWN]
        if one.kind == "index":
            message = f"an index is missing or not valid: {shown}. Repair it, or run this statement."
            yield Problem(MISSING_INDEX, place, message, is_repairable=True)
        else:
            message = (
                f"its {one.kind} {one.name} is not there as this program makes it: {shown}. Make it so by "
                "hand, or restore a backup."
            )
            yield Problem(WRONG_DEFINITION, place, message)


def restore_indexes(server: Server, schema: str, component: str, migrations: Sequence[Migration]) -> None:
    """Make missing indexes again. Nobody should write meanwhile: others wait for it."""
    for one in missing_parts(server, schema, component, migrations):
        if one.kind == "index":
            with server.write(schema, what=_WHAT) as writing:
                writing.without_limit()
                name = one.name.rpartition(".")[2]
                writing.execute(f"DROP INDEX IF EXISTS {name}")  # one that is not valid
                writing.execute(one.definition)


def _parts(transaction: Transaction, schema: str) -> dict[tuple[str, str, str], tuple[str, str]]:
    """The name and the definition of each part, by kind, table and what is compared."""
    found = {}
    of_schema = re.compile(rf"\b{schema}\b\.?")
    for kind, query in _QUERIES.items():
        for table, name, definition in transaction.rows(query, [schema]):
            compared = _NAME_OF_INDEX.sub(r"\1\2", of_schema.sub("", definition))
            found[kind, table, compared] = (name, definition)
    return found
