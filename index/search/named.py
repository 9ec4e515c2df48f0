"""Find what a question names, and what of it the sentence that answers and its neighbours lack.

A document that tells nearly what is asked has most of the question's words. What tells a near miss is that
one of the names, numbers or dates of the question is not where the answer is. They are found as those of a
claim are (:mod:`index.citations.statements.facts`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise

import regex

from index.answers import Hit
from index.citations.statements.facts import FACTS, Told
from index.citations.statements.words import Terms, Word, words_of
from index.patterns import lazy_pattern
from index.search.question.abbreviations import long_form
from index.search.question.aliases import kinds_of, other_names
from index.search.question.amounts import AskedAmounts
from index.search.question.calendar import is_covered, may_be_covered
from index.search.question.numbered_names import NumberedNames
from index.search.ranges import Range
from index.text import sentence_spans
from index.text.languages import is_english, language_of_question

AROUND = 400
"""Code points on each side of a sentence in which its neighbours are looked for."""
_BEFORE = 2
"""Sentences before it that are its neighbours."""
_IN_ROW = re.compile(r"\t| \| ")
"""Separators of the cells of a row: the names of its columns may be far above."""
_IS_SHORT_FORM = re.compile(r"['’](?:m|ve|ll|d|re)\b", re.IGNORECASE)
_GREETING = re.compile(
    r"\s*(?:hi|hello|hey|dear|good (?:morning|day|evening))\b[^,!?\n]{0,60}[,!]", re.IGNORECASE
)
_GOES_ON = lazy_pattern(r",?\s+(?:and|or|und|oder|et|ou|y|o|e)\s+\p{Lu}|,\s+\p{Lu}")
"""Behind a name of a list."""
_SEPARATORS = re.compile(r"[-_./\\\s]+")
"""Of words in the name of a file or the path of a page."""
_FEW = 12
"""Up to this number, one may count what is asked for, as in "two examples"."""


@dataclass(frozen=True, slots=True)
class Named:
    """The facts that a question names: those that a text has, ``present``, and lacks, ``missing``.

    The flags say whether the sentence and its neighbours lack one of the question's names, of its numbers and
    dates, or of the small numbers that may count what is asked for; ``far`` if the whole passage lacks one.
    """

    present: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    lacks_name: bool = False
    lacks_name_far: bool = False
    lacks_number: bool = False
    lacks_number_far: bool = False
    lacks_count: bool = False
    is_of_sibling: bool = False
    """The passage tells of a sibling alone: of "Aster 3", asked for "Aster 2"."""

    @property
    def lacking(self) -> int:
        """How many of the flags are set."""
        near = self.lacks_name + self.lacks_number + self.lacks_count
        return near + self.lacks_name_far + self.lacks_number_far + self.is_of_sibling


def compare(question: str, hit: Hit, terms: Terms) -> Named:
    """Compare what a question names with the best sentence of a passage, its neighbours and its headings."""
    asked = _Asked.of(question, terms)
    if not asked.runs:
        return Named()
    above = "\n".join([hit.citation.title, name_of(hit.citation.document_id), *hit.citation.section])
    text, beside = hit.text, f"{above}\n{nearby(hit)}"
    lit = f"{above}\n{_best_sentence(hit)}"
    near = _lacked(asked, list(chain.from_iterable(asked.runs)), beside, terms, lit)
    far = _lacked(asked, sorted(near), text, terms, lit) if near else near
    names = NumberedNames.of(question)
    siblings = [] if names is None else names.missing_in(f"{above}\n{text}")
    parts = set[str]()
    for one in siblings:
        parts.update((one, *one.rsplit(" ", 1)))
    present: list[str] = []
    missing: list[str] = []
    for said, run in zip(asked.said, asked.runs, strict=True):
        if said not in parts:
            (present if near.isdisjoint(run) else missing).append(said)
    return Named(
        tuple(dict.fromkeys(present)),
        tuple(dict.fromkeys([*siblings, *missing])),
        bool(asked.names & near),
        bool(asked.names & far),
        bool(asked.numbers & near or siblings),
        bool(asked.numbers & far or siblings),
        bool(asked.counts & near and not siblings),
        bool(siblings),
    )


def name_of(document: str) -> str:
    """The words and numbers of a document's name: often only "fees-2025.html" tells a year."""
    return _SEPARATORS.sub(" ", document)


def compare_best(question: str, hits: Iterable[Hit], terms: Terms) -> Named:
    """Compare what a question names with passages, until one lacks nothing; return what lacks least."""
    best, least = Named(), -1
    for hit in hits:
        found = compare(question, hit, terms)
        lacking = found.lacking
        if least < 0 or lacking < least:
            best, least = found, lacking
        if not least:
            break
    return best


