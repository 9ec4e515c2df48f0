from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.resources.chat import Completions
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from index.library import Library
from service.flows.answer.wording import DECLINED, NOT_CONFIRMED
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


@pytest.fixture(scope="module")
def client(shared_library: Library) -> Iterator[OpenAI]:
    with official_client(shared_library) as client:
        yield client


def user(text: Any) -> Any:
    return [{"role": "user", "content": text}]


def complete(client: OpenAI, text: Any = QUESTION, **more: Any) -> ChatCompletion:
    """A completion, validated strictly, with no field missing."""
    options = {"model": "loccit", "messages": user(text), **more}
    raw = client.chat.completions.with_raw_response.create(**options)
    assert_complete(ChatCompletion, raw.http_response.json())
    found: ChatCompletion = raw.parse()
    return found


def chunks(client: OpenAI, text: Any = QUESTION, **more: Any) -> list[ChatCompletionChunk]:
    """The chunks of a stream, each validated strictly."""
    options = {"model": "loccit", "messages": user(text), "stream": True, **more}
    with client.chat.completions.with_streaming_response.create(**options) as response:
        *events, last = raw_events(response.read().decode())
    assert last == "[DONE]"
    return [validated(ChatCompletionChunk, one) for one in events]


def test_a_completion_quotes_the_documents(client: OpenAI) -> None:
    found = complete(client)
    (choice,) = found.choices
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    content, annotations = choice.message.content or "", choice.message.annotations or []
    assert "The tower was built in 1819. [" in content
    assert annotations
    extra = found.model_extra or {}
    for annotation, citation in zip(annotations, extra["citations"], strict=True):
        cited = annotation.url_citation
        quote = content[cited.start_index : cited.end_index]
        assert quote == citation["quote"] == LAMPS[citation["start"] : citation["end"]]
        assert cited.url == citation["links"]["view"]
        assert cited.url.startswith("http://127.0.0.1:")
        assert client._client.get(cited.url, headers={"authorization": "Bearer secret"}).status_code == 200
    assert extra["loccit"]["mode"] == "extractive"
    assert extra["loccit"]["answerability"] > 0
    usage = found.usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0


def test_a_model_is_a_collection(client: OpenAI) -> None:
    found = complete(client, "When was the bell cast?", model="loccit:manuals")
    assert found.model == "loccit:manuals"
    assert "The bell was cast in 1901." in (found.choices[0].message.content or "")


@pytest.mark.parametrize("model", ["loccit:default,manuals", "loccit:*"])
def test_a_model_may_be_several_collections(client: OpenAI, model: str) -> None:
    found = complete(client, "When was the bell cast, and when was the tower built?", model=model)
    content = found.choices[0].message.content or ""
    assert "The bell was cast in 1901." in content
    assert "The tower was built in 1819." in content
    citations = (found.model_extra or {})["citations"]
    assert {one["collection"] for one in citations} == {"default", "manuals"}
    secret = {"authorization": "Bearer secret"}
    for one in found.choices[0].message.annotations or []:
        assert client._client.get(one.url_citation.url, headers=secret).status_code == 200
    assert "loccit:*" in {one.id for one in client.models.list()}


def test_an_unknown_one_of_several_collections_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="nowhere"):
        complete(client, model="loccit:default,nowhere")


def test_a_stream_has_the_same_text_and_annotations(client: OpenAI) -> None:
    whole = complete(client, BOTH)
    found = chunks(client, BOTH)
    assert {one.id for one in found} == {found[0].id}
    assert found[0].choices[0].delta.role == "assistant"
    text = "".join(one.choices[0].delta.content or "" for one in found)
    assert text == whole.choices[0].message.content
    assert [one.choices[0].finish_reason for one in found] == [None] * (len(found) - 1) + ["stop"]
    told = [(one.choices[0].delta.model_extra or {}).get("annotations", []) for one in found]
    whole_annotations = [one.model_dump() for one in whole.choices[0].message.annotations or []]
    assert [one for some in told for one in some] == whole_annotations
    assert (found[-1].model_extra or {})["citations"] == (whole.model_extra or {})["citations"]


