"""Two services that share a database keep one limit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from starlette.testclient import TestClient

from service.state.identity import KeyOptions, Scope, new_key
from tests.patience import eventually
from tests.postgresql import end_connections
from tests.service.http_service import assert_error
from tests.service.replicas import two_services

KEY = "correct-horse"
BURST = 999_999
"""So many that a test cannot spend them one by one."""


@pytest.fixture
def services(tmp_path: Path, postgresql_url: str) -> Iterator[tuple[TestClient, TestClient]]:
    with two_services(tmp_path, postgresql_url, api_key=KEY, trusted_proxies="10.0.0.0/8") as clients:
        yield clients


def made(client: TestClient, rate: str) -> str:
    token, key = new_key("a program", Scope.READ, KeyOptions(rate=rate))
    client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
    return token


def asked(client: TestClient, token: str) -> int:
    return client.get("/v1/collections", headers={"authorization": f"Bearer {token}"}).status_code


def spend_all(client: TestClient, token: str) -> None:
    runtime = client.app.state.runtime  # type: ignore[attr-defined]
    runtime.rates.charge(runtime.keyring.principal(token.encode()), BURST - 10)
    eventually(lambda: asked(client, token) == 429)


def test_what_a_key_spends_on_one_is_refused_on_the_other(
    services: tuple[TestClient, TestClient], postgresql_url: str
) -> None:
    first, other = services
    unspent, later, spent = (made(first, f"1:{BURST}") for _ in range(3))
    eventually(lambda: asked(other, spent) == 200)  # it knows this key, and those that were made before
    spend_all(first, spent)
    eventually(lambda: asked(other, spent) == 429)
    headers = {"authorization": f"Bearer {spent}"}
    refused = other.get("/v1/collections", headers=headers)
    assert "1 requests a minute" in assert_error(refused, 429, "rate_limited")
    assert re.fullmatch(r'"default";r=0;t=\d+', refused.headers["ratelimit"])
    assert asked(other, unspent) == 200
    # Its connections break, and it goes on.
    end_connections(postgresql_url)
    spend_all(other, later)
    eventually(lambda: asked(first, later) == 429)


def test_wrong_keys_at_one_count_at_the_other(
    services: tuple[TestClient, TestClient], postgresql_url: str
) -> None:
    first, other = services

    def tried(client: TestClient, token: str, address: str) -> int:
        via = TestClient(client.app, client=("10.0.0.1", 1))
        headers = {"authorization": f"Bearer {token}", "x-forwarded-for": address}
        return via.get("/v1/collections", headers=headers).status_code

    assert {tried(first, "wrong", "203.0.113.9") for _ in range(20)} == {401}
    # A guess from elsewhere makes the other one look; the right key is then not even compared.
    addresses = (f"198.51.{number // 256}.{number % 256}" for number in range(65_536))
    eventually(lambda: tried(other, "wrong", next(addresses)) and tried(other, KEY, "203.0.113.9") == 429)
    with psycopg.connect(postgresql_url) as connection:
        rows = connection.execute("SELECT limits::text FROM loccit_service.limits").fetchall()
    assert rows
    assert "203.0.113" not in str(rows)


def test_without_its_database_a_service_goes_on_counting(
    services: tuple[TestClient, TestClient], postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, _ = services
    token = made(first, "1:20")
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE loccit_service.limits RENAME TO elsewhere")
        codes = [asked(first, token) for _ in range(21)]
        assert codes == [200] * 20 + [429]
        eventually(lambda: "counts limits for itself" in caplog.text)
