from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from service.errors import WriterFailed, WriterTimeout
from service.flows.answer.writing.completions import Ended, Written
from service.flows.answer.writing.endpoint import Patience, Writer
from tests.patience import PATIENCE
from tests.service.flows.answer.writing.stand_in import (
    Again,
    Break,
    Delta,
    Raw,
    StandIn,
    Step,
    Wait,
    stand_in,
)

pytestmark = pytest.mark.anyio
TEXT = "The lamp was lit at dusk [1]. Line\u2028separators stay 👩‍🚒."
LONG = Patience(PATIENCE, PATIENCE, PATIENCE)


async def written(model: StandIn, patience: Patience = LONG, key: str = "") -> tuple[str, Ended]:
    writer = Writer(f"{model.url}/", "small", key, {"temperature": 0}, patience)
    text, ended = "", None
    try:
        async for piece in writer.write([{"role": "user", "content": "Who?"}]):
            if isinstance(piece, Written):
                assert ended is None
                text += piece.text
            else:
                ended = piece
    finally:
        await writer.close()
    assert ended is not None
    return text, ended


async def test_text_comes_as_it_was_said_with_the_reason_and_the_usage() -> None:
    with stand_in(TEXT) as model:
        assert await written(model) == (TEXT, Ended("stop", 111, 22))
    (request,) = model.requests
    assert request["model"] == "small"
    assert request["stream"] is True
    assert request["temperature"] == 0
    assert request["messages"] == [{"role": "user", "content": "Who?"}]
    assert "authorization" not in model.headers[0]


async def test_the_key_is_sent() -> None:
    with stand_in(TEXT) as model:
        await written(model, key="hush")
    assert model.headers[0]["authorization"] == "Bearer hush"
    assert model.headers[0]["accept-encoding"] == "identity"


async def test_an_endpoint_that_does_not_stream_is_understood() -> None:
    with stand_in(TEXT, streams=False) as model:
        assert await written(model) == (TEXT, Ended("stop", 111, 22))


async def test_a_stream_without_its_last_line_has_ended_if_it_says_why() -> None:
    with stand_in(TEXT, done=False, finish="length") as model:
        assert (await written(model))[1].reason == "length"


async def test_a_refusal_is_told_as_such() -> None:
    with stand_in(Delta({"refusal": "I can not help."})) as model:
        writer = Writer(model.url, "small", "", {}, LONG)
        pieces = [piece async for piece in writer.write([])]
        await writer.close()
    assert pieces[0] == Written("I can not help.", is_refusal=True)


async def test_comments_and_other_fields_of_the_stream_are_passed_over() -> None:
    steps: list[Step] = [
        Raw(b": ping\n\nevent: message\r\nid: 4\r\n"),
        Delta({"reasoning_content": "hm"}),
        TEXT,
    ]
    with stand_in(*steps) as model:
        assert (await written(model))[0] == TEXT


async def test_controls_are_left_out() -> None:
    with stand_in("\x1b]0;title\x07The\x00 lamp\r\n\twas\x9b2J lit.\x7f") as model:
        assert (await written(model))[0] == "]0;titleThe lamp\n\twas2J lit."


async def test_halves_of_surrogate_pairs_become_question_marks() -> None:
    with stand_in(Raw(b'data: {"choices": [{"delta": {"content": "a\\ud800b"}}]}\n\n')) as model:
        assert (await written(model))[0] == "a?b"


@pytest.mark.parametrize(
    ("says", "behaviour"),
    [
        (["The lamp", Break()], {}),
        (["The lamp"], {"finish": None}),
        (["The lamp"], {"finish": None, "done": False}),
        ([Raw(b"data: not json\n\n")], {}),
        ([Raw(b"data: [1]\n\n")], {}),
        ([Raw(b'data: {"choices": [4]}\n\n')], {}),
        ([Raw(b'data: {"choices": [{"delta": 4}]}\n\n')], {}),
        ([Raw(b'data: {"error": {"message": "the secret reason"}}\n\n')], {}),
        ([Raw(b"data: " + b"x" * 1_100_000)], {}),
        ([Raw(b"data: " + b"[" * 200_000 + b"\n\n")], {}),
        (["The lamp"], {"finish": "error"}),
        ([], {}),
        ([" \n"], {"finish": "length"}),
        (["x" * 5_000_000], {"streams": False}),
        ([Delta({"tool_calls": [{"id": "t", "function": {"name": "rm"}}]})], {}),
        ([], {"status": 401}),
        ([], {"status": 429}),
        ([], {"status": 500}),
        ([], {"status": 307}),
    ],
)
async def test_what_goes_wrong_is_an_error_that_tells_no_secret(says: list[Step], behaviour: Any) -> None:
    with stand_in(*says, **behaviour) as model, pytest.raises(WriterFailed) as error:
        await written(model)
    assert "secret" not in error.value.message
    assert "extractive" in error.value.message


