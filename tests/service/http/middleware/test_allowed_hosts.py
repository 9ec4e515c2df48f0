from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.http.links import OPEN_PATHS
from service.http.middleware.allowed_hosts import AllowedHosts
from tests.service.http_service import assert_error, served

STRANGE = [
    "evil.example",
    "evil.example:8000",
    "EVIL.example.",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "1.2.3",
    "a.b@127.0.0.1",
    "lamps.example.evil",
]
OWN = [
    "localhost",
    "localhost:8000",
    "loccit.localhost",
    "127.0.0.1",
    "127.0.0.1:8000",
    "192.168.7.9:80",
    "[::1]",
    "[::1]:8000",
    "lamps",
    "testserver",
]


@pytest.fixture
def named(library: Library) -> Iterator[TestClient]:
    with served(library, allowed_hosts="lamps.example, Docs.Example") as client:
        yield client


@pytest.mark.parametrize("host", STRANGE)
def test_a_name_that_may_be_anyones_is_refused_without_a_key(named: TestClient, host: str) -> None:
    for method, path in (("GET", "/v1/documents"), ("POST", "/v1/ask"), ("GET", "/nothing")):
        message = assert_error(named.request(method, path, headers={"host": host}), 403, "host_not_allowed")
        assert "LOCCIT_ALLOWED_HOSTS" in message
    page = named.get("/", headers={"host": host})
    assert (page.status_code, page.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "LOCCIT_ALLOWED_HOSTS" in page.text


@pytest.mark.parametrize("host", [*OWN, "lamps.example", "LAMPS.example.:443", "docs.example"])
def test_own_names_and_addresses_are_answered(named: TestClient, host: str) -> None:
    assert named.get("/v1/documents", headers={"host": host}).status_code != 403
    assert named.get("/", headers={"host": host}).status_code == 200


def test_health_checks_are_answered_under_any_name(named: TestClient) -> None:
    for path in OPEN_PATHS:
        assert named.get(path, headers={"host": "evil.example"}).status_code == 200


def test_any_name_may_be_allowed(library: Library) -> None:
    with served(library, allowed_hosts="*") as client:
        assert client.get("/v1/collections", headers={"host": "evil.example"}).status_code == 200


def test_with_a_key_any_name_will_do(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        headers = {"host": "evil.example", "authorization": "Bearer correct-horse"}
        assert client.get("/v1/collections", headers=headers).status_code == 200


@pytest.mark.anyio
async def test_one_strange_name_among_several_is_enough(client: TestClient) -> None:
    async def never(*_: object) -> Any:
        raise AssertionError

    sent: list[dict[str, object]] = []

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"host", b"evil.example")]
    scope = {"type": "http", "method": "GET", "path": "/v1/ask", "headers": headers, "app": client.app}
    await AllowedHosts(never, allowed=())(scope, never, send)
    assert sent[0]["status"] == 403
