"""The job store in memory, for tests; also the shortest statement of what the Protocol requires."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from service.errors import JobNotFound
from service.jobs import refusals
from service.jobs.records import (
    FINISHED,
    Access,
    Item,
    ItemCounts,
    Job,
    JobState,
    NewItem,
    Outcome,
    erased,
    is_concerned,
)


@dataclass
class _Entry:
    """A job and its items by number. The ``counts`` of the job are those of its last change."""

    job: Job
    items: dict[int, Item] = field(default_factory=dict)
    age: float = 0.0


class MemoryJobStore:
    """Implements :class:`service.jobs.protocols.JobStore` for one process; nothing outlives the object."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.RLock()
        self._lease = threading.Lock()

    def add(
        self, job_id: str, collection: str, items: Iterable[NewItem], access: Access | None = None
    ) -> Job:
        counts = ItemCounts({}, 0, 0)
        entry = _Entry(
            Job(
                job_id,
                collection,
                "queued",
                time.time(),
                None,
                None,
                False,
                "",
                0,
                1,
                counts,
                access or Access(),
            )
        )
        _add_items(entry, items)
        entry.job = replace(entry.job, counts=_count(entry.items.values()))
        with self._lock:
            self._entries[job_id] = entry
        return entry.job

    def job(self, job_id: str) -> Job:
        with self._lock:
            return self._entry(job_id).job

    def jobs(self, *, limit: int, before: str = "", collections: Collection[str] | None = None) -> list[Job]:
        with self._lock:
            jobs = [entry.job for entry in self._entries.values()]
        if before:
            ids = [job.id for job in jobs]
            jobs = jobs[: ids.index(before)] if before in ids else []
        found = [job for job in reversed(jobs) if collections is None or job.collection in collections]
        return found[:limit]

    def in_state(self, *states: JobState) -> list[Job]:
        with self._lock:
            return [entry.job for entry in self._entries.values() if entry.job.state in states]

    def count_states(self) -> dict[JobState, int]:
        with self._lock:
            return dict(Counter(entry.job.state for entry in self._entries.values()))

    def items(
        self, job_id: str, *, limit: int, after: int = 0, outcomes: Sequence[Outcome] = ()
    ) -> list[Item]:
        with self._lock:
            found = list(self._entries[job_id].items.values()) if job_id in self._entries else []
        return [one for one in found if one.number > after and (not outcomes or one.outcome in outcomes)][
            :limit
        ]

    def expand(self, job_id: str, item: int, into: Iterable[NewItem]) -> None:
        with self._change(job_id) as entry:
            _add_items(entry, into)
            if (old := entry.items.get(item)) is not None:
                request = {} if old.kind == "archive" else old.request
                entry.items[item] = replace(old, outcome="expanded", request=request)

    def add_item(self, job_id: str, item: NewItem) -> Item | None:
        with self._change(job_id) as entry:
            before = len(entry.items)
            _add_items(entry, [item])
            return entry.items.get(before + 1)

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int = 0) -> None:
        with self._change(job_id) as entry:
            for item in items:
                if (old := entry.items.get(item.number)) is not None:
                    entry.items[item.number] = _settled(old, item)
            entry.job = replace(entry.job, last_passage=max(entry.job.last_passage, last_passage))

    def move(self, job_id: str, state: JobState, *, problem: str = "") -> None:
        with self._change(job_id) as entry:
            _move(entry, state, problem)

    def begin(self, job_id: str) -> bool:
        with self._change(job_id) as entry:
            if entry.job.state in ("queued", "running"):
                _move(entry, "running")
                return True
            return False

    def is_cancelling(self, job_id: str) -> bool:
        with self._lock:
            return job_id in self._entries and self._entries[job_id].job.cancelling

    def cancel(self, job_id: str) -> Job:
        with self._change(job_id) as entry:
            if entry.job.state == "queued":
                _move(entry, "cancelled")
            elif entry.job.state not in FINISHED:
                entry.job = replace(entry.job, cancelling=True)
        return entry.job

    def retry(self, job_id: str, *, password: str = "") -> Job:
        with self._change(job_id) as entry:
            if password:
                _set_password(entry, password)
            if entry.job.state in FINISHED:
                _move(entry, "queued")
                entry.job = replace(entry.job, cancelling=False, started=None)
                _retry_items(entry)
        return entry.job

    def delete(self, job_id: str) -> None:
        with self._lock:
            if self._entry(job_id).job.state not in FINISHED:
                raise refusals.delete_unfinished(job_id)
            del self._entries[job_id]

    def concerned(self, collection: str, documents: Mapping[str, float] | None) -> list[tuple[str, Item]]:
        with self._lock:
            return [
                (entry.job.id, item)
                for entry in self._entries.values()
                if entry.job.collection == collection
                and (documents is not None or entry.job.state in FINISHED)
                for item in entry.items.values()
                if is_concerned(item, entry.job.created, documents)
            ]

    def erase(self, job_id: str, items: Iterable[int]) -> None:
        with suppress(JobNotFound), self._change(job_id) as entry:
            for number in items:
                entry.items[number] = erased(entry.items[number])

    def purge(self) -> bool:
        return True  # it has no files

    def collections(self) -> set[str]:
        with self._lock:
            return {entry.job.collection for entry in self._entries.values()}

    def age(self, seconds: float, *, until: float) -> list[str]:
        with self._lock:
            finished = [entry for entry in self._entries.values() if entry.job.state in FINISHED]
            for entry in finished:
                entry.age += seconds
            return [entry.job.id for entry in finished if entry.age >= until]

    def ids(self) -> set[str]:
        with self._lock:
            return set(self._entries)

    def acquire_lease(self) -> MemoryLease | None:
        return MemoryLease(self._lease) if self._lease.acquire(blocking=False) else None

    def close(self) -> None:
        """Does nothing: the jobs are needed by whoever shares the object."""

    def _entry(self, job_id: str) -> _Entry:
        if job_id not in self._entries:
            raise refusals.job_not_found(job_id)
        return self._entries[job_id]

    @contextmanager
    def _change(self, job_id: str) -> Iterator[_Entry]:
        """Give a copy of an entry to change, which replaces the entry unless an error is raised."""
        with self._lock:
            old = self._entry(job_id)
            entry = _Entry(old.job, dict(old.items), old.age)
            yield entry
            revision = old.job.revision + 1
            entry.job = replace(entry.job, revision=revision, counts=_count(entry.items.values()))
            self._entries[job_id] = entry


