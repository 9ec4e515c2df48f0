"""Near misses, lists and questions of two, asked of the first user's documents with the real model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.embedding import WordEmbedder, load_embedder
from index.library import Library
from index.sources import FolderIngest
from tests.service.http_service import served

pytestmark = [pytest.mark.model, pytest.mark.processes]
CORPUS = Path(__file__).resolve().parents[1] / "corpus"
NEAR_MISSES = (
    "How many agreements did Beijing and Shanxi sign in August 2014?",
    "What did Xi Jinping propose in Harbin in May 2013?",
    "Who chaired the Politburo meeting that approved the outline of the plan in April 2011?",
    "What did the two port groups invest in the Qingdao port company?",
    "What was agreed at Handan in February 2004?",
    "What was agreed at Langfang in February 2009?",
    "Which cities were to be the two wings in the Greater Chongqing planning concept?",
    "What links Tongzhou, Baodi and Qinhuangdao in the 2019 agreement?",
    "Who signed for Hebei with Shanghai in July 2014?",
    "Which experts discussed the planning research in October 1996?",
)


@pytest.fixture(scope="module")
def client(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    places = {
        "article": next((shared / "seed").glob("*.txt")),
        "default": CORPUS,
    }
    with Library(tmp_path_factory.mktemp("near"), embedder=load_embedder()) as library:
        for name, path in places.items():
            FolderIngest(library.open(name, create=True)).run([path])
        with served(library) as client:
            yield client


@pytest.fixture
def geometry(shared: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A script in German. Its vectors are those of words: only its terms are looked at."""
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        path = next((shared / "data" / "formats").rglob("*GeoTopo*.pdf"))
        FolderIngest(library.open("default", create=True)).run([path])
        with served(library) as client:
            yield client


def answered(client: TestClient, question: str, collection: str = "article") -> Any:
    found = client.post("/v1/answer", json={"question": question, "collection": collection})
    assert found.status_code == 200, found.text
    answer = found.json()
    texts: dict[str, str] = {}
    for one in answer["sentences"]:
        cited = one["citation"]
        document = cited["document_id"]
        if document not in texts:
            texts[document] = client.get(
                f"/v1/documents/{document}/text", params={"collection": collection}
            ).text
        assert texts[document][cited["start"] : cited["end"]] == cited["quote"] == one["text"]
    return answer


@pytest.mark.shared
def test_when_did_martin_thoma_die(geometry: TestClient) -> None:
    """The German article is not the verb. That no date of death is told, no feature tells."""
    found = geometry.post("/v1/ask", json={"question": "When did Martin Thoma die?"}).json()
    assert any("die" in hit["text"].split() for hit in found["passages"])
    assert not any("die" in hit["explain"]["lexical"]["terms"] for hit in found["passages"])


@pytest.mark.shared
def test_how_many_agreements_did_beijing_and_tianjin_sign_in_august_2014(client: TestClient) -> None:
    found = answered(client, "How many agreements did Beijing and Tianjin sign in August 2014?")
    assert "signed six cooperation agreements" in found["sentences"][0]["text"]
    assert found["missing"] == []


@pytest.mark.shared
def test_which_agreements_were_signed_between_beijing_and_hebei(client: TestClient) -> None:
    found = answered(client, "Which agreements were signed between Beijing and Hebei?")
    first = found["sentences"][0]["text"]
    assert "Framework Agreement on Jointly Building Caofeidian" in first
    assert first.endswith("Memorandum of Cooperation on Transport Integration")
    assert "2019" not in first


@pytest.mark.shared
def test_what_do_k1_and_b_do_in_bm25(client: TestClient) -> None:
    found = answered(client, "What do k1 and b do in BM25?", "default")
    assert found["parts"] == ["What does k1 do in BM25?", "What does b do in BM25?"]
    told = {one["part"]: one["text"] for one in found["sentences"]}
    answered_parts = {0, 1} - set(found["unanswered"])
    assert answered_parts
    assert all(name in told[part] for part, name in enumerate(("k1", "b ")) if part in told)
    assert set(found["unanswered"]) == {0, 1} - set(told) or len(told) == 1


@pytest.mark.shared
def test_near_misses_of_the_article_are_not_held_probable(client: TestClient) -> None:
    probable = {one: answered(client, one)["answerability"] for one in NEAR_MISSES}
    high = {question: value for question, value in probable.items() if value >= 0.5}
    assert len(high) <= len(NEAR_MISSES) // 5, high


@pytest.mark.shared
def test_24_of_the_25_answers_hold_the_words_that_answer(client: TestClient, shared: Path) -> None:
    lines = (shared / "seed" / "questions.jsonl").read_text().splitlines()
    asked = [one for one in map(json.loads, lines) if one["quote"]]
    lost = [one["question"] for one in asked if one["quote"] not in _said(client, one["question"])]
    assert len(asked) == 25
    assert len(lost) <= 1, lost


def _said(client: TestClient, question: str) -> str:
    return " ".join(one["text"] for one in answered(client, question)["sentences"])
