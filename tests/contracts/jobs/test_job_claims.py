"""What the sessions of all job stores do with claims. A new store is added to ``job_stores`` alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.state.jobs.protocols import JobStore, Session
from service.state.jobs.records import Item, Kind, NewItem
from tests.contracts.jobs.job_stores import Opener
from tests.contracts.jobs.test_job_sessions import opened

MUCH = 1000


def new(name: str, kind: Kind = "file") -> NewItem:
    return NewItem(kind, name, f"{kind} {name}", 10)


def add(store: JobStore, *items: NewItem) -> None:
    """Queue a job. Each item has a file of its own, so that names may repeat."""
    store.add("job", "lamps", (replace(one, spooled=str(n)) for n, one in enumerate(items)))
    store.begin("job")


def claimed(session: Session, *, limit: int = 9, max_bytes: int = MUCH, fetches: bool = False) -> list[int]:
    items = session.claim("job", limit=limit, max_bytes=max_bytes, fetches=fetches)
    return [item.number for item in items]


def added(items: list[Item]) -> list[Item]:
    return [replace(item, outcome="added", passages=2, document=item.name) for item in items]


@pytest.fixture
def session(store: JobStore) -> Session:
    return opened(store)


def test_waiting_items_are_claimed_once_in_their_order(store: JobStore, session: Session) -> None:
    add(store, *(new(name) for name in "abcdefg"))
    store.settle("job", [replace(store.items("job", limit=1)[0], outcome="refused")])
    before = store.job("job")
    first = session.claim("job", limit=2, max_bytes=MUCH)
    assert first == store.items("job", after=1, limit=2)
    assert claimed(session, max_bytes=20) == [4, 5]
    assert claimed(session, max_bytes=1) == [6]
    assert claimed(session) == [7]
    assert claimed(session) == []
    assert store.job("job") == before
    session.give_back()
    assert claimed(session) == [2, 3, 4, 5, 6, 7]
    assert session.claim("unknown", limit=1, max_bytes=1) == []
    session.close()


def test_a_name_is_claimed_after_those_before_it_are_settled(store: JobStore, session: Session) -> None:
    names = ["a", "caf\u00e9", "a", "cafe\u0301", "b"]
    add(store, *(new(name) for name in names))
    items = session.claim("job", limit=2, max_bytes=MUCH)
    assert [item.number for item in items] == [1, 2]
    assert claimed(session) == [5]
    session.settle("job", added(items[:1]))
    assert claimed(session) == [3]
    session.settle("job", added(items[1:]))
    assert claimed(session) == [4]
    session.close()


def test_what_is_fetched_or_expanded_is_not_overtaken(store: JobStore, session: Session) -> None:
    kinds: list[Kind] = ["member", "url", "url", "file", "archive", "file"]
    add(store, *(new(str(number), kind) for number, kind in enumerate(kinds, 1)))
    member = session.claim("job", limit=9, max_bytes=MUCH, fetches=True)
    assert [item.number for item in member] == [1]
    assert claimed(session, fetches=True) == []
    session.settle("job", added(member))
    assert claimed(session) == []
    for number in (2, 3):
        page = session.claim("job", limit=9, max_bytes=MUCH, fetches=True)
        assert [item.number for item in page] == [number]
        assert claimed(session, fetches=True) == []
        session.settle("job", added(page))
    assert claimed(session, fetches=True) == [4]
    store.settle("job", [replace(store.items("job", after=3, limit=1)[0], outcome="refused")])
    assert claimed(session, fetches=True) == []
    store.expand("job", 5, [new("x", "member")])
    assert claimed(session, fetches=True) == [6, 7]
    session.close()


def test_a_session_settles_what_it_has_claimed(store: JobStore, session: Session) -> None:
    add(store, *(new(name) for name in "abc"))
    items = store.items("job", limit=3)
    own = session.claim("job", limit=2, max_bytes=MUCH)
    assert session.has_claimed("job", [1, 2])
    assert session.has_claimed("job", [])
    assert not session.has_claimed("job", [2, 3])
    assert session.settle("job", added(items), last_passage=7) == added(own)
    assert not session.has_claimed("job", [1])
    job = store.job("job")
    assert job.counts.outcomes == {"added": 2, "waiting": 1}
    assert (job.counts.passages, job.last_passage) == (4, 7)
    assert session.settle("job", added(items)) == []
    assert session.settle("unknown", added(items)) == []
    assert store.job("job").counts == job.counts
    session.close()


def test_claims_do_not_count_once_the_job_is_finished(store: JobStore, session: Session) -> None:
    add(store, new("a"), new("b"))
    items = session.claim("job", limit=2, max_bytes=MUCH)
    store.move("job", "failed")
    assert not session.has_claimed("job", [1, 2])
    store.retry("job")
    assert session.has_claimed("job", [1, 2])
    store.move("job", "cancelled")
    store.delete("job")
    assert not session.has_claimed("job", [1])
    assert session.settle("job", added(items)) == []
    session.give_back()
    session.close()


def test_claims_of_another_session_are_left_to_it(open_store: Opener) -> None:
    store = open_store()
    session, other = opened(store), open_store().open_session()
    if other is None:
        session.close()  # one process runs all jobs
        return
    add(store, *(new(name) for name in "abcd"))
    own = session.claim("job", limit=2, max_bytes=MUCH)
    assert not session.others_claim("job")
    assert other.others_claim("job")
    assert not other.has_claimed("job", [1])
    assert other.settle("job", added(own)) == []
    assert claimed(other, limit=1) == [3]
    other.give_back()
    assert session.has_claimed("job", [1, 2])
    session.close()
    assert not other.others_claim("job")
    assert claimed(other) == [1, 2, 3, 4]
    assert session.settle("job", added(own)) == []  # it comes late
    assert store.job("job").counts.outcomes == {"waiting": 4}
    other.close()
