"""Text to lexical terms, the same for documents and questions.

The script of each word decides how it is treated, so nothing has to guess a language and a question
always meets the documents on the same terms:

* Alphabets: NFKC, case folding, the Snowball stemmer of the script (for Latin the configured one).
  Accents of Latin words go before stemming: a question typed without them gives the same terms.
  Marks of Indic scripts carry vowels and stay.
* Parts of a compound (``covid-19``, ``l'homme``) are terms, and so is the compound written as one
  (``covid19``). Where letters meet digits (``il2``) the pieces are terms beside the whole.
* Scripts without spaces between words, and Hangul, whose particles cling to words: overlapping pairs of
  characters. Han characters are also terms by themselves, and so are words in katakana.

Questions lose their function words ("what", "does", "the"); documents keep them. Pairs with a character in
hiragana, which writes particles and endings, count less in a question.
"""

from __future__ import annotations

import re
import threading
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import version as installed_version
from itertools import chain
from typing import NamedTuple

import numpy as np
import regex
import Stemmer  # type: ignore[import-not-found]
from numpy.typing import NDArray

from index.errors import InvalidInput

_RULES = 1
"""Raised with every change here that makes other terms of some text."""

_LONGEST = 64
"""Characters of a word that count: what goes on is base64, a hash, a table's rule."""

_MOST_PIECES = 4
"""``h1n1`` has four runs of letters or digits; what has more is a hash or a serial number."""

_MOST_KNOWN = 100_000
"""Words kept with their terms. The text of a large collection has more, but few of them come often."""

_QUESTIONS = 64
"""Kept with their terms; as many may be answered at the same time."""
_QUESTION_WORDS = 4096

_HIRAGANA_WEIGHT = 0.3
"""Measured on Japanese questions: anything from 0.2 to 0.4 finds more than 1, and 0 less."""

_STEMMERS = {
    "Cyrillic": "russian",
    "Arabic": "arabic",
    "Devanagari": "hindi",
    "Greek": "greek",
    "Tamil": "tamil",
    "Armenian": "armenian",
}

_ENGLISH = """
a about above after again against all am an and any are aren't as at be because been before being below
between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each
few for from further had hadn't has hasn't have haven't having he her here hers herself him himself his how
i i'd i'll i'm i've if in into is isn't it itself just me more most my myself no nor not of off on once only
or other ought our ours ourselves out over own same she should shouldn't so some such than that the their
theirs them themselves then there these they they're they've this those through to too under until up very
was wasn't we we're we've were weren't what when where which while who whom why will with won't would
wouldn't you you're you've your yours yourself yourselves
"""
_STOP_WORDS = {"english": frozenset(_ENGLISH.split())}

