"""Ask the drafts of a collection, and keep the questions that its documents answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from index.answers import Answer
from index.collection import Collection
from index.errors import DocumentNotFound
from index.history import Archive
from index.records import Mark
from service.flows.ask.answering import answer_all
from service.flows.ask.asking import Asking
from service.flows.ask.disconnection import Client
from service.flows.ask.planning import validate_request
from service.flows.ask.requests import AskRequest
from service.flows.suggesting.drafting import Draft, drafts_of
from service.state.identity import Principal

LEAST, LEAST_OF_WRITTEN = 0.9, 0.8
"""Probabilities above which a question that was drafted, and one that a person wrote, are shown."""
_LIT, _LIT_OF_SUBJECT = 0.7, 0.5
"""Least probability that the first lit sentence answers; less will do for what a document is about."""
_RIVAL = 0.9
"""Probability of a passage of another document, from which a question does not say which of them it means."""
_LISTED, _DOCUMENTS = 400, 60
_CHARACTERS = 400_000
"""Characters of all documents that are read for drafts; a share of each."""
"""Documents that are listed, and of these so many, evenly spread, are read."""
_LONGEST = 400_000
"""Code points of a document that is read."""
_AT_ONCE, _MOST_ASKED = 8, 40
_MOST_KEPT = 64
"""Collections, as callers see them, whose questions are kept."""
_LONGEST_QUESTION = 120


@dataclass(frozen=True, slots=True)
class _Kept:
    mark: Mark
    questions: Sequence[str]


class Suggestions:
    """The questions of collections, kept until the collection changes. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, frozenset[str] | None], _Kept] = OrderedDict()

    def known(self, caller: Principal, collection: Collection) -> Sequence[str] | None:
        """The questions that were asked before; None if none were since the last change."""
        with self._lock:
            kept = self._kept.get((collection.name, caller.groups))
        return kept.questions if kept and kept.mark == collection.archive.last_mark() else None

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

        Raises what :func:`service.flows.ask.answering.answer_all` raises.
        """
        mark = await asking.pools.lookups.run(collection.archive.last_mark)
        drafts = [*first, *await asking.pools.lookups.run(_drafts, collection.archive)][:_MOST_ASKED]
        found: list[str] = []
        for at in range(0, len(drafts), _AT_ONCE):
            if len(found) >= most:
                break
            found += await _answered(client, asking, caller, collection.name, drafts[at : at + _AT_ONCE])
        # Answers of an index that lags behind say nothing of what the documents answer: they are asked again.
        state = await asking.pools.lookups.run(lambda: collection.state)
        if not found and (state.change < mark.change or state.embedded < 1):
            return []
        with self._lock:
            self._kept[collection.name, caller.groups] = _Kept(mark, found[:most])
            self._kept.move_to_end((collection.name, caller.groups))
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return found[:most]


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
    first, *others = answer.hits
    lit = first.evidence[:1]
    is_same = first.citation.document_id == draft.document_id
    if not (is_same and any(one.start < draft.end and draft.start < one.end for one in lit)):
        return False
    if draft.is_written:
        return True
    least = _LIT_OF_SUBJECT if draft.order == 1 else _LIT
    elsewhere = (one.probability for one in others if one.citation.document_id != draft.document_id)
    return first.probability * lit[0].score > least and max(elsewhere, default=0.0) <= _RIVAL


def _drafts(archive: Archive) -> list[Draft]:
    """Drafts of some documents, the best first, one of each document before the second of any."""
    listed = [one for one in archive.documents(limit=_LISTED) if 0 < one.length <= _LONGEST]
    step = max(1, len(listed) / _DOCUMENTS)
    share = _CHARACTERS // max(1, min(len(listed), _DOCUMENTS))
    ordered: list[tuple[int, int, Draft]] = []
    for at in range(min(len(listed), _DOCUMENTS)):
        document = listed[int(at * step)]
        try:
            version, text, structure = archive.structured_text(document.id)
        except DocumentNotFound:
            continue  # deleted in the meantime
        found = drafts_of(document.id, version.title or document.id, text[:share], structure.blocks)
        own = sorted(_distinct(found), key=lambda one: one.order)
        ordered += [(turn, one.order, one) for turn, one in enumerate(own[:4])]
    ordered.sort(key=lambda one: one[:2])
    return _distinct(one for _, _, one in ordered)


def _distinct(drafts: Iterable[Draft]) -> list[Draft]:
    """Drafts with different questions, of a length that can be read in a list."""
    each: dict[str, Draft] = {}
    for one in drafts:
        if len(one.question) <= _LONGEST_QUESTION:
            each.setdefault(one.question.casefold(), one)
    return list(each.values())
