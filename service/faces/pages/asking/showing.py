"""An answer as the page shows it: sentences with numbered citations, or that the documents do not say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from index.answers import Answer, Citation, Explanation, Hit, Reading, Unasked
from index.citations import Format, Resolution, parse_locator
from index.search.extraction import first_sentence, introduction_in_passage
from index.text import Span
from service.advice import count_minutes, upgrade_command
from service.faces.pages.asking.earlier import LostPassage
from service.faces.pages.disagreeing import ShownConflict
from service.faces.pages.languages import Language
from service.faces.pages.marks import Segment, lit_segments
from service.faces.pages.standings import ShownStanding, shown_standing
from service.faces.pages.wording import pages_in_words
from service.flows.answer.finding import Found
from service.flows.answer.flow import Whole
from service.http.links import (
    CitedWith,
    citation_path,
    document_page_address,
    in_collection,
    view_address,
    with_links,
)
from service.state.identity import Principal, Prover, Scope

_MOST_SAID = 500
"""Code points of an answer that a follow-up question carries in its address."""
_MARK = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True)
class ShownSentence:
    """A sentence of the documents in the answer, word for word, with the number of its source.

    ``introduces``: the next one, an item of a list, is not understood without it. ``is_older``: a mail quotes
    it of an older one. ``superseded`` are the documents that supersede its own, and their addresses.
    """

    locator: str
    text: str
    number: int
    title: str
    address: str
    standing: ShownStanding | None
    introduces: bool = False
    is_older: bool = False
    superseded: Sequence[tuple[str, str]] = ()


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
    verdict: ShownVerdict
    probability: str
    lacks: str
    """Which names of the question the nearest sentences lack, where the answer is doubtful; else empty."""
    nearest: ShownSentence | None
    """The nearest sentence, where the documents may say and no sentence answers."""
    sentences: Sequence[ShownSentence]
    unanswered: Sequence[str]
    written: Sequence[WrittenPart]
    sources: Sequence[ShownSource]
    notes: Sequence[str]
    change: int
    as_of: bool
    stale: int
    """Sources that have changed or are gone."""
    shifted: int
    """Sources with the same words, at another place or in another format."""
    worst: ShownStanding | None
    """The standing of what the answer cites, if a part of that has changed or is gone."""
    timings_ms: Sequence[tuple[str, float]]
    computed: ShownComputed | None = None
    time: str = ""
    """Of an earlier answer, when its change was made."""
    lost: Sequence[LostPassage] = ()
    """Citations of an earlier answer that have changed since."""
    conflicts: Sequence[ShownConflict] = ()
    """The disagreements of other documents with the sentences of the answer."""

    @property
    def said(self) -> str:
        """The beginning of the answer, which a follow-up question is understood by."""
        return " ".join(one.text for one in self.sentences)[:_MOST_SAID]

    @property
    def cited(self) -> list[str]:
        """The locators of what the answer rests on: its sentences, else the first passage."""
        return [one.locator for one in self.sentences] or [one.citation.locator for one in self.sources[:1]]


def shown_answer(
    found: Found,
    resolution: Resolution | None,
    prover: Prover,
    language: Language,
    *,
    made: Whole | None,
) -> ShownAnswer:
    """The found passages, as the page shows them. With a ``resolution``, citations have their standing.

    ``made`` is the whole answer that a model wrote, if one did.
    """
    answer, name = found.answer, found.collection
    standings = {} if resolution is None else _standings_by_locator(found, resolution, language)
    maker = SourceMaker(name, found.caller, prover, language, standings)
    sentences, sources = _sentences_with_sources(found, maker)
    declined = found.declines if made is None else made.declines(found)
    verdict = (
        shown_verdict(answer.answerability, language)
        if answer.hits
        else nothing_found(answer.unasked, language)
    )
    return ShownAnswer(
        declined,
        verdict,
        per_cent(answer.answerability, language),
        "" if verdict.tone == "good" else shown_missing(answer.mentioned, answer.missing, language),
        _nearest_sentence(answer, sources) if declined and verdict.may_answer else None,
        sentences,
        [found.parts[at].text for at in found.extract.unanswered] if sentences else (),
        () if made is None else tuple(_split_written_answer(made, sources)),
        sources,
        [*_language_notes(answer, name, language), *_index_notes(answer, language)],
        answer.index.change,
        resolution is not None,
        sum(one.standing is not None and one.standing.tone != "" for one in sources),
        sum(one.standing is not None and one.standing.is_news and not one.standing.tone for one in sources),
        _worst_standing(sentences, sources),
        sorted(answer.timings_ms.items(), key=lambda one: (one[0] == "total", -one[1])),
        shown_computed(answer.reading, maker, language),
    )


def _nearest_sentence(answer: Answer, sources: Sequence[ShownSource]) -> ShownSentence | None:
    """The sentence that would stand first, if any."""
    one = first_sentence(answer)
    if one is None:
        return None
    citation, source = one.hit.citation, sources[one.hit.rank - 1]
    above = introduction_in_passage(one)
    text = f"{above}\n{one.text}" if above else one.text
    return ShownSentence(
        citation.locator, text.strip(), source.number, citation.title, source.address, source.standing
    )


def _worst_standing(
    sentences: Sequence[ShownSentence], sources: Sequence[ShownSource]
) -> ShownStanding | None:
    cited = [one.standing for one in sentences] or [one.standing for one in sources[:1]]
    news = [one for one in cited if one is not None and one.tone]
    return min(news, key=lambda one: one.tone, default=None)  # "bad" is before "warn"


def _standings_by_locator(
    found: Found, resolution: Resolution, language: Language
) -> dict[str, ShownStanding]:
    cited = (
        *(hit.citation for hit in found.answer.hits), *(one.citation for one in found.extract.sentences)
    )  # fmt: skip
    return {one.locator: shown_standing(resolution, one, found.collection, language) for one in cited}


def _sentences_with_sources(
    found: Found, maker: SourceMaker
) -> tuple[list[ShownSentence], list[ShownSource]]:
    """The sentences of the answer, and all sources: the passages, then sentences that are in none of them."""
    hits, extracted = found.answer.hits, found.extract.sentences
    homes = [_rank_of_passage(one.citation, hits, found.collection) for one in extracted]
    cited: dict[int, list[Span]] = {}
    for one, rank in zip(extracted, homes, strict=True):
        if rank:
            cited.setdefault(rank, []).append((one.citation.start, one.citation.end))
    sources = maker.passages(hits, cited)
    each = [(one.citation, [(one.citation.start, one.citation.end)]) for one in extracted]
    sentences = []
    for one, rank, address in zip(extracted, homes, maker.addresses(each), strict=True):
        citation, number = one.citation, rank
        if not number:
            number = len(sources) + 1
            sources.append(maker.sentence(number, citation, address, one.probability))
        standing = maker.standings.get(citation.locator)
        sentences.append(
            ShownSentence(
                citation.locator,
                citation.quote,
                number,
                citation.title,
                address,
                standing,
                one.introduces,
                one.is_older,
                maker.superseded(citation, one.superseded_by),
            )
        )
    return sentences, sources


def _rank_of_passage(sentence: Citation, hits: Sequence[Hit], collection: str) -> int:
    """The rank of the passage that a sentence stands in; 0 if there is none."""
    own = replace(sentence, collection=sentence.collection or collection)
    for hit in hits:
        passage = replace(hit.citation, collection=hit.citation.collection or collection)
        if passage.covers(own):
            return hit.rank
    return 0


def _split_written_answer(made: Whole, sources: Sequence[ShownSource]) -> Iterator[WrittenPart]:
    """The text of a model, cut into sentences with their verdicts."""
    by_number = {one.number: one.address for one in sources}
    at = 0
    for one in made.sentences:
        yield WrittenPart(_split_at_marks(made.text[at : one.start], by_number))
        yield WrittenPart(_split_at_marks(made.text[one.start : one.end], by_number), one.status, one.reason)
        at = one.end
    yield WrittenPart(_split_at_marks(made.text[at:], by_number))


def _split_at_marks(text: str, by_number: Mapping[int, str]) -> list[Piece]:
    """A text, cut at the marks that name a source."""
    pieces, at = [], 0
    for match in _MARK.finditer(text):
        if (number := int(match[1])) in by_number:
            pieces += [Piece(text[at : match.start()]), Piece(match[0], number, by_number[number])]
            at = match.end()
    return [*pieces, Piece(text[at:])]


def _language_notes(answer: Answer, collection: str, language: Language) -> Iterator[str]:
    t, unknown = language.t, answer.unknown_language
    if unknown is None:
        return
    yield t("The model {model} does not know the language of the question.", model=unknown.model)
    yield t("So passages are found by the words that they share with it, and none in another language.")
    if unknown.passages:
        yield t(
            "`{command}` changes that: it embeds {passages} passages, about {minutes} min on this machine.",
            command=upgrade_command(unknown.collection or collection),
            passages=f"{unknown.passages:,}",
            minutes=count_minutes(unknown),
        )
        yield t("With --plan it measures first how long that takes.")


def _index_notes(answer: Answer, language: Language) -> Iterator[str]:
    t = language.t
    if "dense" in answer.index.degraded:
        yield t("The search by meaning is being repaired: this answer lacks what only it finds.")
    if "lexical" in answer.index.degraded:
        yield t("The search by words is being repaired: this answer lacks what only it finds.")
    if answer.index.embedded < 1 and not answer.index.degraded:
        share = f"{100 * answer.index.embedded:.0f} %"
        yield t(
            "Documents are still being prepared: {share} so far. The rest is found by its words only.",
            share=share,
        )


# A value that was computed of a table, as the page shows it: no quote, and with every cell that was read.


_MOST_CELLS = 100
"""Most cells with a link of their own; the API has them all."""


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell that was read: the label of its row, its words, and where they stand."""

    row: str
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class ShownComputed:
    """A value, empty where none could be computed, and what was done in words, or why nothing was."""

    value: str
    words: str
    cells: Sequence[ShownCell]
    more: int


