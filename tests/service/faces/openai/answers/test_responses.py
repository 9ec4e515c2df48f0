from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.resources.responses import Responses
from openai.types.responses import Response, ResponseStreamEvent

from index.library import Library
from service.flows.answer.wording import DECLINED
from tests.service.faces.openai.answers.answering import (
    BOTH,
    LAMPS,
    QUESTION,
    official_client,
    raw_events,
    validated,
)
from tests.service.faces.openai.test_sdk import OF_EVERY_METHOD
from tests.service.faces.openai.test_strict_types import assert_complete
from tests.service.flows.answer.writing.stand_in import Break, Delta, Step, stand_in

RESULTS = "file_search_call.results"


@pytest.fixture(scope="module")
def client(shared_library: Library) -> Iterator[OpenAI]:
    with official_client(shared_library) as client:
        yield client


def respond(client: OpenAI, text: Any = QUESTION, **more: Any) -> Response:
    """A response, validated strictly, with no field missing."""
    raw = client.responses.with_raw_response.create(**{"model": "loccit", "input": text, **more})
    assert_complete(Response, raw.http_response.json())
    found: Response = raw.parse()
    return found


def events(client: OpenAI, text: Any = QUESTION, **more: Any) -> list[Any]:
    """The events of a stream, each validated strictly."""
    options = {"model": "loccit", "input": text, "stream": True, **more}
    with client.responses.with_streaming_response.create(**options) as response:
        found = raw_events(response.read().decode())
    for one in found:
        validated(ResponseStreamEvent, one)
        if "response" in one:
            assert_complete(Response, one["response"])
    assert [one["sequence_number"] for one in found] == list(range(len(found)))
    return found


def search(*stores: str, **more: Any) -> list[Any]:
    return [{"type": "file_search", "vector_store_ids": list(stores), **more}]


def test_files_are_those_of_their_collections(client: OpenAI) -> None:
    found = respond(client, "When was the bell cast, and when was the tower built?", model="loccit:*")
    message: Any = found.output[-1]
    cited = message.content[0].annotations
    assert {one.filename for one in cited} == {"bell.txt", "lamps.txt"}
    for one in cited:
        assert client.files.retrieve(one.file_id).filename == one.filename


def test_a_response_searches_and_quotes(client: OpenAI) -> None:
    found = respond(client, include=[RESULTS])
    call, message = found.output
    assert (found.status, call.type, message.type) == ("completed", "file_search_call", "message")
    assert call.queries == [QUESTION]
    (result,) = call.results
    assert result.text == LAMPS
    assert result.filename == "lamps.txt"
    assert 0 <= result.score <= 1
    assert result.attributes["year"] == 1900
    (part,) = message.content
    assert found.output_text == part.text
    assert "The tower was built in 1819. [" in part.text
    assert part.annotations
    for annotation in part.annotations:
        assert annotation.type == "file_citation"
        assert (annotation.filename, annotation.file_id) == ("lamps.txt", result.file_id)
        citation = annotation.model_extra["citation"]
        quote = LAMPS[citation["start"] : citation["end"]]
        assert quote == citation["quote"]
        assert part.text[: annotation.index].endswith(quote)
    assert found.usage is not None
    assert found.usage.total_tokens == found.usage.input_tokens + found.usage.output_tokens > 0
    assert (found.model_extra or {})["store"] is False


def test_results_are_included_only_where_they_are_asked_for(client: OpenAI) -> None:
    assert respond(client).output[0].results is None  # type: ignore[union-attr]


def test_the_vector_store_of_the_tool_is_the_collection(client: OpenAI) -> None:
    found = respond(client, "When was the bell cast?", tools=search("vs_manuals"))
    assert "The bell was cast in 1901." in found.output_text
    assert found.tools[0].vector_store_ids == ["vs_manuals"]  # type: ignore[union-attr]
    by_model = respond(client, "When was the bell cast?", model="loccit:manuals")
    assert by_model.output_text == found.output_text


