"""What every job store does. A new one is added to ``job_stores``, with no new test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from service.errors import InvalidRequest, JobNotFinished, JobNotFound
from service.state.jobs.protocols import JobStore
from service.state.jobs.records import Access, Item, JobState, NewItem, Outcome
from tests.contracts.jobs.job_stores import Opener
from tests.patience import PATIENCE, eventually

QUOTED = 'se"same'


def new(name: str, **given: object) -> NewItem:
    values: dict[str, object] = {"kind": "file", "name": name, "spooled": name, "bytes": 10, **given}
    return NewItem(**values)  # type: ignore[arg-type]


def items(store: JobStore) -> list[Item]:
    return store.items("job", limit=1000)


def outcomes(store: JobStore) -> list[Outcome]:
    return [item.outcome for item in items(store)]


def requests(store: JobStore) -> list[object]:
    return [item.request for item in items(store)]


def settle(store: JobStore, item: Item, outcome: Outcome, **given: object) -> None:
    store.settle("job", [replace(item, outcome=outcome, **given)])  # type: ignore[arg-type]


# Adding and listing


def test_added_job_is_read_back_by_every_store(open_store: Opener) -> None:
    request = {"metadata": {"year": 1859, "tags": ["é"]}, "password": "secret"}
    job = open_store().add("job", "lamps", [new("a.md", request=request), new("b.md", bytes=5)])
    other = open_store()
    assert other.job("job") == job
    assert (job.id, job.collection, job.state) == ("job", "lamps", "queued")
    assert (job.started, job.finished, job.cancelling, job.problem) == (None, None, False, "")
    assert (job.last_passage, job.counts.total, job.counts.done, job.counts.bytes) == (0, 2, 0, 15)
    first, second = items(other)
    assert (first.number, first.kind, first.name, first.request) == (1, "file", "a.md", request)
    assert (first.outcome, first.code, first.document) == ("waiting", "", "")
    assert (second.number, second.request) == (2, {})


def test_a_job_keeps_who_may_see_it(open_store: Opener) -> None:
    store = open_store()
    access = Access(("board",), frozenset({"staff", "board"}))
    assert store.add("job", "lamps", [new("a")], access).access == access
    assert open_store().job("job").access == access
    assert store.add("other", "lamps", []).access == Access()
    for groups, is_open in ((None, True), ({"board"}, True), ({"staff"}, False), (set(), False)):
        assert access.is_open_to(groups) == is_open
        assert Access().is_open_to(groups)


def test_items_of_a_job_are_added_once(store: JobStore) -> None:
    store.add("job", "lamps", [new("a", bytes=1), new("a", bytes=2), new("a", spooled="b", bytes=3)])
    assert [(item.number, item.bytes) for item in items(store)] == [(1, 1), (2, 3)]


def test_unknown_job_is_refused(store: JobStore) -> None:
    for call in (store.job, store.cancel, store.retry, store.delete, store.begin):
        with pytest.raises(JobNotFound, match=r"'nope'.*GET /v1/jobs"):
            call("nope")
    for change in (
        lambda: store.expand("nope", 1, []),
        lambda: store.add_item("nope", new("a")),
        lambda: store.settle("nope", []),
        lambda: store.move("nope", "done"),
    ):
        with pytest.raises(JobNotFound):
            change()
    assert not store.is_cancelling("nope")
    assert store.items("nope", limit=10) == []


def test_jobs_are_listed_newest_first_in_pages(store: JobStore) -> None:
    for number in range(5):
        store.add(f"job{number}", "even" if number % 2 == 0 else "odd", [])
    assert [job.id for job in store.jobs(limit=2)] == ["job4", "job3"]
    assert [job.id for job in store.jobs(limit=9, before="job3")] == ["job2", "job1", "job0"]
    assert [job.id for job in store.jobs(limit=9, collections={"odd"})] == ["job3", "job1"]
    assert [job.id for job in store.jobs(limit=9, collections={"odd", "even"})][:2] == ["job4", "job3"]
    assert store.jobs(limit=9, collections=()) == []
    assert store.jobs(limit=9, before="nope") == []
    assert store.ids() == {f"job{number}" for number in range(5)}


def test_jobs_in_a_state_are_listed_oldest_first(store: JobStore) -> None:
    for job in ("first", "second", "third"):
        store.add(job, "lamps", [])
    store.move("second", "running")
    assert [job.id for job in store.in_state("running", "queued")] == ["first", "second", "third"]
    assert [job.id for job in store.in_state("running")] == ["second"]
    assert store.in_state("done") == []


def test_jobs_that_finished_after_a_time_are_listed(store: JobStore) -> None:
    for job, collection in (("first", "lamps"), ("second", "lamps"), ("other", "ships"), ("waits", "lamps")):
        store.add(job, collection, [])
    for job in ("first", "second", "other"):
        store.move(job, "running")
        store.move(job, "done")
    assert [job.id for job in store.finished("lamps", 0.0)] == ["first", "second"]
    assert store.finished("lamps", store.job("second").finished or 0.0) == []


def test_the_oldest_jobs_of_each_collection_are_listed(store: JobStore) -> None:
    for number, collection in enumerate(["lamps", "lamps", "ships", "lamps", "ships", "ships"]):
        store.add(str(number), collection, [])
    store.add("upgrade", "lamps", [], kind="upgrade")
    store.move("1", "done")
    assert [job.id for job in store.in_state("queued", "running", most=2)] == ["0", "2", "3", "4", "upgrade"]


def test_jobs_are_counted_by_state(store: JobStore) -> None:
    assert sum(store.count_states().values()) == 0
    for job in ("first", "second", "third"):
        store.add(job, "lamps", [])
    store.move("second", "running")
    found = {state: number for state, number in store.count_states().items() if number}
    assert found == {"queued": 2, "running": 1}


def test_items_are_listed_in_pages_and_by_outcome(store: JobStore) -> None:
    store.add("job", "lamps", [new(name) for name in "abcdef"])
    settle(store, items(store)[3], "refused")
    settle(store, items(store)[0], "added")
    assert [item.name for item in store.items("job", limit=2, after=3)] == ["d", "e"]
    waiting = store.items("job", limit=9, after=1, outcomes=("waiting",))
    assert [item.name for item in waiting] == ["b", "c", "e", "f"]
    either = store.items("job", limit=2, outcomes=("added", "refused"))
    assert [item.name for item in either] == ["a", "d"]


# Changing items


def test_settled_items_are_counted_by_outcome(store: JobStore) -> None:
    store.add("job", "lamps", [new(name) for name in "abcdef"])
    settled: list[Outcome] = ["added", "replaced", "unchanged", "refused"]
    for item, outcome in zip(items(store), settled, strict=False):
        settle(store, item, outcome, passages=3, code="empty_document", document="x")
    counts = store.job("job").counts
    assert (counts.total, counts.done, counts.passages, counts.bytes) == (6, 4, 12, 60)
    assert dict(counts.outcomes) == {**dict.fromkeys(settled, 1), "waiting": 2}
    assert items(store)[0].document == "x"


def test_settling_changes_nothing_else_of_an_item(store: JobStore) -> None:
    store.add("job", "lamps", [new("a")])
    before = items(store)[0]
    settle(store, before, "refused", name="b", kind="url", bytes=99, message="It broke.")
    assert items(store) == [replace(before, outcome="refused", message="It broke.")]
    settle(store, replace(before, number=7), "added")
    assert len(items(store)) == 1


def test_every_change_increases_the_revision(store: JobStore) -> None:
    revisions = [store.add("job", "lamps", [new("a"), new("z", kind="archive")]).revision]
    first = items(store)[0]
    for change in (
        lambda: store.begin("job"),
        lambda: settle(store, first, "added"),
        lambda: store.expand("job", 2, [new("b")]),
        lambda: store.add_item("job", new("c")),
        lambda: store.cancel("job"),
        lambda: store.move("job", "cancelled"),
        lambda: store.retry("job"),
    ):
        change()
        revisions.append(store.job("job").revision)
    assert revisions == sorted(set(revisions))


def test_last_passage_never_goes_back(store: JobStore) -> None:
    store.add("job", "lamps", [new("a")])
    store.settle("job", [], last_passage=7)
    store.settle("job", [], last_passage=5)
    assert store.job("job").last_passage == 7


def test_request_is_erased_once_it_is_not_needed(store: JobStore) -> None:
    request = {"password": "secret"}
    archive = new("z", kind="archive", request=request)
    store.add("job", "lamps", [new("a", request=request), new("b", request=request), archive])
    first, second, _ = items(store)
    settle(store, first, "added")
    settle(store, second, "refused")
    store.expand("job", 3, [new("z/1", kind="member", request=request)])
    assert requests(store) == [{}, request, {}, request]
    settle(store, items(store)[3], "unchanged")
    assert requests(store) == [{}, request, {}, {}]


def test_archive_is_expanded_into_its_members(store: JobStore) -> None:
    store.add("job", "lamps", [new("z.zip", kind="archive", request={"password": "p"}), new("a")])
    members = [new(name, kind="member", spooled="000001") for name in ("1", "2", "1")]
    store.expand("job", 1, members)
    assert [(item.number, item.name, item.outcome) for item in items(store)] == [
        (1, "z.zip", "expanded"),
        (2, "a", "waiting"),
        (3, "1", "waiting"),
        (4, "2", "waiting"),
    ]
    assert store.job("job").counts.total == 3
    store.expand("job", 1, members)
    assert len(items(store)) == 4


def test_item_is_added_only_if_it_is_new(store: JobStore) -> None:
    store.add("job", "lamps", [new("https://example.org/", kind="crawl", spooled="")])
    page = new("https://example.org/a", kind="url", spooled="")
    added = store.add_item("job", page)
    assert added == items(store)[1]
    assert (added.number, added.name) == (2, page.name)
    assert store.add_item("job", page) is None
    assert len(items(store)) == 2


def test_failed_expansion_changes_nothing(store: JobStore) -> None:
    store.add("job", "lamps", [new("z.zip", kind="archive")])
    before = store.job("job")

    def broken() -> Iterator[NewItem]:
        yield new("1", kind="member")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.expand("job", 1, broken())
    with pytest.raises(ZeroDivisionError):
        store.add("other", "lamps", broken())
    assert store.job("job") == before
    assert outcomes(store) == ["waiting"]
    assert store.ids() == {"job"}


# States


def test_states_set_the_times(store: JobStore) -> None:
    store.add("job", "lamps", [new("a")])
    assert store.begin("job")
    begun = store.job("job")
    assert begun.started is not None
    assert begun.started >= begun.created
    store.move("job", "embedding")
    assert store.begin("job") is False
    store.move("job", "done")
    done = store.job("job")
    assert done.started == begun.started
    assert done.finished is not None
    again = store.retry("job")
    assert (again.state, again.started, again.finished) == ("queued", None, None)


def test_finished_jobs_age_as_they_are_told(store: JobStore) -> None:
    for name in ("old", "young", "running"):
        store.add(name, "lamps", [new("a")])
    store.move("old", "done")
    assert store.age(10, until=20) == []
    store.move("young", "failed")
    assert store.age(10, until=20) == ["old"]
    assert store.age(0, until=10) == ["old", "young"]
    store.retry("old")
    assert store.age(10, until=1) == ["young"]
    store.move("old", "done")  # and it is new again
    assert store.age(0, until=1) == ["young"]
    assert store.age(0, until=0) == ["old", "young"]


def test_problem_is_kept_until_the_next_state(store: JobStore) -> None:
    store.add("job", "lamps", [new("a")])
    store.move("job", "failed", problem="It broke.")
    assert store.job("job").problem == "It broke."
    assert store.retry("job").problem == ""


def test_queued_job_is_cancelled_at_once(store: JobStore) -> None:
    store.add("job", "lamps", [new("a")])
    job = store.cancel("job")
    assert (job.state, job.cancelling) == ("cancelled", False)
    assert job.finished is not None
    assert outcomes(store) == ["cancelled"]
    assert store.begin("job") is False
    assert store.job("job").state == "cancelled"


def test_running_job_is_asked_to_cancel(store: JobStore) -> None:
    store.add("job", "lamps", [new("a"), new("b")])
    store.begin("job")
    assert not store.is_cancelling("job")
    assert (store.cancel("job").state, store.job("job").cancelling) == ("running", True)
    assert store.is_cancelling("job")
    settle(store, items(store)[0], "added")
    store.move("job", "cancelled")
    assert outcomes(store) == ["added", "cancelled"]
    assert store.retry("job").cancelling is False
    assert not store.is_cancelling("job")


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_finished_job_is_not_cancelled(store: JobStore, state: JobState) -> None:
    store.add("job", "lamps", [new("a")])
    store.move("job", state)
    job = store.cancel("job")
    assert (job.state, job.cancelling) == (state, False)


def test_only_finished_jobs_are_deleted(open_store: Opener) -> None:
    store = open_store()
    store.add("job", "lamps", [new("a")])
    before = store.job("job")
    with pytest.raises(JobNotFinished, match="Cancel it first"):
        store.delete("job")
    assert store.job("job") == before
    store.move("job", "done")
    store.delete("job")
    with pytest.raises(JobNotFound):
        open_store().job("job")
    assert items(store) == []
    assert store.ids() == set()


# Retry


def test_retry_of_an_unfinished_job_changes_no_item(store: JobStore) -> None:
    store.add("job", "lamps", [new("a")])
    settle(store, items(store)[0], "refused")
    assert store.retry("job").state == "queued"
    assert outcomes(store) == ["refused"]


def test_retry_repeats_refused_and_cancelled_items(store: JobStore) -> None:
    store.add("job", "lamps", [new(name) for name in "abcd"])
    settled: list[Outcome] = ["added", "refused", "cancelled", "unchanged"]
    for item, outcome in zip(items(store), settled, strict=True):
        settle(store, item, outcome, code="x", message="y")
    store.move("job", "done")
    store.retry("job")
    assert [(item.outcome, item.code) for item in items(store)] == [
        ("added", "x"),
        ("waiting", ""),
        ("waiting", ""),
        ("unchanged", "x"),
    ]


def test_retry_repeats_only_crawls_whose_first_page_was_refused(store: JobStore) -> None:
    pages = ("https://a.org/", "https://b.org/")
    store.add("job", "lamps", [new(page, kind="crawl", spooled="") for page in pages])
    settled: list[Outcome] = ["refused", "added"]
    for number, (page, outcome) in enumerate(zip(pages, settled, strict=True), start=1):
        added = store.add_item("job", new(page, kind="url", spooled=""))
        assert added is not None
        settle(store, added, outcome)
        store.expand("job", number, ())
    store.add_item("job", new(pages[0], kind="sitemap", spooled=""))
    store.expand("job", 5, ())
    store.move("job", "done")
    store.retry("job")
    assert outcomes(store) == ["waiting", "expanded", "waiting", "added", "expanded"]


def test_password_replaces_the_one_that_failed(store: JobStore) -> None:
    request = {"title": "ü", "password": "wrong"}
    store.add("job", "lamps", [new(name, request=request) for name in "abcd"])
    codes = ("encrypted_document", "encrypted_document", "corrupt_document", "")
    settled: list[Outcome] = ["refused", "refused", "refused", "added"]
    for item, outcome, code in zip(items(store), settled, codes, strict=True):
        settle(store, item, outcome, code=code)
    without = {"title": "ü"}
    assert requests(store) == [without, without, request, {}]
    store.move("job", "done")
    store.retry("job", password=QUOTED)
    right = {"title": "ü", "password": QUOTED}
    assert requests(store) == [right, right, request, {}]
    assert outcomes(store) == ["waiting", "waiting", "waiting", "added"]
    settle(store, items(store)[0], "added")
    settle(store, items(store)[1], "refused", code="encrypted_document")
    assert requests(store) == [{}, without, request, {}]


def test_password_that_nothing_needs_is_refused(store: JobStore) -> None:
    store.add("job", "lamps", [new("a"), new("b")])
    settle(store, items(store)[0], "refused", code="encrypted_document")
    before = store.job("job")
    with pytest.raises(JobNotFinished, match="when it is"):
        store.retry("job", password=QUOTED)
    assert store.job("job") == before
    settle(store, items(store)[0], "refused", code="corrupt_document")
    store.move("job", "done")
    before = store.job("job")
    with pytest.raises(InvalidRequest, match="password: no refused file"):
        store.retry("job", password=QUOTED)
    assert store.job("job") == before
    assert requests(store) == [{}, {}]


# Sharing


def test_changes_of_several_threads_are_all_kept(store: JobStore) -> None:
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
    counts = store.job("job").counts
    assert (counts.done, counts.passages) == (40, 40)


def test_who_runs_jobs_is_told_of_those_that_are_queued_where_the_store_can(open_store: Opener) -> None:
    store, other = open_store(), open_store()
    woken = threading.Event()
    assert store.attendants() == (0 if store.is_announced else None)
    with other.attending(woken.set):
        assert not store.is_announced or woken.wait(PATIENCE)  # it listens
        assert store.attendants() == (1 if store.is_announced else None)
        for queue in (lambda: store.add("job", "default", []), lambda: store.retry("job")):
            woken.clear()
            queue()
            assert not store.is_announced or woken.wait(PATIENCE)
            store.move("job", "done")
    eventually(lambda: not store.attendants())


def test_unsettled_items_are_those_that_became_no_documents(store: JobStore) -> None:
    store.add("job", "lamps", [new("a/1.md"), new("a/2.md"), new("a/3.md"), new("b/4.md")])
    store.add("other", "ships", [new("a/1.md")])
    first, second, third, _ = items(store)
    settle(store, first, "added", document="a/1.md", passages=1)
    settle(store, second, "refused", code="corrupt_document", message="It is damaged.")
    found = store.unsettled("lamps", prefix="a/")
    assert [(job.id, item.name, item.outcome) for job, item in found] == [
        ("job", "a/2.md", "refused"),
        ("job", "a/3.md", "waiting"),
    ]
    assert found[0][0] == store.job("job")
    assert len(store.unsettled("lamps")) == 3
    settle(store, third, "unchanged", document="a/3.md")
    assert [item.name for _, item in store.unsettled("lamps", prefix="a/")] == ["a/2.md"]
    assert store.unsettled("lamps", prefix="a/%") == store.unsettled("nowhere") == []
