"""Sign-in of people: by a form, and by a proxy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.errors import Unauthorized
from service.state.identity import (
    ANYONE,
    COOKIE,
    Key,
    KeyOptions,
    Keyring,
    Scope,
    Sessions,
    new_key,
    open_key_store,
)
from tests.patience import eventually
from tests.service.http_service import assert_error, served
from tests.service.state.identity.keys import TemporaryKeyStore

KEY = "correct-horse"


@pytest.fixture
def locked(library: Library) -> Iterator[TestClient]:
    with served(library, api_key=KEY) as client:
        yield client


def sign_in(client: TestClient, key: str, **fields: str) -> Any:
    return client.post("/sign-in", data={"key": key, **fields}, follow_redirects=False)


def test_a_page_asks_for_a_key_and_shows_itself_afterwards(locked: TestClient) -> None:
    asked = locked.get("/?q=lamp&collection=default")
    assert asked.status_code == 401
    assert asked.headers["www-authenticate"] == 'Bearer realm="loccit"'
    assert '<form action="/sign-in" method="post"' in asked.text
    assert 'name="next" value="/?q=lamp&amp;collection=default"' in asked.text
    done = sign_in(locked, KEY, next="/?q=lamp&collection=default")
    assert (done.status_code, done.headers["location"]) == (303, "/?q=lamp&collection=default")
    assert locked.get("/").status_code == 200
    assert locked.put("/v1/documents/a.txt", content="A lamp.").status_code == 201


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(locked: TestClient) -> None:
    cookie = sign_in(locked, KEY).headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=setting.")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/", "max-age=43200"} <= attributes
    assert "secure" not in attributes
    assert KEY not in cookie
    forged = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert_error(locked.put("/v1/documents/a.txt", content="A.", headers=forged), 403, "cross_site_request")
    assert_error(locked.post("/sign-in", data={"key": KEY}, headers=forged), 403, "cross_site_request")


def test_behind_tls_the_cookie_is_secure(library: Library) -> None:
    with served(library, api_key=KEY, trusted_proxies="10.0.0.1") as client:
        proxied = TestClient(client.app, client=("10.0.0.1", 1))
        done = proxied.post(
            "/sign-in", data={"key": KEY}, headers={"x-forwarded-proto": "https"}, follow_redirects=False
        )
        assert "secure" in done.headers["set-cookie"].lower()
        told = client.post(
            "/sign-in", data={"key": KEY}, headers={"x-forwarded-proto": "https"}, follow_redirects=False
        )
        assert "secure" not in told.headers["set-cookie"].lower()  # not from a trusted proxy


def test_a_wrong_key_is_told_on_the_form_and_slowed_down(locked: TestClient) -> None:
    refused = sign_in(locked, "wrong", next="/?q=x")
    assert refused.status_code == 401
    assert "This key is not known" in refused.text
    assert 'value="/?q=x"' in refused.text
    assert "set-cookie" not in refused.headers
    codes = [sign_in(locked, "wrong").status_code for _ in range(25)]
    assert codes[-1] == 429
    assert sign_in(locked, "k" * 9000).status_code == 413


def test_one_signs_out(locked: TestClient) -> None:
    sign_in(locked, KEY)
    account = locked.get("/sign-in")
    for said in ("<bdi>Administrator</bdi>", "<b>admin</b>", "everything, in all groups"):
        assert said in account.text
    out = locked.post("/sign-out", follow_redirects=False)
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert locked.get("/").status_code == 401


def copied(client: TestClient, cookie: str) -> Any:
    """The reply to somebody else who has a copy of a session's cookie."""
    return TestClient(client.app, cookies={COOKIE: cookie}).get("/v1/collections")


def test_a_sign_out_ends_the_session_and_no_other_one(locked: TestClient) -> None:
    cookies = []
    for _ in range(3):
        sign_in(locked, KEY)
        cookies.append(locked.cookies[COOKIE])
        locked.cookies.clear()
    assert len(set(cookies)) == 3
    for rest in (cookies[1:], cookies[2:], []):
        ended = cookies[len(cookies) - len(rest) - 1]
        browser = TestClient(locked.app, cookies={COOKIE: ended})
        for _ in range(2):  # once more changes nothing
            browser.post("/sign-out", follow_redirects=False)
        assert_error(copied(locked, ended), 401, "unauthorized")
        assert [copied(locked, one).status_code for one in rest] == [200] * len(rest)


