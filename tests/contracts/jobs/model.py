"""A job store in plain Python: a model to compare others with, and for several runners in one process."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from service.errors import JobNotFound
from service.state.databases.announcing import Unannounced
from service.state.jobs import refusals
from service.state.jobs.protocols import JobStore
from service.state.jobs.records import (
    FINISHED,
    UNSETTLED,
    Access,
    Item,
    ItemCounts,
    Job,
    JobKind,
    JobState,
    NewItem,
    Outcome,
    erased_item,
    is_concerned,
)
from service.state.jobs.sqlite import LocalSession
from tests.contracts.jobs.model_entry import (
    Entry,
    add_items,
    as_json,
    count_items,
    keep_same_bytes,
    move,
    retry_items,
    set_password,
    settled_item,
)


class MemorySession(LocalSession):
    """Implements :class:`service.state.jobs.protocols.Session` by leases that a store's sessions share."""

    def __init__(
        self,
        store: JobStore,
        claims: dict[tuple[str, int], LocalSession],
        holders: dict[str, MemorySession],
        lock: threading.RLock,
    ) -> None:
        super().__init__(store, claims, lock)
        self._holders = holders
        self._is_closed = False

    def is_held(self) -> bool:
        return not self._is_closed

    def acquire(self, lease: str) -> bool:
        with self._lock:
            return not self._is_closed and self._holders.setdefault(lease, self) is self

    def release(self, lease: str) -> None:
        with self._lock:
            if self._holders.get(lease) is self:
                del self._holders[lease]

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            self.give_back()
            for lease in [name for name, holder in self._holders.items() if holder is self]:
                del self._holders[lease]


class MemoryJobStore(Unannounced):
    """Implements :class:`service.state.jobs.protocols.JobStore` for one process; it keeps nothing."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._lock = threading.RLock()
        self._leases: dict[str, MemorySession] = {}
        self._claims: dict[tuple[str, int], LocalSession] = {}

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
        counts = ItemCounts({}, 0, 0)
        entry = Entry(
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
                kind,
                as_json(details or {}),
            )
        )
        add_items(entry, items)
        entry.job = replace(entry.job, counts=count_items(entry.items.values()))
        with self._lock:
            self._require_only_upgrade(entry.job)
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

    def in_state(self, *states: JobState, most: int | None = None) -> list[Job]:
        with self._lock:
            jobs = [entry.job for entry in self._entries.values() if entry.job.state in states]
        seen = Counter[tuple[str, str]]()
        listed = []
        for job in jobs:
            seen[job.collection, job.kind] += 1
            if most is None or seen[job.collection, job.kind] <= most:
                listed.append(job)
        return listed

    def finished(self, collection: str, since: float) -> list[Job]:
        found = self.in_state(*FINISHED)
        return [job for job in found if job.collection == collection and (job.finished or 0.0) > since]

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

    def unsettled(self, collection: str, *, prefix: str = "") -> list[tuple[Job, Item]]:
        with self._lock:
            return [
                (entry.job, item)
                for entry in self._entries.values()
                if entry.job.collection == collection
                for item in entry.items.values()
                if item.outcome in UNSETTLED and item.name.startswith(prefix)
            ]

    def expand(self, job_id: str, item: int, into: Iterable[NewItem]) -> None:
        with self._change(job_id) as entry:
            add_items(entry, into)
            if (old := entry.items.get(item)) is not None:
                request = {} if old.kind == "archive" else old.request
                entry.items[item] = replace(old, outcome="expanded", request=request)

    def add_item(self, job_id: str, item: NewItem) -> Item | None:
        with self._change(job_id) as entry:
            before = len(entry.items)
            add_items(entry, [item])
            return entry.items.get(before + 1)

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int = 0) -> None:
        with self._change(job_id) as entry:
            for item in items:
                if (old := entry.items.get(item.number)) is not None:
                    entry.items[item.number] = settled_item(old, item)
            entry.job = replace(entry.job, last_passage=max(entry.job.last_passage, last_passage))

    def move(self, job_id: str, state: JobState, *, problem: str = "") -> None:
        with self._change(job_id) as entry:
            move(entry, state, problem)

    def set_details(self, job_id: str, details: Mapping[str, Any]) -> None:
        with self._change(job_id) as entry:
            entry.job = replace(entry.job, details=as_json(details))

    def begin(self, job_id: str) -> bool:
        with self._change(job_id) as entry:
            if entry.job.state in ("queued", "running"):
                move(entry, "running")
                return True
            return False

    def is_cancelling(self, job_id: str) -> bool:
        with self._lock:
            return job_id in self._entries and self._entries[job_id].job.cancelling

    def cancel(self, job_id: str) -> Job:
        with self._change(job_id) as entry:
            if entry.job.state == "queued":
                move(entry, "cancelled")
            elif entry.job.state not in FINISHED:
                entry.job = replace(entry.job, cancelling=True)
        return entry.job

    def retry(self, job_id: str, *, password: str = "", same_bytes: bool = False) -> Job:
        with self._change(job_id) as entry:
            if password:
                set_password(entry, password)
            if entry.job.state in FINISHED:
                self._require_only_upgrade(entry.job)
                if same_bytes:
                    keep_same_bytes(entry)
                move(entry, "queued")
                entry.job = replace(entry.job, cancelling=False, started=None)
                retry_items(entry)
        return entry.job

    def delete(self, job_id: str) -> None:
        with self._lock:
            if self._entry(job_id).job.state not in FINISHED:
                raise refusals.delete_unfinished(job_id)
            del self._entries[job_id]

    def concerned(self, collection: str, documents: Mapping[str, float] | None) -> list[tuple[str, Item]]:
        now = time.time()
        with self._lock:
            return [
                (entry.job.id, item)
                for entry in self._entries.values()
                if entry.job.collection == collection
                and (documents is not None or entry.job.state in FINISHED)
                for item in entry.items.values()
                if is_concerned(item, entry.job.created, documents, now=now)
            ]

    def erase(self, job_id: str, items: Iterable[int]) -> None:
        with suppress(JobNotFound), self._change(job_id) as entry:
            for number in items:
                entry.items[number] = erased_item(entry.items[number])

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

    def open_session(self) -> MemorySession:
        return MemorySession(self, self._claims, self._leases, self._lock)

    def close(self) -> None:
        """Does nothing: the jobs are needed by whoever shares the object."""

    def _entry(self, job_id: str) -> Entry:
        if job_id not in self._entries:
            raise refusals.job_not_found(job_id)
        return self._entries[job_id]

    def _require_only_upgrade(self, new: Job) -> None:
        for one in (entry.job for entry in self._entries.values()):
            same = one.id != new.id and (one.kind, one.collection) == ("upgrade", new.collection)
            if new.kind == "upgrade" and same and one.state not in FINISHED:
                raise refusals.upgrade_under_way(new.collection, one.id)

    @contextmanager
    def _change(self, job_id: str) -> Iterator[Entry]:
        """Give a copy of an entry to change, which replaces the entry unless an error is raised."""
        with self._lock:
            old = self._entry(job_id)
            entry = Entry(old.job, dict(old.items), old.age)
            yield entry
            revision = old.job.revision + 1
            entry.job = replace(entry.job, revision=revision, counts=count_items(entry.items.values()))
            self._entries[job_id] = entry
