"""No request, however small, makes the service read, hold or send without end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote as percent_encode

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.app.runtime import Runtime
from service.faces.api.requests.cited_spans import MAX_QUOTE_CHARACTERS, MAX_QUOTES_CHARACTERS
from tests.service.http_service import assert_error, served
from tests.service.permits import held_by_all

MOST = MAX_QUOTE_CHARACTERS
LONG = "The lamp was lit. " * (MOST // 18 + 1000)


@pytest.fixture
def tight(library: Library) -> Iterator[TestClient]:
    with served(library, max_reading_characters=6 * len(LONG)) as client:
        yield client


@pytest.fixture
def locator(tight: TestClient) -> str:
    """Of as many characters of a long document as a citation may have."""
    record = tight.put("/v1/documents/long.txt", json={"text": LONG}).json()
    return f"long.txt@{record['text_sha256'][:12]}:0-{MOST}"


def one_more(locator: str) -> str:
    return locator.replace(f"0-{MOST}", f"0-{MOST + 1}")


@pytest.mark.parametrize("path", ["/v1/citations/", "/view/"])
def test_a_citation_of_too_much_is_refused(tight: TestClient, locator: str, path: str) -> None:
    assert tight.get(path + percent_encode(locator)).status_code == 200
    response = tight.get(path + percent_encode(one_more(locator)))
    assert response.status_code == 422
    assert f"{MOST + 1} characters; a citation may have {MOST}" in response.text.replace("&#39;", "'")


def bodies(locator: str, quote: str) -> list[dict[str, Any]]:
    return [
        {"citations": [locator]},
        {"citations": [{"locator": locator, "quote": quote}]},
        {"quotes": [quote]},
        {"quotes": [{"quote": quote, "document_id": "long.txt"}]},
        {"answer": {"text": "So it is [1].", "citations": [locator]}},
    ]


@pytest.mark.parametrize("at", range(5))
def test_each_citation_and_quote_to_verify_has_a_limit(tight: TestClient, locator: str, at: int) -> None:
    fine = bodies(locator, LONG[:MOST])[at]
    assert tight.post("/v1/verify", json=fine).status_code == 200
    wrong = bodies(one_more(locator), LONG[: MOST + 1])[at]
    assert f"{MOST + 1} characters" in assert_error(
        tight.post("/v1/verify", json=wrong), 422, "invalid_limit"
    )


def test_all_of_them_together_have_a_limit(tight: TestClient, locator: str) -> None:
    several = [locator] * (MAX_QUOTES_CHARACTERS // MOST)
    assert tight.post("/v1/verify", json={"citations": several}).status_code == 200
    mixed = {"citations": several, "quotes": [LONG[:1]]}
    message = assert_error(tight.post("/v1/verify", json=mixed), 422, "invalid_limit")
    most = MAX_QUOTES_CHARACTERS
    assert f"{most + 1} characters together; a request may have {most}" in message
    answer = {"answer": {"text": "So it is [1].", "citations": [*several, locator]}}
    assert_error(tight.post("/v1/verify", json=answer), 422, "invalid_limit")
    assert_error(tight.post("/v1/changes", json={"citations": [*several, locator]}), 422, "invalid_limit")
    assert tight.post("/v1/changes", json={"citations": several}).status_code == 200


def test_quotes_that_are_found_nowhere_cost_what_they_are_looked_for_in(
    tight: TestClient, locator: str
) -> None:
    absent = {"quote": "Nothing like this stands here.", "document_id": "long.txt"}
    assert tight.post("/v1/verify", json={"quotes": [absent]}).status_code == 200
    message = assert_error(tight.post("/v1/verify", json={"quotes": [absent] * 7}), 422, "invalid_limit")
    assert "LOCCIT_MAX_READING_CHARACTERS" in message
    # One that stands there is found at once, in a text that is read once.
    found = {"quote": "The lamp was lit.", "document_id": "long.txt"}
    assert tight.post("/v1/verify", json={"quotes": [found] * 10}).status_code == 200


HEAVY: list[tuple[str, str, Any]] = [
    ("GET", "/v1/documents/long.txt/text", None),
    ("GET", "/v1/documents/long.txt/diff?old=1", None),
    ("GET", "/v1/citations/{}", None),
    ("GET", "/view/{}", None),
    ("POST", "/v1/verify", {"quotes": ["lamp"]}),
    ("POST", "/v1/changes", {"citations": []}),
]


@pytest.mark.parametrize(("method", "path", "body"), HEAVY)
def test_what_goes_through_whole_texts_has_permits_of_its_own(
    tight: TestClient, locator: str, method: str, path: str, body: Any
) -> None:
    app: Any = tight.app
    runtime: Runtime = app.state.runtime
    address = path.format(percent_encode(locator))
    with held_by_all(runtime.pools.texts.permits):
        response = tight.request(method, address, json=body)
        assert response.status_code == 429
        assert int(response.headers["retry-after"]) >= 1
        assert tight.post("/v1/ask", json={"question": "lamp"}).status_code == 200
    with held_by_all(runtime.pools.questions.permits):
        assert tight.request(method, address, json=body).status_code == 200
    assert runtime.pools.texts.permits.taken == 0


def test_questions_as_of_an_earlier_change_have_permits_of_their_own(tight: TestClient, locator: str) -> None:
    app: Any = tight.app
    runtime: Runtime = app.state.runtime
    with held_by_all(runtime.pools.history.permits):
        response = tight.post("/v1/ask", json={"question": "lamp", "as_of": 1})
        assert "ask the collection as it is" in assert_error(response, 429, "overloaded")
        assert tight.post("/v1/ask", json={"question": "lamp"}).status_code == 200
    assert tight.post("/v1/ask", json={"question": "lamp", "as_of": 1}).status_code == 200
    assert (runtime.pools.history.permits.taken, runtime.pools.questions.permits.taken) == (0, 0)


def test_what_the_api_answers_is_kept_by_no_cache_for_others(tight: TestClient, locator: str) -> None:
    addresses = [
        f"/v1/citations/{percent_encode(locator)}",
        "/v1/documents/long.txt/text",
        "/v1/documents/long.txt",
        "/v1/documents/nope",
        "/v1/collections",
    ]
    for address in addresses:
        assert tight.get(address).headers["cache-control"] == "private, no-cache"
    assert "cache-control" not in tight.get("/healthz").headers
