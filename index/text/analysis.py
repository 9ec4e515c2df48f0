"""Lexical analysis: turn text into search terms, the same way for documents and questions.

The script of each word selects the rules, so that no language has to be guessed and documents and
questions always get the same terms:

* Alphabets: NFKC, case folding, then the Snowball stemmer of the script (for Latin the configured one).
  Accents are removed from Latin words before stemming, so that a question typed without them matches.
  Marks of Indic scripts are vowels and are kept.
* The parts of a compound (``covid-19``, ``l'homme``) are terms, and so is the compound written as one word
  (``covid19``). Of a word that mixes letters and digits (``il2``), each run is a term, and so is the word.
* A number whose digits are in groups is a term without the marks between them: ``1,577``, ``1.577``,
  ``1 577`` and ``1577`` are one term. A document's groups are terms as well; a question's are not, unless a
  space separates them. (Rules 1 had groups only.)
* Scripts without spaces between words, and Hangul, whose particles are attached to words: overlapping
  bigrams of characters. Single Han characters and words in katakana are terms as well.

Stop words ("what", "does", "the") are removed from questions and kept in documents. They are those of the
question's own language, which need not be that of the documents. Bigrams with a hiragana character, which
mostly write particles and endings, weigh less in a question.
"""

from __future__ import annotations

import re
import threading
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.metadata import version as installed_version
from itertools import chain
from typing import NamedTuple

import numpy as np
import Stemmer  # type: ignore[import-not-found]
from numpy.typing import NDArray

from index.errors import InvalidInput
from index.patterns import lazy_pattern
from index.text.accents import without_accents
from index.text.languages import asking_words
from index.text.stop_words import STOP_WORDS

RULES = 2
"""Version of the rules. Increment it with every change here, or of the normalisation, that gives some text
other terms, and keep the earlier rules: collections made with them are still written and searched by them."""

_MAX_TERM_LENGTH = 64
"""Characters after which a word is cut: longer ones are base64, hashes or lines drawn in a table."""

_MAX_RUNS = 4
"""Runs of letters or digits that are indexed separately. ``h1n1`` has four; a word with more is a hash or a
serial number."""

_MAX_CACHED_WORDS = 100_000
"""Words whose terms are cached. A large collection has more words, but few of them are frequent."""

_MAX_CACHED_QUESTIONS = 64
"""About as many questions as may be answered at the same time."""
_MAX_CACHED_QUESTION_WORDS = 4096
_MAX_ANALYZERS = 16

_HIRAGANA_WEIGHT = 0.3
"""Measured on Japanese questions: values from 0.2 to 0.4 find more than 1, and 0 finds less."""

_STEMMERS = {
    "Cyrillic": "russian",
    "Arabic": "arabic",
    "Devanagari": "hindi",
    "Greek": "greek",
    "Tamil": "tamil",
    "Armenian": "armenian",
}