def absent_from(question: str, hit: Hit, whole: Callable[[], str], terms: Terms) -> list[str]:
    """What the question names, and neither the whole text of the hit's document nor its title has.

    Of names alone: numbers and dates are written in too many ways, and names in English, where capitals tell
    them. "I'm" is none, nor is who is greeted ("Dear Ms. Smith, ..."). A text in another language may write
    them otherwise. ``whole`` gives the text, if it is needed.
    """
    asked = _Asked.of(question, terms)
    if not asked.names or not is_english(question) or not is_english(hit.text):
        return []
    greeting = _GREETING.match(question)
    begins = greeting.end() if greeting else 0
    cited = hit.citation
    above = "\n".join([cited.title, cited.document_id, *cited.section])
    lit = f"{above}\n{_best_sentence(hit)}"
    lacked = _lacked(asked, sorted(asked.names), f"{above}\n{hit.text}", terms, lit)
    if lacked and (text := whole()):
        lacked = _lacked(asked, sorted(lacked), f"{above}\n{text}", terms, lit)
        return [
            said
            for said, run in zip(asked.said, asked.runs, strict=True)
            if lacked.issuperset(run)
            and asked.words[run[0]].start >= begins
            and not _IS_SHORT_FORM.search(said)
        ]
    return []


def _best_sentence(hit: Hit) -> str:
    """The best sentence of a passage; all of it without one."""
    at = hit.citation.start
    return hit.text[hit.evidence[0].start - at : hit.evidence[0].end - at] if hit.evidence else hit.text


