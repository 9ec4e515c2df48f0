"""Attributions in sentences ("Smith wrote that ..."): names, year and pages, and names that sources lack."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from index.patterns import lazy_pattern
from index.text.languages import is_english, language_of
from index.text.sentences import Span

_VERB = (
    r"\b(?:"
    r"writes?|wrote|written|says?|said|states?|stated|reports?|reported|notes?|noted|observes?|"
    r"observed|argues?|argued|claims?|claimed|finds?|found|concludes?|concluded|explains?|explained|"
    r"adds?|added|tells?|told|remarks?|remarked|warns?|warned|declares?|declared|asserts?|asserted|"
    r"confirms?|confirmed|insists?|insisted|admits?|admitted|recalls?|recalled|complains?|complained|"
    r"replie[sd]|answers?|answered|puts? it"
    r")\b"
)
_SAYING = lazy_pattern(_VERB, regex.IGNORECASE)
_LEAD = lazy_pattern(
    r"^\W*(?:(?:and|but|so)\s+)?(?:according\s+to|in\s+the\s+words\s+of|as|for)\s+(?P<speaker>.+?)[\s,:]*$",
    regex.IGNORECASE | regex.DOTALL,
)
_COLON = lazy_pattern(r"^\W*+(?P<speaker>\S+(?:\s+\S+){0,4}?)\s*:\s*$")
_BEHIND = (
    lazy_pattern(rf"^\W{{0,3}}{_VERB}\s+(?P<speaker>[^,.;]+)", regex.IGNORECASE),
    lazy_pattern(rf"^\W{{0,3}}(?P<speaker>\p{{Lu}}[^,.;]{{1,60}}?)\s+{_VERB}"),
    lazy_pattern(r"^\s*\((?=[^()]*+\))(?P<speaker>[^()]*\p{Lu}[^()]*)\)"),
    lazy_pattern(r"^\s*[—–-]+\s*(?P<speaker>\p{Lu}.*)$"),
)
_REPORTED = (
    lazy_pattern(
        rf"^(?P<speaker>[^,.;:]{{2,80}}?(?:\([^()]*\)\s*)?)\s*{_VERB}(?P<after>(?:\s+\w+){{0,4}}?)\s+that\b"
    ),
    lazy_pattern(r"^According\s+to\s+(?P<speaker>[^,]{2,80}),"),
)
_NAME = lazy_pattern(r"(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{M}\p{N}'’-]*")
_PAGES = lazy_pattern(r"\b(?:pp?\.?|pages?)\s*(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?", regex.IGNORECASE)
_YEAR = lazy_pattern(r"(?<![\d.,])(?:1\d|20)\d\d(?![\d])")
_NUMBER = lazy_pattern(r"\d")
_TITLES = frozenset(
    "mr mrs ms dr sir lord lady professor prof captain president doctor miss madame saint st king queen et "
    "al mayor minister general colonel judge justice".split()
)
_NO_NAMES = frozenset(
    "according later recently yet however thus here today meanwhile finally moreover yes indeed".split()
)
_WORD = lazy_pattern(r"[\p{L}\p{N}]+")


@dataclass(frozen=True, slots=True)
class Attribution:
    """Speaker of a sentence, named by the words at ``[start, end)``.

    ``names`` are those of the speaker, ``others`` the other names there. ``year`` is empty and ``pages``
    None if they are not given. ``quotes``: the words of the speaker are in quotation marks.
    """

    start: int
    end: int
    names: tuple[str, ...]
    others: tuple[str, ...]
    year: str
    pages: tuple[int, int] | None
    quotes: bool

    def without(self, sentence: str) -> str:
        """The sentence with white space in place of the attribution."""
        return sentence[: self.start] + " " * (self.end - self.start) + sentence[self.end :]


def find_attribution(sentence: str, quotes: Sequence[Span]) -> Attribution | None:
    """Find the speaker that an English sentence names; None if it names none in a known form.

    ``quotes`` are the spans between quotation marks in the sentence, in order.
    """
    if not is_english(sentence):
        return None
    if quotes:
        return _speaker_before(sentence, quotes[0][0]) or _speaker_after(sentence, quotes[-1][1])
    for pattern in _REPORTED:
        if match := pattern.match(sentence):
            return _parse(sentence, (0, match.end()), match["speaker"], quotes=False)
    return None


def _speaker_before(sentence: str, quote: int) -> Attribution | None:
    lead = sentence[: max(0, quote - 1)]
    verbs = list(_SAYING.finditer(lead))
    if verbs:
        return _parse(sentence, (0, len(lead)), lead[: verbs[-1].start()], quotes=True)
    match = _LEAD.match(lead) or _COLON.match(lead)
    return _parse(sentence, (0, len(lead)), match["speaker"], quotes=True) if match else None


def _speaker_after(sentence: str, quote: int) -> Attribution | None:
    begin = quote + 1
    for pattern in _BEHIND:
        if match := pattern.match(sentence[begin:]):
            return _parse(sentence, (begin, begin + match.end()), match["speaker"], quotes=True)
    return None


def _parse(sentence: str, span: Span, speaker: str, *, quotes: bool) -> Attribution | None:
    words = sentence[slice(*span)]
    year, pages = _YEAR.search(words), _PAGES.search(words)
    rest = _PAGES.sub("", _YEAR.sub("", words, 1), 1)
    negations = language_of(sentence).negations
    if _NUMBER.search(rest) or any(one.lower() in negations for one in regex.findall(r"[\p{L}'’]+", words)):
        return None
    names = _names(speaker, sentence)
    others = [one for one in _names(words, sentence) if one not in names]
    if not names:
        return None
    first = int(pages[1]) if pages else 0
    numbers = (first, max(first, int(pages[2] or first))) if pages else None
    return Attribution(*span, tuple(names), tuple(others), year[0] if year else "", numbers, quotes)


def _names(words: str, sentence: str) -> list[str]:
    """The capitalised words, without titles where there are others."""
    language = language_of(sentence)
    found = [
        one.removesuffix("'s").removesuffix("’s").rstrip("'’")
        for one in _NAME.findall(words)
        if one.lower() not in language.functions | _NO_NAMES and one.lower() not in language.dates
    ]
    found = [one for one in found if len(one) > 1 and not _SAYING.fullmatch(one)]
    return [one for one in found if one.lower() not in _TITLES] or found


def missing_names(names: Sequence[str], texts: Sequence[str]) -> list[str]:
    """The names that occur in none of the texts."""
    known = frozenset().union(*map(_word_set, texts))
    return [one for one in names if not _word_set(one) <= known]


def reports(sentence: str) -> bool:
    """Whether a sentence has a verb of saying."""
    return _SAYING.search(sentence) is not None


@lru_cache(1000)
def _word_set(text: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFD", text.casefold())
    return frozenset(_WORD.findall("".join(one for one in plain if not unicodedata.combining(one))))
