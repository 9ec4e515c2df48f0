from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.errors import InvalidRequest, JobNotFinished, JobNotFound
from service.jobs.records import Item, NewItem, Outcome
from service.jobs.store import JobStore, new_job_id

SESAME = 'se"same'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    store = JobStore(tmp_path / "jobs.sqlite")
    yield store
    store.close()


def new(name: str, **given: object) -> NewItem:
    values: dict[str, object] = {"kind": "file", "name": name, "spooled": name, "bytes": 10, **given}
    return NewItem(**values)  # type: ignore[arg-type]


def items(store: JobStore, job: str = "job") -> list[Item]:
    return store.items(job, limit=1000)


def settle(store: JobStore, item: Item, outcome: Outcome, **given: object) -> None:
    store.settle("job", [replace(item, outcome=outcome, **given)])  # type: ignore[arg-type]


def test_a_job_is_kept_as_it_was_queued(store: JobStore, tmp_path: Path) -> None:
    said = {"metadata": {"year": 1859, "tags": ["é"]}, "password": "secret"}
    job = store.add("job", "lamps", [new("a.md", request=said), new("b.md", bytes=5)])
    with_others = JobStore(tmp_path / "jobs.sqlite")
    assert with_others.job("job") == job == store.job("job")
    assert (job.id, job.collection, job.state, job.revision) == ("job", "lamps", "queued", 1)
    assert (job.started, job.finished, job.cancelling, job.problem, job.mark) == (None, None, False, "", 0)
    assert (job.counted.total, job.counted.done, job.counted.bytes) == (2, 0, 15)
    first, second = items(with_others)
    assert (first.number, first.kind, first.name, first.request) == (1, "file", "a.md", said)
    assert (first.outcome, first.code, first.document) == ("waiting", "", "")
    assert (second.number, second.request) == (2, {})
    with_others.close()


def test_a_job_that_is_not_there(store: JobStore) -> None:
    for call in (store.job, store.cancel, store.retry, store.delete, store.begin):
        with pytest.raises(JobNotFound, match=r"'nope'.*GET /v1/jobs"):
            call("nope")
    assert not store.is_cancelling("nope")
    assert store.items("nope", limit=10) == []


def test_jobs_are_listed_newest_first_page_by_page(store: JobStore) -> None:
    for number in range(5):
        store.add(f"job{number}", "even" if number % 2 == 0 else "odd", [])
    assert [job.id for job in store.jobs(limit=2)] == ["job4", "job3"]
    assert [job.id for job in store.jobs(limit=9, before="job3")] == ["job2", "job1", "job0"]
    assert [job.id for job in store.jobs(limit=9, collection="odd")] == ["job3", "job1"]
    store.move("job1", "running")
    assert [job.id for job in store.in_state("running", "queued")] == [f"job{n}" for n in range(5)]
    assert [job.id for job in store.in_state("running")] == ["job1"]
    assert store.ids() == {f"job{n}" for n in range(5)}


def test_what_became_of_items_is_counted(store: JobStore) -> None:
    store.add("job", "lamps", [new(name) for name in "abcdef"])
    outcomes: list[Outcome] = ["added", "replaced", "unchanged", "refused"]
    for item, outcome in zip(items(store), outcomes, strict=False):
        settle(store, item, outcome, passages=3, code="empty_document", document="x")
    counted = store.job("job").counted
    assert (counted.total, counted.done, counted.passages, counted.bytes) == (6, 4, 12, 60)
    assert dict(counted.outcomes) == {**dict.fromkeys(outcomes, 1), "waiting": 2}
    assert [one.name for one in store.items("job", limit=9, outcomes=("waiting", "refused"))] == [
        "d",
        "e",
        "f",
    ]
    assert [one.name for one in store.items("job", limit=2, after=3)] == ["d", "e"]
    assert items(store)[0].document == "x"


def test_every_change_has_a_new_revision(store: JobStore) -> None:
    seen = [store.add("job", "lamps", [new("a"), new("z", kind="archive")]).revision]
    store.begin("job")
    seen.append(store.job("job").revision)
    settle(store, items(store)[0], "added")
    seen.append(store.job("job").revision)
    store.expand("job", 2, [new("b")])
    seen.append(store.job("job").revision)
    store.add_item("job", new("c"))
    seen.append(store.job("job").revision)
    seen.append(store.cancel("job").revision)
    assert seen == sorted(set(seen))


def test_the_last_passage_never_goes_back(store: JobStore) -> None:
    store.add("job", "lamps", [new("a")])
    store.settle("job", [], mark=7)
    store.settle("job", [], mark=5)
    assert store.job("job").mark == 7


