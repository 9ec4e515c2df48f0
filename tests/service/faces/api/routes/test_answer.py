from __future__ import annotations

import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.faces.api.schemas.answering import AnswerResponse
from service.flows.answer.wording import DECLINED
from tests.service.http_service import assert_error, assert_shape, put, served

LAMPS = (
    "The first lamp burned whale oil. Zinc reflectors threw its light nine miles out.\n\n"
    "Samuel Osgood kept the lamp from 1820 to 1841. His daughter Hannah kept it after him 👩‍🚒.\n\n"
    "The tower was built in 1819. It has 199 steps of granite."
)
BOTH = "When was the tower built, and what did the first lamp burn?"


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    put(client, "lamps.txt", LAMPS)
    return client


def answer(client: Any, question: str, **more: Any) -> dict[str, Any]:
    response = client.post("/v1/answer", json={"question": question, "min_answerability": 0, **more})
    assert response.status_code == 200, response.text
    assert_shape(AnswerResponse, response.json())
    found: dict[str, Any] = response.json()
    return found


def stream(client: Any, question: str, **more: Any) -> list[tuple[str, Any]]:
    """The events of an answer: their names and data."""
    body = {"question": question, "min_answerability": 0, "stream": True, **more}
    response = client.post("/v1/answer", json=body)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    events = []
    for block in response.text.split("\n\n")[:-1]:
        name, data = block.split("\n")
        events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


def test_the_answer_is_made_of_sentences_of_the_documents(filled: TestClient) -> None:
    found = answer(filled, "Who kept the lamp after Samuel Osgood?")
    assert found["mode"] == "extractive"
    assert (found["declined"], found["finish"]) == (False, "stop")
    assert found["sentences"]
    for number, sentence in enumerate(found["sentences"], 1):
        citation = sentence["citation"]
        assert sentence["status"] == "verbatim"
        assert sentence["marks"] == [number]
        assert LAMPS[citation["start"] : citation["end"]] == citation["quote"] == sentence["text"]
        assert found["answer"][sentence["start"] : sentence["end"]] == sentence["text"]
        assert found["sources"][number - 1] == citation
    rest = found["answer"]
    for sentence in found["sentences"]:
        rest = rest.replace(sentence["text"], "", 1)
    assert set(rest.split()) == {f"[{one['marks'][0]}]" for one in found["sentences"]}


def test_its_citations_can_be_looked_up(filled: TestClient) -> None:
    for sentence in answer(filled, "When was the tower built?")["sentences"]:
        citation = sentence["citation"]
        assert filled.get(citation["links"]["citation"]).json()["quote"] == sentence["text"]
        verified = filled.post("/v1/verify", json={"citations": [citation["locator"]]}).json()
        assert verified["citations"][0]["status"] == "verified"


def test_each_part_of_the_question_has_its_sentence(filled: TestClient) -> None:
    found = answer(filled, BOTH)
    assert found["parts"] == ["When was the tower built", "what did the first lamp burn?"]
    assert found["unanswered"] == []
    by_part = {one["part"]: one["text"] for one in found["sentences"]}
    assert by_part == {0: "The tower was built in 1819.", 1: "The first lamp burned whale oil."}


def test_it_declines_with_one_sentence_and_names_what_is_near(filled: TestClient) -> None:
    found = answer(filled, "When was the tower built?", min_answerability=1)
    assert (found["declined"], found["finish"], found["answer"]) == (True, "declined", DECLINED)
    assert found["sentences"] == []
    assert found["unanswered"] == [0]
    assert found["sources"] == [one["citation"] for one in found["passages"]] != []


def test_an_empty_collection_declines(client: TestClient) -> None:
    client.put("/v1/collections/default")
    found = answer(client, "When was the tower built?")
    assert (found["declined"], found["passages"], found["sources"]) == (True, [], [])


