"""Recognise passages that say the same in nearly the same words, such as drafts and copies of a report.

Two texts are nearly equal if

* of their pairs of neighbouring words at least nine in ten are in both (the Jaccard index of 2-shingles;
  Broder, "On the resemblance and containment of documents", SEQUENCES 1997), case and punctuation ignored;
* their numbers, units and signs, their names (words with a capital letter, except small ones such as The) and
  the words that negate, compare or date are the same, in the same order.

So two rows of a table, or the statements of two years, that differ in one figure are not nearly equal,
however long they are. Of other words, about one in forty may differ.

Most passages are told apart by a sketch of their terms, which the second look has read anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import regex

from index.citations.statements.numbers import NUMBER_WORDS
from index.patterns import lazy_pattern
from index.text.differences import IDEOGRAPHIC
from index.text.languages import DECISIVE_WORDS, FUNCTION_WORDS

_LEAST_SHARED = 0.9
"""Least Jaccard index of the word pairs of two texts that are nearly equal."""
LEAST_SKETCHED = 0.75
"""The same for the bits of their sketches: fewer than the pairs of words, so that one is a larger share."""
_BITS = 2048

_LETTERS = rf"[\w--[{IDEOGRAPHIC}]]"
_TOKEN = lazy_pattern(
    rf"(?:(?<![\w)])-)?\d+(?:[.,:/]\d+)*{_LETTERS}*"  # figures, with a sign in front
    rf"|[{IDEOGRAPHIC}]\p{{M}}*"
    rf"|{_LETTERS}+(?:'{_LETTERS}+)*"
    r"|[%‰\p{Sc}<>=≤≥±≈]",
    regex.VERSION1,
)
_CAPITALISED = lazy_pattern(rf"(?<!\w)\p{{Lu}}{_LETTERS}*(?:'{_LETTERS}+)*", regex.VERSION1)
_DECISIVE = DECISIVE_WORDS | NUMBER_WORDS
_PLAIN = str.maketrans({"’": "'", "\N{SOFT HYPHEN}": "", "‐": "-", "‑": "-", "–": "-", "−": "-"})


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """The words of a text, in lower case and in order, to compare it with others.

    ``decisive`` are those that must be in a text that says the same: figures, names, negations and the like.
    """

    words: Sequence[str]
    pairs: frozenset[tuple[str, ...]]
    decisive: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Self:
        """Read the words of a text, in time linear in its length."""
        plain = text.translate(_PLAIN)
        words = _TOKEN.findall(plain.casefold())
        pairs = pairwise(words) if len(words) > 1 else [tuple(words)]
        names = {name.casefold() for name in _CAPITALISED.findall(plain)} - FUNCTION_WORDS
        decisive = frozenset(names.union(filter(_is_decisive, set(words))))
        return cls(words, frozenset(pairs) if words else frozenset(), decisive)

    def says_the_same(self, other: Wording) -> bool:
        """Whether two texts are nearly equal; texts without words are not."""
        if not self.pairs or len(other.words) not in similar_lengths(len(self.words)):
            return False
        shared = len(self.pairs & other.pairs)
        if shared < _LEAST_SHARED * (len(self.pairs) + len(other.pairs) - shared):
            return False
        decisive = self.decisive | other.decisive
        mine, theirs = ([word for word in one.words if word in decisive] for one in (self, other))
        return mine == theirs


def _is_decisive(word: str) -> bool:
    return word in _DECISIVE or not word[0].isalnum() or any(map(str.isnumeric, word))


def similar_lengths(length: int) -> range:
    """The lengths of texts that may nearly equal one of this length: four fifths of it to five fourths."""
    return range(-(-4 * length // 5), 5 * length // 4 + 1)


def sketches(terms: Sequence[bytes]) -> list[int]:
    """Return a bit set of hashed terms for each passage: two are compared in a fraction of a microsecond."""
    every = np.frombuffer(b"".join(terms), np.uint32)
    passages = np.repeat(np.arange(len(terms)), [len(one) // every.itemsize for one in terms])
    bits = np.zeros((len(terms), _BITS), np.bool_)
    bits[passages, every & (_BITS - 1)] = True
    packed, size = np.packbits(bits, axis=1).tobytes(), _BITS // 8
    return [int.from_bytes(packed[at : at + size]) for at in range(0, len(packed), size)]