def test_what_was_said_of_an_item_is_kept_only_while_it_may_be_needed(
    store: JobStore, tmp_path: Path
) -> None:
    said = {"password": "secret"}
    store.add("job", "lamps", [new("a", request=said), new("b", request=said), new("z", kind="archive")])
    first, second, _ = items(store)
    settle(store, first, "added")
    settle(store, second, "refused")
    store.expand("job", 3, [new("z/1", kind="member", request=said)])
    assert [one.request for one in items(store)] == [{}, said, {}, said]
    settle(store, items(store)[3], "unchanged")
    assert [one.request for one in items(store)] == [{}, said, {}, {}]
    settle(store, second, "added")
    store.close()
    assert {path.name for path in tmp_path.iterdir()} == {"jobs.sqlite"}
    assert b"secret" not in (tmp_path / "jobs.sqlite").read_bytes()


def test_an_archive_gives_way_to_its_members(store: JobStore) -> None:
    store.add("job", "lamps", [new("z.zip", kind="archive", request={"password": "p"}), new("a")])
    members = [new(name, kind="member", spooled="000001") for name in ("1", "2", "1")]
    store.expand("job", 1, members)
    assert [(one.number, one.name, one.outcome) for one in items(store)] == [
        (1, "z.zip", "expanded"),
        (2, "a", "waiting"),
        (3, "1", "waiting"),
        (4, "2", "waiting"),
    ]
    assert store.job("job").counted.total == 3
    store.expand("job", 1, members)
    assert len(items(store)) == 4


def test_an_item_is_added_once(store: JobStore) -> None:
    store.add("job", "lamps", [new("https://example.org/", kind="crawl", spooled="")])
    page = new("https://example.org/a", kind="url", spooled="")
    added = store.add_item("job", page)
    assert added is not None
    assert (added.number, added.name) == (2, page.name)
    assert store.add_item("job", page) is None
    assert len(items(store)) == 2


def test_a_failed_expansion_leaves_everything_as_it_was(store: JobStore) -> None:
    store.add("job", "lamps", [new("z.zip", kind="archive")])
    before = store.job("job")

    def broken() -> Iterator[NewItem]:
        yield new("1", kind="member")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        store.expand("job", 1, broken())
    assert store.job("job") == before
    assert [one.outcome for one in items(store)] == ["waiting"]


def test_states_have_their_times(store: JobStore) -> None:
    store.add("job", "lamps", [new("a")])
    assert store.begin("job")
    begun = store.job("job")
    assert begun.started is not None
    store.move("job", "embedding")
    assert store.begin("job") is False
    store.move("job", "done")
    done = store.job("job")
    assert done.started == begun.started
    assert done.finished is not None
    assert store.finished_before(done.finished) == []
    assert store.finished_before(done.finished + 1) == ["job"]
    again = store.retry("job")
    assert (again.state, again.started, again.finished) == ("queued", None, None)
    assert store.finished_before(done.finished + 1) == []
    store.move("job", "failed", problem="It broke.")
    assert store.job("job").problem == "It broke."
    assert store.retry("job").problem == ""


def test_a_queued_job_is_cancelled_at_once(store: JobStore) -> None:
    store.add("job", "lamps", [new("a")])
    job = store.cancel("job")
    assert (job.state, job.cancelling) == ("cancelled", False)
    assert job.finished is not None
    assert [one.outcome for one in items(store)] == ["cancelled"]
    assert store.begin("job") is False
    assert store.job("job").state == "cancelled"


def test_a_running_job_is_asked_to_stop(store: JobStore) -> None:
    store.add("job", "lamps", [new("a"), new("b")])
    store.begin("job")
    assert not store.is_cancelling("job")
    assert (store.cancel("job").state, store.job("job").cancelling) == ("running", True)
    assert store.is_cancelling("job")
    settle(store, items(store)[0], "added")
    store.move("job", "cancelled")
    assert [one.outcome for one in items(store)] == ["added", "cancelled"]


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_a_finished_job_is_not_cancelled(store: JobStore, state: str) -> None:
    store.add("job", "lamps", [new("a")])
    store.move("job", state)  # type: ignore[arg-type]
    job = store.cancel("job")
    assert (job.state, job.cancelling) == (state, False)