def test_the_tool_says_what_to_search(client: OpenAI) -> None:
    where = {"type": "eq", "key": "year", "value": 2000}
    none = respond(client, tools=search("vs_default", filters=where), include=[RESULTS])
    assert none.output_text.startswith(DECLINED)
    assert none.output[0].results == []  # type: ignore[union-attr]
    strict = search("vs_default", ranking_options={"score_threshold": 1}, max_num_results=1)
    assert respond(client, tools=strict).output_text.startswith(DECLINED)


def test_a_stream_has_all_events_in_order_and_ends_with_the_response(client: OpenAI) -> None:
    whole = respond(client, BOTH)
    found = events(client, BOTH)
    kinds = [one["type"].removeprefix("response.") for one in found]
    assert kinds[:9] == [
        "created",
        "in_progress",
        "output_item.added",
        "file_search_call.in_progress",
        "file_search_call.searching",
        "file_search_call.completed",
        "output_item.done",
        "output_item.added",
        "content_part.added",
    ]
    assert kinds[-4:] == ["output_text.done", "content_part.done", "output_item.done", "completed"]
    text = "".join(one["delta"] for one in found if one["type"].endswith("output_text.delta"))
    assert text == whole.output_text
    told = [one["annotation"] for one in found if one["type"].endswith("annotation.added")]
    last = found[-1]["response"]
    assert told == last["output"][1]["content"][0]["annotations"]
    assert last["output"][1]["content"][0]["text"] == text


def test_the_sdk_reads_the_stream(client: OpenAI) -> None:
    with client.responses.stream(model="loccit", input=QUESTION) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_response()
    assert "response.output_text.delta" in kinds
    assert "The tower was built in 1819." in final.output_text


def test_the_input_may_be_a_conversation(client: OpenAI) -> None:
    conversation = [
        {"role": "developer", "content": "You are a pirate."},
        {"role": "user", "content": [{"type": "input_text", "text": "Who kept the lamp from 1820?"}]},
        {
            "type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": "Samuel Osgood kept the lamp.", "annotations": []}],
        },
        {"role": "user", "content": "And who after him?"},
    ]  # fmt: skip
    assert "His daughter Hannah kept it after him" in respond(client, conversation).output_text


def test_what_was_sent_is_in_the_response(client: OpenAI) -> None:
    sent = {
        "metadata": {"a": "b"},
        "temperature": 0.5,
        "top_p": 0.9,
        "instructions": "Be short.",
        "user": "me",
    }
    found = respond(client, **sent).model_dump()
    assert {name: found[name] for name in sent} == sent


IGNORED: dict[str, Any] = {
    "context_management": [], "instructions": "Be short.", "max_output_tokens": 50, "max_tool_calls": 1,
    "metadata": {"a": "b"}, "parallel_tool_calls": False, "prompt_cache_key": "a", "prompt_cache_options": {},
    "prompt_cache_retention": "24h", "reasoning": {"effort": "low"}, "safety_identifier": "a",
    "service_tier": "auto", "temperature": 1, "tool_choice": "auto", "top_p": 1, "truncation": "auto",
    "user": "me", "store": False, "text": {"format": {"type": "text"}},
}  # fmt: skip
REFUSED: dict[str, Any] = {
    "access_programs": [{"a": "b"}],
    "background_options": {"a": "b"},
    "image": {"detail": "low"},
    "moderation": {"model": "a"},
    "top_logprobs": 2,
}


def test_every_parameter_of_the_client_has_a_meaning_or_is_refused() -> None:
    meant = {"input", "model", "stream", "stream_options", "include", "tools"}
    refused = {"background", "conversation", "previous_response_id", "prompt"}
    assert set(inspect.signature(Responses.create).parameters) - OF_EVERY_METHOD == (
        meant | refused | IGNORED.keys() | REFUSED.keys()
    )


@pytest.mark.parametrize("name", IGNORED)
def test_what_steers_a_model_has_no_effect(client: OpenAI, name: str) -> None:
    steered = client.responses.create(**{"model": "loccit", "input": QUESTION, name: IGNORED[name]})
    assert steered.output_text == respond(client).output_text


