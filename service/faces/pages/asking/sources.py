"""The sources of an answer: its passages, numbered, each with the sentence that answers lit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from index.answers import Citation, Explanation, Hit
from index.citations import Format, parse_locator
from index.text import Span
from service.faces.pages.languages import Language
from service.faces.pages.marks import Segment, lit_segments
from service.faces.pages.standings import ShownStanding
from service.faces.pages.wording import pages_in_words
from service.http.links import (
    CitedWith,
    citation_path,
    document_page_address,
    in_collection,
    view_address,
    with_links,
)
from service.state.identity import Principal, Prover, Scope

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
        return replace(source, superseded=self._superseded(hit))

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

    def _superseded(self, hit: Hit) -> list[tuple[str, str]]:
        if self.caller.scope is Scope.ASK:
            return []
        name = hit.citation.collection or self.collection
        return [(id_, document_page_address(id_, name)) for id_ in hit.superseded_by]

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