def test_one_signs_out_everywhere(library: Library) -> None:
    with served(library, api_key=KEY) as client:
        keyring = client.app.state.runtime.keyring  # type: ignore[attr-defined]
        token, key = new_key("a person", Scope.READ)
        keyring.add(key)
        own, others = [], []
        for given, cookies in ((token, own), (token, own), (KEY, others)):
            sign_in(client, given)
            cookies.append(client.cookies[COOKIE])
            client.cookies.clear()
        out = TestClient(client.app, cookies={COOKIE: own[0]}).post("/sign-out", data={"everywhere": "yes"})
        assert out.status_code == 200
        for cookie in own:
            assert_error(copied(client, cookie), 401, "unauthorized")
        assert copied(client, others[0]).status_code == 200
        # Who has a session that ended can end no others.
        sign_in(client, token)
        TestClient(client.app, cookies={COOKIE: own[0]}).post("/sign-out", data={"everywhere": "yes"})
        assert client.get("/v1/collections").status_code == 200


def test_a_sign_out_without_a_session_changes_nothing(locked: TestClient) -> None:
    for cookie in ("", "x", "setting.1.a.b", "é.9999999999.a.b"):
        header = {"cookie": f"{COOKIE}={cookie}".encode()}
        for form in ({}, {"everywhere": "yes"}):
            done = locked.post("/sign-out", data=form, headers=header, follow_redirects=False)
            assert done.status_code == 303
    assert sign_in(locked, KEY).status_code == 303
    assert locked.get("/v1/collections").status_code == 200


CHANGES = {
    "scope": Scope.WRITE,
    "collections": frozenset({"manuals"}),
    "groups": frozenset({"board"}),
    "origins": ("https://a.example",),
    "open_links": True,
    "digest": bytes(32),
}


class ReplacingStore(TemporaryKeyStore):
    """Replaces a key that it has."""

    def add(self, key: Key) -> None:
        with self.database.write() as connection:
            connection.execute("DELETE FROM keys WHERE id = ?", (key.id,))
        super().add(key)