def shown_computed(reading: Reading | None, maker: SourceMaker, language: Language) -> ShownComputed | None:
    """Return the computed value as the page shows it; None if nothing was to be computed."""
    if reading is None:
        return None
    t = language.t
    what = t("{operation} by “{of}”", operation=_operation(reading.operation, language), of=reading.of)
    if reading.value:
        words = t("Computed from the cells of a table: {what}", what=what)
    else:
        words = t("Not computed ({what}): {reason}", what=what, reason=reading.reason)
    some = reading.cells[:_MOST_CELLS]
    name = reading.collection or maker.collection
    # Each by itself: the document would show all cells of a long column as cited.
    addresses = [maker.address_in(name, CitedWith(one.locator, ((one.start, one.end),))) for one in some]
    cells = [
        ShownCell(one.row if one.row != one.text else one.column, one.text, address)
        for one, address in zip(some, addresses, strict=True)
    ]
    return ShownComputed(reading.value, words, cells, len(reading.cells) - len(some))


def _operation(name: str, language: Language) -> str:
    t = language.t
    names = {
        "highest": t("the highest"),
        "lowest": t("the lowest"),
        "total": t("the total"),
        "count": t("the number"),
        "first": t("the first"),
        "last": t("the last"),
        "higher": t("the higher"),
        "lower": t("the lower"),
    }
    return names[name]


