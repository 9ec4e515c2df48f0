"""Find what a question is answered from: its passages, and the sentences of them that answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from index.answers import Answer, Citation, Turn
from index.citations import parse_locator
from index.collection import Collection, ConflictPage
from index.search.extraction import Extract, Part, divide_question, extract_answer, follow_each_other
from service.errors import InvalidRequest
from service.flows.answer.answering import Answering
from service.flows.answer.events import Mode
from service.flows.answer.proofs import Shown, linker_for
from service.flows.answer.writing.prompt import count_fitting
from service.flows.ask.answering import Answers, answer_all
from service.flows.ask.disagreeing import CONFLICT_SECONDS, evidence_of, find_conflicts
from service.flows.ask.disconnection import Client
from service.flows.ask.planning import Plan, plan_request
from service.flows.ask.requests import AskRequest
from service.settings import Settings
from service.state.identity import Principal, Prover

_NOTHING = Extract((), 0, ())


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to answer.

    ``least`` is the answerability below which the answer declines; ``most`` is how many sentences an
    extractive answer may have. ``is_new`` is False for a question whose answer was shown before.
    """

    body: AskRequest
    mode: Mode
    least: float
    most: int
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """Result of a search: the passages, the sentences that answer, and whether to decline.

    ``extract`` has no sentences where a model writes. ``given`` is how many of the passages a model is given;
    ``sources`` are the citations that the marks of the answer refer to, [1] is the first; ``shown`` makes
    citations that the caller may follow; ``conflicts`` are None where nobody asked for them.
    """

    collection: str
    asked: Asked
    caller: Principal
    parts: Sequence[Part]
    answer: Answer
    extract: Extract
    declines: bool
    turns: Sequence[Turn]
    given: int
    sources: Sequence[Citation]
    shown: Shown
    conflicts: ConflictPage | None = None


def choose_mode(asked: Mode | None, answering: Answering, *, several: bool = False) -> Mode:
    """The mode that was asked for, or the default one: of several collections the one that quotes.

    Raises :class:`service.errors.InvalidRequest`.
    """
    if asked == "written" and answering.writer is None:
        raise InvalidRequest(
            "mode: no model is configured that writes. Use extractive, or let the operator set "
            "LOCCIT_WRITER_URL and LOCCIT_WRITER_MODEL."
        )
    return asked or ("extractive" if answering.writer is None or several else "written")


async def find(client: Client, answering: Answering, caller: Principal, asked: Asked) -> Found:
    """Ask the collection the question, and each of its parts.

    Raises what :func:`service.flows.ask.planning.plan_request` and
    :func:`service.flows.ask.answering.answer_all` raise.
    """
    if asked.mode == "written":
        if asked.body.collections is not None:
            raise InvalidRequest(
                "mode: what a model writes is checked by the documents of one collection. Use extractive, or "
                "name one in collection.",
                param="mode",
            )
        answering.writing.require(caller.holder)
    plan = replace(plan_request(asked.body, caller, answering), is_new=asked.is_new)
    (whole,) = plan.questions
    parts = divide_question(whole.text)
    if len(parts) > 1:
        more = [
            replace(whole, text=part.query, turns=(*whole.turns, *(Turn("user", text) for text in before)))
            for part, before in follow_each_other(parts)
        ]
        answering.rates.charge(plan.caller, len(more), charged=len(plan.questions))
        plan = replace(plan, questions=[whole, *more])
    found = await answer_all(
        client,
        answering,
        plan,
        lambda answers: _make_found(answers, plan, asked, parts, answering.prover, answering.settings),
    )
    client.record_stages([found.answer.timings_ms])
    return found


def _extract(answers: Answers, parts: Sequence[Part], asked: Asked) -> Extract:
    """The sentences that answer, of the collections whose passages were found."""
    each = [one.answer for one in answers.each]
    named = {hit.citation.collection for answer in each for hit in answer.hits} - {""}
    with ExitStack() as stack:
        several = {
            name: stack.enter_context(collection.archive.resolution())
            for name, collection in answers.collections.items()
            if not named or name in named
        }
        any_of_them = next(iter(several.values()))
        return extract_answer(any_of_them, parts, each, most=asked.most, least=asked.least, several=several)


def _make_found(
    answers: Answers, plan: Plan, asked: Asked, parts: Sequence[Part], prover: Prover, settings: Settings
) -> Found:
    each, collection = [one.answer for one in answers.each], asked.body.collection
    whole = each[0]
    shown = linker_for(plan.caller, collection, prover.of(plan.caller))
    extract, given = _NOTHING, len(whole.hits)
    if asked.mode == "written":
        given = count_fitting(whole.hits, settings.writer_characters)
        declines = not given or max(answer.answerability for answer in each) < asked.least
    else:
        extract = _extract(answers, parts, asked)
        sentences = tuple(
            replace(one, citation=shown(one.citation), names=None if one.names is None else shown(one.names))
            for one in extract.sentences
        )
        extract, declines = replace(extract, sentences=sentences), extract.declines
    quotes = asked.mode == "extractive" and not declines
    sources = [one.citation for one in (extract.sentences if quotes else whole.hits[:given])]
    turns = plan.questions[0].turns
    conflicts = None
    if asked.body.conflicts:
        quoted = [one.citation for one in extract.sentences if not one.introduces] if quotes else None
        conflicts = _conflicts(answers.collections[collection], whole, quoted, asked.body)
    return Found(
        collection,
        asked,
        plan.caller,
        parts,
        whole,
        extract,
        declines,
        turns,
        given,
        sources,
        shown,
        conflicts,
    )


def _conflicts(
    collection: Collection, answer: Answer, quoted: Sequence[Citation] | None, body: AskRequest
) -> ConflictPage:
    """What other documents say against the sentences that are quoted, or that a model is given."""
    cited = evidence_of(answer) if quoted is None else [parse_locator(one.locator) for one in quoted]
    as_of = None if body.as_of is None else answer.index.change
    return find_conflicts(collection, cited, as_of=as_of, ends=time.monotonic() + CONFLICT_SECONDS)