# Soft hyphens and the zero-width joiners are invisible and stand inside words.
_ANY = r"\p{L}\p{M}\p{N}\u00AD\u200C\u200D"
_WORD = regex.compile(rf"[{_ANY}]++(?:['’ʼ＇\-‐‑][{_ANY}]++)*+")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:['\-][A-Za-z0-9]+)*")
_PLAIN = str.maketrans({"’": "'", "ʼ": "'", "‐": "-", "‑": "-", "\u00ad": "", "\u200c": "", "\u200d": ""})

_KATAKANA = r"\p{Katakana}ー"
_PAIRED = rf"\p{{Han}}〆\p{{Hiragana}}{_KATAKANA}\p{{Hangul}}\p{{Thai}}\p{{Lao}}\p{{Khmer}}\p{{Myanmar}}"
_SPACED = rf"(?:(?![{_PAIRED}])[\p{{L}}\p{{M}}\p{{N}}])++"
_SEGMENT = regex.compile(rf"(?P<paired>[{_PAIRED}][{_PAIRED}\p{{M}}]*+)|{_SPACED}(?:['\-]{_SPACED})*+")
_CHARACTER = regex.compile(r"\P{M}\p{M}*+|\p{M}++")
_MARK = regex.compile(r"\p{M}")
_HIRAGANA = regex.compile(r"\p{Hiragana}")
_CLUSTER = regex.compile(r"\X")
_ALONE = regex.compile(rf"[\p{{Han}}〆]|[{_KATAKANA}]{{3,}}+")
_PART = re.compile(r"[^'\-]+")
_PIECE = regex.compile(r"\p{N}++|\P{N}++")

_SCRIPT = regex.compile("|".join(rf"(?P<{name}>\p{{{name}}})" for name in ("Latin", "Hebrew", *_STEMMERS)))
_MARKS = re.compile(r"[\u0300-\u036f\u0591-\u05c7]+")
_STRESS = str.maketrans({"\u0300": "", "\u0301": ""})
# Letters without a decomposition, the way people type them.
_STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


class _Unit(NamedTuple):
    """A term and where it stands in its word; ``empty`` says that a question can do without it."""

    term: str
    start: int
    end: int
    empty: bool = False


class _Known(dict[str, tuple[str, ...]]):
    """Words with their terms, so that most words of a text cost one look-up."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer

    def __missing__(self, word: str) -> tuple[str, ...]:
        terms = tuple(unit.term for unit in self._analyzer._units(_normal(word)))
        if len(word) <= _LONGEST:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[word] = terms
        return terms


class Analyzer:
    """Makes terms of text. Safe to use from several threads.

    ``language`` is the Snowball stemmer for words in Latin letters. Raises
    :class:`index.errors.InvalidInput` for a language that has none.
    """

    def __init__(self, language: str = "english") -> None:
        names = Stemmer.algorithms()
        if language not in names:
            raise InvalidInput(f"no stemmer for {language!r}: choose one of {', '.join(names)}")
        # Without the library's own cache, which is smaller than ours and would be asked in vain.
        self._stemmers = {
            script: Stemmer.Stemmer(name, maxCacheSize=0)
            for script, name in {"Latin": language, **_STEMMERS}.items()
        }
        self._stop_words = _STOP_WORDS.get(language, frozenset[str]())
        # A Snowball stemmer has one buffer.
        self._lock = threading.Lock()
        self._known = _Known(self)
        # A question is taken apart for the search, for its weights, and for each passage found.
        self._asked = lru_cache(_QUESTIONS)(self._question_spans)
        self._placed_units = lru_cache(_QUESTION_WORDS)(self._units_of_word)
        self.version = f"{_RULES}/{language}/snowball-{installed_version('PyStemmer')}"
        """Names everything that decides the terms: another value means another index."""

    def terms(self, text: str) -> list[str]:
        """The terms of a document's text, in order, repeated as often as they occur."""
        words = _words(text).findall(text)
        return list(chain.from_iterable(map(self._known.__getitem__, words)))

    def hashed(self, term: str) -> int:
        """A term as a number of 32 bits. That two of a passage's terms share theirs is a rare accident."""
        return zlib.crc32(term.encode())

    def hashes(self, text: str) -> NDArray[np.uint32]:
        """The distinct terms of a text as numbers, ascending."""
        return np.unique(np.array([self.hashed(term) for term in set(self.terms(text))], np.uint32))

    def weight(self, term: str) -> float:
        """How much a term counts in a question each time that it is there."""
        return _HIRAGANA_WEIGHT if len(term) > 1 and _HIRAGANA.search(term) else 1.0

    def spans(self, text: str) -> list[tuple[str, int, int]]:
        """As :meth:`terms`, each with the code points ``[start, end)`` of ``text`` that it stands for."""
        return [(unit.term, unit.start, unit.end) for unit in self._placed(text)]

    def question_terms(self, text: str) -> list[str]:
        """The terms to look for: without function words, unless the question has nothing else."""
        return [term for term, _, _ in self.question_spans(text)]

    def question_spans(self, text: str) -> Sequence[tuple[str, int, int]]:
        """As :meth:`question_terms`, with places as in :meth:`spans`."""
        return self._asked(text)

    def _question_spans(self, text: str) -> tuple[tuple[str, int, int], ...]:
        units = list(self._placed(text))
        telling = [unit for unit in units if not unit.empty] or units
        return tuple((unit.term, unit.start, unit.end) for unit in telling)

    def _placed(self, text: str) -> Iterator[_Unit]:
        for match in _words(text).finditer(text):
            offset = match.start()
            for term, start, end, empty in self._placed_units(match.group()):
                yield _Unit(term, offset + start, offset + end, empty)

    def _units_of_word(self, word: str) -> tuple[_Unit, ...]:
        """Terms of a word, with their places in it as it is written."""
        normal = _normal(word)
        places = _places(word, normal)
        return tuple(
            unit._replace(start=places[unit.start][0], end=places[unit.end - 1][1])
            for unit in self._units(normal)
        )

    def _units(self, normal: str) -> Iterator[_Unit]:
        """Terms of one normalised word. NFKC can leave spaces and signs in it: ``½`` is ``1⁄2``."""
        for match in _SEGMENT.finditer(normal):
            if match["paired"]:
                yield from _pairs(match.group(), match.start())
            else:
                yield from self._compound(match.group(), match.start())

    def _compound(self, word: str, offset: int) -> Iterator[_Unit]:
        bare = word.removesuffix("'s")
        empty = word in self._stop_words or bare in self._stop_words
        parts = list(_PART.finditer(bare))
        for part in parts:
            yield from self._part(part.group(), offset + part.start(), empty=empty)
        if len(parts) > 1:
            joined = self._term("".join(part.group() for part in parts))
            yield _Unit(joined, offset, offset + len(bare), empty)

    def _part(self, part: str, offset: int, *, empty: bool) -> Iterator[_Unit]:
        empty = empty or part in self._stop_words
        yield _Unit(self._term(part), offset, offset + len(part), empty)
        pieces = list(_PIECE.finditer(part))
        if 1 < len(pieces) <= _MOST_PIECES:
            for piece in pieces:
                term = self._term(piece.group())
                yield _Unit(term, offset + piece.start(), offset + piece.end(), empty)

    def _term(self, word: str) -> str:
        word = word[:_LONGEST]
        found = _SCRIPT.search(word)
        script = found.lastgroup if found else None
        if script in ("Latin", "Hebrew"):
            word = word if word.isascii() else _unmarked(word) or word
        elif script == "Cyrillic":
            # Stress marks of dictionaries; й and ї are letters of their own and stay.
            word = word.translate(_STRESS)
        stemmer = self._stemmers.get(script) if script else None
        if stemmer is None:
            return word
        with self._lock:
            return str(stemmer.stemWord(word)) or word


def _words(text: str) -> re.Pattern[str] | regex.Pattern[str]:
    """Finds words; the plainer pattern gives the same words of plain text, several times faster."""
    return _ASCII_WORD if text.isascii() else _WORD


def _normal(word: str) -> str:
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKC", word).casefold()
    return unicodedata.normalize("NFKC", folded).translate(_PLAIN)


def _places(word: str, normal: str) -> list[tuple[int, int]]:
    """For each character of ``normal``, the span of ``word`` that it comes from."""
    if word.isascii():
        return [(i, i + 1) for i in range(len(word))]
    places: list[tuple[int, int]] = []
    built = ""
    for cluster in _CLUSTER.finditer(word):
        made = _normal(cluster.group())
        built += made
        # A Han character with a variation selector is one place; so is ﷺ, which becomes four words.
        places.extend([cluster.span()] * len(made))
    return places if built == normal else [(0, len(word))] * len(normal)


def _pairs(run: str, offset: int) -> Iterator[_Unit]:
    # Where each character starts; its marks go with it, as the vowels and tones of Thai.
    starts = [match.start() for match in _CHARACTER.finditer(run)] if _MARK.search(run) else range(len(run))
    if len(starts) == 1:
        yield _Unit(run, offset, offset + len(run))
        return
    ends = [*starts[2:], len(run)]
    for start, end in zip(starts[:-1], ends, strict=True):
        yield _Unit(run[start:end], offset + start, offset + end)
    for match in _ALONE.finditer(run):
        yield _Unit(match.group()[:_LONGEST], offset + match.start(), offset + match.end())


def _unmarked(word: str) -> str:
    """Without accents and strokes, as an unaccented keyboard types it."""
    bare = _MARKS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", bare).translate(_STROKES)