def nearby(hit: Hit) -> str:
    """The best sentence of a passage with two before and one after it; all of it for a row, or without one.

    What a sentence is about is said before it more often than after it: when, and of whom.
    """
    text, at = hit.text, hit.citation.start
    if not hit.evidence:
        return text
    start, end = hit.evidence[0].start - at, hit.evidence[0].end - at
    if _IN_ROW.search(text, start, end):
        return text
    before = sentence_spans(text, max(0, start - AROUND), start)[-_BEFORE:]
    after = sentence_spans(text, end, min(len(text), end + AROUND))[:1]
    return text[before[0][0] if before else start : after[0][1] if after else end]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The words of a question, and the positions of its facts among them.

    ``runs`` has the positions of each fact, ``said`` how the question writes it. ``names``, ``numbers`` (and
    dates) and ``counts``, small numbers that may count what is asked for, are the positions of these kinds.
    """

    words: Sequence[Word]
    runs: Sequence[Sequence[int]]
    said: Sequence[str]
    names: Set[int]
    numbers: Set[int]
    counts: Set[int]
    has_numbers: bool
    places: Set[int]
    """The names, by their numbers among the facts, that say where the one before is: "Lyon, France"."""
    otherwise: Mapping[int, Sequence[frozenset[str]]]
    """The terms of other words for the facts: "München" for "Munich", those behind an abbreviation."""
    kinds: Mapping[int, Sequence[frozenset[str]]]
    """The terms of what products are: of "laptop" for "MacBook"."""
    ranged: Set[int]
    """The positions of the words that may be in a range."""
    amounts: AskedAmounts | None
    about: frozenset[str]
    """The terms of the words beside amounts of things of any kind: years, kg."""

    def is_in_range(self, word: Word, text: str, around: Set[str]) -> bool:
        """Whether a range of a text has a number or a day: 800 users, of "up to 1,000 users".

        ``around`` are the terms near it. A range of a number may be of something else, where these have none
        of the question's other words.
        """
        if word.number is not None and self.amounts is not None:
            is_about = not self.about or not self.about.isdisjoint(around)
            return is_about and self.amounts.has(word.number, text)
        return is_covered(word.text, text)

    @staticmethod
    @lru_cache(64)  # the first hits of an answer are compared with one question
    def of(question: str, terms: Terms) -> _Asked:
        """Read a question."""
        words = words_of(question, terms, language_of_question(question))
        runs = _runs(words)
        said = [question[words[run[0]].start : words[run[-1]].end] for run in runs]
        names, numbers, counts = _of_kinds(words)
        has_numbers = bool([one for one in words if one.number is not None])
        amounts = AskedAmounts.of(question) if has_numbers else None
        others = [list(other_names(one)) for one in said]
        if "(" in question:
            for own, run in zip(others, runs, strict=True):
                own.append(long_form(question, words[run[-1]].end))
        return _Asked(
            words,
            runs,
            said,
            names,
            numbers,
            counts,
            has_numbers,
            set(_places(question, words, runs)) if ", " in question else frozenset[int](),
            _terms_of(others, terms),
            _terms_of(list(map(kinds_of, said)), terms),
            {at for at in chain.from_iterable(runs) if _may_be_in_range(words[at], amounts)},
            amounts,
            frozenset(_beside_amounts(words, amounts.asked)) if amounts else frozenset(),
        )


def _beside_amounts(words: Sequence[Word], amounts: Sequence[Range]) -> Iterator[str]:
    """Yield the terms of the words that say something, without those of amounts of things of any kind."""
    for word in words if any(one.is_of_any for one in amounts) else ():
        is_amount = word.number is not None or any(one.start <= word.start < one.end for one in amounts)
        if word.has_content and not is_amount:
            yield word.term


def _may_be_in_range(word: Word, amounts: AskedAmounts | None) -> bool:
    return may_be_covered(word.text) if word.number is None else amounts is not None


def _terms_of(said: Sequence[Sequence[str]], terms: Terms) -> dict[int, list[frozenset[str]]]:
    """The terms of what is said for facts, by their numbers; of most facts nothing is."""
    if not any(said):
        return {}
    found = {number: [frozenset(terms(one)) for one in some if one] for number, some in enumerate(said)}
    return {number: some for number, some in found.items() if some}


def _places(question: str, words: Sequence[Word], runs: Sequence[Sequence[int]]) -> Iterator[int]:
    """Yield the numbers of names behind another one and a comma, unless more of them make a list."""
    for number, (before, run) in enumerate(pairwise(runs), 1):
        if {words[before[0]].kind, words[run[0]].kind} == {"name"}:
            between = question[words[before[-1]].end : words[run[0]].start]
            if between == ", " and not _GOES_ON.match(question, words[run[-1]].end):
                yield number


def _lacked(asked: _Asked, at: Sequence[int], text: str, terms: Terms, lit: str) -> set[int]:
    """Which of the words at some positions a text lacks.

    What only covers them, a kind or a range, must be in ``lit``, the sentence that answers: elsewhere it may
    be said of something else.
    """
    words = asked.words
    counts = asked.has_numbers and not (asked.numbers | asked.counts).isdisjoint(at)
    told = Told.of(text, terms, counts=counts)
    lacked = set[int]()
    for one in at:
        if told.has(words[one], terms) or (
            one in asked.ranged and asked.is_in_range(words[one], lit, told.terms)
        ):
            continue
        lacked.add(one)
    for number, run in enumerate(asked.runs):
        if lacked.issuperset(run) and (
            (len(run) > 1 and _is_shortened(words, run, text))
            or (number in asked.otherwise and any(told.terms >= one for one in asked.otherwise[number]))
            or (number in asked.kinds and _has_any(lit, asked.kinds[number], terms))
            or (number in asked.places and _is_place_known(asked, number, lacked, text))
        ):
            lacked.difference_update(run)
    return lacked


def _has_any(text: str, some: Sequence[frozenset[str]], terms: Terms) -> bool:
    """Whether a text has all terms of one of some."""
    return any(map(frozenset(terms(text)).issuperset, some))


def _is_place_known(asked: _Asked, number: int, lacked: Set[int], text: str) -> bool:
    """Whether a text has the place before, and does not say itself where that is: of "Lyon, France" Lyon."""
    if not lacked.isdisjoint(asked.runs[number - 1]):
        return False
    return regex.search(rf"\b{regex.escape(asked.said[number - 1])},\s+\p{{Lu}}", text) is None


def _is_shortened(words: Sequence[Word], run: Sequence[int], text: str) -> bool:
    """Whether a text has the initials of a name of several words: "US" or "U.S." for "United States"."""
    initials = [words[at].text[0] for at in run]
    return re.search(rf"\b{'[.]?'.join(map(re.escape, initials))}\b", text) is not None


def _of_kinds(words: Sequence[Word]) -> tuple[set[int], set[int], set[int]]:
    """The positions of names, of numbers and dates, and of small numbers."""
    names, numbers, counts = set[int](), set[int](), set[int]()
    for at, one in enumerate(words):
        if one.kind == "name":
            names.add(at)
        elif one.number is not None and one.number.is_at_most(_FEW):
            counts.add(at)
        elif one.kind in ("number", "date"):
            numbers.add(at)
    return names, numbers, counts


def _runs(words: Sequence[Word]) -> list[list[int]]:
    """The positions of each fact; consecutive names without a stop between them are one."""
    runs: list[list[int]] = []
    for at, one in enumerate(words):
        if one.kind not in FACTS:
            continue
        before = words[at - 1] if runs and runs[-1][-1] == at - 1 else None
        if before is not None and one.kind == before.kind == "name" and one.clause == before.clause:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs
