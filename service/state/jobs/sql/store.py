"""The job store in an SQL database."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from index.records import Problem
from service.errors import JobNotFound
from service.state.databases import Connection, Database
from service.state.jobs import refusals
from service.state.jobs.checksums import is_damaged
from service.state.jobs.protocols import Session, Spool, size_of_spooled
from service.state.jobs.records import (
    FINISHED,
    Access,
    Item,
    Job,
    JobKind,
    JobState,
    NewItem,
    Outcome,
    erased_item,
    is_concerned,
)
from service.state.jobs.sql import item_rows, job_rows


class SqlJobStore(ABC):
    """Implements :class:`service.state.jobs.protocols.JobStore` in a database that has its tables.

    What differs between databases are the tables, with the triggers that count items, and these methods: how
    many items are added, how two upgrades are kept from beginning at once, the sessions of those who run
    jobs, and whether processes tell each other of jobs.
    """

    is_announced: bool

    def __init__(self, database: Database) -> None:
        self.database = database

    @abstractmethod
    def open_session(self) -> Session | None:
        """See :meth:`service.state.jobs.protocols.JobStore.open_session`."""

    @abstractmethod
    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """See :meth:`service.state.jobs.protocols.JobStore.attending`."""

    @abstractmethod
    def attendants(self) -> int | None:
        """See :meth:`service.state.jobs.protocols.JobStore.attendants`."""

    @abstractmethod
    def _announce(self, connection: Connection) -> None:
        """Tell other processes that a job is queued, when the transaction commits."""

    def _add_items(self, connection: Connection, job: int, items: Iterable[NewItem]) -> None:
        """Add items at the end; those that the job has already are skipped."""
        item_rows.add(connection, job, items)

    @abstractmethod
    def _serialize_upgrades(self, connection: Connection) -> None:
        """Let no other transaction begin an upgrade before this one ends, where several may write at once."""

    def add(
        self,
        job_id: str,
        collection: str,
        items: Iterable[NewItem],
        access: Access | None = None,
        *,
        kind: JobKind = "ingest",
        details: Mapping[str, Any] | None = None,
    ) -> Job:
        access = access or Access()
        sender = None if access.sender is None else json.dumps(sorted(access.sender))
        with self.database.write() as connection:
            if kind == "upgrade":
                self._require_no_upgrade(connection, collection)
            (number,) = connection.execute(
                "INSERT INTO jobs (id, collection, state, created, groups, sender, kind, details)"
                " VALUES (?, ?, 'queued', ?, ?, ?, ?, ?) RETURNING number",
                (
                    *(job_id, collection, time.time(), json.dumps(access.groups), sender, kind),
                    json.dumps(dict(details or {})),
                ),
            ).fetchone()
            self._add_items(connection, number, items)
            self._announce(connection)
        return self.job(job_id)

    def job(self, job_id: str) -> Job:
        with self.database.read() as connection:
            row = connection.execute(f"{job_rows.SELECT} WHERE id = ?", (job_id,)).fetchone()
            if row is None:
                raise refusals.job_not_found(job_id)
            return job_rows.from_row(connection, row)

    def jobs(self, *, limit: int, before: str = "", collections: Collection[str] | None = None) -> list[Job]:
        if collections is not None and not collections:
            return []
        sql, values = f"{job_rows.SELECT} WHERE TRUE", list[object]()
        if before:
            sql += " AND number < (SELECT number FROM jobs WHERE id = ?)"
            values.append(before)
        if collections is not None:
            sql += f" AND collection IN ({_placeholders(collections)})"
            values += collections
        with self.database.read() as connection:
            rows = connection.execute(f"{sql} ORDER BY number DESC LIMIT ?", (*values, limit)).fetchall()
            return [job_rows.from_row(connection, row) for row in rows]

    def in_state(self, *states: JobState, most: int | None = None) -> list[Job]:
        where, values = f"state IN ({_placeholders(states)})", list[object](states)
        if most is not None:
            where = f"number IN ({job_rows.OLDEST.format(where=where)})"
            values.append(most)
        with self.database.read() as connection:
            rows = connection.execute(f"{job_rows.SELECT} WHERE {where} ORDER BY number", values).fetchall()
            return [job_rows.from_row(connection, row) for row in rows]

    def finished(self, collection: str, since: float) -> list[Job]:
        states = _placeholders(FINISHED)
        sql = (
            f"{job_rows.SELECT} WHERE state IN ({states}) AND collection = ? AND finished > ? ORDER BY number"
        )
        with self.database.read() as connection:
            rows = connection.execute(sql, (*FINISHED, collection, since)).fetchall()
            return [job_rows.from_row(connection, row) for row in rows]

    def count_states(self) -> dict[JobState, int]:
        with self.database.read() as connection:
            return dict(connection.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall())

    def items(
        self, job_id: str, *, limit: int, after: int = 0, outcomes: Sequence[Outcome] = ()
    ) -> list[Item]:
        sql = f"{item_rows.SELECT} WHERE job = (SELECT number FROM jobs WHERE id = ?) AND number > ?"
        if outcomes:
            sql += f" AND outcome IN ({_placeholders(outcomes)})"
        with self.database.read() as connection:
            rows = connection.execute(
                f"{sql} ORDER BY number LIMIT ?", (job_id, after, *outcomes, limit)
            ).fetchall()
            return [item_rows.from_row(row) for row in rows]

    def unsettled(self, collection: str, *, prefix: str = "") -> list[tuple[Job, Item]]:
        with self.database.read() as connection:
            rows = connection.execute(
                f"{job_rows.SELECT} WHERE collection = ? AND number IN ({item_rows.JOBS_UNSETTLED})"
                " ORDER BY number",
                (collection,),
            ).fetchall()
            jobs = [(row[0], job_rows.from_row(connection, row)) for row in rows]
            return [
                (job, item)
                for number, job in jobs
                for item in item_rows.unsettled_items(connection, number, prefix)
            ]

    def expand(self, job_id: str, item: int, into: Iterable[NewItem]) -> None:
        with self._change(job_id) as (connection, number, _):
            self._add_items(connection, number, into)
            item_rows.mark_expanded(connection, number, item)

    def add_item(self, job_id: str, item: NewItem) -> Item | None:
        with self._change(job_id) as (connection, number, _):
            before = item_rows.last_number(connection, number)
            self._add_items(connection, number, [item])
            if item_rows.last_number(connection, number) == before:
                return None
            return item_rows.get(connection, number, before + 1)

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int = 0) -> None:
        with self._change(job_id) as (connection, number, _):
            job_rows.settle(connection, number, items, last_passage)

    def move(self, job_id: str, state: JobState, *, problem: str = "") -> None:
        with self._change(job_id) as (connection, number, _):
            job_rows.move(connection, number, state, problem)

    def set_details(self, job_id: str, details: Mapping[str, Any]) -> None:
        with self._change(job_id) as (connection, number, _):
            connection.execute(
                "UPDATE jobs SET details = ? WHERE number = ?", (json.dumps(dict(details)), number)
            )

    def begin(self, job_id: str) -> bool:
        with self._change(job_id) as (connection, number, state):
            if state in ("queued", "running"):
                job_rows.move(connection, number, "running")
                return True
            return False

    def is_cancelling(self, job_id: str) -> bool:
        with self.database.read() as connection:
            row = connection.execute("SELECT cancelling FROM jobs WHERE id = ?", (job_id,)).fetchone()
            return bool(row and row[0])

    def cancel(self, job_id: str) -> Job:
        with self._change(job_id) as (connection, number, state):
            if state == "queued":
                job_rows.move(connection, number, "cancelled")
            elif state not in FINISHED:
                connection.execute("UPDATE jobs SET cancelling = 1 WHERE number = ?", (number,))
        return self.job(job_id)

    def retry(self, job_id: str, *, password: str = "", same_bytes: bool = False) -> Job:
        with self._change(job_id) as (connection, number, state):
            if password:
                if state not in FINISHED:
                    raise refusals.password_unfinished()
                item_rows.set_password(connection, number, password)
            if state in FINISHED:
                self._require_no_upgrade_beside(connection, number)
                if same_bytes:
                    item_rows.keep_same_bytes(connection, number)
                job_rows.move(connection, number, "queued")
                connection.execute(
                    "UPDATE jobs SET cancelling = 0, started = NULL WHERE number = ?", (number,)
                )
                item_rows.retry(connection, number)
                self._announce(connection)
        return self.job(job_id)

    def delete(self, job_id: str) -> None:
        with self._change(job_id) as (connection, number, state):
            if state not in FINISHED:
                raise refusals.delete_unfinished(job_id)
            for table in ("items", "counts"):
                connection.execute(f"DELETE FROM {table} WHERE job = ?", (number,))
            connection.execute("DELETE FROM jobs WHERE number = ?", (number,))

    def concerned(self, collection: str, documents: Mapping[str, float] | None) -> list[tuple[str, Item]]:
        now = time.time()
        with self.database.read() as connection:
            jobs = connection.execute(
                "SELECT number, id, state, created FROM jobs WHERE collection = ? ORDER BY number",
                (collection,),
            ).fetchall()
            return [
                (job_id, item)
                for number, job_id, state, queued in jobs
                if documents is not None or state in FINISHED
                for item in item_rows.settled_items(connection, number)
                if is_concerned(item, queued, documents, now=now)
            ]

    def erase(self, job_id: str, items: Iterable[int]) -> None:
        with suppress(JobNotFound), self._change(job_id) as (connection, number, _):
            for item in items:
                item_rows.store_erased(
                    connection, number, erased_item(item_rows.get(connection, number, item))
                )

    def purge(self) -> bool:
        return self.database.cleanse()

    def collections(self) -> set[str]:
        with self.database.read() as connection:
            return {name for (name,) in connection.execute("SELECT DISTINCT collection FROM jobs")}

    def age(self, seconds: float, *, until: float) -> list[str]:
        with self.database.write() as connection:
            connection.execute("UPDATE jobs SET age = age + ? WHERE finished IS NOT NULL", (seconds,))
            rows = connection.execute(
                "SELECT id FROM jobs WHERE finished IS NOT NULL AND age >= ? ORDER BY number", (until,)
            ).fetchall()
            return [job_id for (job_id,) in rows]

    def ids(self) -> set[str]:
        with self.database.read() as connection:
            return {job_id for (job_id,) in connection.execute("SELECT id FROM jobs").fetchall()}

    def close(self) -> None:
        self.database.close()

    @contextmanager
    def _change(self, job_id: str) -> Iterator[tuple[Connection, int, JobState]]:
        """Open a transaction that changes a job; gives its number and state."""
        with self.database.write() as connection:
            changed = job_rows.change(connection, job_id)
            if changed is None:
                raise refusals.job_not_found(job_id)
            yield connection, *changed

    def _require_no_upgrade(self, connection: Connection, collection: str) -> None:
        """Raise UpgradeBegun if a collection has an unfinished upgrade."""
        self._serialize_upgrades(connection)
        row = connection.execute(
            "SELECT collection, id FROM jobs WHERE collection = ? AND kind = 'upgrade'"
            f" AND state NOT IN ({_placeholders(FINISHED)})",
            (collection, *FINISHED),
        ).fetchone()
        if row is not None:
            raise refusals.upgrade_under_way(*row)

    def _require_no_upgrade_beside(self, connection: Connection, job: int) -> None:
        """Raise UpgradeBegun if a finished job is an upgrade, and its collection has an unfinished one."""
        collection, kind = connection.execute(
            "SELECT collection, kind FROM jobs WHERE number = ?", (job,)
        ).fetchone()
        if kind == "upgrade":
            self._require_no_upgrade(connection, collection)


def _placeholders(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


# Check the rows of a job store, and its spool.


_MISCOUNTED = (
    "SELECT j.id FROM jobs j WHERE EXISTS (SELECT 1 FROM counts c WHERE c.job = j.number AND"
    " (c.items, c.bytes, c.passages) <> (SELECT COUNT(*), COALESCE(SUM(i.bytes), 0),"
    " COALESCE(SUM(i.passages), 0) FROM items i WHERE i.job = j.number AND i.outcome = c.outcome))"
)
_ORPHANS = "SELECT DISTINCT 'job ' || job FROM items WHERE job NOT IN (SELECT number FROM jobs)"
_WAITING = (
    "SELECT j.id, i.spooled, i.name FROM items i JOIN jobs j ON j.number = i.job"
    " WHERE i.spooled <> '' AND i.outcome = 'waiting'"
)

Reading = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction that reads the database as it is then."""


