"""Statements on one job. All take a connection inside a transaction."""

import json
import time
from collections.abc import Sequence
from typing import Any

from service.state.databases import Connection
from service.state.jobs.records import FINISHED, Access, Item, Job, JobState
from service.state.jobs.sql import item_rows

SELECT = (
    "SELECT number, id, collection, state, created, started, finished, cancelling, problem, mark, revision,"
    " groups, sender, kind, details FROM jobs"
)
OLDEST = (
    "SELECT number FROM (SELECT number, row_number() OVER (PARTITION BY collection, kind ORDER BY number)"
    " AS place FROM jobs WHERE {where}) AS jobs WHERE place <= ?"
)
"""The numbers of the oldest jobs of each kind for each collection."""


def change(connection: Connection, job_id: str) -> tuple[int, JobState] | None:
    """Increase the revision of a job, which no other transaction changes then; None for an unknown one.

    Returns its number and state.
    """
    row = connection.execute(
        "UPDATE jobs SET revision = revision + 1 WHERE id = ? RETURNING number, state", (job_id,)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def settle(connection: Connection, job: int, items: Sequence[Item], last_passage: int) -> None:
    """Record outcomes; see :meth:`service.state.jobs.protocols.JobStore.settle`."""
    item_rows.settle(connection, job, items)
    connection.execute(
        "UPDATE jobs SET mark = ? WHERE number = ? AND mark < ?", (last_passage, job, last_passage)
    )


def move(connection: Connection, job: int, state: JobState, problem: str = "") -> None:
    """Change the state; see :meth:`service.state.jobs.protocols.JobStore.move`."""
    now = time.time()
    started, finished = now if state == "running" else None, now if state in FINISHED else None
    connection.execute(
        "UPDATE jobs SET state = ?, problem = ?, started = COALESCE(started, ?), finished = ?,"
        " age = 0 WHERE number = ?",
        (state, problem, started, finished, job),
    )
    if state == "cancelled":
        item_rows.cancel_waiting(connection, job)


def from_row(connection: Connection, row: tuple[Any, ...]) -> Job:
    """The job in a row of :data:`SELECT`, with its counts."""
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
