"""An answer as the page shows it: sentences with numbered citations, or that the documents do not say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.answers import Answer, Citation, Hit
from index.citations import Resolution
from index.text import Span
from service.answering.finding import Found
from service.answering.flow import Whole
from service.api.links import CitedWith
from service.browser.asking.sources import ShownSource, SourceMaker, per_cent
from service.browser.languages import Language
from service.browser.standings import ShownStanding, shown_standing
from service.identity import Prover

_MOST_SAID = 500
"""Code points of an answer that a follow-up question carries in its address."""
_MARK = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True)
class ShownSentence:
    """A sentence of the documents in the answer, word for word, with the number of its source."""

    text: str
    number: int
    title: str
    address: str
    standing: ShownStanding | None


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of a written answer; a mark has the number of its source, and the address of that."""

    text: str
    number: int = 0
    address: str = ""


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """A sentence of a written answer with its verdict, or the text between two sentences."""

    pieces: Sequence[Piece]
    status: str = ""
    reason: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether the documents do not confirm it."""
        return self.status in {"contradicted", "unsupported"}


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer. ``written`` is empty without a model; ``unanswered`` are parts of the question."""

    declined: bool
    tone: str
    words: str
    probability: str
    sentences: Sequence[ShownSentence]
    unanswered: Sequence[str]
    written: Sequence[WrittenPart]
    sources: Sequence[ShownSource]
    notes: Sequence[str]
    change: int
    as_of: bool
    stale: int
    """Sources that have changed or are gone."""
    timings_ms: Sequence[tuple[str, float]]

    @property
    def said(self) -> str:
        """The beginning of the answer, which a follow-up question is understood by."""
        return " ".join(one.text for one in self.sentences)[:_MOST_SAID]


def shown_answer(
    found: Found, resolution: Resolution | None, prover: Prover, language: Language, *, made: Whole | None
) -> ShownAnswer:
    """What was found, as the page shows it. With a ``resolution``, each citation has its standing today.

    ``made`` is the whole answer that a model wrote, if one did.
    """
    answer, name = found.answer, found.collection
    standings = {} if resolution is None else _standings(found, resolution, language)
    maker = SourceMaker(name, found.caller, prover, language, standings)
    sentences, sources = _quoted(found, maker)
    written = () if made is None else tuple(_written(made, sources))
    declined = found.declines if made is None else made.declines(found)
    tone, words = _verdict(answer, language)
    return ShownAnswer(
        declined,
        tone,
        words,
        per_cent(answer.answerability, language),
        sentences,
        [found.parts[at].text for at in found.extract.unanswered] if sentences else (),
        written,
        sources,
        list(_notes(answer, language)),
        answer.index.change,
        resolution is not None,
        sum(one.standing is not None and one.standing.tone != "" for one in sources),
        sorted(answer.timings_ms.items(), key=lambda one: (one[0] == "total", -one[1])),
    )


def _standings(found: Found, resolution: Resolution, language: Language) -> dict[str, ShownStanding]:
    cited = (
        *(hit.citation for hit in found.answer.hits), *(one.citation for one in found.extract.sentences)
    )  # fmt: skip
    return {one.locator: shown_standing(resolution, one, found.collection, language) for one in cited}


def _quoted(found: Found, maker: SourceMaker) -> tuple[list[ShownSentence], list[ShownSource]]:
    """The sentences of the answer, and all sources: the passages, then sentences that are in none of them."""
    hits, extracted = found.answer.hits, found.extract.sentences
    homes = [_home(one.citation, hits) for one in extracted]
    cited: dict[int, list[Span]] = {}
    for one, rank in zip(extracted, homes, strict=True):
        if rank:
            cited.setdefault(rank, []).append((one.citation.start, one.citation.end))
    sources = maker.passages(hits, cited)
    each = [CitedWith(one.citation.locator, ((one.citation.start, one.citation.end),)) for one in extracted]
    sentences = []
    for one, rank, address in zip(extracted, homes, maker.addresses(each), strict=True):
        citation, number = one.citation, rank
        if not number:
            number = len(sources) + 1
            sources.append(maker.sentence(number, citation, address, one.probability))
        standing = _standing(maker, citation, sources[number - 1].standing)
        sentences.append(ShownSentence(citation.quote, number, citation.title, address, standing))
    return sentences, sources


def _standing(maker: SourceMaker, sentence: Citation, source: ShownStanding | None) -> ShownStanding | None:
    """The standing of a sentence. One that is gone from a passage that has changed has changed with it."""
    own = maker.standings.get(sentence.locator)
    if own is not None and own.status == "gone" and source is not None and source.status == "changed":
        return source
    return own


def _home(sentence: Citation, hits: Sequence[Hit]) -> int:
    """The rank of the passage that a sentence stands in; 0 if there is none."""
    for hit in hits:
        passage = hit.citation
        is_same = (passage.document_id, passage.text_sha256) == (sentence.document_id, sentence.text_sha256)
        if is_same and passage.start <= sentence.start and sentence.end <= passage.end:
            return hit.rank
    return 0


def _written(made: Whole, sources: Sequence[ShownSource]) -> Iterator[WrittenPart]:
    """The text of a model, cut into sentences with their verdicts."""
    by_number = {one.number: one.address for one in sources}
    at = 0
    for one in made.sentences:
        yield WrittenPart(_pieces(made.text[at : one.start], by_number))
        yield WrittenPart(_pieces(made.text[one.start : one.end], by_number), one.status, one.reason)
        at = one.end
    yield WrittenPart(_pieces(made.text[at:], by_number))


def _pieces(text: str, by_number: Mapping[int, str]) -> list[Piece]:
    """A text, cut at the marks that name a source."""
    pieces, at = [], 0
    for match in _MARK.finditer(text):
        if (number := int(match[1])) in by_number:
            pieces += [Piece(text[at : match.start()]), Piece(match[0], number, by_number[number])]
            at = match.end()
    return [*pieces, Piece(text[at:])]


def _verdict(answer: Answer, language: Language) -> tuple[str, str]:
    """The calibrated probability in words, and their tone."""
    t = language.t
    if not answer.hits:
        return "bad", t("Nothing in the documents matches the words or the meaning of that question.")
    verdicts = (
        (0.8, "good", t("The answer is very probably in these passages.")),
        (0.5, "good", t("The answer is probably in these passages.")),
        (0.2, "warn", t("The answer may not be in these passages: read with care.")),
        (0.0, "bad", t("The documents probably do not contain the answer. These passages are the nearest.")),
    )
    return next((tone, words) for least, tone, words in verdicts if answer.answerability >= least)


def _notes(answer: Answer, language: Language) -> Iterator[str]:
    t = language.t
    if "dense" in answer.index.degraded:
        yield t("The search by meaning is being repaired: this answer lacks what only it finds.")
    if "lexical" in answer.index.degraded:
        yield t("The search by words is being repaired: this answer lacks what only it finds.")
    if answer.index.embedded < 1 and not answer.index.degraded:
        share = f"{100 * answer.index.embedded:.0f} %"
        yield t(
            "Documents are still being embedded: {share} of the passages can be found by meaning so far.",
            share=share,
        )
