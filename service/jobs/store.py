"""Jobs in an SQLite file of their own, so that none is lost when the service stops."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from index.store.connections import Connections
from service.errors import InvalidRequest, JobNotFinished, JobNotFound
from service.jobs import schema
from service.jobs.records import FINISHED, Counted, Item, Job, JobState, NewItem, Outcome

_JOB = "SELECT number, id, collection, state, created, started, finished, cancelling, problem, mark, revision"
_ITEM = (
    "SELECT number, kind, name, spooled, bytes, request, outcome, code, message, passages, document"
    " FROM items"
)
_SETTLE = """
UPDATE items SET outcome = ?1, code = ?2, message = ?3, passages = ?4, document = ?5,
request = CASE WHEN ?1 <> 'refused' THEN '{}' WHEN ?2 = 'encrypted_document'
THEN json_remove(request, '$.password') ELSE request END WHERE job = ?6 AND number = ?7
"""
"""What was said of an item is not needed any longer once it is in, nor a password that is wrong."""
_CRAWL_AGAIN = """
UPDATE items SET outcome = 'waiting' WHERE job = ?1 AND kind = 'crawl' AND outcome = 'expanded'
AND name IN (SELECT name FROM items WHERE job = ?1 AND kind = 'url' AND outcome = 'refused')
"""
"""A crawl whose first page could not be had has led nowhere."""


class JobStore:
    """The jobs of a data folder. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connections = Connections(path)
        with self._connections.write() as connection:
            schema.prepare(connection, path)

    def add(self, job_id: str, collection: str, items: Sequence[NewItem]) -> Job:
        """Queue a job; when this returns it is kept."""
        with self._connections.write() as connection:
            (number,) = connection.execute(
                "INSERT INTO jobs (id, collection, state, created) VALUES (?, ?, 'queued', ?)"
                " RETURNING number",
                (job_id, collection, time.time()),
            ).fetchone()
            _add_items(connection, number, items)
        return self.job(job_id)

    def job(self, job_id: str) -> Job:
        """Raise :class:`service.errors.JobNotFound` when there is none."""
        with self._connections.read() as connection:
            row = connection.execute(f"{_JOB} FROM jobs WHERE id = ?", (job_id,)).fetchone()
            if row is None:
                raise JobNotFound(f"There is no job {job_id!r}. GET /v1/jobs lists those that are kept.")
            return _job(connection, row)

    def jobs(self, *, limit: int, before: str = "", collection: str = "") -> list[Job]:
        """The newest jobs first, those older than the job ``before``."""
        with self._connections.read() as connection:
            rows = connection.execute(
                f"{_JOB} FROM jobs WHERE (?1 = '' OR number < (SELECT number FROM jobs WHERE id = ?1))"
                " AND (?2 = '' OR collection = ?2) ORDER BY number DESC LIMIT ?3",
                (before, collection, limit),
            ).fetchall()
            return [_job(connection, row) for row in rows]

    def in_state(self, *states: JobState) -> list[Job]:
        """All jobs in one of these states, oldest first."""
        marks = ", ".join("?" * len(states))
        with self._connections.read() as connection:
            rows = connection.execute(
                f"{_JOB} FROM jobs WHERE state IN ({marks}) ORDER BY number", states
            ).fetchall()
            return [_job(connection, row) for row in rows]

    def items(
        self, job_id: str, *, limit: int, after: int = 0, outcomes: Sequence[Outcome] = ()
    ) -> list[Item]:
        """Items in order of their numbers, those after ``after``, of any outcome when none is named."""
        sql = f"{_ITEM} WHERE job = (SELECT number FROM jobs WHERE id = ?) AND number > ?"
        if outcomes:
            sql += f" AND outcome IN ({', '.join('?' * len(outcomes))})"
        with self._connections.read() as connection:
            rows = connection.execute(
                f"{sql} ORDER BY number LIMIT ?", (job_id, after, *outcomes, limit)
            ).fetchall()
            return [_item(row) for row in rows]

    def expand(self, job_id: str, item: int, into: Iterable[NewItem]) -> None:
        """Put an item's members in its place. Those of a name that is there already are left out."""
        with self._changing(job_id) as (connection, number, _):
            _add_items(connection, number, into)
            connection.execute(
                # A password goes on with the members.
                "UPDATE items SET outcome = 'expanded',"
                " request = CASE kind WHEN 'archive' THEN '{}' ELSE request END"
                " WHERE job = ? AND number = ?",
                (number, item),
            )

    def add_item(self, job_id: str, item: NewItem) -> Item | None:
        """Add one more; None if there is one of its name already."""
        with self._changing(job_id) as (connection, number, _):
            before = _last(connection, number)
            _add_items(connection, number, [item])
            if _last(connection, number) == before:
                return None
            row = connection.execute(f"{_ITEM} WHERE job = ? AND number = ?", (number, before + 1)).fetchone()
            return _item(row)

    def settle(self, job_id: str, items: Sequence[Item], *, mark: int = 0) -> None:
        """Keep what became of items, and the last passage that is stored."""
        with self._changing(job_id) as (connection, number, _):
            connection.executemany(
                _SETTLE,
                [
                    (one.outcome, one.code, one.message, one.passages, one.document, number, one.number)
                    for one in items
                ],
            )
            connection.execute("UPDATE jobs SET mark = MAX(mark, ?) WHERE number = ?", (mark, number))

    def move(self, job_id: str, state: JobState, *, problem: str = "") -> None:
        """Bring a job into another state."""
        with self._changing(job_id) as (connection, number, _):
            _move(connection, number, state, problem)

    def begin(self, job_id: str) -> bool:
        """Whether the job is running now; false when it was cancelled since it was queued."""
        with self._changing(job_id) as (connection, number, state):
            if state in ("queued", "running"):
                _move(connection, number, "running")
                return True
            return False

    def is_cancelling(self, job_id: str) -> bool:
        """Whether it was asked that the job be cancelled. Cheap, unlike :meth:`job`."""
        with self._connections.read() as connection:
            row = connection.execute("SELECT cancelling FROM jobs WHERE id = ?", (job_id,)).fetchone()
            return bool(row and row[0])

    def cancel(self, job_id: str) -> Job:
        """Ask that a job be cancelled. One that is queued is at once, one that is finished never."""
        with self._changing(job_id) as (connection, number, state):
            if state == "queued":
                _move(connection, number, "cancelled")
            elif state not in FINISHED:
                connection.execute("UPDATE jobs SET cancelling = 1 WHERE number = ?", (number,))
        return self.job(job_id)

    def retry(self, job_id: str, *, password: str = "") -> Job:
        """Queue a finished job again for what was refused or cancelled in it.

        A password is for what was refused as encrypted, and kept as one that came with the file. Raises
        :class:`JobNotFound`, and for a password that would be used for nothing
        :class:`service.errors.JobNotFinished` and :class:`service.errors.InvalidRequest`.
        """
        with self._changing(job_id) as (connection, number, state):
            if password:
                _give_password(connection, number, state, password)
            if state in FINISHED:
                _move(connection, number, "queued")
                connection.execute(
                    "UPDATE jobs SET cancelling = 0, started = NULL WHERE number = ?", (number,)
                )
                connection.execute(_CRAWL_AGAIN, (number,))
                connection.execute(
                    "UPDATE items SET outcome = 'waiting', code = '', message = ''"
                    " WHERE job = ? AND outcome IN ('refused', 'cancelled')",
                    (number,),
                )
        return self.job(job_id)

    def delete(self, job_id: str) -> None:
        """Forget a finished job. Raises :class:`JobNotFound`, :class:`service.errors.JobNotFinished`."""
        with self._changing(job_id) as (connection, number, state):
            if state not in FINISHED:
                raise JobNotFinished(f"The job {job_id!r} is not finished. Cancel it first.")
            for table in ("items", "counts"):
                connection.execute(f"DELETE FROM {table} WHERE job = ?", (number,))
            connection.execute("DELETE FROM jobs WHERE number = ?", (number,))

    def finished_before(self, moment: float) -> list[str]:
        """Jobs (ids) that were finished before a time."""
        with self._connections.read() as connection:
            rows = connection.execute("SELECT id FROM jobs WHERE finished < ?", (moment,)).fetchall()
            return [id_ for (id_,) in rows]

    def ids(self) -> set[str]:
        """Of all jobs that are kept."""
        with self._connections.read() as connection:
            return {id_ for (id_,) in connection.execute("SELECT id FROM jobs").fetchall()}

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    @contextmanager
    def _changing(self, job_id: str) -> Iterator[tuple[sqlite3.Connection, int, JobState]]:
        with self._connections.write() as connection:
            row = connection.execute(
                "UPDATE jobs SET revision = revision + 1 WHERE id = ? RETURNING number, state", (job_id,)
            ).fetchone()
            if row is None:
                raise JobNotFound(f"There is no job {job_id!r}. GET /v1/jobs lists those that are kept.")
            yield connection, row[0], row[1]