def test_only_what_was_refused_or_cancelled_is_tried_again(store: JobStore) -> None:
    store.add("job", "lamps", [new(name) for name in "abcd"])
    for item, outcome in zip(items(store), ("added", "refused", "cancelled", "unchanged"), strict=True):
        settle(store, item, outcome, code="x", message="y")  # type: ignore[arg-type]
    assert store.retry("job").state == "queued"  # it is not finished: nothing happens
    assert [one.outcome for one in items(store)] == ["added", "refused", "cancelled", "unchanged"]
    store.move("job", "done")
    store.retry("job")
    assert [(one.outcome, one.code) for one in items(store)] == [
        ("added", "x"),
        ("waiting", ""),
        ("waiting", ""),
        ("unchanged", "x"),
    ]


def test_a_password_is_for_what_was_refused_as_encrypted(store: JobStore, tmp_path: Path) -> None:
    said = {"title": "ü", "password": "wrong"}
    store.add("job", "lamps", [new(name, request=said) for name in "abcd"])
    codes = ("encrypted_document", "encrypted_document", "corrupt_document", "")
    outcomes: list[Outcome] = ["refused", "refused", "refused", "added"]
    for item, outcome, code in zip(items(store), outcomes, codes, strict=True):
        settle(store, item, outcome, code=code)
    without = {"title": "ü"}
    assert [one.request for one in items(store)] == [without, without, said, {}]
    store.move("job", "done")
    store.retry("job", password=SESAME)
    right = {"title": "ü", "password": SESAME}
    assert [one.request for one in items(store)] == [right, right, said, {}]
    assert [one.outcome for one in items(store)] == ["waiting", "waiting", "waiting", "added"]
    settle(store, items(store)[0], "added")
    settle(store, items(store)[1], "refused", code="encrypted_document")
    assert [one.request for one in items(store)] == [{}, without, said, {}]
    store.close()
    assert b"same" not in (tmp_path / "jobs.sqlite").read_bytes()


def test_a_password_that_would_be_used_for_nothing(store: JobStore) -> None:
    store.add("job", "lamps", [new("a"), new("b")])
    settle(store, items(store)[0], "refused", code="encrypted_document")
    before = store.job("job")
    with pytest.raises(JobNotFinished, match="when it is"):
        store.retry("job", password=SESAME)
    assert store.job("job") == before
    settle(store, items(store)[0], "refused", code="corrupt_document")
    store.move("job", "done")
    before = store.job("job")
    with pytest.raises(InvalidRequest, match="password: no file"):
        store.retry("job", password=SESAME)
    assert store.job("job") == before
    assert [one.request for one in items(store)] == [{}, {}]


def test_what_was_said_of_an_item_is_in_no_log() -> None:
    said = {"password": "secret"}
    kept = Item(1, "file", "a", "000001", 1, said, "waiting", "", "", 0, "")
    assert "secret" not in repr(kept) + repr(new("a", request=said))


def test_a_crawl_is_begun_again_only_when_it_led_nowhere(store: JobStore) -> None:
    pages = ("https://a.org/", "https://b.org/")
    store.add("job", "lamps", [new(page, kind="crawl", spooled="") for page in pages])
    for number, (page, outcome) in enumerate(zip(pages, ("refused", "added"), strict=True), start=1):
        added = store.add_item("job", new(page, kind="url", spooled=""))
        assert added is not None
        settle(store, added, outcome)  # type: ignore[arg-type]
        store.expand("job", number, ())
    store.move("job", "done")
    store.retry("job")
    assert [one.outcome for one in items(store)] == ["waiting", "expanded", "waiting", "added"]


def test_only_a_finished_job_is_forgotten(store: JobStore, tmp_path: Path) -> None:
    store.add("job", "lamps", [new("a")])
    with pytest.raises(JobNotFinished, match="Cancel it first"):
        store.delete("job")
    revision = store.job("job").revision
    store.move("job", "done")
    assert revision == 1  # what was refused has changed nothing
    store.delete("job")
    with pytest.raises(JobNotFound):
        store.job("job")
    with sqlite3.connect(tmp_path / "jobs.sqlite") as connection:
        assert connection.execute("SELECT COUNT(*) FROM items").fetchone() == (0,)
    connection.close()
    assert store.add("other", "lamps", [new("a")]).counted.total == 1


def test_an_id_is_not_guessed() -> None:
    ids = {new_job_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in ids)


def test_threads_change_a_job_in_turns(store: JobStore) -> None:
    store.add("job", "lamps", [new(str(number)) for number in range(40)])
    waiting = items(store)

    def work(part: int) -> None:
        for item in waiting[part::4]:
            settle(store, item, "added", passages=1)
            store.job("job")

    threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job = store.job("job")
    assert (job.counted.done, job.counted.passages, job.revision) == (40, 40, 41)
