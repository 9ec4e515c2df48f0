"""Weigh passages and sentences by what their headings say: whether the question names or asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import lt
from typing import NamedTuple

import regex

from index.patterns import lazy_pattern
from index.records import PlacedPassage
from index.search.headings.dates import AskedDate
from index.search.headings.days import DaySections
from index.search.headings.editions import AskedEdition
from index.search.headings.lines import ITEM, LONGEST, lines_above
from index.search.headings.listing import AskedSection
from index.search.headings.sections import NamedSections
from index.search.judged import STRENGTH, JudgedSentence
from index.search.question.designations import Standing
from index.search.question.wanted import Wanted
from index.text.sentences import COLONS, Span

PASSAGE_LOGITS: dict[Standing, float] = {"named": 4.0, "open": 0.0, "other": -4.0}
"""Added to the logit of a passage's score."""
_SENTENCE: dict[Standing, float] = {"named": 1.0, "open": 0.0, "other": -8.0}
"""Added to the strength of a sentence: one of another section is not lit."""
_ASKED_FOR, _MORE = 2.5, 0.5
"""Least strength of the sentence by which begins what is asked for, and how much more than others it has."""
_ANNOUNCES = lazy_pattern(
    r"(?:in\s+)?this\s+(?:page|section|chapter|guide|manual|handbook|part|tutorial|lesson)\s+(?:also\s+|briefly\s+)?"
    r"(?:explains|describes|shows|covers|tells|lists|gives|introduces|outlines|discusses|is\s+about|we\s+)|"
    r"diese[rs]?\s+(?:seite|abschnitt|kapitel|handbuch|teil)\s+(?:erklärt|beschreibt|zeigt|behandelt|enthält)|"
    r"cette\s+(?:page|section|partie)\s+(?:explique|décrit|montre|présente)",
    regex.IGNORECASE,
)
"""Beginning of a sentence that only says what the text is about."""
_ANNOUNCING_LETTERS = frozenset("cCdDiItTİı")
"""One of which it begins with."""
_ANNOUNCING = -2.0
"""Added to the strength of such a sentence."""
_ENDS_SENTENCE = (".", "!", "…", "。", "！")
_BESIDE_TITLE = "#=* \n"
_MARKS = 8
"""Most code points by which the line of a title is longer than the title."""
_BEFORE = 600
"""Code points before a hit in which its headings are looked for."""
_BEGINNING = 300
"""Code points at the beginning of a text that say what the document is."""


class Around(NamedTuple):
    """The text around the sentences of a hit, from offset ``at`` of the document to the hit's end.

    ``beginning`` is that of the document, where it is known.
    """

    text: str
    at: int
    beginning: str = ""

    @staticmethod
    def cut(text: str, at: int, start: int, end: int) -> Around:
        """What of a text from offset ``at`` is around the span of a hit."""
        first = max(0, start - at - _BEFORE)
        return Around(text[first : end - at], at + first, "" if at else text[:_BEGINNING])

    def before(self, one: JudgedSentence) -> str:
        """What is above a sentence."""
        return self.text[: one.start - self.at]

    def of(self, one: JudgedSentence) -> str:
        """The words of a sentence."""
        return self.text[one.start - self.at : one.end - self.at]


class Weighed(NamedTuple):
    """The sentences of a hit, weighed.

    ``is_headed``: the headings say all that the question asks for. ``is_lowered``: a sentence is only a
    title, or of another section than the one that is named.
    """

    sentences: list[JudgedSentence]
    is_headed: bool = False
    is_lowered: bool = False


