"""Sessions of people whom a provider signed in: replicas share them, and each of their ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.errors import InvalidGroup
from service.errors import InvalidRequest, Unauthorized
from service.settings.sign_in import Provider, Rule
from service.state.identity import (
    Adjustment,
    Keyring,
    People,
    Scope,
    Sessions,
    new_adjustment,
    open_key_store,
)
from service.state.openid import principal_of
from tests.patience import eventually

SSO = Provider(
    name="sso",
    issuer="https://sso.example.org",
    client_id="loccit",
    rules=(Rule(claim="groups", values=("staff", "board"), groups_of_values=True),),
)
CLAIMS = {"sub": "42", "name": "Ada", "groups": ["staff"]}


@dataclass
class Replicas:
    """The sessions of two processes with one store of keys."""

    here: Sessions
    there: Sessions
    keyring: Keyring
    now: float = 1e9

    def begin(self, sid: str = "", subject: str = "42") -> str:
        return self.here.begin_of(principal_of(SSO, {**CLAIMS, "sub": subject}), SSO, sid)

    def is_out(self, cookie: str) -> bool:
        try:
            self.there.principal(cookie)
        except Unauthorized:
            return True
        return False


@pytest.fixture(params=["sqlite", "postgresql"])
def replicas(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Replicas]:
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else ""
    with (
        closing(Keyring(open_key_store(tmp_path, store=url))) as one,
        closing(Keyring(open_key_store(tmp_path, store=url))) as two,
    ):
        if url:
            two.start()  # a notice comes to its thread
        people, secret = People([SSO]), one.store.secret("sessions")
        made = [
            Sessions(keyring, secret, seconds=60, people=people, clock=lambda: replicas.now)
            for keyring in (one, two)
        ]
        replicas = Replicas(*made, one)
        yield replicas


def test_a_session_has_the_rights_of_the_person_in_all_replicas(replicas: Replicas) -> None:
    found = replicas.there.principal(replicas.begin())
    assert (found.name, found.subject, found.issuer) == ("Ada", "42", SSO.issuer)
    assert (found.scope, found.groups, found.key) == (
        Scope.READ,
        frozenset({"staff"}),
        principal_of(SSO, CLAIMS).key,
    )


ENDS: dict[str, Callable[[Replicas, str], None]] = {
    "sign-out": lambda at, cookie: at.here.end(cookie),
    "sign-out everywhere": lambda at, cookie: at.here.end_all(cookie),
    "by the provider": lambda at, _: at.here.end_of_provider(SSO, "s1"),
    "of the person by the provider": lambda at, _: at.here.end_of_person(principal_of(SSO, CLAIMS).key),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_end_holds_in_all_replicas_and_for_nobody_else(replicas: Replicas, end: str) -> None:
    cookie, other = replicas.begin("s1"), replicas.begin("s2", "43")
    assert not replicas.is_out(cookie)
    ENDS[end](replicas, cookie)
    eventually(lambda: replicas.is_out(cookie))
    assert not replicas.is_out(other)
    assert not replicas.is_out(replicas.begin("s3"))  # whoever signs in again is in


def test_a_session_ends_with_its_minutes(replicas: Replicas) -> None:
    cookie = replicas.begin()
    replicas.now += 60 * SSO.session_minutes
    assert replicas.is_out(cookie)
    assert replicas.there.provider_of(cookie) == SSO


def test_something_is_used_once_in_all_replicas(replicas: Replicas) -> None:
    assert replicas.here.use_once("state", "x", seconds=600)
    eventually(lambda: not replicas.there.use_once("state", "x", seconds=600))
    assert replicas.there.use_once("state", "y", seconds=600)


@pytest.mark.parametrize(
    "change", [{"rules": (Rule(email_domain="example.org"),)}, {"issuer": "https://other.example.org"}, None]
)
def test_a_session_ends_when_the_settings_of_its_provider_change(
    tmp_path: Path, change: dict[str, object] | None
) -> None:
    changed = [] if change is None else [SSO.model_copy(update=change)]
    with closing(Keyring(open_key_store(tmp_path))) as keyring:
        before = Sessions(keyring, b"secret", seconds=60, people=People([SSO]))
        after = Sessions(keyring, b"secret", seconds=60, people=People(changed))
        cookie = before.begin_of(principal_of(SSO, CLAIMS), SSO, "")
        assert before.principal(cookie).name == "Ada"
        with pytest.raises(Unauthorized):
            after.principal(cookie)


def test_a_cookie_that_was_changed_is_nobody(tmp_path: Path) -> None:
    with closing(Keyring(open_key_store(tmp_path))) as keyring:
        sessions = Sessions(keyring, b"secret", seconds=60, people=People([SSO]))
        cookie = sessions.begin_of(principal_of(SSO, CLAIMS), SSO, "s1")
        admin = People([SSO]).write(principal_of(SSO, {**CLAIMS, "groups": ["staff", "board"]}), SSO, "s1")
        rest = cookie.partition(".")[2]
        for forged in (f"{admin}.{rest}", f"~.{rest}", f"~W10.{rest}", f"~!!.{rest}", cookie[:-1]):
            with pytest.raises(Unauthorized):
                sessions.principal(forged)
            assert sessions.provider_of(forged) is None
            sessions.end(forged)
            sessions.end_all(forged)
        assert sessions.principal(cookie).name == "Ada"


def test_more_groups_than_a_cookie_holds_are_told(tmp_path: Path) -> None:
    with closing(Keyring(open_key_store(tmp_path))) as keyring:
        many = SSO.model_copy(update={"rules": (Rule(claim="g", values=("*",), groups_of_values=True),)})
        sessions = Sessions(keyring, b"secret", seconds=60, people=People([many]))
        caller = principal_of(many, {**CLAIMS, "g": [f"group number {one}" for one in range(500)]})
        with pytest.raises(Unauthorized, match="more groups"):
            sessions.begin_of(caller, many, "")


def test_groups_that_an_administrator_changes_count_with_the_next_request_in_all_replicas(
    replicas: Replicas,
) -> None:
    cookie, other = replicas.begin(), replicas.begin(subject="43")
    keyring = replicas.keyring
    ada = replicas.here.principal(cookie)
    keyring.note_person(ada)

    def groups() -> frozenset[str] | None:
        return replicas.there.principal(cookie).groups

    keyring.adjust(ada.key, Adjustment(frozenset(["board"]), frozenset(["staff"])))
    assert replicas.here.principal(cookie).groups == frozenset(["board"])
    eventually(lambda: groups() == frozenset(["board"]))
    assert replicas.there.principal(other).groups == frozenset(["staff"])
    keyring.adjust(ada.key, Adjustment())
    eventually(lambda: groups() == frozenset(["staff"]))


def test_a_person_who_is_forgotten_is_out(replicas: Replicas) -> None:
    cookie = replicas.begin()
    ada = replicas.here.principal(cookie)
    replicas.keyring.note_person(ada)
    assert [one.name for one in replicas.keyring.store.people()] == ["Ada"]
    replicas.keyring.forget_person(ada.key)
    eventually(lambda: replicas.is_out(cookie))
    assert replicas.keyring.store.people() == []


def test_whoever_came_is_recorded_with_the_groups_of_the_rules(tmp_path: Path) -> None:
    with closing(Keyring(open_key_store(tmp_path))) as keyring:
        sessions = Sessions(keyring, b"secret", seconds=60, people=People([SSO]))
        cookie = sessions.begin_of(principal_of(SSO, CLAIMS), SSO, "")
        keyring.note_person(principal_of(SSO, CLAIMS))
        keyring.adjust(principal_of(SSO, CLAIMS).key, Adjustment(withdrawn=frozenset(["staff"])))
        assert sessions.principal(cookie).groups == frozenset()
        assert keyring.meet(sessions.holder(cookie)).groups == frozenset()
    with closing(open_key_store(tmp_path)) as store:
        (ada,) = store.people()
    assert (ada.groups, ada.groups_now) == (frozenset(["staff"]), frozenset())
    assert ada.last_seen > ada.first_seen


@pytest.mark.parametrize(
    ("added", "withdrawn", "reason"),
    [
        (["a,b"], [], "group"),
        (["a; b"], [], "commas"),
        ([], ["a;b"], "commas"),
        (["*"], [], "Name each"),
        (["a"], ["a"], "both"),
        ([""], [], "group"),
    ],
)
def test_wrong_groups_are_told(added: list[str], withdrawn: list[str], reason: str) -> None:
    with pytest.raises((InvalidRequest, InvalidGroup), match=reason):
        new_adjustment(added, withdrawn)
