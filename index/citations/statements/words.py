"""Split a sentence into the words by which two sentences are compared.

Each word has a term that is the same in both if the word is, a kind (number, name, date, negation, other),
and a weight: function words say little. Offsets are Unicode code points, spans half open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Literal, NamedTuple

import regex

from index.citations.statements.numbers import Number, read_numbers
from index.patterns import lazy_pattern
from index.text.differences import IDEOGRAPHIC
from index.text.languages import Language, language_of

Kind = Literal["number", "name", "date", "negation", "direction", "word", "function"]

Terms = Callable[[str], Sequence[str]]
"""The search terms of a text, as :meth:`index.text.analysis.Analyzer.terms`."""

_CODE_LETTER = rf"[[\p{{L}}]--[{IDEOGRAPHIC}]]"
_DOTTED = lazy_pattern(
    r"(?<![\p{N}][.,]|[\p{L}\p{N}_])"
    # But for thousands, and for days.
    r"(?!\p{Nd}{1,3}(?:\.\p{Nd}{3})+(?!\.?\p{N})|[0-3]?\d\.[01]?\d\.(?:1\d|20|21)\d\d(?!\.?\p{N}))"
    r"[vV]?\p{Nd}+(?:\.\p{Nd}+){2,}(?:[-+][\p{L}\p{N}]+(?:\.[\p{L}\p{N}]+)*)?(?![\p{L}\p{N}])",
    regex.VERSION1,
)
_UNTIL_DIGIT = r"[^\s\p{P}\p{Nd}]{0,100}+"
"""The beginning of a code, up to its first digit. Without an end, it would be read again at each letter."""
_TOKEN = lazy_pattern(
    r"(?P<negation>n['’]t(?![\p{L}])|没有|沒有|并非|並非|不是|从未|從未)"
    r"|(?P<elided>(?<!\p{L})(?i:[cdjlmnst]|qu|un|dell|nell|dall|all|sull)['’](?=\p{L}))"
    r"|(?P<negated>(?<![少危切幼])(?:なかった|ない|ません|なく(?=[、てな])|ず(?=に|、))|(?<=\p{Han})ず)"
    rf"|(?P<dotted>{_DOTTED.pattern})"
    rf"|(?P<code>(?<![\p{{N}}][.,])(?={_CODE_LETTER}|\p{{Nd}}+{_CODE_LETTER})"
    rf"(?={_UNTIL_DIGIT}(?:\p{{Nd}}|[\-‐‑/]{_UNTIL_DIGIT}\p{{Nd}}))"
    rf"[[\p{{L}}\p{{N}}]--[{IDEOGRAPHIC}]]+(?:[\-‐‑/][[\p{{L}}\p{{N}}]--[{IDEOGRAPHIC}]]+)*)"
    r"|(?P<katakana>[\p{Katakana}ー][\p{Katakana}ー・]*)"
    rf"|(?P<character>[{IDEOGRAPHIC}]\p{{M}}*)"
    rf"|(?P<word>(?:(?!n['’]t(?!\p{{L}}))[[\p{{L}}\p{{N}}\p{{M}}\u00AD\u200C\u200D]--[{IDEOGRAPHIC}]])+"
    rf"(?:['’](?!s(?!\p{{L}}))[[\p{{L}}]--[{IDEOGRAPHIC}]]+)?)"
    r"|(?P<stop>[.,;:!?。，、；：！？।…()\[\]])",
    regex.VERSION1,
)
_CODES = ("code", "dotted")
"""Words with digits, and numbers with several points such as versions and addresses: 2.2.1, 10.20.8.4."""
_VERSION = lazy_pattern(r"\Av(?=\p{Nd}+\.)")
_UPPER = lazy_pattern(r"\p{Lu}")
_ACRONYM = lazy_pattern(r"(?:\p{Lu}[\p{Ll}]?){2,}s?|\p{Ll}+\p{Lu}.*")
_PLAIN_NUMBER_WORD = lazy_pattern(r"\p{Nd}+(?:st|nd|rd|th|s|[a-zµ%]{1,3})", regex.IGNORECASE)
_HYPHEN = lazy_pattern(r"[\-‐‑/]")
_HIRAGANA = lazy_pattern(r"\p{Hiragana}")
_MOST_CAPITALS = 0.75
"""Share of capitalised words from which capitals mean nothing: a headline."""
_WEIGHTS: dict[Kind, float] = {
    "number": 1.5, "name": 1.5, "date": 1.5, "direction": 1.0, "word": 1.0, "negation": 0.3, "function": 0.1,
}  # fmt: skip
_CHARACTER, _LETTER_OF_GRAMMAR = 0.5, 0.1
_MOST_CLAUSES = 10_000
"""More than a sentence has: the clauses of two sentences have different numbers."""


class Word(NamedTuple):
    """A word at ``[start, end)``; ``sentence`` and ``clause`` count, a clause ends at punctuation.

    ``number`` is set for numbers, ``opposites`` for words of direction, in lower case. ``may_name``: it
    begins the sentence and may be a name, which its capital alone does not tell.
    """

    text: str
    start: int
    end: int
    term: str
    kind: Kind
    weight: float
    clause: int = 0
    number: Number | None = None
    opposites: frozenset[str] = frozenset()
    may_name: bool = False
    sentence: int = 0

    @property
    def has_content(self) -> bool:
        """Whether the word is a content word and no function word."""
        return self.kind not in ("function", "negation")

    def shift(self, by: int, sentence: int) -> Word:
        """The same word with the offsets and sentence number of a longer text."""
        clause = sentence * _MOST_CLAUSES + self.clause
        # Not replace(), which takes three times as long, for each word of a document.
        return Word(
            self.text, self.start + by, self.end + by, self.term, self.kind, self.weight, clause,
            self.number, self.opposites, self.may_name, sentence,
        )  # fmt: skip

    def equals(self, other: Word) -> bool:
        """Whether both mean the same by their form alone; a rounded number equals the exact one."""
        if self.number is not None and other.number is not None:
            return self.number.equals(other.number)
        return self.term == other.term

    def counts_like(self, other: Word) -> bool:
        """Whether both are numbers of one kind: percentages, years, or neither."""
        if self.number is None or other.number is None:
            return False
        is_same = self.number.is_percent == other.number.is_percent
        return is_same and _is_year(self.text) == _is_year(other.text)


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isdigit() and "1000" <= text < "2200"


def words_of(sentence: str, terms: Terms, language: Language | None = None) -> tuple[Word, ...]:
    """The words of a sentence, in order, in the language that it is known, or else seems, to be in."""
    language = language or language_of(sentence)
    found = list(_split(sentence, terms, language))
    return tuple(_with_names(found, language, sentence))


def dotted_codes(text: str) -> frozenset[str]:
    """The terms of the versions, addresses and other numbers with several points that a text has."""
    return frozenset(_code_term(match[0].lower()) for match in _DOTTED.finditer(text))


def _code_term(plain: str) -> str:
    return _VERSION.sub("", _HYPHEN.sub("", plain))


def _split(sentence: str, terms: Terms, language: Language) -> list[Word]:
    tokens = list(_TOKEN.finditer(sentence))
    codes = [match.span() for match in tokens if match.lastgroup in _CODES]
    numbers = read_numbers(sentence)
    if codes:
        codes = [span for span in codes if not _PLAIN_NUMBER_WORD.fullmatch(sentence[slice(*span)])]
        numbers = [one for one in numbers if not any(a < one.end and one.start < b for a, b in codes)]
    found, clause, at = [], 0, 0
    for start, end, group, number in _pieces(sentence, tokens, codes, numbers):
        if start < at:
            continue
        at = end
        text = sentence[start:end]
        if group == "stop":
            clause += 1
        elif number is not None:
            found.append(Word(text, start, end, f"#{min(number.values)}", "number", 1.5, clause, number))
        else:
            kind, term, weight = _classify(text, group, terms, language)
            opposites = language.directions.get(text.lower(), frozenset())
            found.append(Word(text, start, end, term, kind, weight, clause, opposites=opposites))
    return found


def _pieces(
    sentence: str,
    tokens: Sequence[regex.Match[str]],
    codes: Sequence[tuple[int, int]],
    numbers: Sequence[Number],
) -> list[tuple[int, int, str, Number | None]]:
    """Numbers and codes first; the other tokens where neither is."""
    pieces: list[tuple[int, int, str, Number | None]] = []
    for one in numbers:
        pieces.append((one.start, one.end, "number", one))
    for start, end in codes:
        pieces.append((start, end, "code", None))
    held = sorted(map(itemgetter(0, 1), pieces))
    at = 0
    for start, end in [*held, (len(sentence), len(sentence))]:
        for match in _TOKEN.finditer(sentence, at, start) if held else tokens:
            group = "word" if match.lastgroup in _CODES else str(match.lastgroup)
            pieces.append((match.start(), match.end(), group, None))
        at = max(at, end)
    return sorted(pieces, key=itemgetter(0, 1))


@lru_cache(20_000)
def _classify(text: str, group: str, terms: Terms, language: Language) -> tuple[Kind, str, float]:
    """The kind, the term and the weight of a word; those of a language are few, and come again."""
    plain = text.lower().replace("’", "'")
    if group in ("negation", "negated") or plain in language.negations:
        return "negation", "not", _WEIGHTS["negation"]
    if plain in language.dates or (text == "May" and "january" in language.dates):
        return "date", "month5" if text == "May" else language.dates[plain], _WEIGHTS["date"]
    kind: Kind = "name" if group in ("code", "katakana") else "word"
    if plain in language.directions:
        kind = "direction"
    elif plain in language.functions or group == "elided":
        kind = "function"
    if group == "code":
        term = _code_term(plain)
    elif kind == "function" or group in ("katakana", "character"):
        term = plain
    else:
        found = terms(plain)
        term = found[0] if len(found) == 1 else plain
    if group == "character" and kind == "word":
        return kind, term, _LETTER_OF_GRAMMAR if _HIRAGANA.match(text) else _CHARACTER
    return kind, term, _WEIGHTS[kind]


def _with_names(found: list[Word], language: Language, sentence: str) -> list[Word]:
    """Mark capitalised words as names, where capitals are used for names."""
    spaced = [one for one in found if one.kind in ("word", "function", "name", "direction")]
    capitals = len([one for one in spaced if _UPPER.match(one.text)])
    if not spaced or (len(spaced) > 3 and capitals > _MOST_CAPITALS * len(spaced)):
        return found
    marked, before = [], None
    for number, one in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        is_first = number == 0 or sentence[found[number - 1].end : one.start].strip(" \"'“”‘’«»(") in {
            ".",
            ":",
        }
        if is_first and following is not None and following.kind == "word" and following.start == one.end + 1:
            is_first = not _UPPER.match(following.text)
        may_be = one.kind in ("word", "direction") and not one.text.islower()
        if may_be and _is_name(one.text, before, language, is_first=is_first):
            marked.append(one._replace(kind="name", weight=_WEIGHTS["name"]))
        elif number == 0 and _may_name(one, following, language):
            marked.append(one._replace(may_name=True))
        else:
            marked.append(one)
        before = marked[-1]
    return marked


def _may_name(first: Word, following: Word | None, language: Language) -> bool:
    return (
        language.needs_articles
        and first.kind == "word"
        and _UPPER.match(first.text) is not None
        and not first.text.endswith("s")
        and following is not None
        and following.has_content
        and following.start == first.end + 1
        and not _UPPER.match(following.text)
    )


def _is_name(text: str, before: Word | None, language: Language, *, is_first: bool) -> bool:
    if _ACRONYM.fullmatch(text):
        return True
    if not _UPPER.match(text) or is_first or len(text) < 2:
        return False
    if not language.capitalises_nouns:
        return True
    # In German a noun has a capital, too; one behind an article or an adjective is rarely a name.
    return before is not None and (before.kind == "name" or before.text.lower() in language.before_names)
