"""Errors on pages: plain words, and a page to go on from; no routes, headers or settings of the API."""

from __future__ import annotations

import re
from collections.abc import Iterator

import lxml.html
import pytest
from starlette.testclient import TestClient

from index import errors as library_errors
from index.errors import LoccitError
from index.library import Library
from service import errors
from service.faces.pages.errors.plain_errors import plain_error
from service.faces.pages.errors.refusals import reason_of
from service.faces.pages.languages import LANGUAGES
from service.state.identity import KeyOptions, Scope, new_key
from service.state.jobs.records import Item
from tests.service.faces.pages.pages import LAMP, page, told
from tests.service.http_service import put, served

FOR_PROGRAMS = re.compile(r"/v1/|\bGET\b|\bPOST\b|\bPUT\b|Bearer|X-API-Key|LOCCIT_")
CHINESE = {"accept-language": "zh"}


@pytest.fixture
def keyed(library: Library) -> Iterator[TestClient]:
    with served(library, api_key="correct-horse") as client:
        yield client


def with_key(client: TestClient, scope: Scope) -> None:
    token, key = new_key("one", scope, KeyOptions())
    client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
    client.headers["x-api-key"] = token


@pytest.mark.parametrize(
    ("address", "status", "said", "link"),
    [
        ("/library?collection=office", 404, "no collection 'office'", "/library"),
        ("/library/document?id=a.txt", 404, "no document 'a.txt'", "/library"),
        ("/jobs/none", 404, "no such job", "/jobs"),
        ("/library/nothing", 404, "no page at this address", "/"),
        ("/view/a.txt@000000000000:0-5", 404, "Its document was deleted", "/check"),
        ("/view/other.txt@000000000000:0-5", 404, "its version is no longer kept", "/check"),
    ],
)  # fmt: skip
def test_an_error_names_a_page_and_no_route(
    client: TestClient, address: str, status: int, said: str, link: str
) -> None:
    put(client, "other.txt", LAMP)
    html = page(client, address, status)
    assert said in told(html)
    assert not FOR_PROGRAMS.search(told(html))
    assert link in html.xpath("//main//a/@href")
    chinese = client.get(address, headers=CHINESE)
    assert re.search(r"[\u4e00-\u9fff]{4}", chinese.text.partition('role="alert"')[2])


BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nonsense", "/redoc", "/api", "/library2"])
def test_a_browser_gets_a_page_at_an_address_that_is_none(client: TestClient, path: str) -> None:
    reply = client.get(path, headers=BROWSER)
    assert reply.status_code == 404
    assert "There is no page at this address." in reply.text
    assert reply.headers["content-type"].startswith("text/html")
    assert client.get(path).json()["error"]["code"] == "route_not_found"


@pytest.mark.parametrize("path", ["/v1/nonsense", "/v1/documents/none", "/dify/retrieval/nonsense"])
def test_interfaces_of_programs_answer_a_browser_as_they_answer_programs(
    client: TestClient, path: str
) -> None:
    assert {"error", "error_code"} & client.get(path, headers=BROWSER).json().keys()


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("/view/a.txt@000000000000:0-5", "/view/a.txt@000000000000%3A0-5#quote"),
        ("/view/a.txt@000000000000:0-5?page=2", "/view/a.txt@000000000000%3A0-5?page=2"),
        ("/library", "/library"),
        ("/nonsense", "/nonsense"),
    ],
)
def test_after_signing_in_a_citation_opens_at_its_quote(keyed: TestClient, path: str, after: str) -> None:
    reply = keyed.get(path, headers=BROWSER)
    assert reply.status_code == 401
    form = lxml.html.document_fromstring(reply.text).forms[-1]
    assert form.fields["next"] == after.replace("@", "%40")
    headers = {"origin": "http://testserver"}
    signed = keyed.post(
        "/sign-in", data={"key": "correct-horse", "next": after}, headers=headers, follow_redirects=False
    )
    assert signed.headers["location"] == after


def test_signing_in_asks_for_a_key_in_plain_words(keyed: TestClient) -> None:
    html = page(keyed, "/library", 401)
    assert not FOR_PROGRAMS.search(told(html))
    assert not html.xpath("//*[@role='alert']")  # nobody did anything wrong
    wrong = keyed.post("/sign-in", data={"key": "wrong"})
    assert "This key is not known." in wrong.text
    assert "Bearer" not in wrong.text
    assert "Bearer KEY" in keyed.get("/v1/documents").json()["error"]["message"]


def test_who_may_not_is_told_what_the_key_allows(keyed: TestClient) -> None:
    with_key(keyed, Scope.READ)
    html = page(keyed, "/jobs", 403)
    for said in ("scope write", "scope of this key is read", "Ask the people who run this service"):
        assert said in told(html)
    (link,) = html.xpath("//main//a[contains(., 'key allows')]/@href")
    keyed.cookies.clear()
    account = told(page(keyed, link))
    assert "read: read documents, versions and citations as well" in account


def every_error(kind: type[LoccitError] = LoccitError) -> Iterator[type[LoccitError]]:
    for below in kind.__subclasses__():
        if f"{below.__module__}.".startswith((f"{errors.__name__}.", f"{library_errors.__name__}.")):
            yield below
            yield from every_error(below)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=list(LANGUAGES))
def test_every_error_has_words(language: object) -> None:
    for kind in every_error():
        found = plain_error(kind("The words."), language)  # type: ignore[arg-type]
        assert found.message
        assert "{" not in found.message


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "There are more than 5 bytes. The setting is LOCCIT_MAX_UPLOAD_BYTES.",
            "There are more than 5 bytes.",
        ),
        ("It is above the limit of 7 (LOCCIT_MAX_SPOOL_BYTES). Wait.", "It is above the limit of 7. Wait."),
        ("Nothing is set. Set LOCCIT_STORE, or LOCCIT_DATA! Try again.", "Nothing is set. Try again."),
    ],
)
def test_no_page_names_a_setting(message: str, shown: str) -> None:
    for language in LANGUAGES.values():
        found = plain_error(errors.BodyTooLarge(message), language)
        assert shown in (found.message, found.detail)
    alone = plain_error(errors.BodyTooLarge("Raise LOCCIT_MAX_UPLOAD_BYTES."), LANGUAGES["en"])
    assert alone.message == "That is too large."
    refused = Item(1, "file", "a.txt", "", 1, {}, "refused", "document_too_large", message, 0, "")
    assert "LOCCIT_" not in reason_of(refused, LANGUAGES["en"]).words


def test_the_key_of_the_settings_is_called_the_administrator(keyed: TestClient) -> None:
    keyed.headers["x-api-key"] = "correct-horse"
    for address in ("/", "/library", "/status", "/keys", "/sign-in"):
        assert "LOCCIT_" not in keyed.get(address).text
    assert "Administrator" in keyed.get("/").text
    assert "管理员" in keyed.get("/", headers=CHINESE).text
