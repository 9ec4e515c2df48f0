"""The job store in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from index.store.sqlite import Database
from service.errors import JobNotFound
from service.jobs import refusals
from service.jobs.records import (
    FINISHED,
    Access,
    Item,
    Job,
    JobKind,
    JobState,
    NewItem,
    Outcome,
    erased,
    is_concerned,
)
from service.jobs.sqlite import item_rows, schema
from service.jobs.sqlite.lease import FileLease

_SELECT = (
    "SELECT number, id, collection, state, created, started, finished, cancelling, problem, mark, revision,"
    " groups, sender, kind, details FROM jobs"
)


class SqliteJobStore:
    """Implements :class:`service.jobs.protocols.JobStore`. The lease locks ``.lock`` beside the file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock_path = path.with_suffix(".lock")
        self._database = Database(path)
        with self._database.write() as connection:
            schema.prepare(connection, path)

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
        with self._database.write() as connection:
            (number,) = connection.execute(
                "INSERT INTO jobs (id, collection, state, created, groups, sender, kind, details)"
                " VALUES (?, ?, 'queued', ?, ?, ?, ?, ?) RETURNING number",
                (
                    *(job_id, collection, time.time(), json.dumps(access.groups), sender, kind),
                    json.dumps(dict(details or {})),
                ),
            ).fetchone()
            _require_only_upgrade(connection, number)
            item_rows.add(connection, number, items)
        return self.job(job_id)

    def job(self, job_id: str) -> Job:
        with self._database.read() as connection:
            row = connection.execute(f"{_SELECT} WHERE id = ?", (job_id,)).fetchone()
            if row is None:
                raise refusals.job_not_found(job_id)
            return _from_row(connection, row)

    def jobs(self, *, limit: int, before: str = "", collections: Collection[str] | None = None) -> list[Job]:
        wanted = None if collections is None else json.dumps(list(collections))
        with self._database.read() as connection:
            rows = connection.execute(
                f"{_SELECT} WHERE (?1 = '' OR number < (SELECT number FROM jobs WHERE id = ?1))"
                " AND (?2 IS NULL OR collection IN (SELECT value FROM json_each(?2)))"
                " ORDER BY number DESC LIMIT ?3",
                (before, wanted, limit),
            ).fetchall()
            return [_from_row(connection, row) for row in rows]

    def in_state(self, *states: JobState) -> list[Job]:
        marks = ", ".join("?" * len(states))
        with self._database.read() as connection:
            rows = connection.execute(
                f"{_SELECT} WHERE state IN ({marks}) ORDER BY number", states
            ).fetchall()
            return [_from_row(connection, row) for row in rows]

    def count_states(self) -> dict[JobState, int]:
        with self._database.read() as connection:
            return dict(connection.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall())

    def items(
        self, job_id: str, *, limit: int, after: int = 0, outcomes: Sequence[Outcome] = ()
    ) -> list[Item]:
        sql = f"{item_rows.SELECT} WHERE job = (SELECT number FROM jobs WHERE id = ?) AND number > ?"
        if outcomes:
            sql += f" AND outcome IN ({', '.join('?' * len(outcomes))})"
        with self._database.read() as connection:
            rows = connection.execute(
                f"{sql} ORDER BY number LIMIT ?", (job_id, after, *outcomes, limit)
            ).fetchall()
            return [item_rows.from_row(row) for row in rows]

    def unsettled(self, collection: str, *, prefix: str = "") -> list[tuple[Job, Item]]:
        with self._database.read() as connection:
            rows = connection.execute(
                f"{_SELECT} WHERE collection = ? AND number IN ({item_rows.JOBS_UNSETTLED}) ORDER BY number",
                (collection,),
            ).fetchall()
            jobs = [(row[0], _from_row(connection, row)) for row in rows]
            return [
                (job, item)
                for number, job in jobs
                for item in item_rows.unsettled(connection, number, prefix)
            ]

    def expand(self, job_id: str, item: int, into: Iterable[NewItem]) -> None:
        with self._change(job_id) as (connection, number, _):
            item_rows.add(connection, number, into)
            item_rows.mark_expanded(connection, number, item)

    def add_item(self, job_id: str, item: NewItem) -> Item | None:
        with self._change(job_id) as (connection, number, _):
            before = item_rows.last_number(connection, number)
            item_rows.add(connection, number, [item])
            if item_rows.last_number(connection, number) == before:
                return None
            return item_rows.get(connection, number, before + 1)

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int = 0) -> None:
        with self._change(job_id) as (connection, number, _):
            item_rows.settle(connection, number, items)
            connection.execute("UPDATE jobs SET mark = MAX(mark, ?) WHERE number = ?", (last_passage, number))

    def move(self, job_id: str, state: JobState, *, problem: str = "") -> None:
        with self._change(job_id) as (connection, number, _):
            _move(connection, number, state, problem)

    def set_details(self, job_id: str, details: Mapping[str, Any]) -> None:
        with self._change(job_id) as (connection, number, _):
            connection.execute(
                "UPDATE jobs SET details = ? WHERE number = ?", (json.dumps(dict(details)), number)
            )

    def begin(self, job_id: str) -> bool:
        with self._change(job_id) as (connection, number, state):
            if state in ("queued", "running"):
                _move(connection, number, "running")
                return True
            return False

    def is_cancelling(self, job_id: str) -> bool:
        with self._database.read() as connection:
            row = connection.execute("SELECT cancelling FROM jobs WHERE id = ?", (job_id,)).fetchone()
            return bool(row and row[0])

    def cancel(self, job_id: str) -> Job:
        with self._change(job_id) as (connection, number, state):
            if state == "queued":
                _move(connection, number, "cancelled")
            elif state not in FINISHED:
                connection.execute("UPDATE jobs SET cancelling = 1 WHERE number = ?", (number,))
        return self.job(job_id)

    def retry(self, job_id: str, *, password: str = "") -> Job:
        with self._change(job_id) as (connection, number, state):
            if password:
                if state not in FINISHED:
                    raise refusals.password_unfinished()
                item_rows.set_password(connection, number, password)
            if state in FINISHED:
                _require_only_upgrade(connection, number)
                _move(connection, number, "queued")
                connection.execute(
                    "UPDATE jobs SET cancelling = 0, started = NULL WHERE number = ?", (number,)
                )
                item_rows.retry(connection, number)
        return self.job(job_id)

    def delete(self, job_id: str) -> None:
        with self._change(job_id) as (connection, number, state):
            if state not in FINISHED:
                raise refusals.delete_unfinished(job_id)
            for table in ("items", "counts"):
                connection.execute(f"DELETE FROM {table} WHERE job = ?", (number,))
            connection.execute("DELETE FROM jobs WHERE number = ?", (number,))

    def concerned(self, collection: str, documents: Mapping[str, float] | None) -> list[tuple[str, Item]]:
        with self._database.read() as connection:
            jobs = connection.execute(
                "SELECT number, id, state, created FROM jobs WHERE collection = ?", (collection,)
            ).fetchall()
            return [
                (job_id, item)
                for number, job_id, state, queued in jobs
                if documents is not None or state in FINISHED
                for item in item_rows.settled(connection, number)
                if is_concerned(item, queued, documents)
            ]

    def erase(self, job_id: str, items: Iterable[int]) -> None:
        with suppress(JobNotFound), self._change(job_id) as (connection, number, _):
            for item in items:
                item_rows.put_erased(connection, number, erased(item_rows.get(connection, number, item)))

    def purge(self) -> bool:
        return self._database.cleanse()

    def collections(self) -> set[str]:
        with self._database.read() as connection:
            return {name for (name,) in connection.execute("SELECT DISTINCT collection FROM jobs")}

    def age(self, seconds: float, *, until: float) -> list[str]:
        with self._database.write() as connection:
            connection.execute("UPDATE jobs SET age = age + ? WHERE finished IS NOT NULL", (seconds,))
            rows = connection.execute(
                "SELECT id FROM jobs WHERE finished IS NOT NULL AND age >= ?", (until,)
            ).fetchall()
            return [job_id for (job_id,) in rows]

    def ids(self) -> set[str]:
        with self._database.read() as connection:
            return {job_id for (job_id,) in connection.execute("SELECT id FROM jobs").fetchall()}

    def acquire_lease(self) -> FileLease | None:
        return FileLease.acquire(self._lock_path)

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def _change(self, job_id: str) -> Iterator[tuple[sqlite3.Connection, int, JobState]]:
        """Open a transaction that changes a job; gives its number and state."""
        with self._database.write() as connection:
            row = connection.execute(
                "UPDATE jobs SET revision = revision + 1 WHERE id = ? RETURNING number, state", (job_id,)
            ).fetchone()
            if row is None:
                raise refusals.job_not_found(job_id)
            yield connection, row[0], row[1]