def test_the_usage_of_a_stream_comes_where_it_is_asked_for(client: OpenAI) -> None:
    whole = complete(client)
    found = chunks(client, stream_options={"include_usage": True})
    assert [one.usage for one in found[:-1]] == [None] * (len(found) - 1)
    assert (found[-1].choices, found[-1].usage) == ([], whole.usage)


def test_the_sdk_reads_the_stream(client: OpenAI) -> None:
    with client.chat.completions.stream(model="loccit", messages=user(QUESTION)) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert "The tower was built in 1819." in (final.choices[0].message.content or "")


def test_it_declines_and_shows_what_is_near_as_such(client: OpenAI) -> None:
    found = complete(client, extra_body={"loccit": {"min_answerability": 1}})
    content = found.choices[0].message.content or ""
    assert content.startswith(DECLINED)
    line = content.split("\n\n")[1].removesuffix(" [1]")
    assert line in LAMPS.split("\n\n")[-1]
    assert (found.model_extra or {})["loccit"]["declined"]
    (annotation, *_) = found.choices[0].message.annotations or []
    cited = annotation.url_citation
    assert content[cited.start_index : cited.end_index] == line


def test_the_messages_before_are_the_conversation(client: OpenAI) -> None:
    messages = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": "Who kept the lamp from 1820?"},
        {"role": "assistant", "content": "Samuel Osgood kept the lamp from 1820 to 1841. [1]"},
        {"role": "user", "content": [{"type": "text", "text": "And who after him?"}]},
    ]
    found = complete(client, messages=messages)
    assert "His daughter Hannah kept it after him" in (found.choices[0].message.content or "")


def test_options_that_openai_has_not_are_in_a_field_of_their_own(client: OpenAI) -> None:
    where = {"type": "eq", "key": "year", "value": 2000}
    found = complete(client, extra_body={"loccit": {"filter": where}})
    assert (found.model_extra or {})["loccit"]["declined"]
    with pytest.raises(openai.BadRequestError, match="sentense"):
        complete(client, extra_body={"loccit": {"sentense": 1}})


TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
IGNORED: dict[str, Any] = {
    "frequency_penalty": 1, "logit_bias": {"1": 1}, "max_completion_tokens": 5, "max_tokens": 5,
    "metadata": {"a": "b"}, "presence_penalty": 1, "prompt_cache_key": "a", "reasoning_effort": "low",
    "seed": 1,
    "service_tier": "auto", "stop": ["."], "store": False, "temperature": 1, "top_p": 1, "user": "me",
    "verbosity": "low", "parallel_tool_calls": True, "tool_choice": "none", "safety_identifier": "a",
    "prediction": {"type": "content", "content": "The"}, "function_call": "none", "prompt_cache_options": {},
    "prompt_cache_retention": "24h", "tools": [TOOL], "functions": [{"name": "f", "parameters": {}}],
}  # fmt: skip


@pytest.mark.parametrize("name", IGNORED)
def test_what_steers_a_model_has_no_effect(client: OpenAI, name: str) -> None:
    plain, steered = complete(client), complete(client, **{name: IGNORED[name]})
    assert steered.choices[0].message.content == plain.choices[0].message.content


REFUSED: dict[str, Any] = {
    "n": 2,
    "response_format": {"type": "json_object"},
    "modalities": ["audio"],
    "audio": {"format": "mp3", "voice": "alloy"},
    "logprobs": True,
    "web_search_options": {"search_context_size": "low"},
    "top_logprobs": 2,
    "moderation": {"model": "omni-moderation-latest"},
}
ALSO_REFUSED = [("store", True), ("tool_choice", "required"), ("function_call", {"name": "f"})]


def test_every_parameter_of_the_client_has_a_meaning_or_is_refused() -> None:
    meant = {"messages", "model", "stream", "stream_options"}
    assert set(inspect.signature(Completions.create).parameters) - OF_EVERY_METHOD == (
        meant | IGNORED.keys() | REFUSED.keys()
    )


