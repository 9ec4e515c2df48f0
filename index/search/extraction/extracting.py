"""Make an extractive answer: sentences of the documents, word for word, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from index.answers import Answer, Citation, Hit
from index.citations import Locator, parse_locator
from index.citations.resolution import Resolution
from index.errors import CitationNotFound
from index.search.extraction.beginning import lead_start
from index.search.extraction.column_names import column_names
from index.search.extraction.parts import Part
from index.search.extraction.selection import Selected, best, repeats
from index.search.extraction.shared_sentences import answer_apart
from index.search.extraction.widening import Resolve, widen_all
from index.text.tables import SEPARATOR
from index.types import Cell

_BEFORE = 500
"""Code points before a sentence in which its question is looked for."""


@dataclass(frozen=True, slots=True)
class ExtractedSentence:
    """A sentence of a document, word for word; its citation names exactly it.

    ``probability`` that it answers; ``part`` is the index of the part of the question that it answers. If it
    ``introduces``, it is no answer by itself: the next one, an item of a list, is not understood without it.
    Of a row of a table, ``names`` cites the line of column names above it, where the row does not repeat
    them; ``cells`` and ``answering`` are those of the evidence. ``is_older``: a mail quotes it of an older
    one. ``superseded_by`` are the ids of the documents that supersede its own.
    """

    citation: Citation
    probability: float
    part: int
    introduces: bool = False
    names: Citation | None = None
    cells: tuple[Cell, ...] = ()
    answering: tuple[Cell, ...] = ()
    is_older: bool = False
    superseded_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extract:
    """The sentences that answer a question; none if the documents do not say.

    The most probable stands first (:func:`index.search.extraction.first_sentence`), or that of the first part
    of the question; before it stands what introduces it.

    ``first`` is the index of the most probable one. ``unanswered`` are the parts of the question that no
    sentence answers: all of them, if it declines.
    """

    sentences: tuple[ExtractedSentence, ...]
    first: int
    unanswered: tuple[int, ...]

    @property
    def declines(self) -> bool:
        """Whether no sentence answers, because the documents do not say."""
        return not self.sentences

    @property
    def opening(self) -> str:
        """What a reader sees first: a sentence that answers, below what introduces it; empty if none does."""
        shown = next((at for at, one in enumerate(self.sentences) if not one.introduces), -1)
        return "\n".join(one.citation.quote for one in self.sentences[: shown + 1])


def extract_answer(
    resolution: Resolution,
    parts: Sequence[Part],
    answers: Sequence[Answer],
    *,
    most: int,
    least: float,
    several: Mapping[str, Resolution] | None = None,
) -> Extract:
    """Choose at most ``most`` sentences that answer, where the answerability is at least ``least``.

    What introduces one of them stands before it, and is not counted.

    ``answers`` has the answer to the whole question, and then, if there are several parts, one to each. Each
    part gets its best sentence; a part that is too improbable gets none. Sentences of a document that was
    erased since the search are left out. ``several`` resolves the citations that name a collection.
    """
    whole, *of_parts = answers

    def resolve(collection: str) -> Resolution:
        return several[collection] if several and collection else resolution

    if not of_parts and (read := _read_sentences(resolve, whole, most=most, least=least)):
        return Extract(read, 0, ())
    by_part = [one for part, answer in enumerate(of_parts) for one in _likely(answer, 1, least, part)]
    by_part = answer_apart(by_part, parts, of_parts)
    # What the parts ask may only be found together.
    chosen = _without_repeats(by_part)[:most] if by_part else _likely(whole, most, least)
    chosen = _without_repeats(widen_all(resolve, chosen, parts, whole.resolved or whole.question))
    chosen = _begin_at_leads(resolve, chosen, whole.resolved or whole.question)
    cited = list(_cite(resolve, chosen))
    kept = [one for one, sentence in cited if not sentence.introduces]
    if by_part:
        answered = {one.part for one in by_part if one in kept or repeats(one, kept)}
    else:
        answered = set(range(len(parts))) if kept else set()
    sentences = tuple(sentence for _, sentence in cited)
    first = max(
        range(len(sentences)),
        key=lambda at: (not sentences[at].introduces, sentences[at].probability),
        default=0,
    )
    unanswered = tuple(part for part in range(len(parts)) if part not in answered)
    return Extract(sentences, first, unanswered)


def _read_sentences(
    resolve: Resolve, answer: Answer, *, most: int, least: float
) -> tuple[ExtractedSentence, ...]:
    """The rows, and lines of column names, in which the value stands that was computed; none without one."""
    if answer.reading is None or not answer.reading.rows or answer.answerability < least:
        return ()
    found = []
    for locator in answer.reading.rows[:most]:
        try:
            citation = _cited(resolve, answer.reading.collection, parse_locator(locator))
        except CitationNotFound:
            continue
        found.append(_with_names(resolve, ExtractedSentence(citation, answer.answerability, 0), answer.hits))
    return tuple(found)


def _likely(answer: Answer, most: int, least: float, part: int = 0) -> list[Selected]:
    return best(answer, most, part) if answer.answerability >= least else []


def _without_repeats(chosen: Sequence[Selected]) -> list[Selected]:
    """The sentences, without those that repeat an earlier one: one sentence may answer two parts."""
    kept: list[Selected] = []
    for one in chosen:
        if not repeats(one, kept):
            kept.append(one)
    return kept


def _begin_at_leads(resolve: Resolve, chosen: Iterable[Selected], question: str) -> list[Selected]:
    """The sentences, each from the question or run-in heading just before it, if nothing introduces it."""
    found = []
    for one in chosen:
        at = max(0, one.start - _BEFORE)
        sha256 = bytes.fromhex(one.hit.citation.text_sha256)
        text = resolve(one.hit.citation.collection).moment.text(sha256, at, one.end)
        start = lead_start(text, (one.start - at, one.end - at), question)
        is_led = not one.introductions and at + start < one.start
        found.append(replace(one, start=at + start, words=text[start:]) if is_led else one)
    return found


def _cite(resolve: Resolve, chosen: Iterable[Selected]) -> Iterator[tuple[Selected, ExtractedSentence]]:
    """Yield each sentence with its citation, but those of documents that were erased since the search.

    Before it come those that introduce it, unless they stand before the last one, too.
    """
    last: tuple[object, ...] = ()
    for one in chosen:
        passage = one.hit.citation
        above = (*one.document, *one.introductions)
        spans = [*(one.introductions if above != last else ()), (one.start, one.end)]
        locators = [Locator(passage.document_id, passage.text_sha256, *span) for span in spans]
        try:
            citations = [_cited(resolve, passage.collection, locator) for locator in locators]
        except CitationNotFound:
            continue
        last = above
        probability = round(one.probability, 4)
        for citation in citations[:-1]:
            yield one, ExtractedSentence(citation, probability, one.part, introduces=True)
        sentence = ExtractedSentence(
            citations[-1],
            probability,
            one.part,
            is_older=one.is_older,
            superseded_by=one.hit.superseded_by,
        )
        yield one, _with_names(resolve, sentence, [one.hit])


def _with_names(resolve: Resolve, one: ExtractedSentence, hits: Sequence[Hit]) -> ExtractedSentence:
    """The sentence with the names of its columns and its cells, if it is a row of a table."""
    cited, place = one.citation, (one.citation.start, one.citation.end)
    for hit in hits:
        is_same = (hit.citation.document_id, hit.citation.text_sha256) == (
            cited.document_id,
            cited.text_sha256,
        )
        if is_same and (lit := next((lit for lit in hit.evidence if (lit.start, lit.end) == place), None)):
            one = replace(one, cells=lit.cells, answering=lit.answering)
            break
    if SEPARATOR not in cited.quote:
        return one
    moment, sha256 = resolve(cited.collection).moment, bytes.fromhex(cited.text_sha256)
    version = moment.version_by_text(cited.document_id, cited.text_sha256)
    if version is None:
        return one
    span = column_names(moment.structure(version).blocks, place, partial(moment.text, sha256))
    if span is None:
        return one
    locator = Locator(cited.document_id, cited.text_sha256, *span)
    return replace(one, names=_cited(resolve, cited.collection, locator))


def _cited(resolve: Resolve, collection: str, locator: Locator) -> Citation:
    """The citation that a locator of a collection names. Raises :class:`CitationNotFound`."""
    return replace(resolve(collection).cite(locator), collection=collection)