def problems(reading: Reading, spool: Spool) -> Iterator[Problem]:
    """Yield what is wrong with jobs, and with the files that they wait for."""
    with reading() as connection:
        orphans, miscounted, waiting = (
            connection.execute(query).fetchall() for query in (_ORPHANS, _MISCOUNTED, _WAITING)
        )
    for (place,) in orphans:
        yield Problem("job_missing", place, "it has items and is missing. Restore a backup.")
    for (job,) in miscounted:
        yield Problem("job_counts_wrong", f"job {job}", "its progress is counted wrongly. Delete the job.")
    for job, name, document in waiting:
        # The runner removes a file after its item is settled: unless that happened since.
        if size_of_spooled(spool, job, name) is None and _still_waits(reading, job, name):
            message = f"the file of {document!r} is not in the spool. Cancel the job and upload it again."
            yield Problem("upload_missing", f"job {job}", message)
        elif is_damaged(spool, job, name):
            message = f"the file of {document!r} is not what was sent. Cancel the job and upload it again."
            yield Problem("upload_damaged", f"job {job}", message)


def _still_waits(reading: Reading, job: str, name: str) -> bool:
    with reading() as connection:
        row = connection.execute(f"{_WAITING} AND j.id = ? AND i.spooled = ?", (job, name)).fetchone()
    return row is not None
