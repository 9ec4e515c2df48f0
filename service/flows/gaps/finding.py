"""Find what the documents of a collection lack: questions without a good answer, and stale sources.

What people say of answers is kept as questions with a verdict.
"""

import time
from collections.abc import Collection as AnyOf, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import cast

import numpy as np

from index.answers import Answer, Citation
from index.collection import Collection
from index.search import Question
from index.types import Vectors
from service.flows.ask.answering import answer_all, encode
from service.flows.ask.asking import Asking
from service.flows.ask.disconnection import Client
from service.flows.ask.planning import validate_request
from service.flows.ask.requests import AskRequest
from service.flows.gaps.grouping import QuestionGroup, group_questions
from service.flows.gaps.stale import StaleSource, stale_sources
from service.state.identity import Principal
from service.state.questions import AskedQuestion, QuestionStore, Verdict

MENDED = 0.65
"""Probability above which a question counts as answered today."""
_WEEK = 7 * 86_400.0
_MOST_READ, _MOST_GROUPS = 1_000, 20
_AT_ONCE = 32
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Gap:
    """A group of questions, and what the documents say today to the one that it is named after."""

    group: QuestionGroup
    answerability: float
    nearest: Citation | None
    missing: Sequence[str]

    @property
    def is_mended(self) -> bool:
        """Tell whether the documents answer it today."""
        return self.answerability >= MENDED


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a collection, as far as a caller may see it: the questions of a week, and sources.

    ``since`` is when an administrator has turned it on; None where none has.
    """

    since: float | None = None
    asked: Sequence[AskedQuestion] = ()
    stale: Sequence[StaleSource] = ()


def read_kept(store: QuestionStore, collection: Collection, groups: AnyOf[str] | None, week: int) -> Kept:
    """Read what is kept of a week, counted backwards from now; blocks.

    ``collection`` shows what somebody in ``groups`` may read.
    """
    until = time.time() - week * _WEEK
    asked = store.asked(collection.name, until - _WEEK, until, limit=_MOST_READ)
    return Kept(
        store.kept().get(collection.name),
        [one for one in asked if one.is_visible_to(groups) and one.verdict != "up"],
        stale_sources(collection.archive, store.answered(collection.name)),
    )


async def find_gaps(
    client: Client, asking: Asking, caller: Principal, name: str, week: int
) -> tuple[Kept, Sequence[Gap]]:
    """What is kept of a week, and its gaps, the most asked first.

    Raises what :func:`service.flows.ask.answering.answer_all` raises.
    """

    def read() -> Kept:
        collection = asking.collections.open(caller, name)
        asking.kept.write()
        store = asking.kept.store()
        return Kept() if store is None else read_kept(store, collection, caller.groups, week)

    kept = await asking.pools.lookups.run(read)
    if not kept.asked:
        return kept, ()
    texts, vectors = _different(kept.asked), []
    for at in range(0, len(texts), _AT_ONCE):
        encoded = await encode(asking, caller, name, [[one] for one in texts[at : at + _AT_ONCE]])
        vectors += [one.vector for one in chain.from_iterable(encoded.each)]
    groups = _group(kept.asked, texts, np.stack(vectors))
    body = AskRequest.model_validate(
        {"questions": [one.name for one in groups], "collection": name, "k": 1, "read": True}
    )
    plan = replace(validate_request(body, caller), is_kept=False)
    answers = await answer_all(client, asking, plan, lambda answers: [one.answer for one in answers.each])
    return kept, [_gap(group, answer) for group, answer in zip(groups, answers, strict=True)]


def find_gaps_here(kept: Kept, collection: Collection) -> Sequence[Gap]:
    """The gaps of what was read, in a process that serves nobody; blocks."""
    if not kept.asked:
        return ()
    texts = _different(kept.asked)
    groups = _group(kept.asked, texts, collection.questions.embed(texts))
    return [_gap(one, collection.questions.answer(Question(one.name, 1, read=True))) for one in groups]


def _different(asked: Sequence[AskedQuestion]) -> list[str]:
    return list(dict.fromkeys(one.question for one in asked))


def _group(asked: Sequence[AskedQuestion], texts: Sequence[str], vectors: Vectors) -> list[QuestionGroup]:
    """The largest groups of questions, by the vectors of the different texts."""
    of_length_1 = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    places = {text: place for place, text in enumerate(texts)}
    each = of_length_1.astype(np.float32)[[places[one.question] for one in asked]]
    return group_questions(asked, each)[:_MOST_GROUPS]


def _gap(group: QuestionGroup, answer: Answer) -> Gap:
    nearest = answer.hits[0].citation if answer.hits else None
    return Gap(group, answer.answerability, nearest, answer.missing)


def note_verdict(asking: Asking, caller: Principal, collection: str, said: tuple[str, str, str]) -> bool:
    """Keep a question with a verdict on its answer and a reason; returns whether, and never waits."""
    question, verdict, reason = said
    reason = " ".join(reason.split())[:LONGEST_REASON]
    asked = AskedQuestion(
        time.time(), collection, question, 0.0, cast("Verdict", verdict), reason, caller.groups
    )
    return asking.kept.note(asked)