class MemoryLease:
    """Implements :class:`service.jobs.protocols.Lease`."""

    def __init__(self, lock: threading.Lock) -> None:
        """Takes over a lock that is held."""
        self._lock: threading.Lock | None = lock

    def is_held(self) -> bool:
        return self._lock is not None

    def release(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()


def _add_items(entry: _Entry, items: Iterable[NewItem]) -> None:
    known = {(item.kind, item.name, item.spooled) for item in entry.items.values()}
    for new in items:
        key = (new.kind, new.name, new.spooled)
        if key in known:
            continue
        known.add(key)
        number = len(entry.items) + 1
        request = json.loads(json.dumps(dict(new.request)))
        entry.items[number] = Item(number, *key, new.bytes, request, "waiting", "", "", 0, "")


def _count(items: Iterable[Item]) -> ItemCounts:
    items = list(items)
    return ItemCounts(
        dict(Counter(item.outcome for item in items)),
        sum(item.bytes for item in items),
        sum(item.passages for item in items),
    )


def _settled(old: Item, new: Item) -> Item:
    kept = ("member",) if new.outcome != "refused" else tuple(old.request)
    request = {key: value for key, value in old.request.items() if key in kept}
    if new.code == "encrypted_document":
        request.pop("password", None)
    return replace(new, kind=old.kind, name=old.name, spooled=old.spooled, bytes=old.bytes, request=request)


def _move(entry: _Entry, state: JobState, problem: str = "") -> None:
    job, now = entry.job, time.time()
    started = now if state == "running" and job.started is None else job.started
    finished = now if state in FINISHED else None
    entry.job = replace(job, state=state, problem=problem, started=started, finished=finished)
    entry.age = 0.0
    if state == "cancelled":
        for number, item in entry.items.items():
            if item.outcome == "waiting":
                entry.items[number] = replace(item, outcome="cancelled")


def _set_password(entry: _Entry, password: str) -> None:
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


def _retry_items(entry: _Entry) -> None:
    refused = {item.name for item in entry.items.values() if (item.kind, item.outcome) == ("url", "refused")}
    for number, item in entry.items.items():
        if item.outcome in ("refused", "cancelled"):
            entry.items[number] = replace(item, outcome="waiting", code="", message="")
        elif (item.kind, item.outcome) == ("crawl", "expanded") and item.name in refused:
            entry.items[number] = replace(item, outcome="waiting")