@dataclass(frozen=True, slots=True)
class Headings:
    """What a question says of headings: ``sections`` that it names, and the content that it ``asks`` for.

    Both are None for most questions, as are the ``date`` of a section that it asks for, the ``edition`` of a
    year, and ``days`` of the week. ``wanted`` is the kind of thing that it asks for.
    """

    hashes: Callable[[str], Iterable[int]]
    sections: NamedSections | None
    asks: AskedSection | None
    wanted: Wanted | None
    date: AskedDate | None = None
    edition: AskedEdition | None = None
    days: DaySections | None = None

    @staticmethod
    def of(
        question: str,
        hashes: Callable[[str], Iterable[int]],
        text_of: Callable[[Iterable[bytes]], Mapping[bytes, str]],
    ) -> Headings:
        """Read a question; ``text_of`` gives whole texts by their hashes."""
        sections = NamedSections.of(question, text_of)
        asks, wanted = AskedSection.of(question, hashes), Wanted.of(question)
        date = AskedDate.of(question) if sections else None
        edition, days = AskedEdition.of(question), DaySections.of(question)
        return Headings(hashes, sections, asks, wanted, date, edition, days)

    def said_above(self, document_id: str, text_sha256: bytes, start: int) -> list[str]:
        """What of the question is said above an offset: by the headings, or by the year of the document."""
        of_year = self.edition.said_by(document_id, text_sha256) if self.edition else []
        return of_year + (self.sections.said_above(document_id, text_sha256, start) if self.sections else [])

    def weigh(
        self, judged: Sequence[JudgedSentence], text: str, at: int, span: Span, passage: PlacedPassage
    ) -> Weighed:
        """Weigh the sentences of a hit, which has a span; ``text`` around it is from offset ``at``."""
        version, named = passage.version, list[JudgedSentence]()
        found, plain = [], version.title.strip(_BESIDE_TITLE).casefold()
        longest = len(plain) + _MARKS if plain else 0
        for one in judged:
            start, end = one.start - at, one.end - at
            strength = one.strength
            if text[start : start + 1] in _ANNOUNCING_LETTERS and _ANNOUNCES.match(text, start, end):
                strength += _ANNOUNCING
            is_title = end - start <= longest and text[start:end].strip(_BESIDE_TITLE).casefold() == plain
            if is_title and self._is_idle(text, start, end):
                strength += _SENTENCE["other"]
            found.append(one if strength == one.strength else one._replace(strength=strength))
        if self.sections is not None:
            standings = [self.sections.of_sentence(version, one.start, one.end) for one in found]
            found = [
                one._replace(strength=one.strength + _SENTENCE[standing])
                for one, standing in zip(found, standings, strict=True)
            ]
            named = [one for one, of in zip(found, standings, strict=True) if of == "named"]
        if self.edition is not None or self.days is not None:
            found = self._lower_others(found, text, at, span, passage)
        is_lowered = any(map(lt, map(STRENGTH, found), map(STRENGTH, judged)))
        if self.date is None and self.asks is None:
            return Weighed(found, is_lowered=is_lowered)
        around = Around.cut(text, at, *span)
        document = "\n".join([version.title, version.document_id, around.beginning])
        first = None
        if self.date is not None and self.sections is not None and named:
            is_dated = self.date.line_above(self.sections.text(version), named[0].start) is not None
            first = named[0] if is_dated and self.date.is_about(document, self.hashes) else None
        elif self.asks is not None and found:
            asked = _AskedFor(self.asks, passage.passage.section, document, around)
            first = asked.find(named if self.asks.names else found, found)
        if first is None:
            return Weighed(found, is_lowered=is_lowered)
        most = max(_ASKED_FOR, *(one.strength + _MORE for one in found))
        raised = [one._replace(strength=most) if one is first else one for one in found]
        return Weighed(raised, is_headed=True, is_lowered=is_lowered)

    def _lower_others(
        self, found: list[JudgedSentence], text: str, at: int, span: Span, passage: PlacedPassage
    ) -> list[JudgedSentence]:
        """Lower the sentences of another edition, or of other days of the week than the question's."""
        edition, days = self.edition, self.days
        if edition is not None and edition.is_other(passage.version, text[span[0] - at : span[1] - at]):
            found = [one._replace(strength=one.strength + _SENTENCE["other"]) for one in found]
        if days is None or days.standing(passage) != "other":
            return found
        return [
            one
            if days.names(text[one.start - at : one.end - at])
            else one._replace(strength=one.strength + _SENTENCE["other"])
            for one in found
        ]

    def _is_idle(self, text: str, start: int, end: int) -> bool:
        """Whether a sentence that is only the title of the document lacks what is asked for.

        That is a date, a number or a name: then it is not lit.
        """
        if self.wanted is None or self.wanted.kind == "list":
            return True
        return not self.wanted.is_in(text, start, end)


@dataclass(frozen=True, slots=True)
class _AskedFor:
    """Finds in a hit the list or the section that a question asks for as a whole.

    ``section`` are its headings, the outermost first; ``document`` is what says what the document is.
    """

    asks: AskedSection
    section: Sequence[str]
    document: str
    around: Around

    def find(
        self, candidates: Sequence[JudgedSentence], judged: Sequence[JudgedSentence]
    ) -> JudgedSentence | None:
        """The sentence by which it begins: one of some candidates, or the one that introduces the list."""
        outer = "\n".join([self.document, *self.section[:-1]])
        for one in candidates:
            above = self._above(one)
            own = [*above[:1], *self.section[-1:]]
            if above and above[0].endswith(COLONS):
                own += above[1:]
            if self._begins_list(one) and self.asks.is_said_by("\n".join(own), "\n".join([outer, *above])):
                return self._introduction(one, judged) or one
        if not self.asks.names:
            return None
        first = next((one for one in candidates if not self._is_line_alone(one)), None)
        if first is None or first.is_row:
            return None
        own = [*self._above(first)[:1], *self.section[-1:]]
        return first if own and self.asks.is_said_by("\n".join(own), outer) else None

    def _above(self, one: JudgedSentence) -> list[str]:
        lines = lines_above(self.around.text, one.start - self.around.at)
        return [line for line in lines if not line.endswith(_ENDS_SENTENCE)]

    def _introduction(self, one: JudgedSentence, judged: Sequence[JudgedSentence]) -> JudgedSentence | None:
        """The sentence that introduces the list which begins with an item."""
        before = self.around.before(one).rstrip()
        if not before.endswith(COLONS):
            return None
        end = self.around.at + len(before)
        return next((other for other in judged if other.end == end), None)

    def _begins_list(self, one: JudgedSentence) -> bool:
        """Whether it is an item, and what is above it is none."""
        if one.is_row or ITEM.match(self.around.of(one)) is None:
            return False
        above = lines_above(self.around.text, one.start - self.around.at, most=1)
        return not above or ITEM.match(above[0] + " ") is None or self.around.before(one).endswith("\n\n")

    def _is_line_alone(self, one: JudgedSentence) -> bool:
        """Whether it is a short line that stands alone above text, as a heading does."""
        end = one.end - self.around.at
        return (
            one.end - one.start <= LONGEST
            and self.around.text.startswith("\n\n", end)
            and not self.around.of(one).endswith(_ENDS_SENTENCE)
            and bool(self.around.text[end:].strip())
        )