def new_job_id() -> str:
    """An id that no one guesses."""
    return uuid.uuid4().hex


def _move(connection: sqlite3.Connection, job: int, state: JobState, problem: str = "") -> None:
    now = time.time()
    started, finished = now if state == "running" else None, now if state in FINISHED else None
    connection.execute(
        "UPDATE jobs SET state = ?, problem = ?, started = COALESCE(started, ?), finished = ?"
        " WHERE number = ?",
        (state, problem, started, finished, job),
    )
    if state == "cancelled":
        connection.execute(
            "UPDATE items SET outcome = 'cancelled' WHERE job = ? AND outcome = 'waiting'", (job,)
        )


def _give_password(connection: sqlite3.Connection, job: int, state: JobState, password: str) -> None:
    if state not in FINISHED:
        raise JobNotFinished("The job is not finished. Give the password when it is.")
    given = connection.execute(
        "UPDATE items SET request = json_set(request, '$.password', ?)"
        " WHERE job = ? AND outcome = 'refused' AND code = 'encrypted_document'",
        (password, job),
    )
    if not given.rowcount:
        raise InvalidRequest(
            "password: no file of this job was refused because it is encrypted. Retry without a password."
        )


def _last(connection: sqlite3.Connection, job: int) -> int:
    (last,) = connection.execute(
        "SELECT COALESCE(MAX(number), 0) FROM items WHERE job = ?", (job,)
    ).fetchone()
    return int(last)


