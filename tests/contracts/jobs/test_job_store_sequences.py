"""Random sequences of changes: every job store does the same as the one in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from index.errors import LoccitError
from service.state.jobs.protocols import JobStore
from service.state.jobs.records import Item, ItemCounts, Job, JobState, Kind, NewItem, Outcome
from tests.contracts.jobs.job_stores import OPENERS
from tests.contracts.jobs.model import MemoryJobStore
from tests.contracts.jobs.test_job_sessions import opened
from tests.sizes import examples

OUTCOMES: Sequence[Outcome] = ("waiting", "added", "replaced", "unchanged", "refused", "cancelled")
KINDS: Sequence[Kind] = ("file", "archive", "url", "crawl")
STATES: Sequence[JobState] = ("running", "embedding", "done", "failed", "cancelled")
JOBS = st.sampled_from(["one", "two"])
NAMES = st.sampled_from("abcdef")
NEW_ITEMS = st.builds(
    NewItem, st.sampled_from(KINDS), NAMES, st.just(""), st.integers(0, 100), st.just({"password": "p"})
)


def count(items: Sequence[Item]) -> ItemCounts:
    """Counts made by looking at every item."""
    outcomes: dict[Outcome, int] = {}
    for item in items:
        outcomes[item.outcome] = outcomes.get(item.outcome, 0) + 1
    return ItemCounts(outcomes, sum(item.bytes for item in items), sum(item.passages for item in items))


def comparable(value: object) -> object:
    """The value without what differs between stores: clock times and the size of revision steps."""
    if isinstance(value, Job):
        times = {"started": value.started and 1.0, "finished": value.finished and 1.0}
        return replace(value, created=0.0, revision=0, **times)
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, LoccitError):
        return type(value), value.message
    return value


def broken_items() -> Iterator[NewItem]:
    yield NewItem("file", "g")
    raise ZeroDivisionError


class Sequences(RuleBasedStateMachine):
    """Makes the same calls on a store and on one in memory, and compares what they return."""

    implementation: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        folder = self.opened.enter_context(tempfile.TemporaryDirectory())
        self.open = self.opened.enter_context(OPENERS[self.implementation](Path(folder)))
        self.store = self.open()
        self.model = MemoryJobStore()
        self.begin_sessions()

    def begin_sessions(self) -> None:
        self.sessions = [opened(self.store), opened(self.model)]

    def end_sessions(self) -> None:
        for session in self.sessions:
            session.close()

    def teardown(self) -> None:
        self.end_sessions()
        self.store.close()
        self.opened.close()

    def both(self, call: Callable[[JobStore], object]) -> None:
        """Call both stores and expect the same result or error."""
        results = []
        for store in (self.store, self.model):
            try:
                results.append(comparable(call(store)))
            except LoccitError as error:
                results.append(comparable(error))
        assert results[0] == results[1]

    @rule(job=JOBS, items=st.lists(NEW_ITEMS, max_size=5))
    def add(self, job: str, items: list[NewItem]) -> None:
        if job not in self.model.ids():
            self.both(lambda store: store.add(job, "lamps", items))

    @rule(job=JOBS, item=NEW_ITEMS)
    def add_item(self, job: str, item: NewItem) -> None:
        self.both(lambda store: store.add_item(job, item))

    @rule(job=JOBS, item=st.integers(1, 6), into=st.lists(NEW_ITEMS, max_size=4))
    def expand(self, job: str, item: int, into: list[NewItem]) -> None:
        self.both(lambda store: store.expand(job, item, into))

    @rule(
        job=JOBS,
        settled=st.dictionaries(
            st.integers(1, 8), st.tuples(st.sampled_from(OUTCOMES), st.integers(0, 50)), max_size=4
        ),
        code=st.sampled_from(["", "encrypted_document", "empty_document", "same_bytes"]),
        last_passage=st.integers(0, 9),
    )
    def settle(self, job: str, settled: dict[int, tuple[Outcome, int]], code: str, last_passage: int) -> None:
        items = [
            replace(item, outcome=settled[item.number][0], passages=settled[item.number][1], code=code)
            for item in self.store.items(job, limit=100)
            if item.number in settled
        ]
        self.both(lambda store: store.settle(job, items, last_passage=last_passage))

    @rule(job=JOBS, state=st.sampled_from(STATES), problem=st.sampled_from(["", "It broke."]))
    def move(self, job: str, state: JobState, problem: str) -> None:
        self.both(lambda store: store.move(job, state, problem=problem))

    @rule(job=JOBS)
    def begin(self, job: str) -> None:
        self.both(lambda store: store.begin(job))

    @rule(job=JOBS)
    def cancel(self, job: str) -> None:
        self.both(lambda store: store.cancel(job))

    @rule(job=JOBS, password=st.sampled_from(["", "sesame"]), same_bytes=st.booleans())
    def retry(self, job: str, password: str, same_bytes: bool) -> None:
        self.both(lambda store: store.retry(job, password=password, same_bytes=same_bytes))

    @rule(job=JOBS)
    def delete(self, job: str) -> None:
        self.both(lambda store: store.delete(job))

    @rule(job=JOBS, limit=st.integers(1, 4), max_bytes=st.integers(1, 200), fetches=st.booleans())
    def claim(self, job: str, limit: int, max_bytes: int, fetches: bool) -> None:
        claimed = [
            session.claim(job, limit=limit, max_bytes=max_bytes, fetches=fetches) for session in self.sessions
        ]
        assert claimed[0] == claimed[1]

    @rule(job=JOBS, outcome=st.sampled_from(OUTCOMES))
    def settle_claimed(self, job: str, outcome: Outcome) -> None:
        items = [replace(item, outcome=outcome) for item in self.store.items(job, limit=100)]
        settled = [session.settle(job, items) for session in self.sessions]
        assert settled[0] == settled[1]

    @rule()
    def give_back(self) -> None:
        for session in self.sessions:
            session.give_back()

    @rule()
    def reopen(self) -> None:
        self.end_sessions()
        self.store.close()
        self.store = self.open()
        self.begin_sessions()

    @rule(job=JOBS)
    def fail_while_expanding(self, job: str) -> None:
        def expand(store: JobStore) -> None:
            try:
                store.expand(job, 1, broken_items())
            except ZeroDivisionError:
                return

        self.both(expand)

    @invariant()
    def stores_agree(self) -> None:
        self.both(lambda store: store.ids())
        self.both(lambda store: store.jobs(limit=9))
        self.both(lambda store: store.in_state("queued", "running", "done"))
        self.both(lambda store: [store.items(job, limit=100) for job in ("one", "two")])
        self.both(lambda store: [store.is_cancelling(job) for job in ("one", "two")])

    @invariant()
    def counts_are_those_of_the_items(self) -> None:
        for job in self.store.ids():
            assert self.store.job(job).counts == count(self.store.items(job, limit=100))


class SqliteSequences(Sequences):
    implementation = "sqlite"


class PostgresqlSequences(Sequences):
    implementation = "postgresql"


class MemorySequences(Sequences):
    implementation = "memory"


TestSqlite = SqliteSequences.TestCase
TestPostgresql = PostgresqlSequences.TestCase
TestMemory = MemorySequences.TestCase
TestPostgresql.pytestmark = pytest.mark.processes
for _one in (TestSqlite, TestPostgresql, TestMemory):
    _one.settings = settings(max_examples=examples(20, few=10), stateful_step_count=25)
del _one  # pytest would run the last one again under this name


def test_every_job_store_is_tried() -> None:
    assert {one.implementation for one in Sequences.__subclasses__()} == set(OPENERS)
