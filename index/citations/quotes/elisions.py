"""Find a quote from which words were left out ("…", "[...]") or into which some were inserted ("[the drug]").

The parts that are the source's must stand there in their order, near each other. Offsets are Unicode code
points, spans half open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import regex

from index.citations.quotes.anchoring import AnchoringText
from index.citations.quotes.occurrences import alike
from index.patterns import lazy_pattern
from index.text.differences import IDEOGRAPHIC

ELLIPSIS = lazy_pattern(r"[\[(]\s*(?:…|\.\s?\.\s?\.)\s*[\])]|…|\.\s?\.\s?\.\s?\.?")
_INSERTED = lazy_pattern(r"\[(?P<words>[^\[\]\n]{1,200})\]")
_LETTER = lazy_pattern(r"\[(?P<letters>\p{L}{1,3})\](?=\p{L})|(?<=\p{L})\[(?P<ending>\p{L}{0,4})\]")
_WORD = lazy_pattern(rf"[{IDEOGRAPHIC}]|[\w'’-]+", regex.VERSION1)

MOST_OMITTED = 2000
"""Most code points that one ellipsis may omit: parts farther apart are not one quotation."""
_MOST_REPLACED = 200
"""Most code points that words in brackets may replace."""
_FEWEST_WORDS = 3
_MOST_PARTS = 20
_MOST_PLACES = 200
"""Most occurrences of each part that are looked at."""


@dataclass(frozen=True, slots=True)
class Elided:
    """The source's words in a quote, in order; ``gaps`` are the code points allowed between two of them.

    ``omissions`` counts the ellipses, ``inserted`` are the words in brackets, with these.
    """

    parts: tuple[str, ...]
    gaps: tuple[int, ...]
    omissions: int
    inserted: tuple[str, ...]

    def describe(self) -> str:
        """Describe the quote for readers: how often it omits words, and which words it inserts."""
        said = []
        if self.omissions:
            times = "at one place" if self.omissions == 1 else f"at {self.omissions} places"
            said.append(f"leaves out words {times}")
        if self.inserted:
            said.append(f"inserts {', '.join(self.inserted)}")
        return f"The quote {' and '.join(said)}."


@dataclass(frozen=True, slots=True)
class Parts:
    """The spans of the parts of a quote in a text; ``exact`` if all have the same characters."""

    spans: tuple[tuple[int, int], ...]
    exact: bool

    @property
    def start(self) -> int:
        """The start of the first part."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """The end of the last part."""
        return self.spans[-1][1]


def parse_elisions(quote: str) -> Elided | None:
    """Read the ellipses and brackets of a quote; None if it has none, or fewer than three other words."""
    inserted: list[str] = []

    def with_letter(match: regex.Match[str]) -> str:
        inserted.append(match[0])
        return match["letters"] or match["ending"] or ""

    marks = [(match.span(), "omission") for match in ELLIPSIS.finditer(quote)]
    if not marks and "[" not in quote:
        return None
    quote = _LETTER.sub(with_letter, quote)
    marks = [(match.span(), "omission") for match in ELLIPSIS.finditer(quote)]
    held = [span for span, _ in marks]
    for match in _INSERTED.finditer(quote):
        if not any(start < match.end() and match.start() < end for start, end in held):
            marks.append((match.span(), "insertion"))
            inserted.append(match[0])
    if not marks and not inserted:
        return None
    parts, gaps = _parts(quote, sorted(marks))
    words = sum(len(_WORD.findall(part)) for part in parts)
    if not parts or len(parts) > _MOST_PARTS or words < _FEWEST_WORDS:
        return None
    omissions = sum(kind == "omission" for _, kind in marks)
    return Elided(tuple(parts), tuple(gaps), omissions, tuple(inserted))


def _parts(
    quote: str, marks: Sequence[tuple[tuple[int, int], Literal["omission", "insertion"] | str]]
) -> tuple[list[str], list[int]]:
    parts: list[str] = []
    gaps: list[int] = []
    begin, gap = 0, 0
    for (start, end), kind in [*marks, ((len(quote), len(quote)), "")]:
        part = quote[begin:start].strip()
        if _WORD.search(part):
            if parts:
                gaps.append(gap)
            parts.append(part)
            gap = 0
        gap += MOST_OMITTED if kind == "omission" else _MOST_REPLACED
        begin = end
    return parts, gaps


def locate_parts(text: AnchoringText, quote: Elided) -> Parts | None:
    """Locate the parts of a quote in a text, in order and within its gaps; returns the shortest place."""
    found: list[list[tuple[int, int]]] = []
    for part in quote.parts:
        found.append(_occurrences(text, part))
        if not found[-1]:
            return None
    best: Parts | None = None
    for first in found[0]:
        chain = _chain(first, found[1:], quote.gaps)
        if chain and (best is None or chain[-1][1] - chain[0][0] < best.end - best.start):
            exact = all(text.text[a:b] == part for (a, b), part in zip(chain, quote.parts, strict=True))
            best = Parts(tuple(chain), exact)
    return best


def _occurrences(text: AnchoringText, part: str) -> list[tuple[int, int]]:
    """Find a part in a text; if it is missing, without its final comma, semicolon or full stop."""
    found = list(islice(alike(text.text, text.folded, part), _MOST_PLACES))
    if found or not part.rstrip().endswith((",", ".", ";")):
        return found
    return list(islice(alike(text.text, text.folded, part.rstrip()[:-1]), _MOST_PLACES))


def _chain(
    first: tuple[int, int], later: Sequence[Sequence[tuple[int, int]]], gaps: Sequence[int]
) -> list[tuple[int, int]]:
    """Find each further part after the one before, within the gap; empty if one is missing."""
    chain = [first]
    for spans, gap in zip(later, gaps, strict=True):
        after = chain[-1][1]
        following = next(((a, b) for a, b in spans if after <= a <= after + gap), None)
        if following is None:
            return []
        chain.append(following)
    return chain
