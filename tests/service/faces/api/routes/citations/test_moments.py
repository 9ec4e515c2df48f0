"""Questions as of an earlier change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from service.faces.api.schemas.answers import AskResponse
from service.settings import Settings
from tests.service.http_service import assert_error, assert_shape, put, served


@pytest.fixture
def small(tmp_path: Path) -> Iterator[TestClient]:
    """A service that makes no earlier moment with more than one passage searchable."""
    config = Settings(data=Path("unused"), as_of_passages=1).library_config()
    with Library(tmp_path / "small", embedder=WordEmbedder(), config=config) as library, served(library) as c:
        yield c


def ask(client: TestClient, question: str, **more: Any) -> dict[str, Any]:
    response = client.post("/v1/ask", json={"question": question, **more})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_a_question_as_of_an_earlier_change_finds_the_text_of_then(client: TestClient) -> None:
    put(client, "plan.txt", "The bridge opens in spring.")
    then = ask(client, "When does the bridge open?")
    put(client, "plan.txt", "The bridge opens in autumn.")
    put(client, "late.txt", "The bridge was painted.")
    now = ask(client, "When does the bridge open?")
    assert {passage["text"] for passage in now["passages"]} == {
        "The bridge opens in autumn.",
        "The bridge was painted.",
    }
    again = ask(client, "When does the bridge open?", as_of=then["index"]["change"])
    assert_shape(AskResponse, again)
    assert [passage["text"] for passage in again["passages"]] == ["The bridge opens in spring."]
    assert again["index"] == then["index"]
    assert again["passages"] == then["passages"]
    found = client.get(again["passages"][0]["citation"]["links"]["citation"]).json()
    assert (found["quote"], found["standing"]["status"]) == ("The bridge opens in spring.", "changed")
    latest = ask(client, "When does the bridge open?", as_of=now["index"]["change"])
    assert latest["passages"] == now["passages"]


def test_before_the_first_change_there_was_nothing(client: TestClient) -> None:
    put(client, "plan.txt", "The bridge opens in spring.")
    assert ask(client, "When does the bridge open?", as_of=0)["passages"] == []


def test_a_change_that_has_not_been_is_not_found(client: TestClient) -> None:
    put(client, "plan.txt", "The bridge opens in spring.")
    change = ask(client, "bridge")["index"]["change"]
    response = client.post("/v1/ask", json={"question": "bridge", "as_of": change + 1})
    assert str(change + 1) in assert_error(response, 404, "change_not_found")


def test_a_change_before_something_was_erased_is_not_kept(client: TestClient) -> None:
    put(client, "plan.txt", "The bridge opens in spring.")
    put(client, "other.txt", "The harbour opens in spring.")
    change = ask(client, "bridge")["index"]["change"]
    assert ask(client, "bridge", as_of=change)["passages"]
    client.delete("/v1/documents/plan.txt")
    response = client.post("/v1/ask", json={"question": "bridge", "as_of": change})
    assert_error(response, 410, "change_not_kept")
    kept = ask(client, "harbour")["index"]["change"]
    assert ask(client, "harbour", as_of=kept)["passages"]


def test_a_moment_that_is_too_large_is_refused_with_the_setting_that_says_so(small: TestClient) -> None:
    put(small, "one.txt", "The bridge opens in spring.")
    one = ask(small, "bridge")["index"]["change"]
    put(small, "two.txt", "The harbour opens in spring.")
    two = ask(small, "bridge")["index"]["change"]
    put(small, "three.txt", "The tower opens in spring.")
    response = small.post("/v1/ask", json={"question": "bridge", "as_of": two})
    assert "LOCCIT_AS_OF_PASSAGES" in assert_error(response, 422, "moment_too_large")
    (passage,) = ask(small, "bridge", as_of=one)["passages"]
    assert passage["citation"]["document_id"] == "one.txt"


def test_a_time_is_the_last_change_at_that_time(client: TestClient) -> None:
    times, texts = [datetime.now(UTC)], []
    for day in ("Monday", "Tuesday", "Wednesday"):
        put(client, "plan.txt", f"The bridge opens on {day}.")
        texts.append(ask(client, "When does the bridge open?")["passages"][0]["text"])
        times.append(datetime.now(UTC))
    changes = [ask(client, "bridge", as_of=one.isoformat())["index"]["change"] for one in times]
    assert changes == sorted(set(changes))
    assert changes[0] == 0
    assert ask(client, "bridge", as_of=times[0].isoformat())["passages"] == []
    for time, change, text in zip(times[1:], changes[1:], texts, strict=True):
        for as_of in (change, time.isoformat(), time.astimezone(timezone(timedelta(hours=5))).isoformat()):
            (passage,) = ask(client, "When does the bridge open?", as_of=as_of)["passages"]
            assert passage["text"] == text


@pytest.mark.parametrize(
    "as_of",
    [-1, "x", 2**53 + 1, 1.5, [1], "1.5", "2024-05-31", "2024-05-31T12:00:00", "2999-01-01T00:00:00Z"],
)
def test_what_is_neither_a_change_nor_a_time_is_refused(client: TestClient, as_of: Any) -> None:
    put(client, "a.txt", "The bridge opens in spring.")
    response = client.post("/v1/ask", json={"question": "bridge", "as_of": as_of})
    assert assert_error(response, 422, "invalid_request").startswith("as_of: ")
