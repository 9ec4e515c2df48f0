"""Rights that providers are asked for again while sessions last."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from service.errors import SignInFailed, Unauthorized
from service.settings.sign_in import Rule
from service.state.identity import Principal, Scope
from service.state.openid import principal_of
from service.state.openid.authorization import SignedIn
from service.state.openid.checking import Checks
from tests.patience import PATIENCE
from tests.service.state.test_openid import HOST, SSO, Place, Published, Reply, described, of

CHECKED = SSO.model_copy(
    update={
        "check_seconds": 60.0,
        "rules": (
            Rule(claim="groups", values=("*",), groups_of_values=True),
            Rule(claim="realm_access.roles", values=("writer",), scope="write"),
        ),
    }
)
SAID = {"sub": "42", "groups": ["staff", "board"]}


@dataclass
class Checking:
    """A session that began with these claims, and a provider that can say something else since."""

    of_id_token: dict[str, Any] = field(default_factory=lambda: {"sub": "42"})
    of_user_info: dict[str, Any] = field(default_factory=lambda: dict(SAID))
    token: str = "an access token"  # noqa: S105
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.published = Published(replies=described(userinfo_endpoint=f"{HOST}/me"))
        self.place = Place(self.published, provider=CHECKED)
        self.checks = Checks({"sso": self.place.issuer}, b"k" * 32, clock=lambda: self.now)
        self.signed_in = SignedIn(self.of_id_token, self.of_user_info, self.token)
        self.caller = replace(principal_of(CHECKED, self.signed_in.claims), session="a session")
        self.say(self.of_user_info)

    def say(self, person: object) -> None:
        self.published.replies["me"] = person

    def check(self, sealed: str | None = None) -> Principal:
        cookie = self.checks.write(CHECKED, self.signed_in) if sealed is None else sealed
        found: Principal = of(self.checks.require(self.caller, cookie))
        return found


def test_what_is_withdrawn_counts_after_the_seconds_and_nothing_is_added() -> None:
    at = Checking()
    assert at.check().groups == {"staff", "board"}
    at.say({"sub": "42", "groups": ["staff", "press"], "realm_access": {"roles": ["writer"]}})
    at.now += 59
    assert at.check().groups == {"staff", "board"}
    assert at.published.count("/me") == 1  # each answer counts for a minute
    at.now += 1
    found = at.check()
    assert (found.groups, found.scope) == ({"staff"}, Scope.READ)


@pytest.mark.parametrize(
    "said",
    [{"sub": "42", "groups": []}, {"sub": "42"}, {"sub": "43", "groups": ["staff"]}, Reply(status=401)],
)
def test_whom_the_provider_grants_nothing_is_out(said: object) -> None:
    at = Checking()
    at.say(said)
    with pytest.raises(Unauthorized):
        at.check()


@pytest.mark.parametrize("said", [Reply(status=500), Reply(status=429), Reply(b"<html>")])
def test_while_the_provider_fails_what_is_known_counts(said: object) -> None:
    at = Checking()
    at.say({"sub": "42", "groups": ["staff"]})
    assert at.check().groups == {"staff"}
    at.say(said)
    at.now += 60
    assert at.check().groups == {"staff"}
    at.say({"sub": "42", "groups": []})
    at.now += 60
    with pytest.raises(Unauthorized):
        at.check()


def test_a_provider_that_hangs_is_asked_once_and_holds_up_no_other_session(
    caplog: pytest.LogCaptureFixture,
) -> None:
    at = Checking()
    sealed = at.checks.write(CHECKED, at.signed_in)
    other = replace(at.caller, session="another session")

    async def ask() -> None:
        for caller in (at.caller, other):
            await at.checks.require(caller, sealed)
        at.now += 60
        at.published.gate, at.published.arrived = asyncio.Event(), asyncio.Event()
        asked = at.published.count("/me")
        first = asyncio.create_task(at.checks.require(at.caller, sealed))
        await at.published.arrived.wait()
        for _ in range(60):  # meanwhile, what is known counts
            assert (await at.checks.require(at.caller, sealed)).groups == {"staff", "board"}
        assert not first.done()
        async with asyncio.timeout(PATIENCE):  # the gate stays closed
            assert (await first).groups == {"staff", "board"}
        for caller in (at.caller, other):
            assert (await at.checks.require(caller, sealed)).groups == {"staff", "board"}
        assert at.published.count("/me") == asked + 1
        at.now += 60
        at.published.arrived.clear()
        again = asyncio.create_task(at.checks.require(at.caller, sealed))
        await at.published.arrived.wait()
        for caller in (at.caller, other):  # one request tries again for all
            await at.checks.require(caller, sealed)
        assert at.published.count("/me") == asked + 2
        at.say({"sub": "42", "groups": ["staff"]})
        at.published.gate.set()
        assert (await again).groups == {"staff"}
        assert (await at.checks.require(other, sealed)).groups == {"staff"}

    asyncio.run(ask())
    assert len(caplog.records) == 1
    assert "sso does not say" in caplog.text


def test_what_is_too_old_is_not_used_while_another_request_asks() -> None:
    at = Checking()
    sealed = at.checks.write(CHECKED, at.signed_in)

    async def ask() -> None:
        await at.checks.require(at.caller, sealed)
        at.say({"sub": "42", "groups": ["staff"]})
        at.now += 3600
        found = await asyncio.gather(*(at.checks.require(at.caller, sealed) for _ in range(9)))
        assert [one.groups for one in found] == [{"staff"}] * 9
        assert at.published.count("/me") == 2

    asyncio.run(ask())


def test_a_failure_for_one_person_does_not_keep_the_rights_of_others() -> None:
    at = Checking()
    sealed = at.checks.write(CHECKED, at.signed_in)
    other = replace(at.caller, session="another session")
    at.say(Reply(status=500))
    assert at.check(sealed).groups == {"staff", "board"}
    at.say({"sub": "42", "groups": ["staff"]})
    assert of(at.checks.require(other, sealed)).groups == {"staff"}


def test_a_session_without_its_cookie_is_out_while_the_provider_is_gone() -> None:
    at = Checking()
    at.published.is_down = True
    assert at.check().groups == {"staff", "board"}
    with pytest.raises(Unauthorized):
        of(at.checks.require(replace(at.caller, session="another session"), ""))


def test_a_session_is_checked_by_its_own_cookie_only() -> None:
    other = Checking({"sub": "43"}, {"sub": "43", "groups": ["staff"]})
    for sealed in ("", "x", "\ud800", other.checks.write(CHECKED, other.signed_in)):
        with pytest.raises(Unauthorized):
            Checking().check(sealed)
    at = Checking(token="a token that nobody reads")  # noqa: S106
    assert "token" not in at.checks.write(CHECKED, at.signed_in)
    assert at.token not in repr(at.signed_in)


def test_what_only_the_id_token_says_stays() -> None:
    at = Checking({"sub": "42", "groups": ["staff"], "realm_access": {"roles": ["writer"]}})
    at.say({"sub": "42"})  # the groups were in both: they are withdrawn
    found = at.check()
    assert (found.groups, found.scope) == (frozenset(), Scope.WRITE)


def test_a_provider_that_cannot_be_asked_is_told_at_the_sign_in() -> None:
    for at in (Checking(token="t" * 4000), Checking(dict(SAID), {})):
        with pytest.raises(SignInFailed, match="check_seconds"):
            at.checks.write(CHECKED, at.signed_in)
    never = Checking()
    assert never.checks.write(SSO, never.signed_in) == ""