@pytest.mark.parametrize(("name", "value"), [*REFUSED.items(), *ALSO_REFUSED])
def test_what_has_no_meaning_is_refused_by_its_name(client: OpenAI, name: str, value: Any) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        complete(client, **{name: value})
    assert error.value.param == name
    assert name in error.value.message


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([{"role": "tool", "tool_call_id": "a", "content": "b"}, *user("Who?")], "tools"),
        ([{"role": "assistant", "content": "Hello."}], "no message of the user"),
        (user([{"type": "image_url", "image_url": {"url": "http://a/b"}}]), "image_url"),
    ],
)
def test_messages_that_cannot_be_read_are_refused(client: OpenAI, messages: Any, why: str) -> None:
    with pytest.raises(openai.BadRequestError, match=why) as error:
        complete(client, messages=messages)
    assert error.value.param == "messages"


@pytest.mark.parametrize("model", ["gpt-4o", "loccit:", "loccits"])
def test_an_unknown_model_is_refused(client: OpenAI, model: str) -> None:
    with pytest.raises(openai.NotFoundError):
        complete(client, model=model)


@pytest.mark.parametrize(
    "call",
    [
        lambda kept: kept.list(),
        lambda kept: kept.retrieve("chatcmpl-1"),
        lambda kept: kept.update("chatcmpl-1", metadata={}),
        lambda kept: kept.delete("chatcmpl-1"),
        lambda kept: kept.messages.list("chatcmpl-1"),
    ],
)
def test_nothing_is_kept_that_could_be_looked_up(client: OpenAI, call: Any) -> None:
    with pytest.raises(openai.APIStatusError) as error:
        call(client.chat.completions)
    assert error.value.status_code in (404, 405)


def test_a_collection_that_is_not_there_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        complete(client, model="loccit:nowhere")
    with pytest.raises(openai.NotFoundError):
        chunks(client, model="loccit:nowhere")


def test_a_task_of_a_chat_page_gets_a_reply_without_a_search(client: OpenAI) -> None:
    asked = (
        '### Task:\nGenerate a title.\n### Output:\nJSON format: { "title": "..." }\n'
        f"<chat_history>\nUSER: {QUESTION}\nASSISTANT: In 1819.\n</chat_history>"
    )
    found = complete(client, asked)
    assert found.choices[0].message.content == f'{{"title": "{QUESTION}"}}'
    assert "".join(one.choices[0].delta.content or "" for one in chunks(client, asked)) == (
        found.choices[0].message.content
    )


# Written answers


def test_a_written_answer_streams_with_its_verdicts_and_names_what_does_not_hold(library: Library) -> None:
    text = "The tower was built in 1819 [1]. It has 299 steps of granite [1]."
    with (
        stand_in(text) as model,
        official_client(library, writer_url=model.url, writer_model="small") as client,
    ):
        found = chunks(client)
        whole = complete(client).choices[0].message.content or ""
    said = "".join(one.choices[0].delta.content or "" for one in found)
    assert said == whole
    assert said.startswith(text)
    assert NOT_CONFIRMED in said[len(text) :]
    assert "299" in said[len(text) :]
    told = [(one.model_extra or {}).get("loccit") or {} for one in found]
    sentences = [one["sentence"] for one in told if "sentence" in one]
    assert [one["status"] for one in sentences] == ["supported", "contradicted"]
    assert sentences == told[-1]["sentences"]


def test_a_refusal_of_the_model_is_one(library: Library) -> None:
    with (
        stand_in(Delta({"refusal": "No."})) as model,
        official_client(library, writer_url=model.url, writer_model="small") as client,
    ):
        choice = complete(client).choices[0]
    assert (choice.message.refusal, choice.message.content) == ("No.", None)
    assert choice.finish_reason == "content_filter"


@pytest.mark.parametrize("says", [["The tower", Break()], [Break()]])
def test_a_stream_that_breaks_off_is_an_error_of_the_sdk(library: Library, says: list[Step]) -> None:
    with (
        stand_in(*says) as model,
        official_client(library, writer_url=model.url, writer_model="small") as client,
    ):
        with pytest.raises(openai.APIError, match="extractive"):
            list(client.chat.completions.create(model="loccit", messages=user(QUESTION), stream=True))
        with pytest.raises(openai.InternalServerError, match="extractive"):
            complete(client)