def test_the_threshold_is_the_operators_unless_the_request_has_one(library: Library) -> None:
    body: dict[str, Any] = {"question": "When was the tower built?"}
    for least in (0.0, 1.0):
        with served(library, min_answerability=least) as client:
            put(client, f"lamps{least}.txt", LAMPS)
            assert client.post("/v1/answer", json=body).json()["declined"] == (least == 1)
            other = client.post("/v1/answer", json={**body, "min_answerability": 1 - least}).json()
            assert other["declined"] == (least == 0)
            assert other["min_answerability"] == 1 - least


def test_sentences_limits_them(filled: TestClient) -> None:
    assert len(answer(filled, "lamp tower", sentences=1)["sentences"]) == 1
    body = {"question": "lamp", "sentences": 0}
    assert_error(filled.post("/v1/answer", json=body), 422, "invalid_request")


def test_a_stream_tells_the_same_piece_by_piece(filled: TestClient) -> None:
    whole = answer(filled, BOTH)
    events = stream(filled, BOTH)
    names = [name for name, _ in events]
    assert names == ["found", "delta", "sentence", "delta", "sentence", "finished"]
    text = "".join(data["text"] for name, data in events if name == "delta")
    assert text == whole["answer"]
    assert [data for name, data in events if name == "sentence"] == whole["sentences"]
    finished = events[-1][1]
    assert {**finished, "timings_ms": 0} == {**whole, "timings_ms": 0}
    assert events[0][1]["passages"] == whole["passages"]


def test_a_stream_that_declines(filled: TestClient) -> None:
    events = stream(filled, BOTH, min_answerability=1)
    assert [name for name, _ in events] == ["found", "delta", "finished"]
    assert events[-1][1]["declined"]


def test_errors_come_before_the_stream(filled: TestClient) -> None:
    body = {"question": "Who?", "stream": True, "collection": "nowhere"}
    assert_error(filled.post("/v1/answer", json=body), 404, "collection_not_found")
    assert_error(filled.post("/v1/answer", json={"question": "?"}), 422, "empty_question")
    assert_error(filled.post("/v1/answer", json={"question": "Who?", "k": 101}), 422, "invalid_limit")


def test_without_a_model_nothing_is_written(filled: TestClient) -> None:
    body = {"question": "Who lit the lamp?", "mode": "written"}
    message = assert_error(filled.post("/v1/answer", json=body), 422, "invalid_request")
    assert "LOCCIT_WRITER_URL" in message


def test_a_follow_up_is_understood_by_the_turns_before(client: TestClient) -> None:
    put(client, "lamp.txt", "The lamp was made of brass. It weighs nine pounds.")
    put(client, "bell.txt", "The bell was made of bronze. It weighs ninety pounds.")
    turns = [
        {"role": "user", "text": "What was the bell made of?"},
        {"role": "assistant", "text": "The bell was made of bronze."},
    ]
    found = answer(client, "How many pounds does it weigh?", turns=turns, k=1)
    assert found["passages"][0]["citation"]["document_id"] == "bell.txt"


def test_a_filter_and_a_past_change_hold(filled: TestClient) -> None:
    put(filled, "other.txt", "The tower was built in 1919.", metadata={"year": 1919})
    where = {"type": "eq", "key": "year", "value": 1919}
    (one,) = answer(filled, "When was the tower built?", filter=where)["sentences"]
    assert one["text"] == "The tower was built in 1919."
    before = answer(filled, "When was the tower built?", as_of=1)
    assert {one["citation"]["document_id"] for one in before["sentences"]} == {"lamps.txt"}


def test_parts_count_towards_the_rate_limit(library: Library) -> None:
    with served(library, rate_limit="60:20", api_key="secret") as client:
        client.headers["authorization"] = "Bearer secret"
        put(client, "lamps.txt", LAMPS)
        before = left(client)
        answer(client, BOTH)
        assert before - left(client) == 4  # the question, its two parts, and the list


def left(client: TestClient) -> int:
    """Requests that the key has left, after one for the list."""
    (found,) = re.findall(r"r=(\d+)", client.get("/v1/collections").headers["ratelimit"])
    return int(found)
