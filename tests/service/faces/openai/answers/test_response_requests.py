from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from index.library import Library
from tests.service.faces.openai.answers.answering import QUESTION, official_client

STORE = {"type": "file_search", "vector_store_ids": ["vs_default"]}


@pytest.fixture(scope="module")
def client(shared_library: Library) -> Iterator[OpenAI]:
    with official_client(shared_library) as client:
        yield client


def test_the_output_of_a_response_is_input_of_the_next_one(client: OpenAI) -> None:
    """As OpenAI documents conversations that are not kept: ``input += response.output``."""
    said: list[Any] = [{"role": "user", "content": QUESTION}]
    first = client.responses.create(model="loccit", input=said)
    assert [one.type for one in first.output] == ["file_search_call", "message"]
    said += [*first.output, {"role": "user", "content": "And how many steps of granite?"}]
    assert "199 steps" in client.responses.create(model="loccit", input=said).output_text


def test_items_of_others_are_refused_by_their_names(client: OpenAI) -> None:
    for item in (
        {"type": "function_call_output", "call_id": "a", "output": "b"},
        {"type": "item_reference", "id": "msg_1"},
    ):
        with pytest.raises(openai.BadRequestError, match=item["type"]) as raised:
            client.responses.create(model="loccit", input=[item])  # type: ignore[list-item]
        assert raised.value.param == "input"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", {"format": "text"}),
        ("text", {"format": ["text"]}),
        ("text", "text"),
        ("tool_choice", {"type": "function", "name": "delete"}),
        ("input", {"role": "user"}),
        ("input", [[]]),
        ("input", [{"type": ["message"], "role": "user", "content": "Who?"}]),
    ],
)
def test_a_field_of_a_wrong_type_is_refused_by_its_name(client: OpenAI, name: str, value: Any) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.create(**{"model": "loccit", "input": QUESTION, name: value})
    assert raised.value.param == name


def test_numbers_that_json_does_not_have_are_not_given_back(client: OpenAI) -> None:
    def sent(**fields: Any) -> Any:
        body = json.dumps({"model": "loccit", "input": QUESTION, **fields}).replace("Infinity", "1e999")
        http = client._client  # the transport of the library, with the address and the key
        return http.post("responses", content=body, headers={**headers, "content-type": "application/json"})

    headers = client.auth_headers
    assert sent(temperature=float("inf")).json()["error"]["param"] == "temperature"
    answer = sent(tools=[{**STORE, "filters": {"type": "lt", "key": "year", "value": float("inf")}}])
    assert json.loads(answer.text, parse_constant=pytest.fail)["tools"][0]["filters"]["value"] is None