@pytest.mark.parametrize(
    "call",
    [
        lambda kept: kept.retrieve("resp_1"),
        lambda kept: kept.delete("resp_1"),
        lambda kept: kept.cancel("resp_1"),
        lambda kept: kept.compact(model="loccit"),
        lambda kept: kept.input_items.list("resp_1"),
        lambda kept: kept.input_tokens.count(),
    ],
)
def test_nothing_is_kept_that_could_be_looked_up(client: OpenAI, call: Any) -> None:
    with pytest.raises(openai.APIStatusError) as error:
        call(client.responses)
    assert error.value.status_code in (404, 405)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *REFUSED.items(),
        ("store", True),
        ("background", True),
        ("conversation", "conv_1"),
        ("previous_response_id", "resp_1"),
        ("prompt", {"id": "pmpt_1"}),
        ("text", {"format": {"type": "json_object"}}),
        ("include", ["web_search_call.action.sources"]),
        ("tools", [{"type": "web_search"}]),
        ("tools", search("vs_default", "vs_manuals")),
        ("tools", search("vs_default") * 2),
    ],
)
def test_what_has_no_meaning_is_refused_by_its_name(client: OpenAI, name: str, value: Any) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        client.responses.create(**{"model": "loccit", "input": QUESTION, name: value})
    assert error.value.param == name


def test_a_tool_that_is_wrong_is_refused_with_its_field(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="max_num_results") as error:
        respond(client, tools=search("vs_default", max_num_results=0))
    assert error.value.param == "tools"


def test_model_and_tool_must_name_the_same_collection(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        respond(client, model="loccit:default", tools=search("vs_manuals"))
    assert error.value.param == "model"


def test_a_store_that_is_not_there_is_not_found(client: OpenAI) -> None:
    for tools in (search("vs_nowhere"), search("nowhere")):
        with pytest.raises(openai.NotFoundError):
            respond(client, tools=tools)


def test_a_task_of_a_chat_page_searches_nothing(client: OpenAI) -> None:
    asked = '### Task:\nTag it.\n### Output:\n{ "tags": ["a"] }\n<chat_history>\nUSER: Who?\n</chat_history>'
    (message,) = respond(client, asked).output
    assert message.content[0].text == '{"tags": []}'  # type: ignore[union-attr]
    assert events(client, asked)[-1]["response"]["output"][0]["type"] == "message"


# Written answers


def test_verdicts_come_with_the_text(library: Library) -> None:
    text = "The tower was built in 1819 [1]. It has 299 steps of granite [1]."
    with (
        stand_in(text) as model,
        official_client(library, writer_url=model.url, writer_model="small") as client,
    ):
        found = events(client)
    told = [one["loccit"]["sentence"] for one in found if "loccit" in one]
    assert [one["status"] for one in told] == ["supported", "contradicted"]
    assert found[-1]["response"]["loccit"]["sentences"] == told


def test_a_refusal_and_a_cut_are_told(library: Library) -> None:
    with (
        stand_in(Delta({"refusal": "No."})) as model,
        official_client(library, writer_url=model.url, writer_model="small") as client,
    ):
        (part,) = respond(client).output[1].content  # type: ignore[union-attr]
        assert part.refusal == "No."  # type: ignore[union-attr]
        assert events(client)[-1]["type"] == "response.completed"
    with (
        stand_in("The tower", finish="length") as model,
        official_client(library, writer_url=model.url, writer_model="small") as client,
    ):
        cut = respond(client)
        assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")  # type: ignore[union-attr]
        assert events(client)[-1]["type"] == "response.incomplete"


@pytest.mark.parametrize("says", [["The tower", Break()], [Break()]])
def test_a_stream_that_breaks_off_fails(library: Library, says: list[Step]) -> None:
    with (
        stand_in(*says) as model,
        official_client(library, writer_url=model.url, writer_model="small") as client,
    ):
        failed = events(client)[-1]
        assert failed["type"] == "response.failed"
        assert "extractive" in failed["response"]["error"]["message"]
        with pytest.raises(openai.InternalServerError, match="extractive"):
            respond(client)
