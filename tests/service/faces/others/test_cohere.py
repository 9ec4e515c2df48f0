"""Cohere's Rerank API, called with Cohere's own client library."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import cohere
import httpx
import pytest
from cohere.core import ApiError
from starlette.testclient import TestClient

from index.library import Library
from service.faces.others.cohere import MAX_CHARACTERS, MAX_DOCUMENTS, PATH, RerankResponse
from tests.patience import PATIENCE, eventually
from tests.service.http_service import GatedEmbedder, app_of, assert_shape, live, served

DOCUMENTS = ["A ship lay in the harbour.", "The lamp was lit at dusk.", "Bread is baked at dawn."]
QUERY = "When was the lamp lit?"


@pytest.fixture
def http(library: Library) -> Iterator[httpx.Client]:
    with live(app_of(library)) as client:
        yield client


@pytest.fixture
def client_v2(http: httpx.Client) -> Iterator[cohere.ClientV2]:
    with httpx.Client(timeout=PATIENCE) as own:
        yield cohere.ClientV2(api_key="none", base_url=str(http.base_url).rstrip("/"), httpx_client=own)


def test_the_client_gets_the_documents_in_order(client_v2: cohere.ClientV2) -> None:
    found = client_v2.rerank(model="rerank-v3.5", query=QUERY, documents=DOCUMENTS)
    assert found.results[0].index == 1
    assert {one.index for one in found.results} == {0, 1, 2}
    scores = [one.relevance_score for one in found.results]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert found.id
    assert found.meta is not None
    assert found.meta.api_version is not None
    assert found.meta.api_version.version == "2"
    assert found.meta.warnings
    assert "model" in found.meta.warnings[0]


def test_only_the_first_are_returned(client_v2: cohere.ClientV2) -> None:
    found = client_v2.rerank(model="any", query=QUERY, documents=DOCUMENTS, top_n=1)
    assert [one.index for one in found.results] == [1]


def test_equal_documents_have_equal_scores(client_v2: cohere.ClientV2) -> None:
    found = client_v2.rerank(model="any", query=QUERY, documents=[*DOCUMENTS, DOCUMENTS[1]])
    scores = {one.index: one.relevance_score for one in found.results}
    assert scores[1] == scores[3] > scores[0]


def test_documents_may_be_objects_with_text(http: httpx.Client) -> None:
    documents = [{"text": text, "title": "lamp"} for text in DOCUMENTS]
    reply = http.post(PATH, json={"model": "any", "query": QUERY, "documents": documents}).json()
    assert_shape(RerankResponse, reply)
    assert cohere.V2RerankResponse.model_validate(reply, strict=True)
    assert reply["results"][0]["index"] == 1


def test_documents_are_cut_at_so_many_tokens(client_v2: cohere.ClientV2) -> None:
    documents = [f"{'Nothing to see here at all. ' * 3}{DOCUMENTS[1]}", DOCUMENTS[0]]

    def score(**options: int) -> float:
        found = client_v2.rerank(model="any", query=QUERY, documents=documents, **options)  # type: ignore[arg-type]
        (first,) = (one for one in found.results if one.index == 0)
        return first.relevance_score

    assert score(max_tokens_per_doc=6) < score(max_tokens_per_doc=100) == score()


def test_a_document_without_words_comes_last(client_v2: cohere.ClientV2) -> None:
    found = client_v2.rerank(model="any", query=QUERY, documents=["", DOCUMENTS[1]])
    assert [one.index for one in found.results] == [1, 0]
    assert found.results[1].relevance_score == 0.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"documents": []}, "documents"),
        ({"documents": ["a"] * (MAX_DOCUMENTS + 1)}, "documents"),
        ({"documents": ["lamp " * (MAX_CHARACTERS // 50)] * 11}, "characters"),
        ({"query": "?"}, "words"),
        ({"priority": 3}, "priority"),
        ({"top_n": 0}, "top_n"),
        ({"rank_fields": ["text"]}, "rank_fields"),
    ],
)
def test_what_is_refused_is_an_error_of_the_client(
    http: httpx.Client, client_v2: cohere.ClientV2, change: dict[str, Any], says: str
) -> None:
    body = {"model": "any", "query": QUERY, "documents": DOCUMENTS, **change}
    response = http.post(PATH, json=body)
    assert response.status_code == 422
    assert response.json().keys() == {"message", "id"}
    assert says in response.json()["message"]
    if change.keys() <= {"documents", "query"}:
        with pytest.raises(cohere.UnprocessableEntityError) as raised:
            client_v2.rerank(**body)
        assert isinstance(raised.value, ApiError)
        assert says in raised.value.body["message"]


def test_a_missing_key_and_other_methods_are_errors_of_the_client(library: Library) -> None:
    with live(app_of(library, api_key="sesame")) as http, httpx.Client(timeout=PATIENCE) as own:
        address = str(http.base_url).rstrip("/")
        stranger = cohere.ClientV2(api_key="wrong", base_url=address, httpx_client=own)
        with pytest.raises(cohere.UnauthorizedError) as unauthorized:
            stranger.rerank(model="any", query=QUERY, documents=DOCUMENTS)
        assert "API key" in unauthorized.value.body["message"]
        known = cohere.ClientV2(api_key="sesame", base_url=address, httpx_client=own)
        with pytest.raises(cohere.NotFoundError) as missing:
            known.embed(model="any", input_type="search_query", texts=["A lamp."])
        assert "There is no route /v2/embed" in missing.value.body["message"]


def test_nothing_of_the_texts_is_kept(client: TestClient, library: Library) -> None:
    client.post(PATH, json={"model": "any", "query": QUERY, "documents": DOCUMENTS})
    assert library.names() == []


def test_questions_are_answered_while_texts_wait_to_be_ranked(
    library: Library, embedder: GatedEmbedder
) -> None:
    body = {"model": "any", "query": QUERY, "documents": DOCUMENTS}
    with served(library, max_queue=2) as client:
        client.put("/v1/documents/a.txt?wait=true", content=DOCUMENTS[1])
        embedder.gate.clear()
        threads = [
            threading.Thread(target=client.post, args=(PATH,), kwargs={"json": {**body, "query": query}})
            for query in ("Lamp one?", "Lamp two?")
        ]
        for thread in threads:
            thread.start()
        permits = client.app.state.runtime.pools.ranking.permits  # type: ignore[attr-defined]
        eventually(lambda: permits.taken == 2)
        refused = client.post(PATH, json=body)
        assert refused.status_code == 429
        assert "message" in refused.json()
        embedder.gate.set()
        assert client.post("/v1/ask", json={"question": QUERY}).status_code == 200
        for thread in threads:
            thread.join()
