"""A job and its items in memory, and their changes."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from service.state.jobs import refusals
from service.state.jobs.records import (
    FINISHED,
    SAME_BYTES,
    Item,
    ItemCounts,
    Job,
    JobState,
    NewItem,
    request_to_keep,
)


@dataclass
class Entry:
    """A job and its items by number. The ``counts`` of the job are those of its last change."""

    job: Job
    items: dict[int, Item] = field(default_factory=dict)
    age: float = 0.0


def as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy, as a store in a file would read it back."""
    copy: dict[str, Any] = json.loads(json.dumps(dict(values)))
    return copy


def add_items(entry: Entry, items: Iterable[NewItem]) -> None:
    """Add items at the end; those that the job has already are skipped."""
    known = {(item.kind, item.name, item.spooled) for item in entry.items.values()}
    for new in items:
        key = (new.kind, new.name, new.spooled)
        if key in known:
            continue
        known.add(key)
        number = len(entry.items) + 1
        request = as_json(new.request)
        entry.items[number] = Item(number, *key, new.bytes, request, "waiting", "", "", 0, "")


def count_items(items: Iterable[Item]) -> ItemCounts:
    """Count items by outcome, their bytes and passages."""
    items = list(items)
    return ItemCounts(
        dict(Counter(item.outcome for item in items)),
        sum(item.bytes for item in items),
        sum(item.passages for item in items),
    )


def settled_item(old: Item, new: Item) -> Item:
    """The item after its outcome is recorded; see :meth:`JobStore.settle`."""
    request = request_to_keep(old.request, new.outcome, new.code)
    return replace(new, kind=old.kind, name=old.name, spooled=old.spooled, bytes=old.bytes, request=request)


def move(entry: Entry, state: JobState, problem: str = "") -> None:
    """Change the state; see :meth:`JobStore.move`."""
    job, now = entry.job, time.time()
    started = now if state == "running" and job.started is None else job.started
    finished = now if state in FINISHED else None
    entry.job = replace(job, state=state, problem=problem, started=started, finished=finished)
    entry.age = 0.0
    if state == "cancelled":
        for number, item in entry.items.items():
            if item.outcome == "waiting":
                entry.items[number] = replace(item, outcome="cancelled")


def set_password(entry: Entry, password: str) -> None:
    """Set the password of items that were refused as encrypted; see :meth:`JobStore.retry`."""
    if entry.job.state not in FINISHED:
        raise refusals.password_unfinished()
    encrypted = [
        item
        for item in entry.items.values()
        if (item.outcome, item.code) == ("refused", "encrypted_document")
    ]
    if not encrypted:
        raise refusals.no_encrypted_item()
    for item in encrypted:
        entry.items[item.number] = replace(item, request={**item.request, "password": password})


def keep_same_bytes(entry: Entry) -> None:
    """Let copies that were left out be stored by the next attempt; see :meth:`JobStore.retry`."""
    for number, item in entry.items.items():
        if (item.outcome, item.code) == ("refused", SAME_BYTES):
            entry.items[number] = replace(item, request={**item.request, "same_bytes": "keep"})


def retry_items(entry: Entry) -> None:
    """Let refused and cancelled items wait again; see :meth:`JobStore.retry`."""
    refused = {item.name for item in entry.items.values() if (item.kind, item.outcome) == ("url", "refused")}
    for number, item in entry.items.items():
        if item.outcome in ("refused", "cancelled"):
            entry.items[number] = replace(item, outcome="waiting", code="", message="")
        elif (item.kind, item.outcome) == ("crawl", "expanded") and item.name in refused:
            entry.items[number] = replace(item, outcome="waiting")
