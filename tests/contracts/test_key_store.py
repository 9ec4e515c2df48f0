"""What every key store does. A new one is a parameter of ``open_store``, with no new test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from service.errors import KeyNotFound, PersonNotFound
from service.state.identity import (
    Adjustment,
    Key,
    KeyOptions,
    KeyStore,
    Person,
    Scope,
    SigningKey,
    new_key,
    open_key_store,
)
from service.state.identity.records import Ended
from tests.contracts.reopening import reopening
from tests.patience import PATIENCE

Opener = Callable[[], KeyStore]
"""Opens the same keys with each call, as another process would."""


@pytest.fixture(params=["sqlite", "postgresql"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else ""
    yield from reopening(lambda: open_key_store(tmp_path, store=url))


@pytest.fixture
def store(open_store: Opener) -> KeyStore:
    return open_store()


def key(name: str = "a program", scope: Scope = Scope.READ, **options: object) -> Key:
    return new_key(name, scope, KeyOptions(**options))[1]  # type: ignore[arg-type]


def test_added_key_is_read_back_by_every_store(open_store: Opener) -> None:
    plain = key()
    full = key(
        "é",
        Scope.WRITE,
        collections=["b", "a"],
        groups=["staff"],
        origins=["https://a.example"],
        rate="9:3",
    )
    everything = key(groups=None, expires=4e9)
    bot = key("a bot", Scope.ASK, open_links=True)
    first, other = open_store(), open_store()
    for one in (plain, full, everything, bot):
        first.add(one)
    assert other.all() == [plain, full, everything, bot]
    assert (plain.collections, plain.groups, everything.groups) == (None, frozenset(), None)
    assert plain.revoked is plain.last_used is plain.expires is None


def test_a_revoked_key_stays_listed_and_keeps_its_first_moment(open_store: Opener) -> None:
    store, other = open_store(), open_store()
    kept, lost = key(), key()
    store.add(kept)
    store.add(lost)
    assert other.revoke(lost.id, 100.0) == replace(lost, revoked=100.0)
    assert other.revoke(lost.id, 200.0).revoked == 100.0
    assert store.all() == [kept, replace(lost, revoked=100.0)]
    with pytest.raises(KeyNotFound, match="nope"):
        store.revoke("nope", 1.0)


def test_the_generation_grows_with_what_decides_about_access_only(open_store: Opener) -> None:
    store, other = open_store(), open_store()
    one = key()
    seen = [other.generation()]
    for change in (
        lambda: store.add(one),
        lambda: store.note_use({one.id: 5.0}),
        lambda: store.revoke(one.id, 9.0),
        lambda: store.revoke(one.id, 10.0),
    ):
        change()
        seen.append(other.generation())
    assert [after > before for before, after in pairwise(seen)] == [
        True,
        False,
        True,
        False,
    ]


def test_the_last_use_never_goes_back(store: KeyStore) -> None:
    one, two = key(), key()
    store.add(one)
    store.add(two)
    store.note_use({one.id: 50.0, "unknown": 60.0})
    store.note_use({one.id: 40.0})
    assert [found.last_used for found in store.all()] == [50.0, None]


def test_a_secret_is_made_once_for_each_purpose(open_store: Opener) -> None:
    first, other = open_store(), open_store()
    secret = first.secret("citations")
    assert len(secret) == 32
    assert other.secret("citations") == first.secret("citations") == secret
    assert other.secret("sessions") != secret


def test_a_renewed_secret_is_another_one(open_store: Opener) -> None:
    first, other = open_store(), open_store()
    before, kept = first.secret("sessions"), first.secret("citations")
    first.renew_secret("sessions")
    first.renew_secret("unknown")
    assert other.secret("sessions") == first.secret("sessions") != before
    assert first.secret("citations") == kept


def test_signing_keys_are_known_to_all_and_the_last_one_is_in_use(open_store: Opener) -> None:
    first, other = open_store(), open_store()
    assert first.signing_keys() == []
    one, two, late = (SigningKey(name, name.encode() * 32, 1.5) for name in "abc")
    first.add_signing_key(one, after="")
    other.add_signing_key(late, after="")  # as another process that found none at the same moment
    other.add_signing_key(two, after="a")
    first.add_signing_key(late, after="a")
    assert first.signing_keys() == other.signing_keys() == [one, two]
    assert "a" * 32 not in repr(one)


def test_ended_sessions_are_known_to_all_and_forgotten_after_their_time(open_store: Opener) -> None:
    store, other = open_store(), open_store()
    assert other.ended() == Ended()
    seen = [other.generation()]
    for change in (
        lambda: store.end_session("a", until=100.0, now=50.0),
        lambda: store.end_session("b", until=200.0, now=99.0),
        lambda: store.end_session("b", until=200.0, now=99.0),
        lambda: store.end_sessions("key"),
        lambda: other.end_sessions("key"),
        lambda: other.end_sessions("another"),
    ):
        change()
        seen.append(other.generation())
    assert seen == sorted(set(seen))
    assert other.ended() == store.ended() == Ended(frozenset("ab"), {"key": 2, "another": 1})
    store.end_session("c", until=300.0, now=100.0, most=2)
    assert other.ended().sessions == frozenset("bc")
    store.end_session("d", until=400.0, now=100.0, most=2)
    assert other.ended().sessions == frozenset("bcd")  # the first of them has not ended by itself


def test_a_clock_that_is_wrong_for_a_moment_brings_no_ended_session_back(open_store: Opener) -> None:
    store = open_store()
    store.end_session("a", until=100.0, now=50.0)
    store.end_session("b", until=1e9 + 50, now=1e9)
    assert store.ended().sessions == frozenset("ab")


def test_changes_are_told_where_the_store_can(open_store: Opener) -> None:
    store, other = open_store(), open_store()
    woken = threading.Event()
    one = key()
    with other.attending(woken.set):
        assert not store.is_announced or woken.wait(PATIENCE)  # it listens
        for change in (lambda: store.add(one), lambda: store.revoke(one.id, 1.0)):
            woken.clear()
            change()
            assert not store.is_announced or woken.wait(PATIENCE)


ADA = Person("sso/1", "https://sso.example.org", "1", "Ada é", Scope.READ, frozenset(["staff"]), 10.0, 10.0)
BEN = Person("sso/2", "https://sso.example.org", "2", "Ben", Scope.ADMIN, None, 11.0, 11.0)


def test_people_are_known_to_all_with_what_they_were_when_they_were_last_seen(open_store: Opener) -> None:
    store, other = open_store(), open_store()
    assert other.people() == []
    store.note_people([ADA, BEN])
    assert sorted(other.people(), key=lambda one: one.key) == [ADA, BEN]
    later = replace(ADA, name="Ada", scope=Scope.WRITE, groups=frozenset(), first_seen=20.0, last_seen=20.0)
    other.note_people([later])
    store.note_people([replace(ADA, name="older", last_seen=15.0)])
    assert sorted(store.people(), key=lambda one: one.key) == [replace(later, first_seen=10.0), BEN]


def test_groups_that_administrators_change_stay_when_a_person_is_seen_again(open_store: Opener) -> None:
    store, other = open_store(), open_store()
    store.note_people([ADA, BEN])
    changed = Adjustment(frozenset(["board"]), frozenset(["staff"]))
    before = store.generation()
    assert other.adjust(ADA.key, changed) == replace(ADA, adjustment=changed)
    assert store.generation() > before
    store.note_people([replace(ADA, last_seen=12.0)])
    assert store.adjustments() == {ADA.key: changed}
    with pytest.raises(PersonNotFound):
        store.adjust("sso/3", changed)
    before = store.generation()
    other.forget_person(ADA.key)
    assert store.generation() > before
    assert (store.adjustments(), store.people()) == ({}, [BEN])
    with pytest.raises(PersonNotFound):
        store.forget_person(ADA.key)
