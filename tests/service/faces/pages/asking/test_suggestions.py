"""Questions worth asking: drafted from documents, and shown only where their own words answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from httpx import Response
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.service.faces.pages.pages import answer_always, page, told, words
from tests.service.http_service import put, served

LAMPS = """# Lamps

## Who lit the lamp?

The keeper lit the lamp at dusk, every day of the year.

## Wick

A wick is a cord that draws oil to the flame.
"""


def open_service(folder: Path, probability: float) -> Iterator[TestClient]:
    """A service that gives every answer this probability."""
    answer_always(folder, probability)
    with Library(folder, embedder=WordEmbedder()) as library, served(library) as client:
        yield client


@pytest.fixture
def certain(tmp_path: Path) -> Iterator[TestClient]:
    yield from open_service(tmp_path, 0.95)


@pytest.fixture
def doubtful(tmp_path: Path) -> Iterator[TestClient]:
    yield from open_service(tmp_path, 0.8)


def shown(client: TestClient, address: str = "/suggestions") -> list[str]:
    return [words(one) for one in page(client, address).xpath("//ul[@class='suggestions']//a")]


def test_a_question_is_shown_once_its_documents_have_answered_it(certain: TestClient) -> None:
    put(certain, "lamps.md", LAMPS)
    (section,) = page(certain, "/").xpath("//section[@class='suggested']")
    assert section.get("data-load") == "/suggestions"
    found = shown(certain)
    assert {"Who lit the lamp?", "What is a wick?"} <= set(found)
    assert shown(certain, "/") == found
    html = page(certain, page(certain, "/").xpath("//ul[@class='suggestions']//a/@href")[0])
    assert html.xpath("//p[contains(@class, 'sentence')]")


def test_after_a_change_they_are_asked_again(certain: TestClient) -> None:
    put(certain, "lamps.md", LAMPS)
    assert "What is a wick?" in shown(certain)
    certain.delete("/v1/documents/lamps.md")
    put(certain, "other.md", "# Oil\n\nOlive oil is a fat that is pressed from olives.\n")
    assert "wick" not in certain.get("/").text
    assert "wick" not in certain.get("/suggestions").text


def reader_key(client: TestClient, rate: str) -> dict[str, str]:
    token, key = new_key("one", Scope.READ, KeyOptions(rate=rate))
    client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
    return {"authorization": f"Bearer {token}"}


def left_of(response: Response) -> int:
    """The requests that a key has left."""
    found = re.search(r"r=(\d+)", response.headers["ratelimit"])
    assert found
    return int(found[1])


def test_those_of_ten_views_at_once_are_found_once(certain: TestClient) -> None:
    put(certain, "lamps.md", LAMPS)
    headers = reader_key(certain, rate="1:60")
    with ThreadPoolExecutor(10) as pool:
        views = list(pool.map(lambda _: certain.get("/suggestions", headers=headers), range(10)))
    assert all("What is a wick?" in one.text for one in views)
    # Ten views, two drafts that were asked, and this request.
    assert left_of(certain.get("/v1/collections", headers=headers)) in {47, 48}


def test_who_may_ask_no_more_is_told_to_wait_and_the_next_view_goes_on(certain: TestClient) -> None:
    put(certain, "lamps.md", LAMPS)
    headers = reader_key(certain, rate="1:3")
    assert certain.get("/v1/collections", headers=headers).status_code == 200
    refused = certain.get("/suggestions", headers=headers)
    assert refused.status_code == 429
    assert "retry-after" in refused.headers
    whole = reader_key(certain, rate="1:1")
    assert "What is a wick?" in certain.get("/suggestions", headers=whole).text


def test_doubtful_questions_are_not_shown(doubtful: TestClient) -> None:
    put(doubtful, "lamps.md", LAMPS)
    assert shown(doubtful) == []
    assert "No question was found" in told(page(doubtful, "/suggestions"))
    assert "No question was found" in told(page(doubtful, "/"))


def test_nobody_learns_of_documents_of_others(certain: TestClient) -> None:
    put(certain, "lamps.md", LAMPS, groups=["keepers"])
    put(certain, "oil.md", "# Oil\n\n## Who pressed the oil?\n\nThe miller pressed the oil in autumn.\n")
    runtime = certain.app.state.runtime  # type: ignore[attr-defined]
    for scope, groups, seen in (
        (Scope.READ, ["keepers"], True),
        (Scope.READ, ["readers"], False),
        (Scope.ASK, ["keepers"], None),
    ):
        token, key = new_key("one", scope, KeyOptions(groups=groups))
        runtime.keyring.add(key)
        got = certain.get("/suggestions", headers={"authorization": f"Bearer {token}"})
        if seen is None:
            assert got.status_code == 403
        else:
            assert ("wick" in got.text) is seen
            assert "Who pressed the oil?" in got.text


def test_the_overview_says_what_the_documents_are(certain: TestClient) -> None:
    put(certain, "lamps.md", LAMPS, metadata={"date": "2021-05-03", "language": "en-GB"})
    put(certain, "empty.txt", "Word.", metadata={"date": "2020"})
    sent = certain.post("/v1/ingest", files=[("files", ("bad.pdf", b"%PDF-1.4"))])
    assert sent.status_code == 202
    while certain.get(f"/v1/jobs/{sent.json()['job_id']}").json()["state"] != "done":
        pass
    overview = told(page(certain, "/library/overview"))
    assert "2 documents" in overview
    for said in ("Text and Markdown 2", "2020: 1, 2021: 1", "Wick", "Who lit the lamp?", "bad.pdf"):
        assert said in overview


def test_those_of_a_deleted_collection_are_not_shown_of_one_made_anew(certain: TestClient) -> None:
    put(certain, "lamps.md", LAMPS)
    assert "What is a wick?" in shown(certain)
    changes = certain.get("/v1/collections/default").json()["change"]
    certain.delete("/v1/collections/default")
    put(certain, "other.md", "# Oil\n\nOlive oil is a fat that is pressed from olives.\n")
    assert certain.get("/v1/collections/default").json()["change"] == changes
    assert "wick" not in certain.get("/").text
