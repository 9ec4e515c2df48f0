"""Answers that a model writes: its text as it comes, and a verdict on each sentence as it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from service.answering.events import Delta, Event, Finish, Finished, Sentence, Usage
from service.answering.finding import Found
from service.answering.wording import DECLINED, NOT_CONFIRMED, words
from service.answering.writing.checking import Checker
from service.answering.writing.endpoint import Ended, Written
from service.answering.writing.prompt import messages
from service.answering.writing.segments import Segment, Segments
from service.runtime import Runtime

_REASONS: dict[str, Finish] = {"length": "length", "content_filter": "refusal"}


@dataclass(slots=True)
class _Text:
    """What the model has written so far."""

    text: str = ""
    is_refusal: bool = False
    is_cut: bool = False
    ended: Ended | None = None


async def written(found: Found, runtime: Runtime, *, for_people: bool) -> AsyncIterator[Event]:
    """The events of an answer by the model of the settings.

    ``for_people``: name what was not confirmed once more at the end of the text, for those who see nothing
    else. Raises :class:`service.errors.WriterFailed`, :class:`service.errors.WriterTimeout` after the events
    of what was written until then.
    """
    told: asyncio.Queue[Event | None] = asyncio.Queue()
    text, faults = _Text(), []
    writing = asyncio.create_task(_write(found, runtime, text, told))
    try:
        while (one := await told.get()) is not None:
            if isinstance(one, Sentence) and one.status in ("contradicted", "unsupported"):
                faults.append(one)
            yield one
        await writing  # raises what it raised
        if for_people and faults:
            yield Delta(_note(faults))
        yield _finished(found, text)
    finally:
        writing.cancel()
        await asyncio.wait([writing])


async def _write(found: Found, runtime: Runtime, text: _Text, told: asyncio.Queue[Event | None]) -> None:
    """Put the model's text into the queue as it comes, and verdicts as they are there; None at the end."""
    segments: asyncio.Queue[Segment | None] = asyncio.Queue()
    checking = asyncio.create_task(_check(found, runtime, segments, told))
    divided = Segments()
    try:
        try:
            async for delta in _deltas(found, runtime, text):
                told.put_nowait(Delta(delta, text.is_refusal))
                for segment in divided.add(delta):
                    segments.put_nowait(segment)
        finally:
            if not text.is_refusal:
                for segment in divided.end():
                    segments.put_nowait(segment)
            segments.put_nowait(None)
            await checking
    finally:
        checking.cancel()
        told.put_nowait(None)


async def _deltas(found: Found, runtime: Runtime, text: _Text) -> AsyncIterator[str]:
    """The model's text, up to the limit of its length."""
    most = runtime.settings.max_answer_characters
    hits = found.answer.hits[: found.given]
    asked = messages(found.answer.question, found.turns, hits)
    assert runtime.writer is not None  # noqa: S101 -- the mode says so
    async for piece in runtime.writer.write(asked):
        if isinstance(piece, Ended):
            text.ended = piece
            return
        assert isinstance(piece, Written)  # noqa: S101 -- there is no third
        delta = piece.text[: most - len(text.text)]
        text.text += delta
        text.is_refusal |= piece.is_refusal
        if delta:
            yield delta
        if len(text.text) >= most:
            text.is_cut = True
            return


async def _check(
    found: Found,
    runtime: Runtime,
    segments: asyncio.Queue[Segment | None],
    told: asyncio.Queue[Event | None],
) -> None:
    settings = runtime.settings
    checker = Checker(
        lambda: runtime.collection(found.caller, found.collection),
        found.sources,
        settings.max_reading_characters,
        found.shown,
    )
    while (segment := await segments.get()) is not None:
        for sentence in await runtime.pools.texts.run(checker.check, segment):
            told.put_nowait(sentence)


def _finished(found: Found, text: _Text) -> Finished:
    ended = text.ended or Ended("length")
    asked = [found.answer.question, *(hit.text for hit in found.answer.hits[: found.given])]
    prompt = sum(map(words, asked)) if ended.prompt_tokens is None else ended.prompt_tokens
    completion = words(text.text) if ended.completion_tokens is None else ended.completion_tokens
    finish: Finish = "stop"
    if text.is_refusal:
        finish = "refusal"
    elif text.is_cut:
        finish = "length"
    elif text.text.strip() == DECLINED:
        finish = "declined"
    else:
        finish = _REASONS.get(ended.reason, "stop")
    return Finished(finish, Usage(prompt, completion))


def _note(faults: list[Sentence]) -> str:
    lines = [f"- “{one.text}” ({one.status}) {one.reason}".rstrip() for one in faults]
    return "\n\n---\n" + "\n".join([NOT_CONFIRMED, *lines])
