"""What the sessions of all job stores do. A new one is added to ``job_stores``, with no new test."""

from __future__ import annotations

import threading

from service.state.jobs.protocols import JobStore, Session
from tests.contracts.jobs.job_stores import Opener


def opened(store: JobStore) -> Session:
    session = store.open_session()
    assert session is not None
    return session


def test_a_lease_has_one_holder(open_store: Opener) -> None:
    session = opened(open_store())
    assert session.is_held()
    assert session.acquire("lamps")
    assert session.acquire("lamps")
    other = open_store().open_session()  # None, where one process runs all jobs
    assert other is None or not other.acquire("lamps")
    assert session.acquire("ships")
    session.release("lamps")
    session.release("lamps")  # does nothing, nor does that of one that is another's
    if other is not None:
        assert other.acquire("lamps")
        assert not other.acquire("ships")
        session.release("lamps")
        assert not session.acquire("lamps")
        other.close()
    assert session.acquire("lamps")
    session.close()


def test_a_session_that_is_closed_holds_nothing(open_store: Opener) -> None:
    session = opened(open_store())
    assert session.acquire("lamps")
    session.close()
    session.close()
    assert not session.is_held()
    again = opened(open_store())
    assert again.acquire("lamps")
    session.release("lamps")
    third = open_store().open_session()
    assert third is None or not third.acquire("lamps")
    for one in (again, third):
        if one is not None:
            one.close()


def test_a_lease_may_be_released_by_any_thread(open_store: Opener) -> None:
    session = opened(open_store())
    assert session.acquire("lamps")
    for act in (lambda: session.release("lamps"), session.close):
        thread = threading.Thread(target=act)
        thread.start()
        thread.join()
        other = open_store().open_session()
        if other is not None:
            assert other.acquire("lamps")
            other.close()
    assert not session.is_held()
