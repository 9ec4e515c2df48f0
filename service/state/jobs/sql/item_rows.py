"""Statements on the items of one job. All take a connection inside a transaction and the job's number."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from service.state.databases import Connection
from service.state.jobs import refusals
from service.state.jobs.records import SAME_BYTES, UNSETTLED, Item, ItemCounts, NewItem, request_to_keep

SELECT = (
    "SELECT number, kind, name, spooled, bytes, request, outcome, code, message, passages, document"
    " FROM items"
)
_UNSETTLED = ", ".join(f"'{outcome}'" for outcome in UNSETTLED)
JOBS_UNSETTLED = f"SELECT job FROM counts WHERE items > 0 AND outcome IN ({_UNSETTLED})"
"""The numbers of the jobs that have such items."""
# The first page of a crawl has the crawl's own address.
_REPEAT_FAILED_CRAWLS = """
UPDATE items SET outcome = 'waiting' WHERE job = ? AND kind = 'crawl' AND outcome = 'expanded'
AND name IN (SELECT name FROM items WHERE job = ? AND kind = 'url' AND outcome = 'refused')
"""


def add(connection: Connection, job: int, items: Iterable[NewItem]) -> None:
    """Add items at the end, one by one; those that the job has already are skipped."""
    number = last_number(connection, job)
    for item in items:
        added = connection.execute(
            "INSERT INTO items (job, number, kind, name, spooled, bytes, request)"
            # Not OR IGNORE: it would also apply inside the triggers (SQLite, "CREATE TRIGGER").
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (job, number + 1, item.kind, item.name, item.spooled, item.bytes, as_json(item.request)),
        )
        number += added.rowcount


def last_number(connection: Connection, job: int) -> int:
    """The number of the last item, 0 when there is none."""
    (last,) = connection.execute(
        "SELECT COALESCE(MAX(number), 0) FROM items WHERE job = ?", (job,)
    ).fetchone()
    return int(last)


def get(connection: Connection, job: int, number: int) -> Item:
    """The item with a number, which must be there."""
    return from_row(connection.execute(f"{SELECT} WHERE job = ? AND number = ?", (job, number)).fetchone())


def get_all(connection: Connection, job: int, numbers: Sequence[int]) -> list[Item]:
    """The items with these numbers, in their order."""
    marks = ", ".join("?" * len(numbers))
    rows = connection.execute(
        f"{SELECT} WHERE job = ? AND number IN ({marks}) ORDER BY number", (job, *numbers)
    ).fetchall()
    return [from_row(row) for row in rows]


def mark_expanded(connection: Connection, job: int, number: int) -> None:
    """Mark an item as expanded; an archive's request, passwords included, is kept by its members."""
    connection.execute(
        "UPDATE items SET outcome = 'expanded',"
        " request = CASE kind WHEN 'archive' THEN '{}' ELSE request END"
        " WHERE job = ? AND number = ?",
        (job, number),
    )


def settle(connection: Connection, job: int, items: Sequence[Item]) -> None:
    """Record outcomes; erase requests that are not needed any more."""
    if not items:
        return
    marks = ", ".join("?" * len(items))
    requests = dict(
        connection.execute(
            f"SELECT number, request FROM items WHERE job = ? AND number IN ({marks})",
            (job, *(item.number for item in items)),
        ).fetchall()
    )
    connection.executemany(
        "UPDATE items SET outcome = ?, code = ?, message = ?, passages = ?, document = ?, request = ?"
        " WHERE job = ? AND number = ?",
        [
            (
                *(item.outcome, item.code, item.message, item.passages, item.document),
                as_json(request_to_keep(json.loads(requests[item.number]), item.outcome, item.code)),
                *(job, item.number),
            )
            for item in items
            if item.number in requests
        ],
    )


def cancel_waiting(connection: Connection, job: int) -> None:
    """Cancel the items that wait."""
    connection.execute("UPDATE items SET outcome = 'cancelled' WHERE job = ? AND outcome = 'waiting'", (job,))


def retry(connection: Connection, job: int) -> None:
    """Let refused and cancelled items, and crawls whose first page was refused, wait again."""
    connection.execute(_REPEAT_FAILED_CRAWLS, (job, job))
    connection.execute(
        "UPDATE items SET outcome = 'waiting', code = '', message = ''"
        " WHERE job = ? AND outcome IN ('refused', 'cancelled')",
        (job,),
    )


def set_password(connection: Connection, job: int, password: str) -> None:
    """Set the password of items that were refused as encrypted; raise InvalidRequest when there is none."""
    rows = connection.execute(
        "SELECT request, number FROM items WHERE job = ? AND outcome = 'refused'"
        " AND code = 'encrypted_document'",
        (job,),
    ).fetchall()
    if not rows:
        raise refusals.no_encrypted_item()
    connection.executemany(
        "UPDATE items SET request = ? WHERE job = ? AND number = ?",
        [(as_json({**json.loads(old), "password": password}), job, number) for old, number in rows],
    )


def keep_same_bytes(connection: Connection, job: int) -> None:
    """Let items that were refused as copies be stored by the next attempt."""
    rows = connection.execute(
        "SELECT request, number FROM items WHERE job = ? AND outcome = 'refused' AND code = ?",
        (job, SAME_BYTES),
    ).fetchall()
    connection.executemany(
        "UPDATE items SET request = ? WHERE job = ? AND number = ?",
        [(as_json({**json.loads(old), "same_bytes": "keep"}), job, number) for old, number in rows],
    )


def settled_items(connection: Connection, job: int) -> Iterator[Item]:
    """The items of a job that do not wait."""
    sql = f"{SELECT} WHERE job = ? AND outcome <> 'waiting' ORDER BY number"
    return map(from_row, connection.execute(sql, (job,)))


def unsettled_items(connection: Connection, job: int, prefix: str) -> Iterator[Item]:
    """The items of a job that became no documents, with names that begin so."""
    sql = f"{SELECT} WHERE job = ? AND outcome IN ({_UNSETTLED}) "
    sql += " AND substr(name, 1, CAST(? AS INTEGER)) = ? ORDER BY number"
    return map(from_row, connection.execute(sql, (job, len(prefix), prefix)))


def store_erased(connection: Connection, job: int, item: Item) -> None:
    """Replace what an item says by what stays of it after an erasure."""
    connection.execute(
        "UPDATE items SET name = ?, request = ?, message = ?, document = ? WHERE job = ? AND number = ?",
        (item.name, as_json(item.request), item.message, item.document, job, item.number),
    )


def count(connection: Connection, job: int) -> ItemCounts:
    """The counts that triggers keep, so that no item has to be read."""
    rows = connection.execute(
        "SELECT outcome, items, bytes, passages FROM counts WHERE job = ? AND items > 0", (job,)
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


def as_json(request: Mapping[str, Any]) -> str:
    """A request as it is stored."""
    return json.dumps(dict(request), ensure_ascii=False)