# The probability of an answer in words: one scale for the large type, the panel and its colour.


Tone = Literal["", "good", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class ShownVerdict:
    """The probability in words. ``declined`` stands in place of an answer where there is none.

    ``may_answer`` if the nearest sentence is worth showing then.
    """

    tone: Tone
    words: str
    declined: str
    may_answer: bool


def shown_verdict(probability: float, language: Language) -> ShownVerdict:
    """The calibrated probability that the passages answer, in words.

    Green is only where also the sentence that stands first is mostly right: of everyday questions, .83 of 72
    from .8 on, and .55 of 49 below.
    """
    t = language.t
    may_not = t("The documents may not say.")
    if probability >= 0.8:
        return ShownVerdict("good", t("The answer is very probably in these passages."), may_not, True)
    if probability >= 0.65:
        return ShownVerdict("", t("The answer is probably in these passages."), may_not, True)
    if probability >= 0.35:
        words = t("The answer may or may not be in these passages: read them.")
        return ShownVerdict("", words, may_not, True)
    if probability >= 0.2:
        words = t("The answer may not be in these passages: read with care.")
        return ShownVerdict("warn", words, may_not, True)
    words = t("The documents probably do not contain the answer. These passages are the nearest.")
    return ShownVerdict("bad", words, t("The documents probably do not say."), False)


def shown_missing(mentioned: Sequence[str], missing: Sequence[str], language: Language) -> str:
    """Which names, numbers and dates of the question the nearest sentences have, and which they lack.

    Empty if they lack none.
    """
    if not missing:
        return ""
    names = " · ".join(missing)
    if not mentioned:
        return language.t("The nearest sentences do not mention {missing}.", missing=names)
    return language.t(
        "The nearest sentences mention {mentioned}, but not {missing}.",
        mentioned=" · ".join(mentioned),
        missing=names,
    )


def nothing_found(unasked: Unasked, language: Language) -> ShownVerdict:
    """Text of an answer without passages."""
    t = language.t
    words = {
        "": t("Nothing in the documents matches the words or the meaning of that question."),
        "filtered_out": t("No document passes the filters."),
        "no_documents": t(
            "There are no documents here yet. Add some in the library, or ask another collection."
        ),
        "no_documents_then": t("There were no documents at that time."),
    }
    declined = t("No document was asked.") if unasked else t("The documents do not say.")
    return ShownVerdict("bad", words[unasked], declined, False)


# The sources of an answer: its passages, numbered, each with the sentence that answers lit.


_SHOWN, _LIT = 0.05, 0.2
"""Least probability with which a passage after the first is shown at once, and with which it is lit."""
_MOST_REPEATS = 3
"""Other documents with the words of a passage that are named with it."""
_FOR_PEOPLE: Mapping[Format, str] = {
    "markdown_footnote": "Markdown",
    "bibtex": "BibTeX",
    "csl_json": "CSL JSON",
    "ris": "RIS",
}
_FOR_PROGRAMS: Mapping[Format, str] = {
    "w3c_annotation": "W3C annotation",
    "anthropic_char_location": "Anthropic char_location",
    "anthropic_search_result": "Anthropic search_result",
    "openai_file_citation": "OpenAI file_citation",
}


@dataclass(frozen=True, slots=True)
class ShownFormat:
    """A way to cite: its identifier (``link`` for a link alone), its name and its address."""

    format: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Citing:
    """Text to copy to cite a source: the marked sentences, or the whole passage.

    ``passage`` is empty where no sentence is marked; the passage itself is then in the other two.
    """

    people: Sequence[ShownFormat]
    programs: Sequence[ShownFormat]
    passage: Sequence[ShownFormat]


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A numbered source of an answer. ``explain`` is None for a sentence that is in none of the passages."""

    number: int
    citation: Citation
    section: str
    pages: str
    address: str
    probability: str
    is_shown: bool
    parts: tuple[Segment, ...]
    citing: Citing
    standing: ShownStanding | None
    explain: Explanation | None = None
    also: Sequence[tuple[str, str]] = ()
    """Ids of other documents that say the same, and the addresses of these places; empty without a link."""
    superseded: Sequence[tuple[str, str]] = ()
    """Ids of the documents that supersede its own, and their addresses; none for a key with the scope ask."""
    figure: str = ""
    """The address of the picture whose caption it quotes; empty for a key with the scope ask."""

    @property
    def collection(self) -> str:
        """The collection of its document; empty where only one was asked."""
        return self.citation.collection


@dataclass(frozen=True, slots=True)
class SourceMaker:
    """Makes the sources of one answer. ``standings`` are by locator; empty for an answer of today.

    ``collection`` is that of citations that do not name their own. ``prover`` makes proofs for the caller.
    Links of a key with the scope ask carry proofs, and lead to nothing else.
    """

    collection: str
    caller: Principal
    prover: Prover
    language: Language
    standings: Mapping[str, ShownStanding] = field(default_factory=dict)

    def addresses(self, cited: Sequence[tuple[Citation, Sequence[Span]]]) -> list[str]:
        """The address of each citation in its document with its evidence, and links from one to the next.

        The viewer shows one collection: its links lead to the citations of that one.
        """
        each = [
            (citation.collection or self.collection, CitedWith(citation.locator, tuple(spans)))
            for citation, spans in cited
        ]
        together = {name: [other for of, other in each if of == name] for name, _ in each}
        return [self.address_in(name, one, together[name]) for name, one in each]

    def address_in(self, collection: str, one: CitedWith, others: Sequence[CitedWith] = ()) -> str:
        """The address of a citation in a document of a collection, with links to others of it."""
        if self.caller.scope is not Scope.ASK:
            return view_address(one.locator, others or [one], collection)
        proof = self.prover.link_proof(collection, one.locator)
        return view_address(one.locator, [one], collection, proof=proof)

    def passages(self, hits: Sequence[Hit], cited: Mapping[int, Sequence[Span]]) -> list[ShownSource]:
        """The passages, numbered by rank. ``cited`` are the spans that the answer quotes, by rank."""
        addresses = self.addresses([(hit.citation, _evidence(hit, cited.get(hit.rank, ()))) for hit in hits])
        return [
            self._passage(hit, address, cited.get(hit.rank, ()))
            for hit, address in zip(hits, addresses, strict=True)
        ]

    def sentence(self, number: int, citation: Citation, address: str, probability: float) -> ShownSource:
        """A sentence of the answer that is in none of its passages."""
        return self._source(
            number, citation, address, probability, True, (Segment(citation.quote, "evidence"),)
        )

    def _passage(self, hit: Hit, address: str, cited: Sequence[Span]) -> ShownSource:
        citation = hit.citation
        is_near = hit.rank == 1 or hit.probability >= _LIT
        spans = [*cited, *((one.start, one.end) for one in hit.evidence[:1] if is_near and not cited)]
        inside = [(start - citation.start, end - citation.start) for start, end in spans]
        is_shown = bool(cited) or hit.rank == 1 or hit.probability >= _SHOWN
        source = self._source(
            hit.rank,
            citation,
            address,
            hit.probability,
            is_shown,
            lit_segments(hit.text, inside),
            (min(start for start, _ in spans), max(end for _, end in spans)) if spans else None,
            hit.explain,
            self._repeats(hit),
        )
        return replace(source, superseded=self.superseded(hit.citation, hit.superseded_by))

    def _source(  # noqa: PLR0913, PLR0917 -- the parts of a source
        self,
        number: int,
        citation: Citation,
        address: str,
        probability: float,
        is_shown: bool,
        parts: tuple[Segment, ...],
        lit: Span | None = None,
        explain: Explanation | None = None,
        also: Sequence[tuple[str, str]] = (),
    ) -> ShownSource:
        return ShownSource(
            number,
            citation,
            " › ".join(citation.section),
            pages_in_words(citation, self.language),
            address,
            per_cent(probability, self.language),
            is_shown,
            parts,
            self._make_citing(citation, lit),
            self.standings.get(citation.locator),
            explain,
            also,
            figure=self._figure(citation),
        )

    def _figure(self, citation: Citation) -> str:
        is_open = citation.figure is not None and self.caller.scope is not Scope.ASK
        return with_links(citation, self.collection).links.get("figure", "") if is_open else ""

    def _make_citing(self, citation: Citation, lit: Span | None) -> Citing:
        """The ways to cite a source. ``lit`` are its marked sentences, as a span of the document."""
        whole = self._formats(with_links(citation, self.collection).links)
        # A proof is for the passage alone.
        if lit is None or lit == (citation.start, citation.end) or self.caller.scope is Scope.ASK:
            return Citing(*whole, ())
        start, end = lit
        name = citation.collection or self.collection
        locator = str(replace(parse_locator(citation.locator), start=start, end=end))
        own = {"citation": in_collection(citation_path(locator), name)}
        own["view"] = view_address(locator, (), name)
        return Citing(*self._formats(own), whole[0])

    def _formats(self, links: Mapping[str, str]) -> tuple[list[ShownFormat], list[ShownFormat]]:
        """The formats for people, a link alone first, and those for programs."""
        t, link = self.language.t, links["citation"]
        start = f"{link}{'&' if '?' in link else '?'}format="

        def make_formats(names: Mapping[Format, str]) -> list[ShownFormat]:
            return [ShownFormat(one, name, f"{start}{one}") for one, name in names.items()]

        people = [ShownFormat("link", t("Link"), links["view"])]
        people.append(ShownFormat("plain", t("Plain text"), f"{start}plain"))
        return [*people, *make_formats(_FOR_PEOPLE)], make_formats(_FOR_PROGRAMS)

    def superseded(self, citation: Citation, document_ids: Sequence[str]) -> list[tuple[str, str]]:
        """The documents that supersede a cited one, and their addresses; none for who may only ask."""
        if self.caller.scope is Scope.ASK:
            return []
        name = citation.collection or self.collection
        return [(id_, document_page_address(id_, name)) for id_ in document_ids]

    def _repeats(self, hit: Hit) -> list[tuple[str, str]]:
        """The other documents that say what a hit says, each once, and the addresses of these places."""
        locators = {parse_locator(one).document_id: one for one in reversed((*hit.also_at, *hit.also_in))}
        locators.pop(hit.citation.document_id, None)
        has_links = self.caller.scope is not Scope.ASK
        some = list(reversed(locators.items()))[:_MOST_REPEATS]
        name = hit.citation.collection or self.collection
        return [(id_, view_address(one, [], name) if has_links else "") for id_, one in some]


def _evidence(hit: Hit, cited: Sequence[Span]) -> Sequence[Span]:
    """The spans that an answer quotes of a hit, else its best sentence."""
    return cited or [(one.start, one.end) for one in hit.evidence[:1]]


def per_cent(probability: float, language: Language) -> str:
    """A probability in per cent."""
    written = f"{100 * probability:.0f} %"
    return language.t("less than 1 %") if written == "0 %" else written
