"""People sign in at a second provider, of another make and with other choices than the first: Canaille."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.state.identity import COOKIE
from tests.patience import PATIENCE, eventually
from tests.service.canaille import Canaille, canaille
from tests.service.signing_in import Browser

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canaille]:
    with canaille(tmp_path_factory.mktemp("canaille")) as provider:
        yield provider


@pytest.fixture
def browser() -> Iterator[Browser]:
    with httpx.Client(timeout=PATIENCE) as client:
        yield Browser(client)


def documents(provider: Canaille, browser: Browser) -> set[str]:
    listed = browser.client.get(f"{provider.service}/v1/documents")
    if listed.status_code != 200:
        return set()
    return {one["document_id"] for one in listed.json()["documents"]}


def test_a_person_signs_in_with_a_password_and_reads_what_the_groups_may(
    provider: Canaille, browser: Browser
) -> None:
    page = provider.sign_in(browser, "/library")
    assert str(page.url) == f"{provider.service}/library"
    assert page.status_code == 200
    assert documents(provider, browser) == {"all.txt", "staff.txt", "board.txt"}
    account = browser.go(f"{provider.service}/sign-in").text
    for shown in ("Ada Lovelace", "people", "staff", "board", "Sign out"):
        assert shown in account


def test_signing_out_ends_both_sessions(provider: Canaille, browser: Browser) -> None:
    provider.sign_in(browser)
    copied = {COOKIE: browser.session()}
    page = browser.client.post(f"{provider.service}/sign-out")
    assert httpx.get(f"{provider.service}/v1/documents", cookies=copied).status_code == 401
    onward = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.text)
    assert onward is not None
    asked = browser.go(html.unescape(onward[1]))
    token = re.search(r'name="csrf_token" value="([^"]+)"', asked.text)
    assert token is not None
    browser.go(str(asked.url), method="POST", data={"csrf_token": token[1], "answer": "logout"})
    assert browser.visited[-1] == f"{provider.service}/sign-in"
    again = browser.go(f"{provider.service}/sign-in/people/start")
    assert 'name="login"' in again.text  # the provider asks anew who this is


def test_its_access_tokens_open_nothing_for_they_are_not_for_the_api(provider: Canaille) -> None:
    def read() -> httpx.Response:
        headers = {"authorization": f"Bearer {provider.access_token()}"}
        return httpx.get(f"{provider.service}/v1/documents", headers=headers)

    assert "another audience" in read().text
    api = ("--audience", "documents", "--audience", provider.service)
    provider.run_all(
        ("create", "client", "--client-id", provider.service, "--client-name", "The API"),
        ("set", "client", "documents", *api),
    )
    try:
        refused = read()  # its tokens have no scopes
        assert refused.status_code == 403
        assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    finally:
        provider.run("set", "client", "documents", "--audience", "documents")


def test_a_client_that_is_set_up_wrongly_is_told_apart_in_the_log(
    provider: Canaille, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    provider.run_all(
        ("create", "client", "--client-id", "other", "--client-name", "Another"),
        ("set", "client", "documents", "--audience", "other"),
    )
    try:
        with caplog.at_level("INFO", logger="loccit.service"):
            page = provider.sign_in(browser)
    finally:
        provider.run("set", "client", "documents", "--audience", "documents")
    assert page.status_code == 401
    assert "The answer of people cannot be used" in page.text
    assert "it is for another audience than documents" in caplog.text


def test_a_group_that_was_withdrawn_is_gone_with_the_next_session(
    provider: Canaille, browser: Browser
) -> None:
    provider.run("set", "group", "board", "--members", "grace")
    try:
        provider.sign_in(browser)
        assert documents(provider, browser) == {"all.txt", "staff.txt"}
    finally:
        provider.run("set", "group", "board", "--members", "ada")


def test_a_group_that_was_withdrawn_is_gone_within_the_seconds_of_the_settings(
    tmp_path: Path, browser: Browser
) -> None:
    with canaille(tmp_path, more="check_seconds = 0.5") as provider:
        provider.sign_in(browser)
        assert documents(provider, browser) == {"all.txt", "staff.txt", "board.txt"}
        provider.run("set", "group", "board", "--members", "grace")
        eventually(lambda: documents(provider, browser) == {"all.txt", "staff.txt"})
        provider.run("set", "group", "staff", "--members", "grace")  # no claim says so
        eventually(lambda: documents(provider, browser) == set())
