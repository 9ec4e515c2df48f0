"""Statements on the items of one job. All take a connection inside a transaction and the job's number."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from service.jobs import refusals
from service.jobs.records import UNSETTLED, Item, ItemCounts, NewItem

SELECT = (
    "SELECT number, kind, name, spooled, bytes, request, outcome, code, message, passages, document"
    " FROM items"
)
_UNSETTLED = ", ".join(f"'{outcome}'" for outcome in UNSETTLED)
JOBS_UNSETTLED = f"SELECT job FROM counts WHERE items > 0 AND outcome IN ({_UNSETTLED})"
"""The numbers of the jobs that have such items."""
# A request is needed again only for a retry, and a password that proved wrong not even then. The name in an
# archive is needed for an erasure.
_SETTLE = """
UPDATE items SET outcome = ?1, code = ?2, message = ?3, passages = ?4, document = ?5,
request = CASE WHEN ?1 <> 'refused' AND json_type(request, '$.member') = 'text'
THEN json_object('member', json_extract(request, '$.member'))
WHEN ?1 <> 'refused' THEN '{}' WHEN ?2 = 'encrypted_document'
THEN json_remove(request, '$.password') ELSE request END WHERE job = ?6 AND number = ?7
"""
# The first page of a crawl has the crawl's own address.
_REPEAT_FAILED_CRAWLS = """
UPDATE items SET outcome = 'waiting' WHERE job = ?1 AND kind = 'crawl' AND outcome = 'expanded'
AND name IN (SELECT name FROM items WHERE job = ?1 AND kind = 'url' AND outcome = 'refused')
"""


def add(connection: sqlite3.Connection, job: int, items: Iterable[NewItem]) -> None:
    """Add items at the end; those that the job has already are skipped."""
    number = last_number(connection, job)
    for item in items:
        request = json.dumps(dict(item.request), ensure_ascii=False)
        added = connection.execute(
            "INSERT INTO items (job, number, kind, name, spooled, bytes, request)"
            # Not OR IGNORE: it would also apply inside the triggers (SQLite, "CREATE TRIGGER").
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (job, number + 1, item.kind, item.name, item.spooled, item.bytes, request),
        )
        number += added.rowcount


def last_number(connection: sqlite3.Connection, job: int) -> int:
    """The number of the last item, 0 when there is none."""
    (last,) = connection.execute(
        "SELECT COALESCE(MAX(number), 0) FROM items WHERE job = ?", (job,)
    ).fetchone()
    return int(last)


def get(connection: sqlite3.Connection, job: int, number: int) -> Item:
    """The item with a number, which must be there."""
    return from_row(connection.execute(f"{SELECT} WHERE job = ? AND number = ?", (job, number)).fetchone())


def mark_expanded(connection: sqlite3.Connection, job: int, number: int) -> None:
    """Mark an item as expanded; an archive's request, passwords included, is kept by its members."""
    connection.execute(
        "UPDATE items SET outcome = 'expanded',"
        " request = CASE kind WHEN 'archive' THEN '{}' ELSE request END"
        " WHERE job = ? AND number = ?",
        (job, number),
    )


def settle(connection: sqlite3.Connection, job: int, items: Sequence[Item]) -> None:
    """Record outcomes; erase requests that are not needed any more."""
    connection.executemany(
        _SETTLE,
        [
            (item.outcome, item.code, item.message, item.passages, item.document, job, item.number)
            for item in items
        ],
    )


def cancel_waiting(connection: sqlite3.Connection, job: int) -> None:
    """Cancel the items that wait."""
    connection.execute("UPDATE items SET outcome = 'cancelled' WHERE job = ? AND outcome = 'waiting'", (job,))


def retry(connection: sqlite3.Connection, job: int) -> None:
    """Let refused and cancelled items, and crawls whose first page was refused, wait again."""
    connection.execute(_REPEAT_FAILED_CRAWLS, (job,))
    connection.execute(
        "UPDATE items SET outcome = 'waiting', code = '', message = ''"
        " WHERE job = ? AND outcome IN ('refused', 'cancelled')",
        (job,),
    )


def set_password(connection: sqlite3.Connection, job: int, password: str) -> None:
    """Set the password of items that were refused as encrypted; raise InvalidRequest when there is none."""
    updated = connection.execute(
        "UPDATE items SET request = json_set(request, '$.password', ?)"
        " WHERE job = ? AND outcome = 'refused' AND code = 'encrypted_document'",
        (password, job),
    )
    if not updated.rowcount:
        raise refusals.no_encrypted_item()


def settled(connection: sqlite3.Connection, job: int) -> Iterator[Item]:
    """The items of a job that do not wait."""
    return map(from_row, connection.execute(f"{SELECT} WHERE job = ? AND outcome <> 'waiting'", (job,)))


def unsettled(connection: sqlite3.Connection, job: int, prefix: str) -> Iterator[Item]:
    """The items of a job that became no documents, with names that begin so."""
    sql = f"{SELECT} WHERE job = ? AND outcome IN ({_UNSETTLED}) AND substr(name, 1, ?) = ? ORDER BY number"
    return map(from_row, connection.execute(sql, (job, len(prefix), prefix)))


def put_erased(connection: sqlite3.Connection, job: int, item: Item) -> None:
    """Replace what an item says by what stays of it after an erasure."""
    connection.execute(
        "UPDATE items SET name = ?, request = ?, message = ?, document = ? WHERE job = ? AND number = ?",
        (item.name, json.dumps(dict(item.request)), item.message, item.document, job, item.number),
    )


def count(connection: sqlite3.Connection, job: int) -> ItemCounts:
    """The counts that triggers keep, so that no item has to be read."""
    rows = connection.execute(
        "SELECT outcome, items, bytes, passages FROM counts WHERE job = ? AND items", (job,)
    ).fetchall()
    return ItemCounts(
        {outcome: items for outcome, items, _, _ in rows},
        sum(size for _, _, size, _ in rows),
        sum(passages for _, _, _, passages in rows),
    )


def from_row(row: tuple[Any, ...]) -> Item:
    """The item in a row of :data:`SELECT`."""
    values = list(row)
    values[5] = json.loads(values[5])
    return Item(*values)
