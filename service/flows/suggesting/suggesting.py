"""Ask the drafts of a collection, and keep the questions that its documents answer."""

import asyncio
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from index.answers import Answer
from index.collection import Collection
from index.errors import DocumentNotFound
from index.history import Archive
from index.records import Mark
from index.search.extraction import first_sentence
from service.errors import RateLimited
from service.flows.ask.answering import answer_all
from service.flows.ask.asking import Asking
from service.flows.ask.disconnection import Client
from service.flows.ask.planning import validate_request
from service.flows.ask.requests import AskRequest
from service.flows.suggesting.drafting import Draft, drafts_of
from service.state.identity import Principal

LEAST, LEAST_OF_WRITTEN = 0.9, 0.8
"""Probabilities above which a question that was drafted, and one that a person wrote, are shown."""
_LIT = 0.7
"""Least probability that the sentence shown first answers, unless it tells what the document is about."""
_RIVAL = 0.9
"""Probability of a passage of another document, from which a question does not say which of them it means."""
_DOCUMENTS, _CHARACTERS = 400, 400_000
"""Documents that are read for drafts, and code points of all; short ones leave theirs to the others."""
_LONGEST = 400_000
"""Code points of a document that is read."""
_AT_ONCE, _MOST_ASKED = 8, 40
_MOST_KEPT = 64
"""Collections, as callers see them, whose questions are kept."""
_LONGEST_QUESTION = 120
_Key = tuple[str, frozenset[str] | None]
"""A collection, and the groups of whoever asks."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The questions that were found, as of a change, and the drafts that are still to be asked."""

    mark: Mark
    questions: Sequence[str] = ()
    left: Sequence[Draft] = ()


class Suggestions:
    """The questions of collections, kept until the collection changes. Safe to use from several threads.

    :meth:`find` runs in one event loop.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._finding: WeakValueDictionary[_Key, asyncio.Lock] = WeakValueDictionary()

    def known(self, caller: Principal, collection: Collection) -> Sequence[str] | None:
        """The questions that were asked before; None if not all drafts were since the last change."""
        kept = self._found_at(_key(caller, collection), collection.archive.last_mark())
        return None if kept is None or kept.left else kept.questions

    async def find(
        self,
        client: Client,
        asking: Asking,
        caller: Principal,
        collection: Collection,
        *,
        first: Sequence[Draft] = (),
        most: int,
    ) -> Sequence[str]:
        """At most ``most`` questions that the documents answer; the drafts in ``first`` are asked first.

        They are found once, however many wait for them, and each draft counts as a question by the limits of
        the caller for whom it is asked; of drafts asked together no more count than the burst. Who may ask no
        more gets what was found; the next call goes on.

        Raises what :func:`service.flows.ask.answering.answer_all` raises, and
        :class:`service.errors.RateLimited` if nothing was found.
        """
        key = _key(caller, collection)
        finding = self._finding.setdefault(key, asyncio.Lock())
        async with finding:
            mark = await asking.pools.lookups.run(collection.archive.last_mark)
            if (kept := self._found_at(key, mark)) is None:
                drafts = [*first, *await asking.pools.lookups.run(_drafts, collection.archive)]
                kept = _Kept(mark, left=drafts[:_MOST_ASKED])
            asked = 0
            while kept.left:
                now, left = kept.left[:_AT_ONCE], kept.left[_AT_ONCE:]
                try:
                    asking.rates.charge(caller, len(now), charged=1 + asked)
                except RateLimited:
                    if not kept.questions:
                        raise
                    return kept.questions
                found = [*kept.questions, *await _answered(client, asking, caller, collection.name, now)]
                kept = _Kept(mark, found[:most], left if len(found) < most else ())
                asked += len(now)
                self._keep(key, kept)
            if not kept.questions and await asking.pools.lookups.run(_lags, collection, mark):
                with self._lock:
                    self._kept.pop(key, None)
            return kept.questions

    def _found_at(self, key: _Key, mark: Mark) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(key)
        return kept if kept is not None and kept.mark == mark else None

    def _keep(self, key: _Key, kept: _Kept) -> None:
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)


def _key(caller: Principal, collection: Collection) -> _Key:
    return collection.name, caller.groups


def _lags(collection: Collection, mark: Mark) -> bool:
    """Tell whether an index lags behind, whose answers say nothing of what the documents answer."""
    state = collection.state
    return state.change < mark.change or state.embedded < 1


async def _answered(
    client: Client, asking: Asking, caller: Principal, name: str, drafts: Sequence[Draft]
) -> list[str]:
    """The questions of drafts that their own places answer."""
    questions = [one.question for one in drafts]
    body = AskRequest.model_validate({"questions": questions, "collection": name, "k": 3})
    plan = replace(validate_request(body, caller), is_kept=False)
    return await answer_all(
        client,
        asking,
        plan,
        lambda answers: [
            draft.question
            for draft, one in zip(drafts, answers.each, strict=True)
            if is_answered(draft, one.answer)
        ],
    )


def is_answered(draft: Draft, answer: Answer) -> bool:
    """Tell whether an answer is probable, and lit where the draft was made.

    Unless a person wrote the question, no other document may answer as well: it would not say which of them
    it means.
    """
    if not answer.hits or answer.answerability <= (LEAST_OF_WRITTEN if draft.is_written else LEAST):
        return False
    shown = first_sentence(answer)
    if shown is None or shown.text.rstrip().endswith((":", "：", "?", "？")):  # what follows answers
        return False
    is_same = shown.hit.citation.document_id == draft.document_id
    if not (is_same and shown.start < draft.end and draft.start < shown.end):
        return False
    if draft.is_written:
        return True
    others = (one for one in answer.hits if one.citation.document_id != draft.document_id)
    is_told = draft.order == 1 or shown.probability > _LIT
    return is_told and max((one.probability for one in others), default=0.0) <= _RIVAL


def _drafts(archive: Archive) -> list[Draft]:
    """Drafts of some documents, the best first, one of each document before the second of any."""
    listed = [one for one in archive.documents(limit=_DOCUMENTS) if 0 < one.length <= _LONGEST]
    left = _CHARACTERS
    ordered: list[tuple[int, int, int, Draft]] = []
    for done, (place, document) in enumerate(sorted(enumerate(listed), key=lambda one: one[1].length)):
        share = left // (len(listed) - done)
        try:
            version, text, structure = archive.structured_text(document.id)
        except DocumentNotFound:
            continue  # deleted in the meantime
        left -= min(len(text), share)
        found = drafts_of(document.id, version.title or document.id, text[:share], structure.blocks)
        own = sorted(distinct(found), key=lambda one: one.order)
        ordered += [(turn, one.order, place, one) for turn, one in enumerate(own[:4])]
    ordered.sort(key=lambda one: one[:3])
    return distinct(one for *_, one in ordered)


def distinct(drafts: Iterable[Draft]) -> list[Draft]:
    """Drafts with different questions and places, of a length that can be read in a list."""
    each: dict[str, Draft] = {}
    for one in drafts:
        if len(one.question) <= _LONGEST_QUESTION:
            words = " ".join(re.findall(r"\w+", one.question.casefold()))
            each.setdefault(words.replace("what was ", "what is ", 1), one)
    first: dict[tuple[str, int], Draft] = {}
    for one in each.values():
        first.setdefault((one.document_id, one.start), one)
    return list(first.values())
