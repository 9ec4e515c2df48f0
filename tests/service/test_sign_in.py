"""People sign in at a real provider of OpenID Connect: oidc-provider, which runs on Node."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from index.embedding import WordEmbedder
from index.library import Library
from service.state.identity import COOKIE
from service.state.openid import Attempt
from tests.patience import eventually
from tests.ports import free_ports
from tests.service.http_service import served
from tests.service.issuing import write_settings
from tests.service.signing_in import SECRET, Browser, Provider, signing_in

pytestmark = [pytest.mark.processes, pytest.mark.node]


@pytest.fixture(scope="module")
def shared_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with signing_in(tmp_path_factory.mktemp("sso")) as provider:
        yield provider


@pytest.fixture
def provider(shared_provider: Provider) -> Iterator[Provider]:
    shared_provider.control(account="ada", claims={"name": "Ada Lovelace", "groups": ["staff"]}, skew=0)
    yield shared_provider
    shared_provider.close()


def signed_in(provider: Provider, after: str = "/sign-in") -> Browser:
    browser = provider.browser()
    page = browser.go(f"{provider.service}/sign-in/sso/start", params={"next": after})
    assert page.status_code == 200, page.text
    assert str(page.url) == f"{provider.service}{after}"
    return browser


def documents(provider: Provider, browser: Browser) -> set[str]:
    listed = browser.client.get(f"{provider.service}/v1/documents")
    if listed.status_code != 200:
        return set()
    return {one["document_id"] for one in listed.json()["documents"]}


def callback_of(browser: Browser) -> str:
    return next(url for url in browser.visited if "/callback?" in url)


def test_a_person_signs_in_and_reads_what_the_groups_may(provider: Provider) -> None:
    browser = provider.browser()
    asked = browser.go(f"{provider.service}/?q=lamp")
    assert asked.status_code == 401
    assert "Sign in with Example &amp; Co" in asked.text
    start = re.search(r'href="(/sign-in/sso/start[^"]+)"', asked.text)
    assert start is not None
    page = browser.go(f"{provider.service}{html.unescape(start[1])}")
    assert str(page.url) == f"{provider.service}/?q=lamp"
    assert page.status_code == 200
    account = browser.go(f"{provider.service}/sign-in").text
    for shown in ("Ada Lovelace", "Example &amp; Co", "staff", "Sign out"):
        assert shown in account
    assert documents(provider, browser) == {"all.txt", "staff.txt"}
    assert browser.client.delete(f"{provider.service}/v1/documents/all.txt").status_code == 403


def test_the_cookies_are_out_of_reach(provider: Provider) -> None:
    started = httpx.get(f"{provider.service}/sign-in/sso/start")
    attributes = started.headers["set-cookie"].lower()
    assert all(one in attributes for one in ("httponly", "samesite=lax", "path=/sign-in", "max-age=600"))
    assert {"code_challenge_method": "S256", "response_type": "code"}.items() <= dict(
        httpx.URL(started.headers["location"]).params
    ).items()
    browser = provider.browser()
    browser.go(f"{provider.service}/sign-in/sso/start", until="/callback?")
    ended = browser.client.get(callback_of(browser))
    cookies = ended.headers.get_list("set-cookie")
    session = next(one for one in cookies if one.startswith(COOKIE)).lower()
    assert "httponly" in session
    assert "samesite=strict" in session
    assert ended.headers["referrer-policy"] == "no-referrer"
    assert ended.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "after", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1"]
)
def test_afterwards_it_leads_to_pages_of_the_service_only(provider: Provider, after: str) -> None:
    page = provider.browser().go(f"{provider.service}/sign-in/sso/start", params={"next": after})
    assert str(page.url) == f"{provider.service}/"


def test_a_code_is_used_once(provider: Provider) -> None:
    browser = provider.browser()
    browser.go(f"{provider.service}/sign-in/sso/start", until="/callback?")
    callback, kept = callback_of(browser), httpx.Cookies(browser.client.cookies)
    assert browser.client.get(callback).status_code == 200
    again = httpx.get(callback)
    assert again.status_code == 401  # the cookie of the attempt is gone
    replayed = httpx.get(callback, cookies=kept)
    assert replayed.status_code == 401
    assert COOKIE not in replayed.headers.get("set-cookie", "")


def test_a_stolen_code_is_of_no_use_in_another_browser(provider: Provider) -> None:
    victim, thief = provider.browser(), provider.browser()
    victim.go(f"{provider.service}/sign-in/sso/start", until="/callback?")
    stolen = httpx.URL(callback_of(victim))
    assert thief.client.get(stolen).status_code == 401
    thief.go(f"{provider.service}/sign-in/sso/start", until="/callback?")
    own = httpx.URL(callback_of(thief))
    for url in (stolen, own.copy_set_param("code", stolen.params["code"])):
        refused = thief.client.get(url)
        assert refused.status_code == 401
        assert COOKIE not in refused.headers.get("set-cookie", "")
        assert stolen.params["code"] not in refused.text


def test_another_nonce_or_provider_is_refused(provider: Provider) -> None:
    secret = provider.app.state.runtime.keyring.store.secret("sign-in")
    for changes in ({"nonce": "of-another-attempt"}, {"provider": "other"}, {"state": "of-another"}):
        browser = provider.browser()
        browser.go(f"{provider.service}/sign-in/sso/start", until="/callback?")
        url = httpx.URL(callback_of(browser))
        name = Attempt.cookie_name(url.params["state"])
        attempt = Attempt.read(
            browser.client.cookies[name], secret, provider="sso", state=url.params["state"]
        )
        forged = replace(attempt, **changes).write(secret)
        refused = httpx.get(url, cookies={name: forged})
        assert refused.status_code == 401
        assert "another sign-in" in refused.text
    wrong_issuer = url.copy_set_param("iss", "https://evil.example")
    assert "another provider" in browser.client.get(wrong_issuer).text


def test_an_attempt_and_an_id_token_end(provider: Provider) -> None:
    secret = provider.app.state.runtime.keyring.store.secret("sign-in")
    browser = provider.browser()
    browser.go(f"{provider.service}/sign-in/sso/start", until="/callback?")
    url = httpx.URL(callback_of(browser))
    name = Attempt.cookie_name(url.params["state"])
    attempt = jwt.decode(browser.client.cookies[name], secret, algorithms=["HS256"])
    late = jwt.encode({**attempt, "exp": 1}, secret, "HS256")
    assert "took too long" in httpx.get(url, cookies={name: late}).text
    for skew, status in ((-30, 200), (30, 200), (400, 401)):
        provider.control(skew=skew)
        assert provider.browser().go(f"{provider.service}/sign-in/sso/start").status_code == status


def test_whom_no_rule_admits_is_told_so_and_comes_with_another_account(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.control(account="eve", claims={"name": "Eve", "groups": ["press"]})
    browser = provider.browser()
    page = browser.go(f"{provider.service}/sign-in/sso/start", params={"next": "/library"})
    assert page.status_code == 403
    assert "No rule of this service gives rights to Eve (eve)" in page.text
    (line,) = [one for one in caplog.messages if "No rule" in one]
    assert "sso admits 'eve'" in line
    assert "groups" in line
    assert "press" not in line
    eventually(
        lambda: any('"subject": "eve"' in one and "403" in one for one in _audit(provider).splitlines())
    )
    another = re.search(r'href="(/sign-in/sso/start[^"]+another=true)"', page.text)
    assert another is not None
    asked = provider.control(claims={"name": "Ada", "groups": ["staff"]})["asked"]
    page = browser.go(f"{provider.service}{html.unescape(another[1])}")
    assert page.url.path == "/library", page.text
    assert provider.control()["asked"] == asked + 1  # although somebody was signed in there


def test_a_refusal_of_the_provider_is_told(provider: Provider) -> None:
    browser = provider.browser()
    browser.go(f"{provider.service}/sign-in/sso/start", until="/callback?")
    state = httpx.URL(callback_of(browser)).params["state"]
    url = f"{provider.service}/sign-in/sso/callback"
    refused = browser.client.get(url, params={"state": state, "error": "access_denied"})
    assert refused.status_code == 401
    assert "access_denied" in refused.text
    assert browser.client.get(f"{provider.service}/sign-in/other/start").status_code == 404


def test_keys_of_the_provider_are_exchanged(provider: Provider) -> None:
    signed_in(provider)
    provider.control(rotate=True)

    def signs_in() -> bool:
        return provider.browser().go(f"{provider.service}/sign-in/sso/start").status_code == 200

    eventually(signs_in)


def test_signing_out_ends_both_sessions(provider: Provider) -> None:
    browser = signed_in(provider)
    copied = {COOKIE: browser.session()}
    assert httpx.get(f"{provider.service}/v1/documents", cookies=copied).status_code == 200
    page = browser.client.post(f"{provider.service}/sign-out")
    assert page.status_code == 200
    assert httpx.get(f"{provider.service}/v1/documents", cookies=copied).status_code == 401
    assert documents(provider, browser) == set()
    onward = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.text)
    assert onward is not None
    _confirm_logout(browser, html.unescape(onward[1]))
    assert browser.visited[-1] == f"{provider.service}/sign-in"
    asked = provider.control()["asked"]
    browser.go(f"{provider.service}/sign-in/sso/start")
    assert provider.control()["asked"] == asked + 1  # the provider asked anew who this is


def _confirm_logout(browser: Browser, url: str) -> None:
    """Answer the form by which the provider asks whether somebody wants to sign out."""
    form = browser.go(url)
    xsrf = re.search(r'name="xsrf" value="([^"]+)"', form.text)
    action = re.search(r'action="([^"]+)"', form.text)
    assert xsrf is not None
    assert action is not None
    browser.go(html.unescape(action[1]), method="POST", data={"xsrf": xsrf[1], "logout": "yes"})


def test_the_provider_ends_sessions_by_its_back_channel(provider: Provider) -> None:
    browser, other = signed_in(provider), signed_in(provider)
    assert documents(provider, browser) == {"all.txt", "staff.txt"}
    _confirm_logout(browser, f"{provider.url}/session/end?client_id=loccit")
    eventually(lambda: documents(provider, browser) == set())
    assert documents(provider, other) == {"all.txt", "staff.txt"}  # of another session at the provider
    assert documents(provider, signed_in(provider)) == {"all.txt", "staff.txt"}


@pytest.mark.parametrize("token", ["", "x", "eyJ.eyJ.x"])
def test_nobody_else_ends_sessions(provider: Provider, token: str) -> None:
    sent = httpx.post(f"{provider.service}/sign-in/sso/back-channel", data={"logout_token": token})
    assert sent.status_code == 401


def test_signing_out_everywhere_ends_all_sessions_of_the_person(provider: Provider) -> None:
    first, second = signed_in(provider), signed_in(provider)
    provider.control(account="bob")
    bob = signed_in(provider)
    first.client.post(f"{provider.service}/sign-out", data={"everywhere": "yes"})
    assert documents(provider, second) == set()
    assert documents(provider, bob) == {"all.txt", "staff.txt"}


def test_a_group_that_was_withdrawn_is_gone_when_the_session_is_renewed(tmp_path: Path) -> None:
    with signing_in(tmp_path, more="session_minutes = 0.05") as provider:
        provider.control(claims={"name": "Ada", "groups": ["staff", "board"]})
        browser = signed_in(provider)
        assert documents(provider, browser) == {"all.txt", "staff.txt", "board.txt"}
        provider.control(claims={"name": "Ada", "groups": ["staff"]})
        asked = provider.control()["asked"]
        eventually(lambda: documents(provider, browser) == set())  # programs are not led anywhere

        def renewed() -> bool:
            page = browser.go(f"{provider.service}/library")
            assert str(page.url) == f"{provider.service}/library"
            return documents(provider, browser) == {"all.txt", "staff.txt"}

        eventually(renewed)
        assert provider.control()["asked"] == asked  # nobody was asked: the provider knew the person
        provider.control(claims={"name": "Ada", "groups": []})

        def refused() -> bool:
            return browser.go(f"{provider.service}/library").status_code == 403

        eventually(refused)


def access_token(provider: Provider, resource: str, scope: str = "loccit:read") -> str:
    form = {"grant_type": "client_credentials", "resource": resource, "scope": scope}
    given = httpx.post(f"{provider.url}/token", data=form, auth=("robot", SECRET))
    assert given.status_code == 200, given.text
    token: str = given.json()["access_token"]
    return token


def test_a_program_uses_a_token_of_the_provider(provider: Provider) -> None:
    def read(token: str) -> httpx.Response:
        return httpx.get(f"{provider.service}/v1/documents", headers={"authorization": f"Bearer {token}"})

    token = access_token(provider, provider.service)
    listed = read(token).json()["documents"]
    assert {one["document_id"] for one in listed} == {"all.txt", "staff.txt"}
    assert read(access_token(provider, f"{provider.service}/mcp")).status_code == 200
    assert read(access_token(provider, "https://other.example.org")).status_code == 401
    assert read(access_token(provider, provider.service, scope="")).status_code == 403
    provider.control(rotate=True)
    eventually(lambda: read(access_token(provider, provider.service)).status_code == 200)
    for skew, status in ((-30, 200), (30, 200), (-400, 401), (400, 401)):
        provider.control(skew=skew)
        assert read(access_token(provider, provider.service)).status_code == status


def test_no_secret_is_in_what_is_recorded(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="loccit")
    browser = signed_in(provider)
    code = httpx.URL(callback_of(browser)).params["code"]
    browser.client.get(callback_of(browser))
    eventually(lambda: '"sign in"' in _audit(provider))
    entry = next(
        one for one in map(json.loads, _audit(provider).splitlines()) if one.get("command") == "sign in"
    )
    assert (entry["subject"], entry["issuer"], entry["name"]) == ("ada", provider.url, "Ada Lovelace")
    for secret in (SECRET, code, browser.session()):
        assert secret not in _audit(provider)
        assert secret not in caplog.text


def _audit(provider: Provider) -> str:
    data: Path = provider.app.state.runtime.library.data
    return (data / "audit.jsonl").read_text()


def test_a_provider_that_is_gone_is_told(tmp_path: Path) -> None:
    settings = write_settings(
        tmp_path, more='client_id = "loccit"', issuer=f"http://127.0.0.1:{free_ports(1)[0]}"
    )
    with (
        Library(tmp_path / "data", embedder=WordEmbedder()) as library,
        served(library, **settings) as client,
    ):
        page = client.get("/sign-in/sso/start")
        assert page.status_code == 503
        assert "cannot be reached" in page.text
        assert "retry-after" in page.headers


def test_a_group_that_is_withdrawn_at_the_provider_is_gone_while_the_session_lasts(tmp_path: Path) -> None:
    with signing_in(tmp_path, more="check_seconds = 0.05") as provider:
        provider.control(claims={"name": "Ada", "groups": ["staff", "board"]})
        browser, other = signed_in(provider), signed_in(provider)
        kept = {COOKIE: browser.session()}
        assert documents(provider, browser) == {"all.txt", "staff.txt", "board.txt"}
        # Without the cookie by which the provider is asked, a session is worth nothing.
        eventually(lambda: httpx.get(f"{provider.service}/v1/documents", cookies=kept).status_code == 401)
        provider.control(claims={"name": "Ada", "groups": ["staff"]})
        eventually(lambda: documents(provider, browser) == {"all.txt", "staff.txt"})
        provider.control(claims={"name": "Ada", "groups": []})
        eventually(lambda: documents(provider, other) == set())
        provider.control(claims={"name": "Ada", "groups": ["board"]})  # more comes with another session
        eventually(lambda: documents(provider, browser) == {"all.txt", "board.txt"})
        browser.client.post(f"{provider.service}/sign-out")
        assert not [one for one in browser.client.cookies.jar if one.name.startswith("loccit_")]


def test_the_lines_of_the_documentation_sign_a_program_in_to_mcp(provider: Provider) -> None:
    page = (Path(__file__).parents[2] / "docs" / "integrations" / "mcp.md").read_text()
    (lines,) = [one for one in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "OAuth" in one]
    named: dict[str, Any] = {}
    exec(lines.partition("print(")[0], named)  # noqa: S102
    provider.control(claims={"groups": ["staff"]})
    found = asyncio.run(named["main"](f"{provider.service}/mcp", provider.url, "robot", SECRET))
    assert "The lamp of" in str(found.content)
    provider.control(claims={"groups": ["strangers"]})
    with pytest.raises(BaseExceptionGroup):
        asyncio.run(named["main"](f"{provider.service}/mcp", provider.url, "robot", SECRET))
