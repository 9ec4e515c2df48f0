"""Answers that a model writes: its text as it comes, and a verdict on each sentence as it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from index.errors import LoccitError
from service.flows.answer.answering import Answering
from service.flows.answer.events import Delta, Event, Finish, Finished, Sentence, Usage
from service.flows.answer.finding import Found
from service.flows.answer.wording import NOT_CONFIRMED, count_words, is_blank, is_declined
from service.flows.answer.writing.checking import Checker
from service.flows.answer.writing.completions import Ended, nothing_written
from service.flows.answer.writing.prompt import messages
from service.flows.answer.writing.segments import Segment, Segments
from service.settings import MAX_ANSWER_CHARACTERS

_REASONS: dict[str, Finish] = {"length": "length", "content_filter": "refusal"}


@dataclass(slots=True)
class _Text:
    """The text that the model has written so far."""

    text: str = ""
    is_refusal: bool = False
    is_cut: bool = False
    ended: Ended | None = None

    @property
    def finish(self) -> Finish:
        """The reason why the text ends."""
        if self.is_refusal:
            return "refusal"
        if self.is_cut:
            return "length"
        if is_declined(self.text):
            return "declined"
        return "stop" if self.ended is None else _REASONS.get(self.ended.reason, "stop")


async def written_events(found: Found, answering: Answering, *, for_people: bool) -> AsyncGenerator[Event]:
    """The events of an answer by the model of the settings.

    ``for_people``: name what was not confirmed once more at the end of the text, for those who see nothing
    else. Raises :class:`service.errors.WriterFailed`, :class:`service.errors.WriterTimeout` after the events
    of what was written until then.
    """
    told: asyncio.Queue[Event | None] = asyncio.Queue()
    text, faults = _Text(), []
    writing = asyncio.create_task(_write_and_check(found, answering, text, told))
    try:
        while (one := await told.get()) is not None:
            if isinstance(one, Sentence) and _is_fault(one):
                faults.append(one)
            yield one
        await writing  # raises what it raised
        if for_people and faults:
            yield Delta(_unconfirmed_note(faults))
        yield _finished_event(found, text)
    finally:
        writing.cancel()
        await asyncio.wait([writing])


async def _write_and_check(
    found: Found, answering: Answering, text: _Text, told: asyncio.Queue[Event | None]
) -> None:
    """Put the model's text into the queue as it comes, and verdicts as they are there; None at the end."""
    segments: asyncio.Queue[Segment | None] = asyncio.Queue()
    checking = asyncio.create_task(_check_segments(found, answering, segments, told))
    divided = Segments()
    failure: LoccitError | None = None
    try:
        try:
            async with aclosing(_deltas(found, answering, text)) as deltas:
                async for delta in deltas:
                    told.put_nowait(delta)
                    for segment in (divided.skip if delta.is_refusal else divided.add)(delta.text):
                        segments.put_nowait(segment)
        except LoccitError as error:  # after the verdicts on what was written until then
            failure = error
        for segment in divided.end(breaks_off=failure is not None or text.finish in ("length", "refusal")):
            segments.put_nowait(segment)
        segments.put_nowait(None)
        await checking
        if failure is not None:
            raise failure
    finally:
        checking.cancel()
        told.put_nowait(None)


async def _deltas(found: Found, answering: Answering, text: _Text) -> AsyncGenerator[Delta]:
    """The model's text, up to the limit of its length."""
    most = MAX_ANSWER_CHARACTERS
    hits = found.answer.hits[: found.given]
    asked = messages(found.answer.question, found.turns, hits)
    assert answering.writer is not None  # noqa: S101 -- the mode says so
    async with aclosing(answering.writer.write(asked)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Ended):
                text.ended = piece
                return
            delta = piece.text[: most - len(text.text)]
            text.text += delta
            text.is_refusal |= piece.is_refusal
            if delta:
                yield Delta(delta, piece.is_refusal)
            if len(text.text) >= most:
                if is_blank(text.text):
                    raise nothing_written()
                text.is_cut = True
                return


async def _check_segments(
    found: Found,
    answering: Answering,
    segments: asyncio.Queue[Segment | None],
    told: asyncio.Queue[Event | None],
) -> None:
    checker = Checker(
        lambda: answering.collections.open(found.caller, found.collection),
        found.sources,
        answering.settings.max_reading_characters,
        found.shown,
    )
    while (segment := await segments.get()) is not None:
        check = partial(checker.check, segment)
        for sentence in await answering.pools.texts.submit(found.caller.holder, check):
            told.put_nowait(sentence)


def _finished_event(found: Found, text: _Text) -> Finished:
    ended = text.ended or Ended("length")
    asked = [found.answer.question, *(hit.text for hit in found.answer.hits[: found.given])]
    prompt = sum(map(count_words, asked)) if ended.prompt_tokens is None else ended.prompt_tokens
    completion = count_words(text.text) if ended.completion_tokens is None else ended.completion_tokens
    return Finished(text.finish, Usage(prompt, completion))


def _is_fault(one: Sentence) -> bool:
    """True if a sentence is not supported, or needed a check that was not possible."""
    return one.status in ("contradicted", "unsupported") or (one.status == "unchecked" and bool(one.reason))


def _unconfirmed_note(faults: list[Sentence]) -> str:
    lines = [f"- “{' '.join(one.text.split())}” ({one.status}) {one.reason}".rstrip() for one in faults]
    return "\n\n---\n" + "\n".join([NOT_CONFIRMED, *lines])