# Soft hyphens and zero-width joiners are invisible and occur inside words.
_ANY = r"\p{L}\p{M}\p{N}\u00AD\u200C\u200D"
_WORD = lazy_pattern(rf"[{_ANY}]++(?:['’ʼ＇\-‐‑][{_ANY}]++)*+")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:['\-][A-Za-z0-9]+)*")
_GROUPED = (
    r"[0-9]{1,3}+(?:(?:,[0-9]{2,3})*,[0-9]{3}|(?:\.[0-9]{3})+|(?:['’][0-9]{3})+"
    r"|(?:[ \u00A0\u2009\u202F][0-9]{3})+)(?![0-9])"
)
"""A number in groups of three digits; with commas also in the Indian way, ``12,34,567``."""
_GROUPED_WORD = lazy_pattern(rf"{_GROUPED}|{_WORD.pattern}")
_ASCII_GROUPED_WORD = re.compile(
    r"[0-9]{1,3}(?:(?:,[0-9]{2,3})*,[0-9]{3}|(?:\.[0-9]{3})+|(?:'[0-9]{3})+|(?: [0-9]{3})+)(?![0-9])|"
    + _ASCII_WORD.pattern
)
_GROUPED_ONLY = lazy_pattern(_GROUPED)
_DIGITS = re.compile(r"[0-9]+")

_KATAKANA = r"\p{Katakana}ー"
_UNSPACED = rf"\p{{Han}}〆\p{{Hiragana}}{_KATAKANA}\p{{Hangul}}\p{{Thai}}\p{{Lao}}\p{{Khmer}}\p{{Myanmar}}"
_SPACED = rf"(?:(?![{_UNSPACED}])[\p{{L}}\p{{M}}\p{{N}}])++"
_SEGMENT = lazy_pattern(rf"(?P<unspaced>[{_UNSPACED}][{_UNSPACED}\p{{M}}]*+)|{_SPACED}(?:['\-]{_SPACED})*+")
_CHARACTER = lazy_pattern(r"\P{M}\p{M}*+|\p{M}++")
_MARK = lazy_pattern(r"\p{M}")
_HIRAGANA = lazy_pattern(r"\p{Hiragana}")
_ALONE = lazy_pattern(rf"[\p{{Han}}〆]|[{_KATAKANA}]{{3,}}+")
_PART = re.compile(r"[^'\-]+")
_RUN = lazy_pattern(r"\p{N}++|\P{N}++")

_SCRIPT = lazy_pattern("|".join(rf"(?P<{name}>\p{{{name}}})" for name in ("Latin", "Hebrew", *_STEMMERS)))


class _Token(NamedTuple):
    """A term with its span in the word or text it comes from."""

    term: str
    start: int
    end: int
    is_stop_word: bool = False


class _TermCache(dict[str, tuple[str, ...]]):
    """Maps words to their terms, so that most words of a text cost one look-up."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer

    def __missing__(self, word: str) -> tuple[str, ...]:
        terms = self._analyzer._word_terms(word)
        if len(word) <= _MAX_TERM_LENGTH:
            if len(self) >= _MAX_CACHED_WORDS:
                self.clear()
            self[word] = terms
        return terms


@cache
def _version_of_stemmers() -> str:
    """The version that is installed. To look it up takes a fifth of opening a collection."""
    return installed_version("PyStemmer")


class Analyzer:
    """Turns text into search terms. Thread-safe.

    ``language`` names the Snowball stemmer for words in Latin letters, ``rules`` the version of the rules.
    Raises :class:`index.errors.InvalidInput` if there is no stemmer of this name.
    """

    def __init__(self, language: str = "english", *, rules: int = RULES) -> None:
        names = Stemmer.algorithms()
        if language not in names:
            raise InvalidInput(f"no stemmer for {language!r}: choose one of {', '.join(names)}")
        # The library's own cache is smaller than ours: every look-up in it would miss.
        self._stemmers = {
            script: Stemmer.Stemmer(name, maxCacheSize=0)
            for script, name in {"Latin": language, **_STEMMERS}.items()
        }
        self._stop_words = STOP_WORDS.get(language, frozenset[str]())
        # A Snowball stemmer has one buffer, so that two threads may not use it at once.
        self._stemmer_lock = threading.Lock()
        self._term_cache = _TermCache(self)
        # The same question is analysed for the search, for its weights, and for the words that are shown.
        self.question_spans = lru_cache(_MAX_CACHED_QUESTIONS)(self._question_spans)
        """The terms of :meth:`question_terms`, each with its code points ``[start, end)``."""
        self._cached_word_tokens = lru_cache(_MAX_CACHED_QUESTION_WORDS)(self._word_tokens)
        self._joins_groups = rules > 1
        # For ASCII a simpler pattern finds the same words several times faster.
        self._ascii_word, self._word = _ASCII_WORD, _WORD
        if self._joins_groups:
            self._ascii_word, self._word = _ASCII_GROUPED_WORD, _GROUPED_WORD
        self.version = f"{rules}/{language}/snowball-{_version_of_stemmers()}"
        """Identifies everything that decides the terms: an index made with another value is out of date."""

    @staticmethod
    @lru_cache(_MAX_ANALYZERS)
    def of_version(version: str) -> Analyzer:
        """The analyzer with the rules and the language of a :attr:`version`.

        Whoever asks for a version gets the same one, with its cached words. Its stemmers are those installed,
        which may be newer. Raises :class:`index.errors.InvalidInput`.
        """
        rules, language, _ = version.split("/", 2)
        return Analyzer(language, rules=int(rules))

    def terms(self, text: str) -> list[str]:
        """The terms of a document's text, in order, repeated as often as they occur."""
        words = (self._ascii_word if text.isascii() else self._word).findall(text)
        cached = self._term_cache
        if not all(map(cached.__contains__, words)):
            self._remember(words)
        return list(chain.from_iterable(map(cached.__getitem__, words)))

    def content_terms(self, text: str) -> list[str]:
        """The terms of a document's text without stop words."""
        return [term for term, _, _, is_stop_word in self._text_tokens(text) if not is_stop_word]

    @staticmethod
    def hashes_of(terms: Iterable[str]) -> list[int]:
        """A 32-bit hash of each term. Two terms of one passage rarely have the same."""
        return list(map(zlib.crc32, map(str.encode, terms)))

    def term_hashes(self, text: str) -> NDArray[np.uint32]:
        """The hashes of a text's distinct terms, ascending."""
        return np.unique(np.array(self.hashes_of(set(self.terms(text))), np.uint32))

    def hashes(self, text: str) -> set[int]:
        """The hashes of a text's distinct terms, as a set: for short texts faster than an array."""
        return set(self.hashes_of(self.terms(text)))

    def stems(self, words: Sequence[str]) -> list[str]:
        """The term of each of some words in small Latin letters, which are no words of a text: not cached."""
        with self._stemmer_lock:
            stems = self._stemmers["Latin"].stemWords(words)
        return [str(stem) or word for word, stem in zip(words, stems, strict=True)]

    def weight(self, term: str) -> float:
        """The weight of each occurrence of a term in a question."""
        return _HIRAGANA_WEIGHT if len(term) > 1 and _HIRAGANA.search(term) else 1.0

    def spans(self, text: str) -> list[tuple[str, int, int]]:
        """The terms of a text as :meth:`terms` has them, each with its code points ``[start, end)``."""
        return [(term, start, end) for term, start, end, _ in self._text_tokens(text)]

    def question_terms(self, text: str) -> list[str]:
        """The terms to search for: without stop words, unless the question has nothing else."""
        return [term for term, _, _ in self.question_spans(text)]

    def question_hashes(self, text: str) -> list[tuple[int, int, int]]:
        """The code points ``[start, end)`` and the hash of each of these terms, in order."""
        spans = self.question_spans(text)
        return sorted([(start, end, zlib.crc32(term.encode())) for term, start, end in spans])

    def _question_spans(self, text: str) -> tuple[tuple[str, int, int], ...]:
        tokens = self._text_tokens(text)
        asking = asking_words(text)
        content = [
            (term, start, end)
            for term, start, end, is_stop_word in tokens
            if not is_stop_word and text[start:end].lower() not in asking
        ] or [(term, start, end) for term, start, end, _ in tokens]
        return tuple(content)

    def _text_tokens(self, text: str) -> list[tuple[str, int, int, bool]]:
        found: list[tuple[str, int, int, bool]] = []
        for match in (self._ascii_word if text.isascii() else self._word).finditer(text):
            word, at = match.group(), match.start()
            if word.isascii() and word.isalpha():
                (term,) = self._term_cache[word]
                found.append((term, at, at + len(word), word.lower() in self._stop_words))
                continue
            for term, start, end, is_stop_word in self._cached_word_tokens(word):
                found.append((term, at + start, at + end, is_stop_word))
        return found

    def _remember(self, words: Sequence[str]) -> None:
        """Cache the terms of plain words that are not cached: together they take a fraction of the time."""
        cached = self._term_cache
        new = [word for word in words if word not in cached and word.isascii() and word.isalpha()]
        if not new:
            return
        if len(cached) + len(new) > _MAX_CACHED_WORDS:
            cached.clear()
        plain = [word.lower()[:_MAX_TERM_LENGTH] for word in new]
        with self._stemmer_lock:
            stems = self._stemmers["Latin"].stemWords(plain)
        for word, one, stem in zip(new, plain, stems, strict=True):
            if len(word) <= _MAX_TERM_LENGTH:
                cached[word] = (str(stem) or one,)

    def _word_terms(self, word: str) -> tuple[str, ...]:
        """The terms of a word."""
        if word.isascii() and word.isalpha():
            plain = word.lower()[:_MAX_TERM_LENGTH]
            with self._stemmer_lock:
                return (str(self._stemmers["Latin"].stemWord(plain)) or plain,)
        return tuple([token.term for token in self._tokens(normalise(word))])

    def _word_tokens(self, word: str) -> tuple[_Token, ...]:
        """The tokens of a word that has more than letters, with spans in the word as it is written."""
        normal = normalise(word)
        spans = original_spans(word, normal)
        return tuple(
            [
                _Token(term, spans[start][0], spans[end - 1][1], is_stop_word)
                for term, start, end, is_stop_word in self._tokens(normal)
            ]
        )

    def _tokens(self, normal: str) -> Iterator[_Token]:
        """The tokens of a normalised word. NFKC can leave spaces and signs in it: ``½`` is ``1⁄2``."""
        if self._joins_groups and normal[:1].isdigit() and _GROUPED_ONLY.fullmatch(normal):
            groups = list(_DIGITS.finditer(normal))
            # Between words of one line a space may also be only a space.
            is_part = " " not in normal
            for group in groups:
                yield _Token(group.group(), *group.span(), is_stop_word=is_part)
            yield _Token("".join(group.group() for group in groups)[:_MAX_TERM_LENGTH], 0, len(normal))
            return
        for match in _SEGMENT.finditer(normal):
            if match["unspaced"]:
                yield from _bigrams(match.group(), match.start())
            else:
                yield from self._compound_tokens(match.group(), match.start())

    def _compound_tokens(self, word: str, offset: int) -> list[_Token]:
        bare = word.removesuffix("'s")
        is_stop_word = word in self._stop_words or bare in self._stop_words
        parts = list(_PART.finditer(bare))
        tokens = []
        for match in parts:
            part, start = match.group(), offset + match.start()
            is_small = is_stop_word or part in self._stop_words
            tokens.append(_Token(self._term(part), start, start + len(part), is_small))
            runs = [] if part.isalpha() else list(_RUN.finditer(part))
            for run in runs if 1 < len(runs) <= _MAX_RUNS else ():
                term = self._term(run.group())
                tokens.append(_Token(term, start + run.start(), start + run.end(), is_small))
        if len(parts) > 1:
            joined = self._term("".join([part.group() for part in parts]))
            tokens.append(_Token(joined, offset, offset + len(bare), is_stop_word))
        return tokens

    def _term(self, word: str) -> str:
        """Cut, unaccent and stem a word that has been normalised."""
        word = word[:_MAX_TERM_LENGTH]
        found = _SCRIPT.search(word)
        script = found.lastgroup if found else None
        if script in ("Latin", "Hebrew"):
            word = word if word.isascii() else without_accents(word) or word
        elif script == "Cyrillic":
            word = without_stress(word)
        stemmer = self._stemmers.get(script) if script else None
        if stemmer is None:
            return word
        with self._stemmer_lock:
            return str(stemmer.stemWord(word)) or word


def _bigrams(run: str, offset: int) -> Iterator[_Token]:
    # A character starts at its base: its marks, such as the vowels and tones of Thai, belong to it.
    starts = [match.start() for match in _CHARACTER.finditer(run)] if _MARK.search(run) else range(len(run))
    if len(starts) == 1:
        yield _Token(run, offset, offset + len(run))
        return
    ends = [*starts[2:], len(run)]
    for start, end in zip(starts[:-1], ends, strict=True):
        yield _Token(run[start:end], offset + start, offset + end)
    for match in _ALONE.finditer(run):
        yield _Token(match.group()[:_MAX_TERM_LENGTH], offset + match.start(), offset + match.end())


# One form of a word, however it is typed.


_PLAIN = str.maketrans({"’": "'", "ʼ": "'", "‐": "-", "‑": "-", "\u00ad": "", "\u200c": "", "\u200d": ""})
_CLUSTER = lazy_pattern(r"\X")
_STRESS = str.maketrans({"\u0300": "", "\u0301": ""})


def normalise(word: str) -> str:
    """Normalise a word: NFKC without case, with one apostrophe, one hyphen and no invisible characters."""
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKC", word).casefold()
    return unicodedata.normalize("NFKC", folded).translate(_PLAIN)


def original_spans(word: str, normal: str) -> list[tuple[int, int]]:
    """For each character of ``normal``, the span of ``word`` that it comes from."""
    if word.isascii():
        return [(i, i + 1) for i in range(len(word))]
    spans: list[tuple[int, int]] = []
    rebuilt = ""
    for cluster in _CLUSTER.finditer(word):
        normalised = normalise(cluster.group())
        rebuilt += normalised
        # A cluster is one span: a Han character with a variation selector, or ﷺ, which becomes four words.
        spans.extend([cluster.span()] * len(normalised))
    return spans if rebuilt == normal else [(0, len(word))] * len(normal)


def without_stress(word: str) -> str:
    """Remove the stress that dictionaries mark in Cyrillic; й and ї are letters of their own."""
    return word.translate(_STRESS)
