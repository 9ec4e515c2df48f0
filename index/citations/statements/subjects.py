"""The subject of a sentence: whether the sentence tells by itself what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from index.citations.statements import english
from index.citations.statements.assertions import FACTS, POINTING, is_own_name, plain_text
from index.citations.statements.clauses import is_verb
from index.citations.statements.words import Word

_DEICTIC = frozenset(
    "we our ours us i my me you your yours this these those here herein hereof hereby hereto hereunder "
    "thereof undersigned aforementioned above-mentioned such latter former".split()
)
"""Words by which a sentence speaks of its own document, or of the sentence before it."""
_BINDING = frozenset("shall agree agrees acknowledges undertakes hereinafter".split())
"""Words of contracts: who is bound is told elsewhere in the same document."""
_PLACEHOLDERS = frozenset("it he she they who its his her their them him".split())
_DEFINITE = frozenset("the each either any both such all said".split())
_PAST = frozenset(("was", "were", "had", "did"))
_PRESENT = frozenset("cost costs cut put read set shut let hit".split())
"""Verbs whose past has the form of the present."""
_PLAIN_VERBS = frozenset(
    "apply arrive begin close cost end get last leave meet need open pay receive run start take".split()
)
_OPENING = 2
"""Words with content of a subject with an article that tells what it is."""
_NEAR_VERB = 4


@dataclass(frozen=True)
class Subject:
    """The subject of a sentence: the words from ``begin``, where the other sentence begins, to the verb."""

    words: Sequence[Word]
    begin: int
    pairs: Mapping[int, int]
    fact: frozenset[int]

    @cached_property
    def verb(self) -> int:
        """The position of the verb; that of the last word where there is none."""
        return verb_of(self.words, self.begin) or len(self.words) - 1

    @cached_property
    def _content(self) -> list[int]:
        end = len(self.words) if plain_text(self.words[self.begin]) == "there" else self.verb
        return [at for at in range(self.begin, end) if self.words[at].has_content]

    @property
    def is_elsewhere(self) -> bool:
        """True if the sentence speaks of its document, or of a sentence before it: "this Agreement", "we"."""
        if any(plain_text(one) in _DEICTIC or plain_text(one) in _BINDING for one in self.words):
            return True
        return not self._content or any(
            plain_text(self.words[at]) in _PLACEHOLDERS for at in range(self.begin, self.verb)
        )

    @property
    def is_told_before(self) -> bool:
        """Tell whether only the sentence before tells what it is: "This has been so since 1.0"."""
        first = plain_text(self.words[self.begin])
        return not self._content and (first in POINTING or first in ("they", "he", "she"))

    @property
    def is_shared(self) -> bool:
        """Tell whether the other sentence has all of it."""
        return all(at in self.pairs or at in self.fact for at in self._content)

    @property
    def is_bare(self) -> bool:
        """Tell whether one word with an article says what it is, as only the text before it can tell."""
        clause = [
            at for at in range(self.begin, self.verb) if self.words[at].clause == self.words[self.verb].clause
        ]
        is_short = sum(self.words[at].has_content for at in clause) < _OPENING and not self.is_named
        return is_short and any(plain_text(self.words[at]) in _DEFINITE for at in clause)

    @cached_property
    def is_named(self) -> bool:
        """Tell whether it has a name, and not only the role of a contract: "the Recipient"."""
        return any(is_own_name(self.words[at]) for at in self._content)

    @property
    def is_general(self) -> bool:
        """Tell whether the sentence tells what always holds, in the present."""
        verb = plain_text(self.words[self.verb])
        return verb in _PRESENT or (not english.is_past(verb) and verb not in _PAST)


def verb_of(words: Sequence[Word], begin: int) -> int:
    """The position of the first verb of the clause in which one is; 0 if there is none.

    An auxiliary is surer than what merely has the form of a verb, as "samples".
    """
    found = next((at for at in range(begin + 1, len(words)) if is_verb(words, at)), 0)
    found = found or next((at for at in range(begin + 1, len(words) - 1) if _may_be_verb(words, at)), 0)
    if not found:
        return values_begin(words, begin)
    near = range(found, min(found + _NEAR_VERB, len(words)))
    same = [at for at in near if words[at].clause == words[found].clause]
    return next((at for at in same if plain_text(words[at]) in english.AUXILIARY), found)


def values_begin(words: Sequence[Word], begin: int) -> int:
    """The position behind a colon from which nothing but facts follows, of what a name tells; 0 without.

    "Opening hours of Sorrel Pool: Monday to Friday, 7:00 to 20:00"
    """
    at = next((at for at in range(begin, len(words)) if words[at].clause != words[begin].clause), 0)
    is_told = all(one.kind in FACTS for one in words[at:] if one.has_content)
    return at if is_told and any(map(is_own_name, words[begin:at])) else 0


def _ends_in_s(text: str) -> bool:
    """Tell whether a word has the ending of a plural, or of a verb beside a singular: not "bus"."""
    return text.endswith("s") and not text.endswith(("ss", "us", "is"))


def _may_be_verb(words: Sequence[Word], at: int) -> bool:
    """Tell whether a word is likely the verb of a sentence that has no other: "the shop sells bread"."""
    before, one = words[at - 1], words[at]
    is_behind = before.has_content or before.kind == "negation"
    if not is_behind or before.number is not None or before.clause != one.clause or one.kind == "name":
        return False
    text = plain_text(one)
    return text in _PLAIN_VERBS or (
        _ends_in_s(text) and (before.kind == "name" or not _ends_in_s(plain_text(before)))
    )
