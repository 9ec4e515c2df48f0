"""Move what is beside the collections: keys and secrets, uploaded files, jobs, unanswered questions."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.config import LibraryConfig
from index.copying import Difference
from index.protocols import Originals
from service.flows.upkeep.errors import StoreInUse
from service.flows.upkeep.migration.sides import Side
from service.state.databases import Connection, Database
from service.state.databases.postgresql import PostgresqlDatabase
from service.state.files import CONTENTS, has_files, open_file_store
from service.state.files.store import CONTENT
from service.state.identity import has_keys, open_key_store
from service.state.jobs import SPOOL, has_jobs, open_job_store, open_spool
from service.state.jobs.protocols import Spool, size_of_spooled
from service.state.questions import has_questions, open_question_store

Row = tuple[Any, ...]
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class _Store:
    """A store of the service: its tables, those that others refer to first, and what its triggers fill."""

    name: str
    tables: tuple[str, ...]
    open: Callable[[Side], Any]
    exists: Callable[[Side], bool]
    filled: tuple[str, ...] = ()


_STORES = (
    _Store(
        "keys",
        ("keys", "secrets", "ended_sessions", "session_rounds", "signing_keys", "people"),
        lambda side: open_key_store(side.data, store=side.store),
        lambda side: has_keys(side.data, store=side.store),
    ),
    _Store(
        "files",
        ("files", "attachments", "labels"),
        lambda side: open_file_store(side.data, store=side.store, objects=side.objects),
        lambda side: has_files(side.data, store=side.store),
    ),
    _Store(
        "jobs",
        ("jobs", "items"),
        lambda side: open_job_store(side.data, store=side.store),
        lambda side: has_jobs(side.data, store=side.store),
        filled=("counts",),
    ),
    _Store(
        "questions",
        ("questions", "kept", "answered"),
        lambda side: open_question_store(side.data, store=side.store),
        lambda side: has_questions(side.data, store=side.store),
    ),
)
_NUMBERED = frozenset({"keys", "signing_keys", "files", "jobs", "questions"})
"""Tables whose rows have numbers that the database gives."""


def require_unused(source: Side, target: Side) -> None:
    """Raise :class:`StoreInUse` if the target has keys, files or jobs that the source has not."""
    for store in _STORES[:3]:
        if not store.exists(target):
            continue
        with _open_database(store, target) as there:
            ids = _ids(there, store.name)
        if ids and store.exists(source):
            with _open_database(store, source) as own:
                ids -= _ids(own, store.name)
        if ids:
            raise StoreInUse(
                f"The target has {len(ids)} {store.name} that the source has not: it is in use. Choose an "
                "empty target."
            )


def count_rows(source: Side) -> dict[str, int]:
    """Count the rows to move, by table."""
    found = {}
    for store in _STORES:
        if store.exists(source):
            with _open_database(store, source) as own, own.read() as connection:
                for table in store.tables:
                    found[table] = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
    return found


def move_rows(source: Side, target: Side) -> tuple[dict[str, int], list[Difference]]:
    """Put the rows of the source in the place of those of the target, each store in one transaction.

    Bytes of files that wait or are kept are copied, too. Returns how many rows there are, by table, and what
    is otherwise in the target afterwards.
    """
    moved: dict[str, int] = {}
    differences: list[Difference] = []
    for store in _STORES:
        if not store.exists(source):
            continue
        with ExitStack() as stack:
            own, there = (stack.enter_context(_open_database(store, side)) for side in (source, target))
            rows = _read_tables(own, store.tables)
            with there.write() as connection:
                _replace_rows(connection, store, rows, is_postgresql=bool(target.store))
            stored = _read_tables(there, store.tables)
        for table in store.tables:
            moved[table] = len(rows[table][1])
            if _shared_columns(rows[table], stored[table]) != _shared_columns(stored[table], rows[table]):
                differences.append(Difference("its rows are different in the target", table))
    differences += _move_bytes(source, target)
    return moved, differences


def service_databases(data: Path, config: LibraryConfig) -> Iterator[PostgresqlDatabase]:
    """The databases of the stores beside the collections, in PostgreSQL; each is open while it is used."""
    side = Side(data, config.store_url, config.objects)
    for store in _STORES:
        with _open_database(store, side) as found:
            if isinstance(found, PostgresqlDatabase):
                yield found


@contextmanager
def _open_database(store: _Store, side: Side) -> Iterator[Database]:
    with closing(store.open(side)) as opened:
        yield opened.database


def _ids(database: Database, table: str) -> set[str]:
    with database.read() as connection:
        return {id_ for (id_,) in connection.execute(f"SELECT id FROM {table}").fetchall()}


_Table = tuple[list[str], list[Row]]
"""The columns of a table, and its rows, in order."""


def _read_tables(database: Database, tables: Sequence[str]) -> dict[str, _Table]:
    with database.read() as connection:
        found = {}
        for table in tables:
            cursor = connection.execute(f"SELECT * FROM {table}")
            found[table] = ([column[0] for column in cursor.description], cursor.fetchall())
        return found


def _shared_columns(table: _Table, other: _Table) -> list[Row]:
    """The rows of a table, in order, with the columns that another has, too."""
    columns, rows = table
    places = [columns.index(name) for name in sorted(set(columns) & set(other[0]))]
    return sorted((tuple(row[place] for place in places) for row in rows), key=repr)


def _replace_rows(
    connection: Connection, store: _Store, given: dict[str, _Table], *, is_postgresql: bool
) -> None:
    for table in reversed(("jobs", "items", "counts") if store.filled else store.tables):
        connection.execute(f"DELETE FROM {table}")
    for table in store.tables:
        columns, rows = given[table]
        known = [column[0] for column in connection.execute(f"SELECT * FROM {table} LIMIT 0").description]
        places = [place for place, column in enumerate(columns) if column in known]
        names = ", ".join(f'"{columns[place]}"' for place in places)
        overriding = "OVERRIDING SYSTEM VALUE " if is_postgresql and table in _NUMBERED else ""
        connection.executemany(
            f"INSERT INTO {table} ({names}) {overriding}VALUES ({', '.join('?' * len(places))})",
            [tuple(row[place] for place in places) for row in rows],
        )
        if overriding and rows:
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'number'), MAX(number)) FROM {table}"
            )
    if store.name == "keys":  # so that running services read them anew
        connection.execute("UPDATE generation SET number = number + 1")


def _move_bytes(source: Side, target: Side) -> list[Difference]:
    def spools(folder: str) -> tuple[Spool, Spool]:
        own, there = (
            open_spool(side.data, store=side.store, folder=folder, objects=side.objects)
            for side in (source, target)
        )
        return own, there

    return copy_bytes(source, spools)


def copy_bytes(source: Side, spools: Callable[[str], tuple[Spool, Spool]]) -> list[Difference]:
    """Copy uploads that wait or can be tried again, and kept files, where the target has them not.

    ``spools`` gives those of source and target, by the folder of jobs or of files. Returns what is missing.
    """
    differences: list[Difference] = []
    if has_jobs(source.data, store=source.store):
        own, there = spools(SPOOL)
        for job, name, is_needed in _spooled_files(source):
            if not _copy_file(own, there, job, name) and is_needed:
                differences.append(Difference("the bytes are missing", f"upload {name} of the job {job}"))
    if has_files(source.data, store=source.store):
        own, there = spools(CONTENTS)
        with closing(open_file_store(source.data, store=source.store, objects=source.objects)) as files:
            for one in files.files():
                if not _copy_file(own, there, one.id, CONTENT):
                    differences.append(Difference("the bytes are missing", f"file {one.id}"))
    return differences


def copy_originals(
    source: Originals, target: Originals, wanted: Sequence[bytes], progress: Callable[[int, int], object]
) -> list[bytes]:
    """Copy originals that the target has not; returns those that the source has not either."""
    missing = []
    for number, sha256 in enumerate(wanted, 1):
        if not target.holds(sha256):
            try:
                with source.open(sha256) as file:
                    target.put(sha256, file.read())
            except FileNotFoundError:
                missing.append(sha256)
        progress(number, len(wanted))
    return missing


def _spooled_files(source: Side) -> list[tuple[str, str, bool]]:
    """The files of jobs: job, name, and whether a document waits for it."""
    with closing(open_job_store(source.data, store=source.store)) as jobs, jobs.database.read() as connection:
        return connection.execute(
            "SELECT j.id, i.spooled, MAX(CASE WHEN i.outcome = 'waiting' THEN 1 ELSE 0 END) FROM items i"
            " JOIN jobs j ON j.number = i.job WHERE i.spooled <> '' GROUP BY j.id, i.spooled"
        ).fetchall()


def _copy_file(source: Spool, target: Spool, folder: str, name: str) -> bool:
    """Copy a file unless it is there; False if the source has none."""
    size = size_of_spooled(source, folder, name)
    if size is None:
        return False
    if size_of_spooled(target, folder, name) == size:
        return True
    target.remove(folder, [name])
    with closing(target.create(folder, int(name))) as file, suppress(FileNotFoundError):
        with source.open(folder, name) as data:
            shutil.copyfileobj(data, file, _CHUNK)
        file.keep()
        target.sync(folder)
        return True
    return False