def _add_items(connection: sqlite3.Connection, job: int, items: Iterable[NewItem]) -> None:
    number = _last(connection, job)
    for item in items:
        request = json.dumps(dict(item.request), ensure_ascii=False)
        added = connection.execute(
            "INSERT INTO items (job, number, kind, name, spooled, bytes, request)"
            # Not OR IGNORE, which holds in triggers too (SQLite, "CREATE TRIGGER").
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (job, number + 1, item.kind, item.name, item.spooled, item.bytes, request),
        )
        number += added.rowcount


def _item(row: tuple[Any, ...]) -> Item:
    values = list(row)
    values[5] = json.loads(values[5])
    return Item(*values)


def _job(connection: sqlite3.Connection, row: tuple[Any, ...]) -> Job:
    number, id_, collection, state, created, started, finished, cancelling, problem, mark, revision = row
    rows = connection.execute(
        "SELECT outcome, items, bytes, passages FROM counts WHERE job = ? AND items", (number,)
    ).fetchall()
    counted = Counted(
        {outcome: count for outcome, count, _, _ in rows},
        sum(size for _, _, size, _ in rows),
        sum(passages for _, _, _, passages in rows),
    )
    return Job(
        id_, collection, state, created, started, finished, bool(cancelling), problem, mark, revision, counted
    )
