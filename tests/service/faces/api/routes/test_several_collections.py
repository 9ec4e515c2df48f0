"""One question to several collections: one ranking, whose citations are each of their own collection."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.embedding import Models, WordEmbedder
from index.library import Library
from service.faces.api.schemas.answering import AnswerResponse
from service.faces.api.schemas.answers import AskResponse, BatchResponse
from service.flows.ask.planning import MAX_COLLECTIONS
from service.state.identity import KeyOptions, Scope, new_key
from tests.service.http_service import assert_error, put, served, success

LAMPS = "The lamp was lit at dusk by the keeper. Oil lamps need a wick and oil."
SHIPS = "The ship left the harbour at dawn. Its captain slept in the cabin."
RULES = "The lamp of a ship is lit by the mate at sunset."
ASKED = "Who lit the lamp at dusk?"
BOTH = "Who lit the lamp at dusk, and when did the ship leave the harbour?"


def fill(client: TestClient) -> TestClient:
    for name in ("lamps", "ships", "rules"):
        assert client.put(f"/v1/collections/{name}").status_code == 201
    put(client, "a.txt", LAMPS, collection="lamps")
    put(client, "a.txt", SHIPS, collection="ships")
    put(client, "rules/a.txt", RULES, collection="rules")
    return client


@pytest.fixture(scope="module")
def filled(shared_client: TestClient) -> TestClient:
    return fill(shared_client)


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        yield library


def ask(client: Any, question: str = ASKED, **more: Any) -> dict[str, Any]:
    return success(client.post("/v1/ask", json={"question": question, **more}), AskResponse)


def answer(client: Any, question: str, **more: Any) -> dict[str, Any]:
    body = {"question": question, "min_answerability": 0, **more}
    return success(client.post("/v1/answer", json=body), AnswerResponse)


def collections_of(told: dict[str, Any]) -> list[str]:
    return [one["citation"]["collection"] for one in told["passages"]]


def made(client: TestClient, scope: Scope = Scope.READ, **options: Any) -> dict[str, str]:
    """The headers of a new key."""
    token, key = new_key("a program", scope, KeyOptions(**options))
    client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
    return {"authorization": f"Bearer {token}"}


def test_the_passages_of_all_collections_are_in_one_ranking(filled: TestClient) -> None:
    told = ask(filled, collections=["ships", "lamps", "rules"])
    assert collections_of(told)[0] == "lamps"
    assert set(collections_of(told)) == {"ships", "lamps", "rules"}
    assert [one["rank"] for one in told["passages"]] == [1, 2, 3]
    scores = [one["score"] for one in told["passages"]]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[-1] < scores[0] < 1
    assert len(ask(filled, collections=["ships", "lamps", "rules"], k=2)["passages"]) == 2


def test_the_answerability_is_that_of_the_collection_that_answers_best(filled: TestClient) -> None:
    alone = {name: ask(filled, collection=name) for name in ("ships", "lamps")}
    told = ask(filled, collections=["ships", "lamps"])
    assert {one["name"]: one["answerability"] for one in told["collections"]} == {
        name: one["answerability"] for name, one in alone.items()
    }
    assert told["answerability"] == alone["lamps"]["answerability"] > alone["ships"]["answerability"]
    assert told["index"] == alone["lamps"]["index"]
    assert told["mentioned"] == alone["lamps"]["mentioned"]


def test_one_collection_says_the_same_by_either_name(filled: TestClient) -> None:
    alone, several = ask(filled, collection="lamps"), ask(filled, collections=["lamps"])
    for told in (alone, several):
        del told["timings_ms"]
        for passage in told["passages"]:
            del passage["score"]
    assert alone == several
    assert alone["collections"] == [
        {"name": "lamps", "answerability": alone["answerability"], "index": alone["index"]}
    ]


def test_each_citation_resolves_in_its_collection(filled: TestClient) -> None:
    told = ask(filled, collections=["ships", "lamps", "rules"])
    for passage in told["passages"]:
        cited = passage["citation"]
        assert f"collection={cited['collection']}" in cited["links"]["citation"]
        found = filled.get(cited["links"]["citation"]).json()
        assert (found["quote"], found["collection"]) == (passage["text"], cited["collection"])
        text = filled.get(cited["links"]["text"]).text
        assert text[cited["start"] : cited["end"]] == cited["quote"]
        assert filled.get(cited["links"]["view"]).status_code == 200


def test_a_batch_asks_each_question_of_each_collection(filled: TestClient) -> None:
    body = {"questions": [ASKED, "When did the ship leave?"], "collections": ["ships", "lamps"], "k": 1}
    first, second = success(filled.post("/v1/ask", json=body), BatchResponse)["results"]
    assert (collections_of(first), collections_of(second)) == (["lamps"], ["ships"])


def test_an_answer_has_sentences_of_several_collections(filled: TestClient) -> None:
    told = answer(filled, BOTH, collections=["ships", "lamps"])
    found = {one["citation"]["collection"]: one["text"] for one in told["sentences"]}
    assert found == {
        "lamps": "The lamp was lit at dusk by the keeper.",
        "ships": "The ship left the harbour at dawn.",
    }
    for cited in told["sources"]:
        assert filled.get(cited["links"]["citation"]).json()["quote"] == cited["quote"]


def test_an_answer_of_several_collections_is_streamed(filled: TestClient) -> None:
    body = {"question": BOTH, "collections": ["ships", "lamps"], "min_answerability": 0, "stream": True}
    events = filled.post("/v1/answer", json=body).text
    assert '"collection":"ships"' in events
    assert "event: finished" in events


def test_what_does_not_answer_is_withheld(filled: TestClient) -> None:
    told = ask(filled, "Does the zeppelin quack?", collections="*", min_answerability=0.9)
    assert told["passages"] == []
    assert told["withheld"]
    assert answer(filled, "Does the zeppelin quack?", collections="*", min_answerability=0.9)["declined"]


def test_several_collections_are_asked_as_of_a_time(client: TestClient) -> None:
    fill(client)
    changes = {name: ask(client, collection=name)["index"]["change"] for name in ("lamps", "ships", "rules")}
    then = datetime.now(UTC).isoformat()
    put(client, "a.txt", "The lamp was lit at noon by a stranger.", collection="lamps")
    put(client, "b.txt", "The mate lit the lamp at dusk, not the keeper.", collection="rules")
    now = ask(client, collections="*")
    past = ask(client, collections="*", as_of=then)
    assert {one["name"]: one["index"]["change"] for one in past["collections"]} == changes
    assert "by the keeper" in past["passages"][0]["text"]
    assert "b.txt" not in [one["citation"]["document_id"] for one in past["passages"]]
    assert "b.txt" in [one["citation"]["document_id"] for one in now["passages"]]
    assert answer(client, ASKED, collections=["lamps", "rules"], as_of=then)["sentences"][0]["text"] in LAMPS
    batch = client.post("/v1/ask", json={"questions": [ASKED, BOTH], "collections": "*", "as_of": then})
    assert batch.json()["results"][0]["passages"] == past["passages"]
    assert ask(client, collections="*", as_of="2001-01-01T00:00:00Z")["passages"] == []


REFUSED = {
    "an empty list": ({"collections": []}, "invalid_limit", "Name 1 to 16"),
    "too many": (
        {"collections": [f"c{at}" for at in range(MAX_COLLECTIONS + 1)]},
        "invalid_limit",
        "there are 17",
    ),
    "both": ({"collections": ["lamps"], "collection": "lamps"}, "invalid_request", "either collection or"),
    "no list": ({"collections": "lamps"}, "invalid_request", "collections"),
    "an earlier change": ({"collections": "*", "as_of": 1}, "invalid_request", "as_of: not possible"),
    "a time to come": (
        {"collections": "*", "as_of": "2999-01-01T00:00:00Z"},
        "invalid_request",
        "as_of: this time is yet to come",
    ),
    "a change": (
        {"collections": ["lamps", "ships"], "at_least_change": 1},
        "invalid_request",
        "at_least_change: not possible",
    ),
}


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/answer"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_asked_says_what_can(filled: TestClient, path: str, case: str) -> None:
    fields, code, said = REFUSED[case]
    response = filled.post(path, json={"question": ASKED, **fields})
    assert said in assert_error(response, 422, code)


def test_a_collection_in_the_query_does_not_go_with_several(filled: TestClient) -> None:
    for name in ("default", "lamps"):
        body = {"question": ASKED, "collections": ["lamps"]}
        response = filled.post("/v1/ask", json=body, params={"collection": name})
        assert "Give either" in assert_error(response, 422, "invalid_request")


def test_an_unknown_collection_is_not_found(filled: TestClient) -> None:
    for names in (["lamps", "nowhere"], ["nowhere", "lamps"]):
        response = filled.post("/v1/ask", json={"question": ASKED, "collections": names})
        assert "'nowhere'" in assert_error(response, 404, "collection_not_found")


def test_a_service_without_collections_has_nothing_to_ask(client: TestClient) -> None:
    response = client.post("/v1/ask", json={"question": ASKED, "collections": "*"})
    assert_error(response, 404, "collection_not_found")


def test_more_collections_than_are_asked_at_once_are_to_be_named(changing: Library) -> None:
    with served(changing) as client:
        for at in range(MAX_COLLECTIONS + 1):
            client.put(f"/v1/collections/c{at}")
        response = client.post("/v1/ask", json={"question": ASKED, "collections": "*"})
        assert "there are 17" in assert_error(response, 422, "invalid_limit")
        headers = made(client, collections=["c1", "c2"])
        body = {"question": ASKED, "collections": "*"}
        told = client.post("/v1/ask", json=body, headers=headers).json()
        assert [one["name"] for one in told["collections"]] == ["c1", "c2"]


def test_each_collection_counts_as_a_question(changing: Library) -> None:
    with served(changing, api_key="correct-horse") as client:
        client.headers["authorization"] = "Bearer correct-horse"
        fill(client)
        headers = made(client, rate="1:4")
        body = {"question": ASKED, "collections": ["ships", "lamps", "ships"]}
        left = [client.post("/v1/ask", json=body, headers=headers).status_code for _ in range(3)]
        assert left == [200, 200, 429]
        headers = made(client, rate="1:4")
        everything = {"question": ASKED, "collections": "*"}
        left = [client.post("/v1/ask", json=everything, headers=headers).status_code for _ in range(2)]
        assert left == [200, 429]


def test_a_question_is_unanswered_when_no_collection_answers(changing: Library) -> None:
    with served(changing, keep_unanswered_days=30) as client:
        fill(client)
        ask(client, "Does the zeppelin of Valparaiso quack?", collections=["ships", "lamps"])
        ask(client, ASKED, collections=["ships", "lamps"])
        told = [client.get(f"/v1/gaps?collection={one}").json() for one in ("ships", "lamps")]
        (gap,) = [one for some in told for one in some["gaps"]]
        assert gap["question"] == "Does the zeppelin of Valparaiso quack?"


def test_collections_of_other_models_are_in_the_ranking(tmp_path: Path) -> None:
    models = Models(lambda: WordEmbedder(256), name="256", load=lambda name, _: WordEmbedder(int(name)))
    settings = {"model": "256", "allowed_models": "64"}
    with Library(tmp_path, embedder=models) as library, served(library, **settings) as client:
        fill(client)
        client.put("/v1/collections/small", json={"model": "64"})
        put(client, "b.txt", "Ann lit the lamp at dusk.", collection="small")
        told = ask(client, "Who lit the lamp at dusk?", collections=["ships", "small"])
        assert collections_of(told) == ["small", "ships"]
        dense = [one["explain"]["dense"]["score"] for one in told["passages"]]
        assert dense[0] > dense[1]
