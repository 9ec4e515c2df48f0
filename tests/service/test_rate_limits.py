from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.errors import InvalidRequest
from service.settings.values import RateLimit
from service.state.identity import KeyOptions, Scope, new_key
from service.state.limits import WrongKeys
from tests.service.http_service import assert_error, served

KEY = "correct-horse"


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def made(client: TestClient, **options: Any) -> dict[str, str]:
    """The headers of a new admin key."""
    token, key = new_key("a program", Scope.ADMIN, KeyOptions(**options))
    client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
    return bearer(token)


@pytest.fixture
def limited(library: Library) -> Iterator[TestClient]:
    """A service whose keys may send three requests at once, and one more after a minute."""
    with served(library, api_key=KEY, rate_limit="1:3") as client:
        yield client


def test_a_key_may_send_its_burst_and_then_has_to_wait(limited: TestClient) -> None:
    left = []
    for _ in range(3):
        response = limited.get("/v1/collections", headers=bearer(KEY))
        assert response.status_code == 200
        assert response.headers["ratelimit-policy"] == '"default";q=1;w=60'
        left.append(re.fullmatch(r'"default";r=(\d+);t=\d+', response.headers["ratelimit"])[1])  # type: ignore[index]
    assert left == ["2", "1", "0"]
    refused = limited.get("/v1/collections", headers=bearer(KEY))
    assert "1 requests a minute" in assert_error(refused, 429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit"].startswith('"default";r=0;')


def test_each_key_has_a_limit_of_its_own(limited: TestClient) -> None:
    other, generous = made(limited), made(limited, rate="6000:50")
    for headers, allowed in ((bearer(KEY), 3), (other, 3), (generous, 10)):
        codes = [limited.get("/v1/collections", headers=headers).status_code for _ in range(allowed)]
        assert codes == [200] * allowed
    assert limited.get("/v1/collections", headers=other).status_code == 429
    assert limited.get("/v1/collections", headers=generous).status_code == 200


def test_a_batch_counts_each_of_its_questions(limited: TestClient) -> None:
    headers = made(limited, rate="1:4")
    limited.put("/v1/documents/a.txt", content="A lamp.", headers=bearer(KEY))
    body = {"questions": ["a lamp", "two lamps", "three lamps"]}
    assert limited.post("/v1/ask", json=body, headers=headers).status_code == 200
    assert limited.post("/v1/ask", json=body, headers=headers).status_code == 429


@pytest.mark.parametrize("burst", [1, 3])
def test_a_batch_of_more_than_the_burst_takes_all_of_it(limited: TestClient, burst: int) -> None:
    headers = made(limited, rate=f"1:{burst}")
    limited.put("/v1/documents/a.txt", content="A lamp.", headers=bearer(KEY))
    body = {"questions": ["a lamp", "two lamps", "three lamps", "four lamps"]}
    assert limited.post("/v1/ask", json=body, headers=headers).status_code == 200
    assert limited.get("/v1/collections", headers=headers).status_code == 429


def test_pages_are_limited_as_pages(limited: TestClient) -> None:
    responses = [limited.get("/", headers=bearer(KEY)) for _ in range(4)]
    assert [one.status_code for one in responses] == [200, 200, 200, 429]
    assert responses[-1].headers["content-type"].startswith("text/html")


def test_without_a_setting_nobody_is_limited(client: TestClient) -> None:
    response = client.get("/v1/collections")
    assert "ratelimit" not in response.headers


@pytest.mark.parametrize("wrong", ["x", "0", "1:0", "1:", "-1", "1/s", " 1"])
def test_a_limit_that_cannot_be_read_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a rate limit"):
        RateLimit.parse(wrong)
    with pytest.raises(InvalidRequest):
        new_key("a", Scope.READ, KeyOptions(rate=wrong))


def test_a_limit_without_a_burst_has_one() -> None:
    assert RateLimit.parse("600") == RateLimit(600, 60)
    assert RateLimit.parse("5") == RateLimit(5, 1)
    assert RateLimit.parse("") is None


# Wrong keys


def tried(client: TestClient, token: str, **headers: str) -> int:
    return client.get("/v1/collections", headers={**bearer(token), **headers}).status_code


def test_wrong_keys_are_slowed_down(library: Library) -> None:
    with served(library, api_key=KEY) as client:
        other = made(client)["authorization"].removeprefix("Bearer ")
        codes = [tried(client, f"wrong{number}") for number in range(30)]
        assert codes[:20] == [401] * 20
        assert codes[-5:] == [429] * 5
        refused = client.get("/v1/collections", headers=bearer("wrong"))
        assert "wrong API keys" in assert_error(refused, 429, "rate_limited")
        assert int(refused.headers["retry-after"]) >= 1
        # The key of the settings may be guessed: it has to wait too. A made key cannot be, and need not.
        assert tried(client, KEY) == 429
        assert tried(client, other) == 200
        # No key at all is no guess.
        assert client.get("/v1/collections").status_code == 401


def test_once_every_address_has_waited_none_is_looked_up() -> None:
    now = [time.monotonic()]
    wrong = WrongKeys(clock=lambda: now[0])
    assert not wrong.are_too_many("2001:db8::1")
    for _ in range(20):
        wrong.add("2001:db8::1")
    assert wrong.are_too_many("2001:db8::2:2")  # the same network
    assert not wrong.are_too_many("203.0.113.5")
    now[0] += 119
    assert wrong.are_too_many("2001:db8::1")
    now[0] = wrong.counter.free_at
    assert not wrong.are_too_many("2001:db8::1")


def test_wrong_keys_count_by_the_address_that_a_trusted_proxy_names(library: Library) -> None:
    with served(library, api_key=KEY, trusted_proxies="10.0.0.1") as client:
        transport = TestClient(client.app, client=("10.0.0.1", 1))
        for _ in range(30):
            tried(transport, "wrong", **{"x-forwarded-for": "198.51.100.7"})
        assert tried(transport, KEY, **{"x-forwarded-for": "198.51.100.7"}) == 429
        assert tried(transport, KEY, **{"x-forwarded-for": "198.51.100.8"}) == 200
        assert tried(client, KEY, **{"x-forwarded-for": "198.51.100.7"}) == 200  # from no proxy


# Pages of other origins

ORIGIN = "https://www.example.org"


def test_no_other_origin_may_use_the_api_by_default(client: TestClient) -> None:
    response = client.get("/v1/collections", headers={"origin": ORIGIN})
    assert "access-control-allow-origin" not in response.headers
    asked = client.options("/v1/ask", headers={"origin": ORIGIN, "access-control-request-method": "POST"})
    assert "access-control-allow-origin" not in asked.headers


def test_pages_of_a_named_origin_may_use_the_api_with_a_key_in_a_header(library: Library) -> None:
    with served(library, api_key=KEY, cors_origins=ORIGIN) as client:
        asked = client.options(
            "/v1/ask",
            headers={
                "origin": ORIGIN,
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization, content-type",
            },
        )
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == ORIGIN
        assert "access-control-allow-credentials" not in asked.headers
        from_page = {"origin": ORIGIN, "sec-fetch-site": "cross-site"}
        path = "/v1/documents/a.txt"
        stored = client.put(path, content="A lamp.", headers={**from_page, **bearer(KEY)})
        assert stored.status_code == 201
        assert stored.headers["access-control-allow-origin"] == ORIGIN
        assert "RateLimit" in stored.headers["access-control-expose-headers"]
        assert_error(client.put(path, content="B.", headers=from_page), 403, "cross_site_request")
        other = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        refused = client.put(path, content="B.", headers={**other, **bearer(KEY)})
        assert_error(refused, 403, "cross_site_request")
        assert "access-control-allow-origin" not in refused.headers


def test_a_key_may_be_for_pages_of_its_own_origins(library: Library) -> None:
    with served(library, cors_origins="*") as client:
        headers = made(client, origins=[ORIGIN])
        assert client.get("/v1/collections", headers=headers).status_code == 200
        assert client.get("/v1/collections", headers={**headers, "origin": ORIGIN}).status_code == 200
        for other in ("https://evil.example", f"{ORIGIN}.evil.example"):
            refused = client.get("/v1/collections", headers={**headers, "origin": other})
            assert_error(refused, 403, "forbidden")