def _move(connection: sqlite3.Connection, job: int, state: JobState, problem: str = "") -> None:
    now = time.time()
    started, finished = now if state == "running" else None, now if state in FINISHED else None
    connection.execute(
        "UPDATE jobs SET state = ?, problem = ?, started = COALESCE(started, ?), finished = ?,"
        " age = 0 WHERE number = ?",
        (state, problem, started, finished, job),
    )
    if state == "cancelled":
        item_rows.cancel_waiting(connection, job)


def _require_only_upgrade(connection: sqlite3.Connection, job: int) -> None:
    """Raise UpgradeBegun if the job is an upgrade, and its collection has another unfinished one."""
    row = connection.execute(
        "SELECT other.collection, other.id FROM jobs JOIN jobs other USING (collection, kind)"
        " WHERE jobs.number = ? AND other.number <> jobs.number AND kind = 'upgrade'"
        " AND other.state NOT IN (?, ?, ?)",
        (job, *FINISHED),
    ).fetchone()
    if row is not None:
        raise refusals.upgrade_under_way(*row)


def _from_row(connection: sqlite3.Connection, row: tuple[Any, ...]) -> Job:
    number, job_id, collection, state, created, started, finished, cancelling, problem, *rest = row
    mark, revision, groups, sender, kind, details = rest
    return Job(
        id=job_id,
        collection=collection,
        state=state,
        created=created,
        started=started,
        finished=finished,
        cancelling=bool(cancelling),
        problem=problem,
        last_passage=mark,
        revision=revision,
        access=Access(tuple(json.loads(groups)), None if sender is None else frozenset(json.loads(sender))),
        counts=item_rows.count(connection, number),
        kind=kind,
        details=json.loads(details),
    )
