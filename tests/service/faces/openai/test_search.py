from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI
from openai.types import VectorStore

from index.library import Library
from tests.service.faces.openai.conftest import filled_store
from tests.service.http_service import app_of, live

QUESTION = "When was the lamp lit?"


@pytest.fixture(scope="module")
def service(shared_library: Library) -> Iterator[httpx.Client]:
    with live(app_of(shared_library)) as http:
        yield http


@pytest.fixture(scope="module")
def store(service: httpx.Client) -> VectorStore:
    with openai.OpenAI(base_url=f"{service.base_url}/v1", api_key="unused", max_retries=0) as client:
        return filled_store(client)


def test_hits_are_the_passages_of_an_answer(
    client: OpenAI, store: VectorStore, service: httpx.Client, address: str
) -> None:
    found = client.vector_stores.search(store.id, query=QUESTION).data
    asked = service.post("/v1/ask", json={"question": QUESTION, "collection": "manuals", "k": 10}).json()
    by_text = {one["text"]: one for one in asked["passages"]}
    assert {one.content[0].text for one in found} == by_text.keys()
    for hit in found:
        passage = by_text[hit.content[0].text]
        assert hit.score == passage["probability"]
        assert hit.model_extra is not None
        citation = passage["citation"]
        links = {name: f"{address.removesuffix('/v1')}{link}" for name, link in citation["links"].items()}
        assert hit.model_extra["citation"] == {**citation, "links": links}
        assert service.get(links["view"]).status_code == 200
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert found[0].filename == "lamp.txt"
    assert client.files.retrieve(found[0].file_id).filename == "lamp.txt"


def test_every_citation_can_be_checked(client: OpenAI, store: VectorStore) -> None:
    for hit in client.vector_stores.search(store.id, query=QUESTION).data:
        citation = (hit.model_extra or {})["citation"]
        (text,) = client.vector_stores.files.content(hit.file_id, vector_store_id=store.id).data
        assert (
            (text.text or "")[citation["start"] : citation["end"]] == citation["quote"] == hit.content[0].text
        )


def test_several_queries_are_merged(client: OpenAI, store: VectorStore) -> None:
    page = client.vector_stores.search(store.id, query=[QUESTION, "What was the cargo of the ship?"])
    assert {one.filename for one in page.data} == {"lamp.txt", "ship.txt"}
    places = [(one.file_id, one.content[0].text) for one in page.data]
    assert len(places) == len(set(places))
    single = {
        one.file_id: one.score
        for query in (QUESTION, "What was the cargo of the ship?")
        for one in client.vector_stores.search(store.id, query=query, max_num_results=1).data
    }
    for hit in page.data:
        assert hit.score >= single[hit.file_id]
    raw = client.vector_stores.with_raw_response.search(store.id, query=["a lamp", "a ship"]).http_response
    assert raw.json()["search_query"] == ["a lamp", "a ship"]
    raw = client.vector_stores.with_raw_response.search(store.id, query="a lamp").http_response
    assert raw.json()["search_query"] == ["a lamp"]
    assert (raw.json()["has_more"], raw.json()["next_page"]) == (False, None)


def test_at_most_so_many_hits_of_at_least_this_score(client: OpenAI, store: VectorStore) -> None:
    search = client.vector_stores.search
    everything = search(store.id, query=QUESTION).data
    assert len(everything) == 2
    assert search(store.id, query=QUESTION, max_num_results=1).data == everything[:1]
    threshold = (everything[0].score + everything[1].score) / 2
    for ranker in ("auto", "default-2024-11-15"):
        found = search(
            store.id,
            query=QUESTION,
            ranking_options={"ranker": ranker, "score_threshold": threshold},  # type: ignore[arg-type]
        )
        assert found.data == everything[:1]
    assert search(store.id, query=QUESTION, ranking_options={"score_threshold": 1.0}).data == []


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"type": "eq", "key": "kind", "value": "light"}, ["lamp.txt"]),
        ({"type": "ne", "key": "kind", "value": "light"}, ["ship.txt"]),
        ({"type": "gte", "key": "year", "value": 1900}, ["ship.txt"]),
        ({"type": "lt", "key": "year", "value": 1900.5}, ["lamp.txt"]),
        ({"type": "in", "key": "kind", "value": ["light", "trade"]}, ["lamp.txt", "ship.txt"]),
        ({"type": "nin", "key": "kind", "value": ["light"]}, ["ship.txt"]),
        (
            {
                "type": "and",
                "filters": [
                    {"type": "gt", "key": "year", "value": 1800},
                    {
                        "type": "or",
                        "filters": [
                            {"type": "eq", "key": "kind", "value": "trade"},
                            {"type": "lte", "key": "year", "value": 1},
                        ],
                    },
                ],
            },
            ["ship.txt"],
        ),
    ],
)
def test_filters_are_those_of_attributes(
    client: OpenAI, store: VectorStore, filters: Any, names: list[str]
) -> None:
    lamp, ship = client.vector_stores.files.list(store.id, order="asc").data
    update = client.vector_stores.files.update
    update(lamp.id, vector_store_id=store.id, attributes={"kind": "light", "year": 1859})
    update(ship.id, vector_store_id=store.id, attributes={"kind": "trade", "year": 1901})
    found = client.vector_stores.search(store.id, query="the lamp and the ship", filters=filters).data
    assert sorted(one.filename for one in found) == names
    assert all(one.attributes for one in found)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"query": ""}, "no words in it"),
        ({"query": []}, "query"),
        ({"query": 7}, "query"),
        ({"max_num_results": 51}, "max_num_results"),
        ({"max_num_results": 0}, "max_num_results"),
        ({"ranking_options": {"ranker": "none"}}, "always done"),
        ({"ranking_options": {"ranker": "mine"}}, "ranker"),
        ({"ranking_options": {"score_threshold": 2}}, "score_threshold"),
        ({"rewrite_query": True}, "as they are"),
        ({"filters": {"type": "near", "key": "a", "value": 1}}, "filter type"),
        ({"extra_body": {"top_k": 3}}, "top_k"),
    ],
)
def test_what_is_refused(client: OpenAI, store: VectorStore, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        client.vector_stores.search(store.id, **{"query": QUESTION, **wrong})


def test_what_has_no_effect_is_accepted(client: OpenAI, store: VectorStore) -> None:
    assert client.vector_stores.search(store.id, query=QUESTION, rewrite_query=False).data


def test_a_search_in_nothing(client: OpenAI) -> None:
    made = client.vector_stores.create(name="empty")
    assert client.vector_stores.search(made.id, query=QUESTION).data == []
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.search("vs_nothing", query=QUESTION)