@pytest.mark.parametrize("name", CHANGES)
def test_a_session_ends_when_the_rights_of_its_key_change(name: str) -> None:
    store = ReplacingStore()
    token, key = new_key("a person", Scope.READ, KeyOptions(groups=["staff"]))
    with closing(Keyring(store)) as keyring:
        sessions = Sessions(keyring, b"secret", seconds=60)
        keyring.add(key)
        cookie = sessions.begin(keyring.principal(token.encode()))
        keyring.add(replace(key, rate="9:3", last_used=9.0))  # no rights
        assert sessions.principal(cookie).key == key.id
        keyring.add(replace(key, **{name: CHANGES[name]}))
        with pytest.raises(Unauthorized, match="Sign in again"):
            sessions.principal(cookie)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_sessions_end_in_all_processes(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgresql_url") if kind == "postgresql" else ""
    with (
        closing(Keyring(open_key_store(tmp_path, store=url), api_key=KEY)) as one,
        closing(Keyring(open_key_store(tmp_path, store=url), api_key=KEY)) as two,
    ):
        secret = one.store.secret("sessions")
        here, there = (Sessions(keyring, secret, seconds=60) for keyring in (one, two))
        token, key = new_key("a person", Scope.READ)
        one.add(key)
        two.refresh()
        if url:  # the notice comes to a thread
            two.start()

        def is_out(cookie: str) -> bool:
            try:
                there.principal(cookie)
            except Unauthorized:
                return True
            return False

        for end in (here.end, here.end_all, lambda _: one.revoke(key.id)):
            cookie = here.begin(one.principal(token.encode()))
            assert not is_out(cookie)
            end(cookie)
            if url:
                eventually(lambda cookie=cookie: is_out(cookie))
            assert is_out(cookie)


def test_a_job_that_is_followed_is_told_no_longer_than_its_key_is_valid(library: Library) -> None:
    with served(library, api_key=KEY) as client:
        credentials = client.app.state.runtime.credentials  # type: ignore[attr-defined]
        token, key = new_key("a person", Scope.WRITE)
        credentials.keyring.add(key)
        by_key = credentials.keyring.principal(token.encode())
        cookies = [credentials.sessions.begin(by_key) for _ in range(2)]
        first, second = map(credentials.sessions.principal, cookies)
        someone = replace(by_key, key="proxy", user="ada")
        assert all(map(credentials.are_current, (by_key, first, second, someone, ANYONE)))
        credentials.sessions.end(cookies[0])
        assert [credentials.are_current(one) for one in (by_key, first, second)] == [True, False, True]
        credentials.keyring.revoke(key.id)
        assert [credentials.are_current(one) for one in (by_key, second, someone)] == [False, False, True]


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_a_sign_in_leads_to_no_other_site(locked: TestClient, elsewhere: str) -> None:
    assert sign_in(locked, KEY, next=elsewhere).headers["location"] == "/"


def test_a_session_ends_with_its_key(library: Library) -> None:
    with served(library, api_key=KEY) as client:
        keyring = client.app.state.runtime.keyring  # type: ignore[attr-defined]
        token, key = new_key("a person", Scope.READ, KeyOptions(groups=["staff"]))
        keyring.add(key)
        sign_in(client, token)
        assert client.get("/v1/documents").status_code == 404  # no collection yet
        assert_error(client.put("/v1/documents/a.txt", content="A."), 403, "forbidden")
        keyring.revoke(key.id)
        assert_error(client.get("/v1/documents"), 401, "unauthorized")


def test_a_session_has_a_time_and_a_signature() -> None:
    now = 1e9
    with closing(Keyring(TemporaryKeyStore(), api_key=KEY)) as keyring:
        sessions = Sessions(keyring, b"secret", seconds=60, clock=lambda: now)
        cookie = sessions.begin(keyring.principal(KEY.encode()))
        assert sessions.principal(cookie).scope is Scope.ADMIN
        key_id, expires, session, signature = cookie.split(".")
        later = f"{key_id}.{int(expires) + 1}.{session}.{signature}"
        renamed = f"{key_id}.{expires}.{'0' * 32}.{signature}"
        wrongs = (later, renamed, f"{cookie}x", f"{cookie}.x", "", "a.b.c", f"setting.{expires}.", "é.1.é.é")
        for wrong in wrongs:
            with pytest.raises(Unauthorized):
                sessions.principal(wrong)
        other = Sessions(keyring, b"another", seconds=60, clock=lambda: now)
        with pytest.raises(Unauthorized, match="not known"):
            other.principal(cookie)
        now += 60
        with pytest.raises(Unauthorized, match="has ended"):
            sessions.principal(cookie)
    with closing(Keyring(TemporaryKeyStore(), api_key="changed")) as keyring:
        sessions = Sessions(keyring, b"secret", seconds=60, clock=lambda: 1e9)
        with pytest.raises(Unauthorized):
            sessions.principal(cookie)


# People whom a proxy signs in


@pytest.fixture
def proxied(library: Library) -> Iterator[TestClient]:
    settings = {
        "trusted_proxies": "10.0.0.1",
        "proxy_user_header": "X-Forwarded-User",
        "proxy_groups_header": "X-Forwarded-Groups",
        "api_key": KEY,
    }
    with served(library, **settings) as client:
        headers = {"x-api-key": KEY}
        client.put("/v1/documents/a.txt", json={"text": "A.", "groups": ["staff"]}, headers=headers)
        yield client


def test_a_trusted_proxy_signs_people_in_with_their_groups(proxied: TestClient) -> None:
    proxy = TestClient(proxied.app, client=("10.0.0.1", 1))
    ada = {"x-forwarded-user": "ada@example.org", "x-forwarded-groups": "staff, board"}
    assert proxy.get("/v1/documents/a.txt", headers=ada).status_code == 200
    bob = {"x-forwarded-user": "bob@example.org"}
    assert proxy.get("/v1/documents", headers=bob).status_code == 200
    assert proxy.get("/v1/documents/a.txt", headers=bob).status_code == 404
    assert_error(proxy.delete("/v1/documents/a.txt", headers=ada), 403, "forbidden")
    account = proxy.get("/sign-in", headers=ada).text
    assert "ada@example.org" in account
    assert "Sign out there" in account
    assert 'action="/sign-out"' not in account


def test_nobody_else_can_say_who_he_is(proxied: TestClient) -> None:
    ada = {"x-forwarded-user": "ada@example.org", "x-forwarded-groups": "staff"}
    assert_error(proxied.get("/v1/documents", headers=ada), 401, "unauthorized")
    proxy = TestClient(proxied.app, client=("10.0.0.1", 1))
    twice = [("x-forwarded-user", "ada"), ("x-forwarded-user", "eve")]
    assert_error(proxy.get("/v1/documents", headers=twice), 401, "unauthorized")
    assert_error(proxy.get("/v1/documents"), 401, "unauthorized")


def test_with_a_proxy_nobody_enters_without_it_although_there_is_no_key(library: Library) -> None:
    with served(library, trusted_proxies="10.0.0.1", proxy_user_header="X-User") as client:
        assert_error(client.get("/v1/collections"), 401, "unauthorized")
        proxy = TestClient(client.app, client=("10.0.0.1", 1))
        assert proxy.get("/v1/collections", headers={"x-user": "ada"}).status_code == 200


def test_a_cookie_whose_time_has_thousands_of_digits_is_refused(locked: TestClient) -> None:
    locked.cookies.set(COOKIE, f"setting.{'9' * 5000}.id.signature")
    assert_error(locked.get("/v1/documents"), 401, "unauthorized")
