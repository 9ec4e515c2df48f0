"""How many of a job's items came to what is kept as it changes, and is always what a recount says."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from index.errors import UnknownFormat
from service.errors import InvalidRequest, JobNotFinished, JobNotFound
from service.jobs.records import Counted, Kind, NewItem, Outcome
from service.jobs.store import JobStore

OUTCOMES: Sequence[Outcome] = ("waiting", "added", "replaced", "unchanged", "refused", "cancelled")
KINDS: Sequence[Kind] = ("file", "archive", "url", "crawl")
JOBS = st.sampled_from(["one", "two"])
NAMES = st.sampled_from("abcdef")
NEW_ITEMS = st.builds(
    NewItem, st.sampled_from(KINDS), NAMES, st.just(""), st.integers(0, 100), st.just({"password": "p"})
)


def recounted(path: Path, job: str) -> Counted:
    """By a look at every item."""
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT outcome, bytes, passages FROM items JOIN jobs ON jobs.number = job WHERE id = ?", (job,)
    ).fetchall()
    connection.close()
    outcomes: dict[Outcome, int] = {}
    for outcome, _, _ in rows:
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return Counted(outcomes, sum(size for _, size, _ in rows), sum(passages for _, _, passages in rows))


class Changes(RuleBasedStateMachine):
    """Jobs to which everything happens that can happen, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "jobs.sqlite"
        self.store = JobStore(self.path)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def there(self, job: str) -> bool:
        return job in self.store.ids()

    @rule(job=JOBS, items=st.lists(NEW_ITEMS, max_size=5))
    def add(self, job: str, items: list[NewItem]) -> None:
        if not self.there(job):
            self.store.add(job, "lamps", items)

    @rule(job=JOBS, item=NEW_ITEMS)
    def add_item(self, job: str, item: NewItem) -> None:
        if self.there(job):
            self.store.add_item(job, item)

    @rule(job=JOBS, item=st.integers(1, 6), into=st.lists(NEW_ITEMS, max_size=4))
    def expand(self, job: str, item: int, into: list[NewItem]) -> None:
        if self.there(job):
            self.store.expand(job, item, into)

    @rule(
        job=JOBS,
        became=st.dictionaries(
            st.integers(1, 8), st.tuples(st.sampled_from(OUTCOMES), st.integers(0, 50)), max_size=4
        ),
        code=st.sampled_from(["", "encrypted_document", "empty_document"]),
    )
    def settle(self, job: str, became: dict[int, tuple[Outcome, int]], code: str) -> None:
        settled = [
            replace(one, outcome=became[one.number][0], passages=became[one.number][1], code=code)
            for one in self.store.items(job, limit=100)
            if one.number in became
        ]
        if self.there(job):
            self.store.settle(job, settled)

    @rule(job=JOBS, state=st.sampled_from(["running", "embedding", "done", "failed", "cancelled"]))
    def move(self, job: str, state: str) -> None:
        if self.there(job):
            self.store.move(job, state)  # type: ignore[arg-type]

    @rule(job=JOBS)
    def cancel(self, job: str) -> None:
        if self.there(job):
            self.store.cancel(job)

    @rule(job=JOBS, password=st.sampled_from(["", "sesame"]))
    def retry(self, job: str, password: str) -> None:
        if self.there(job):
            before = self.store.job(job)
            try:
                self.store.retry(job, password=password)
            except (JobNotFinished, InvalidRequest):
                assert password
                assert self.store.job(job) == before

    @rule(job=JOBS)
    def delete(self, job: str) -> None:
        if self.there(job):
            try:
                self.store.delete(job)
            except JobNotFinished:
                return
            with pytest.raises(JobNotFound):
                self.store.job(job)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = JobStore(self.path)

    @rule(job=JOBS)
    def fail_half_way(self, job: str) -> None:
        if self.there(job):
            with pytest.raises(OverflowError):
                self.store.expand(job, 1, [NewItem("file", "g"), NewItem("file", "h", bytes=2**70)])

    @invariant()
    def counts_are_a_recount(self) -> None:
        for job in self.store.ids():
            assert self.store.job(job).counted == recounted(self.path, job)
        assert [one.counted for one in self.store.jobs(limit=9)] == [
            recounted(self.path, one.id) for one in self.store.jobs(limit=9)
        ]


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)


def test_a_look_at_a_job_reads_none_of_its_items(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    store = JobStore(path)
    store.add("job", "lamps", [NewItem("file", str(number), bytes=2) for number in range(50)])
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE items RENAME TO hidden")
    connection.close()
    assert store.job("job").counted == Counted({"waiting": 50}, 100, 0)
    assert store.in_state("queued")[0].counted.total == store.jobs(limit=1)[0].counted.total == 50
    store.close()


OLD = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, collection TEXT NOT NULL,
    state TEXT NOT NULL, created REAL NOT NULL, started REAL, finished REAL,
    cancelling INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT '', mark INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE items (
    job INTEGER NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    spooled TEXT NOT NULL, bytes INTEGER NOT NULL, request TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT 'waiting', code TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',
    passages INTEGER NOT NULL DEFAULT 0, document TEXT NOT NULL DEFAULT '', PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE INDEX items_outcome ON items (job, outcome);
CREATE UNIQUE INDEX items_name ON items (job, kind, name, spooled);
INSERT INTO jobs (id, collection, state, created) VALUES
    ('job', 'lamps', 'running', 1), ('none', 'x', 'done', 1);
INSERT INTO items (job, number, kind, name, spooled, bytes, request, outcome, passages) VALUES
    (1, 1, 'file', 'a', '000001', 10, '{}', 'added', 3), (1, 2, 'file', 'b', '000002', 5, '{}', 'waiting', 0),
    (1, 3, 'file', 'c', '000003', 1, '{}', 'added', 4);
PRAGMA user_version = 1;
"""


def test_a_file_of_the_format_before_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(OLD)
    connection.close()
    for _ in range(2):
        store = JobStore(path)
        assert store.job("job").counted == Counted({"added": 2, "waiting": 1}, 16, 7)
        assert store.job("none").counted == Counted({}, 0, 0)
        store.close()
    store = JobStore(path)
    store.settle("job", [replace(store.items("job", limit=9)[1], outcome="refused")])
    assert store.job("job").counted == Counted({"added": 2, "refused": 1}, 16, 7) == recounted(path, "job")
    store.close()


def test_a_file_of_a_later_format_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    JobStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UnknownFormat, match="format 99"):
        JobStore(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    connection.close()