@pytest.mark.parametrize("usage", ["5", "[1]", '{"prompt_tokens": -1, "completion_tokens": true}'])
async def test_counts_that_are_none_are_passed_over(usage: str) -> None:
    end = f'data: {{"choices": [{{"delta": {{}}, "finish_reason": "stop"}}], "usage": {usage}}}\n\n'
    with stand_in(TEXT, Raw(end.encode()), Break()) as model:
        assert await written(model) == (TEXT, Ended("stop"))


async def test_other_choices_are_passed_over() -> None:
    other = b'data: {"choices": [{"index": 1, "delta": {"content": "No."}, "finish_reason": "length"}]}\n\n'
    with stand_in(TEXT, Raw(other)) as model:
        assert await written(model) == (TEXT, Ended("stop", 111, 22))


@pytest.mark.parametrize("after", [Wait(), Break(), Raw(b"data: garbage\n\n")])
async def test_a_text_that_is_whole_needs_no_end_of_the_stream(after: Step) -> None:
    choices = [{"delta": {"content": TEXT}}, {"delta": {}, "finish_reason": "stop"}]
    # In one piece: no pause before the end can be too long.
    whole = "".join(f"data: {json.dumps({'choices': [one]})}\n\n" for one in choices)
    with stand_in(Raw(whole.encode()), after) as model:
        assert await written(model, replace(LONG, next=0.2)) == (TEXT, Ended("stop"))


async def test_what_comes_after_the_end_of_the_text_is_not_waited_for() -> None:
    end = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}}\n\n'
    with stand_in(TEXT, Again(end)) as model:
        assert (await written(model, replace(LONG, next=1.0, whole=20.0)))[0] == TEXT
        assert model.repeated < 200  # it would be a thousand


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
@pytest.mark.parametrize("behaviour", [{}, {"streams": False}, {"status": 500}])
async def test_a_compressed_reply_is_refused_before_it_is_unpacked(
    coding: str, behaviour: dict[str, Any]
) -> None:
    with stand_in(TEXT, coding=coding, **behaviour) as model, pytest.raises(WriterFailed, match="compressed"):
        await written(model)


async def test_a_redirect_is_not_followed() -> None:
    with stand_in(TEXT) as other, stand_in(status=307, location=other.url) as model:
        with pytest.raises(WriterFailed):
            await written(model, key="hush")
        assert other.requests == []


async def test_an_endpoint_that_is_not_there_is_an_error() -> None:
    with stand_in() as model:
        pass
    with pytest.raises(WriterFailed):
        await written(model)


@pytest.mark.parametrize(
    "patience", [replace(LONG, first=0.05), replace(LONG, whole=0.05)], ids=["first text", "whole text"]
)
async def test_a_model_that_says_nothing_is_given_up(patience: Patience) -> None:
    with stand_in(Wait()) as model, pytest.raises(WriterTimeout, match="extractive"):
        await written(model, patience)


async def test_a_model_that_stops_in_the_middle_is_given_up() -> None:
    with stand_in("The lamp", Wait()) as model, pytest.raises(WriterTimeout):
        await written(model, replace(LONG, next=0.05))


async def test_signs_of_life_are_no_text() -> None:
    ping: list[Step] = [Raw(b": ping\n\n")] * 3
    with stand_in(*ping, Wait()) as model, pytest.raises(WriterTimeout):
        await written(model, replace(LONG, first=0.2))


async def test_whoever_stops_listening_hangs_up() -> None:
    with stand_in("The lamp was lit.", Wait()) as model:
        writer = Writer(model.url, "small", "", {}, LONG)
        pieces = writer.write([])
        await anext(pieces)
        await pieces.aclose()  # type: ignore[attr-defined]
        assert model.hung_up.wait(PATIENCE)
        await writer.close()
