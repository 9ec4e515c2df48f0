"""Read sentences of documents that others may contradict, and what they say in other forms of words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import regex

from index.citations.statements import english
from index.citations.statements.attribution import find_attribution
from index.citations.statements.changes import blank_changes, is_of_moment, is_of_past
from index.citations.statements.measures import days_told, read_measures
from index.citations.statements.ordinals import find_ordinals
from index.citations.statements.polarity import (
    STOPPED,
    are_worth_comparing,
    denial_at,
    has_polarity,
    read_polarity,
)
from index.citations.statements.stand_ins import StandIn, replace_words
from index.citations.statements.words import Terms, Word, words_of
from index.patterns import lazy_pattern

LONGEST = 600
"""Code points of a sentence that is compared."""
FEWEST_SHARED = 3
"""Words with content that both have beside the fact."""
FACTS = ("number", "date", "name")
_ENUMERATOR = lazy_pattern(
    r"\A\s*(?:[-*•–]\s+|\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-z]|[ivx]{1,4})[.)]\s+|\d{1,2}(?:\.\d{1,2})+\s+)+"
)
_REFERENCE = lazy_pattern(
    r"\[[\d,;\s–-]+\]|\((?=[^()]*+\))[^()]*\b(?:fig|figs|figure|table|section|appendix|ref|refs|see)\b[^()]*\)"
    r"|\((?=[^()]*+\))[^()]*\b(?:19|20)\d\d[a-z]?\)|(?<=\p{L}[.,])\d{1,3}(?=\s|\Z)",
    regex.IGNORECASE,
)
_CLAUSE = r"\s+(?:the|a|an|this|these|it|they|he|she|there|all|no|each|every)\s+(?=\p{L})"
_LIMIT = r".*?\b(?P<limit>only|if|unless|except|other\p{L}*|appl(?:y|ies)|holds?|for|when|where)\b"
_TURN = lazy_pattern(r";|,\s+because\b", regex.IGNORECASE)
"""What stands before another statement: one of its own, or the reason."""
_STATEMENT = lazy_pattern(rf"{_CLAUSE}(?!{_LIMIT})", regex.IGNORECASE | regex.DOTALL)
"""A statement of its own behind a semicolon, or a reason, which does not limit the one before."""
_LIMITING = lazy_pattern(rf";{_CLAUSE}{_LIMIT}", regex.IGNORECASE | regex.DOTALL)
"""One that does: "; it holds in summer"."""
_SENTENCE = lazy_pattern(r"(?:(?!https?:).)*[.!。！…][\s\"'”’»)\]]*\Z", regex.DOTALL)
"""A whole sentence without addresses: no heading, no row of a menu, no question."""
_APART = frozenset(
    "before after until till since inside outside off above below under over beyond "
    "unless except excepting but than apart".split()
)
"""Words by which a sentence is of another time, place or group: "before noon", "all but guests"."""
POINTING = frozenset("this these that those such".split())
_BEGINNING = lazy_pattern(r"\b(?:opens?|starts?|begins?|from (?=\d))\b", regex.IGNORECASE)
_ENDING = lazy_pattern(r"\b(?:closes?|ends?|finish(?:es)?|(?:until|till) (?=\d))\b", regex.IGNORECASE)


@dataclass(frozen=True)
class Assertion:
    """A sentence of a document that another may contradict."""

    text: str
    words: tuple[Word, ...]
    unchanged: Assertion | None = None
    """The same without the words by which it says that something has changed, if it has some."""

    @staticmethod
    def read(sentence: str, terms: Terms) -> Assertion | None:
        """Read a sentence; None for one that asserts nothing that could be compared.

        That is a heading, what was so once, or what is so at the moment, of which the text does not tell when
        it was.
        """
        if len(sentence) > LONGEST or _SENTENCE.match(sentence) is None:
            return None
        if is_of_moment(sentence) or is_of_past(sentence):
            return None
        plain = _without_references(sentence)
        bare, found = blank_changes(plain), _read(plain, sentence, terms)
        if found is None or bare == plain:
            return found
        return replace(found, unchanged=_read(bare, sentence, terms))

    @cached_property
    def first(self) -> Assertion | None:
        """The statement before the one semicolon or reason, if another one without facts follows.

        "...; the form is new", "..., because the hall is let"
        """
        turns = list(_TURN.finditer(self.text))
        if len(turns) != 1 or ":" in self.text or _STATEMENT.match(self.text, turns[0].end()) is None:
            return None
        if any(one.kind in FACTS for one in self.words if one.start >= turns[0].end()):
            return None
        return _asserted(self.text, [one for one in self.words if one.start < turns[0].start()])

    def is_limited_beside(self, other: Assertion) -> bool:
        """Tell whether a statement behind a semicolon limits it by a word that the other does not have."""
        found = _LIMITING.search(self.text)
        return found is not None and found["limit"].lower() not in map(plain_text, other.words)

    @cached_property
    def _plain_words(self) -> frozenset[str]:
        return frozenset(map(plain_text, self.words))

    @cached_property
    def _measures(self) -> Sequence[StandIn]:
        return tuple(read_measures(self.text, self._plain_words))

    @cached_property
    def _polarity(self) -> Sequence[StandIn]:
        return tuple(read_polarity(self.text))

    def beside(self, other: Assertion) -> Assertion:
        """The same with one word for what both say in different ways: "1.5 km", "1500 m"."""
        own, others = self._plain_words - other._plain_words, other._plain_words - self._plain_words
        chosen = [*_compared(self._measures, other._measures), *self._denied_beside(other, own)]
        if has_polarity(own) or has_polarity(others):
            chosen += _compared(self._polarity, other._polarity)
        if not chosen:
            return self
        return Assertion(self.text, tuple(replace_words(self.text, self.words, chosen)))

    def _denied_beside(self, other: Assertion, own: frozenset[str]) -> Iterator[StandIn]:
        """The words of its own that deny one of the other sentence: "inaccessible" beside "accessible"."""
        denied = {word: base for word in own if (base := english.negated_base(word)) in other._plain_words}
        for one in self.words if denied else ():
            if one.has_content and plain_text(one) in denied:
                same = next(that for that in other.words if plain_text(that) == denied[plain_text(one)])
                start, denial = denial_at(self.text, one.start)
                yield StandIn(start, one.end, "", "", terms=(*denial, ("word", same.term)))

    def on_days_of(self, other: Assertion) -> Assertion:
        """The same with the days of the other sentence, if one denies what the other says of some of them.

        "Open from Monday to Friday" and "closed from Thursday to Sunday" differ on two. "Closed on Thursday
        and Friday" is an exception, and other days are other cases.
        """
        if (self.negations - other.negations) % 2 == 0:
            return self
        mine, theirs = (
            {one.term: days for one in side.words if (days := days_told(one.term))} for side in (self, other)
        )
        if len(mine) != 1 or len(theirs) != 1:
            return self
        (term, own), (others_term, others) = *mine.items(), *theirs.items()
        if not own & others or own <= others or others <= own:
            return self
        return Assertion(
            self.text,
            tuple(one._replace(term=others_term) if one.term == term else one for one in self.words),
        )

    @cached_property
    def turned(self) -> Assertion | None:
        """The same with its name at the end: "Ann Lee is the head" as "the head is Ann Lee"."""
        count = next((at for at, one in enumerate(self.words) if not is_own_name(one)), 0)
        rest = self.words[count:]
        if not count or [plain_text(one) for one in rest[:2]] != ["is", "the"]:
            return None
        return Assertion(self.text, (*rest[1:], rest[0], *self.words[:count]))

    @property
    def ends_with_name(self) -> bool:
        """Tell whether it says who somebody is: "the treasurer is Omar Haddad"."""
        at = next((at for at, one in enumerate(self.words) if plain_text(one) == "is"), len(self.words))
        return 0 < at < len(self.words) - 1 and all(map(is_own_name, self.words[at + 1 :]))

    def is_of_other_end(self, other: Assertion) -> bool:
        """Tell whether it says when something begins, and the other sentence when it ends."""
        return (
            _BEGINNING.search(self.text) is not None
            and _BEGINNING.search(other.text) is None
            and _ENDING.search(other.text) is not None
        )

    @property
    def negations(self) -> int:
        """How many words negate."""
        return sum(one.kind == "negation" for one in self.words)

    @property
    def is_of_state(self) -> bool:
        """Tell whether it has a word for a state, which may hold under a condition: "open", "costs"."""
        return bool(self._polarity)

    def is_apart_from(self, other: Assertion) -> bool:
        """Tell whether a word that only one of both has makes it one of another time, group or condition."""
        return not _APART.isdisjoint(self._plain_words ^ other._plain_words)

    @property
    def points_back(self) -> bool:
        """Tell whether a thing that the text before names limits it: "the length for this field"."""
        return any(
            plain_text(one) in english.PREPOSITIONS and plain_text(that) in POINTING and thing.text.islower()
            for one, that, thing in zip(self.words, self.words[1:], self.words[2:], strict=False)
        )


def _compared(own: Sequence[StandIn], others: Sequence[StandIn]) -> Iterator[StandIn]:
    """Choose of a sentence what the other says, too, but in another form."""
    for one in own:
        mine, theirs = (
            frozenset(each.form for each in some if each.measure == one.measure) for some in (own, others)
        )
        is_compared = not one.form or are_worth_comparing(mine, theirs)
        if (not theirs) if one.measure == STOPPED else (bool(theirs) and is_compared):
            yield one


def _read(plain: str, sentence: str, terms: Terms) -> Assertion | None:
    words = _without_doubles(sentence, words_of(plain, terms))
    return _asserted(sentence, replace_words(sentence, words, find_ordinals(plain)))


def _asserted(sentence: str, words: Iterable[Word]) -> Assertion | None:
    found = tuple(words)
    return Assertion(sentence, found) if sum(one.has_content for one in found) > FEWEST_SHARED else None


def plain_text(word: Word) -> str:
    """The text of a word in small letters."""
    return word.text.lower()


def is_own_name(word: Word) -> bool:
    """Tell whether a word is or may be a name, and no role such as "the Recipient"."""
    return (word.kind == "name" or word.may_name) and plain_text(word) not in english.ROLES


def _without_doubles(sentence: str, words: Sequence[Word]) -> Iterator[Word]:
    """The words, of a number in words and in digits the latter: "thirty (30)"."""
    for at, one in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else None
        is_double = after is not None and one.number is not None and after.number is not None
        if is_double and after is not None and sentence[one.end : after.start].strip() == "(":
            continue
        yield one


def _without_references(sentence: str) -> str:
    """The sentence with white space for its number in a list, references in brackets, and who said it."""
    for pattern in (_ENUMERATOR, _REFERENCE):
        sentence = pattern.sub(lambda match: " " * len(match[0]), sentence)
    by = find_attribution(sentence, [])
    return sentence if by is None else by.without(sentence)
