"""Links that people open without a key: visitors of public pages, and readers of what a bot answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.service.http_service import assert_error, served

ADMIN = {"x-api-key": "correct-horse"}
ORIGIN = "https://www.example.org"
TEXT = "The lamp in the north tower was lit at dusk by the keeper. " + "Nothing more is said. " * 600


@pytest.fixture
def service(library: Library) -> Iterator[TestClient]:
    with served(library, api_key=ADMIN["x-api-key"], cors_origins=ORIGIN, visitor_rate_limit="1:8") as client:
        client.put("/v1/documents/lamps.txt?wait=true", content=TEXT, headers=ADMIN)
        yield client


@pytest.fixture(params=[KeyOptions(origins=(ORIGIN,)), KeyOptions(open_links=True)], ids=["site", "bot"])
def key(request: pytest.FixtureRequest, service: TestClient) -> dict[str, str]:
    return added(service, request.param)


def added(service: TestClient, options: KeyOptions) -> dict[str, str]:
    token, key = new_key("a program", Scope.ASK, options)
    service.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
    return {"x-api-key": token, "id": key.id}


def asked(service: TestClient, key: dict[str, str], **body: Any) -> str:
    """The link to the page of the first passage."""
    answer = service.post(
        "/v1/ask", json={"question": "Who lit the lamp?", **body}, headers={"x-api-key": key["x-api-key"]}
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["passages"][0]["citation"]["links"]["view"])


def test_a_visitor_opens_the_link_of_an_answer_without_a_key(
    service: TestClient, key: dict[str, str]
) -> None:
    page = service.get(asked(service, key))
    assert page.status_code == 200
    assert "lit at dusk" in page.text
    assert page.text.count("Nothing more is said.") < 300  # bounded context, not the whole document
    assert "An excerpt" in page.text
    assert page.text.count('<p class="cut">…</p>') == 1  # after it: nothing is before the quote


def test_a_link_shows_its_quote_and_nothing_else(service: TestClient, key: dict[str, str]) -> None:
    link = asked(service, key).partition("#")[0]
    path, _, query = link.partition("?")
    locator, _, span = path.rpartition(":")
    start, _, end = span.partition("-")
    for other in (f"{locator}:{start}-{int(end) + 1}", f"{locator}:0-{len(TEXT)}"):
        if other != path:
            assert service.get(f"{other}?{query}").status_code == 401
    assert service.get(f"{path}?{query}&collection=other").status_code == 401
    assert service.get(f"{path.replace('/view/', '/v1/citations/')}?{query}").status_code == 401
    assert service.get(f"{path}?{query[:-1]}").status_code == 401


def test_a_link_ends_with_its_key(service: TestClient, key: dict[str, str]) -> None:
    link = asked(service, key)
    service.app.state.runtime.keyring.revoke(key["id"])  # type: ignore[attr-defined]
    assert service.get(link).status_code == 401


def test_a_link_ends_when_its_key_may_give_such_links_no_more(
    service: TestClient, key: dict[str, str]
) -> None:
    link, store = asked(service, key), service.app.state.runtime.keyring.store  # type: ignore[attr-defined]
    with store.database.write() as connection:
        connection.execute("UPDATE keys SET open_links = 0, origins = '[]' WHERE id = ?", (key["id"],))
        connection.execute("UPDATE generation SET number = number + 1")
    service.app.state.runtime.keyring.refresh()  # type: ignore[attr-defined]
    assert service.get(link).status_code == 401


def test_an_erased_document_is_not_shown(service: TestClient, key: dict[str, str]) -> None:
    link = asked(service, key)
    service.delete("/v1/documents/lamps.txt", headers=ADMIN)
    assert service.get(link).status_code == 404


def test_on_behalf_of_groups_a_link_needs_the_key(service: TestClient, key: dict[str, str]) -> None:
    assert service.get(asked(service, key, on_behalf_of=["staff"])).status_code == 401


def test_without_the_option_a_link_needs_the_key(service: TestClient) -> None:
    assert service.get(asked(service, added(service, KeyOptions()))).status_code == 401


def test_open_links_are_limited_by_address_and_a_bot_that_asks_is_not(service: TestClient) -> None:
    key = added(service, KeyOptions(open_links=True))
    link, *_ = [asked(service, key) for _ in range(10)]
    codes = [service.get(link).status_code for _ in range(10)]
    assert codes == [200] * 8 + [429] * 2


def test_each_visitor_has_a_limit(service: TestClient) -> None:
    key = added(service, KeyOptions(origins=(ORIGIN,)))
    codes = [
        service.post("/v1/ask", json={"question": "lamp"}, headers={"x-api-key": key["x-api-key"], **more})
        for more in ({}, {"x-on-behalf-of": "staff"}) * 5
    ]
    assert [one.status_code for one in codes] == [200] * 8 + [429] * 2
    assert "A visitor may send" in assert_error(codes[-1], 429, "rate_limited")
    assert service.get("/v1/collections", headers=ADMIN).status_code == 200
