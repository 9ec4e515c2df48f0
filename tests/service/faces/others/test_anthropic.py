"""A ready tool result for Claude, held against the types of Anthropic's own client library.

It is imported where it is needed: that takes long, and every process of tests reads this file.
"""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from service.faces.others.anthropic import PATH, ToolResultResponse
from tests.service.http_service import assert_error, assert_shape

TEXT = "# Lamps\n\nThe lamp was lit at dusk. The keeper slept. Oil lamps need a wick.\n"
ASKED = {"tool_use_id": "toolu_01A", "question": "When was the lamp lit?"}


@pytest.fixture
def lamps(client: TestClient) -> TestClient:
    client.put("/v1/documents/lamps.md?wait=true", content=TEXT)
    return client


def test_the_block_is_one_that_anthropics_client_takes(lamps: TestClient) -> None:
    from anthropic.types import ToolResultBlockParam

    reply = lamps.post(PATH, json=ASKED).json()
    assert_shape(ToolResultResponse, reply)
    block = reply["tool_result"]
    assert TypeAdapter(ToolResultBlockParam).validate_python(block, strict=True)
    assert (block["type"], block["tool_use_id"]) == ("tool_result", "toolu_01A")
    (result,) = block["content"]
    assert result["type"] == "search_result"
    assert result["citations"] == {"enabled": True}
    assert [one["text"] for one in result["content"]] == [
        "The lamp was lit at dusk.",
        "The keeper slept.",
        "Oil lamps need a wick.",
    ]


def test_what_claude_cites_by_block_is_a_span_of_the_document(lamps: TestClient) -> None:
    reply = lamps.post(PATH, json=ASKED).json()
    (result,), (cited,) = reply["tool_result"]["content"], reply["citations"]
    text = lamps.get(cited["citation"]["links"]["text"]).text
    assert [text[start:end] for start, end in cited["blocks"]] == [one["text"] for one in result["content"]]
    # A search_result_location of the blocks 1 to 3:
    start, end = cited["blocks"][1][0], cited["blocks"][2][1]
    locator = f"{cited['citation']['locator'].rpartition(':')[0]}:{start}-{end}"
    assert lamps.get(f"/v1/citations/{locator}").json()["quote"] == "The keeper slept. Oil lamps need a wick."


def test_without_passages_the_result_says_so(lamps: TestClient) -> None:
    from anthropic.types import ToolResultBlockParam

    reply = lamps.post(PATH, json={**ASKED, "min_answerability": 1.0}).json()
    (block,) = reply["tool_result"]["content"]
    assert block["type"] == "text"
    assert "probability" in block["text"]
    lamps.put("/v1/collections/empty")
    reply = lamps.post(PATH, json={**ASKED, "collection": "empty"}).json()
    assert reply["tool_result"]["content"][0]["type"] == "text"
    assert TypeAdapter(ToolResultBlockParam).validate_python(reply["tool_result"], strict=True)
    assert reply["citations"] == []


@pytest.mark.parametrize("change", [{"question": None, "questions": ["A?"]}, {"formats": ["plain"]}])
def test_it_takes_one_question_without_formats(lamps: TestClient, change: dict[str, object]) -> None:
    body = {name: value for name, value in {**ASKED, **change}.items() if value is not None}
    assert "one question" in assert_error(lamps.post(PATH, json=body), 422, "invalid_request")


def test_a_char_location_of_a_passage_is_one_of_anthropics(lamps: TestClient) -> None:
    from anthropic.types import CitationCharLocation

    body = {"question": ASKED["question"], "formats": ["anthropic_char_location"]}
    (passage,) = lamps.post("/v1/ask", json=body).json()["passages"]
    location = passage["formats"]["anthropic_char_location"]
    read = CitationCharLocation.model_validate(location, strict=True)
    assert read.model_dump() == location
    text = lamps.get(passage["citation"]["links"]["text"]).text
    assert text[read.start_char_index : read.end_char_index] == read.cited_text
