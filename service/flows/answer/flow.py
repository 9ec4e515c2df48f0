"""The events of an answer, whichever way it is made, and the answer as a whole."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar

from index.errors import LoccitError
from service.errors import InternalError
from service.flows.answer.answering import Answering
from service.flows.answer.events import Delta, Event, Finished, Sentence, Usage
from service.flows.answer.extractive import extractive_events
from service.flows.answer.finding import Found
from service.flows.answer.wording import count_words
from service.flows.answer.written import written_events

T = TypeVar("T")

log = logging.getLogger("loccit.service")


@dataclass(slots=True)
class Whole:
    """An answer as a whole, made of its events. ``finished`` is None until the last one."""

    text: str = ""
    sentences: list[Sentence] = field(default_factory=list)
    finished: Finished | None = None

    def add(self, event: Event) -> None:
        """Take in an event."""
        if isinstance(event, Delta):
            self.text += event.text
        elif isinstance(event, Sentence):
            self.sentences.append(event)
        else:
            self.finished = event

    def declines(self, found: Found) -> bool:
        """True if the search found no answer, or the model wrote that there is none."""
        return found.declines or (self.finished is not None and self.finished.finish == "declined")


async def events(found: Found, answering: Answering, *, for_people: bool = False) -> AsyncGenerator[Event]:
    """Make an answer of what was found, piece by piece.

    ``for_people``: also the text says what programs read in other fields: the nearest passages of an answer
    that declines, and what a model wrote that is not confirmed.
    Raises :class:`service.errors.WriterFailed`, :class:`service.errors.WriterTimeout`,
    :class:`service.errors.Overloaded`, and :class:`service.errors.Unauthorized` once the caller's key is no
    longer valid: a model may write for minutes.
    """
    if found.asked.mode == "written" and not found.declines:
        with answering.writing.acquire(found.caller.holder):
            async with aclosing(written_events(found, answering, for_people=for_people)) as steps:
                async for event in steps:
                    answering.credentials.require_current(found.caller)
                    yield event
        return
    for event in extractive_events(found, for_people=for_people):
        yield event


async def until_error(steps: AsyncGenerator[T]) -> AsyncGenerator[T | LoccitError]:
    """The events of a stream, and as the last one the error that ended it, if one did.

    Closes the stream: whoever stops listening ends the work.
    """
    async with aclosing(steps):
        try:
            async for event in steps:
                yield event
        except LoccitError as error:
            yield error
        except Exception:
            log.exception("An answer that was being streamed has failed.")
            yield InternalError("The service failed while it answered.")


async def collect_answer(steps: AsyncIterator[Event]) -> Whole:
    """Collect the events of an answer until all are there."""
    made = Whole()
    async for event in steps:
        made.add(event)
    return made


async def task_events(prompt: str, reply: str) -> AsyncGenerator[Event]:
    """The events of a reply to a task, which no document has a part in."""
    yield Delta(reply)
    yield Finished("stop", Usage(count_words(prompt), count_words(reply)))
