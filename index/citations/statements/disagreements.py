"""Tell on what two sentences of documents disagree: another number, date or name, a negation, a direction.

Stricter than the judgement of a claim: an alarm that nobody asked for has to be right. The two must have the
same words but for one fact, and none may have a number, date or name of its own beside it, for that may be
what both facts depend on. Offsets are Unicode code points, spans half open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import regex
from rapidfuzz.distance import Levenshtein

from index.citations.statements import english
from index.citations.statements.alignment import Alignment, align
from index.citations.statements.attribution import find_attribution
from index.citations.statements.changes import are_of_two_times, blank_changes, is_of_moment
from index.citations.statements.clauses import is_verb
from index.citations.statements.conflicts import Conflict, find_conflicts
from index.citations.statements.ordinals import with_ordinals
from index.citations.statements.words import Terms, Word, words_of
from index.text.languages import FUNCTION_WORDS, is_english

LONGEST = 600
"""Code points of a sentence that is compared."""
_FEWEST_SHARED = 3
"""Words with content that both have beside the fact."""
_SHARE, _LESSER_SHARE = 0.8, 0.65
"""Least share of the words of one of them, and of either, that the other has, beside the fact."""
_MOST_REPLACED = 1
_SAME_SPELLING = 0.7
"""Similarity from which two names may be one in two spellings."""
_SHARE_DENIED = 0.85
"""Least share of either of two sentences of which one denies what the other says."""
_FACTS = ("number", "date", "name")

_ENUMERATOR = regex.compile(
    r"\A\s*(?:[-*•–]\s+|\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-z]|[ivx]{1,4})[.)]\s+|\d{1,2}(?:\.\d{1,2})+\s+)+"
)
_REFERENCE = regex.compile(
    r"\[[\d,;\s–-]+\]|\([^()]*\b(?:fig|figs|figure|table|section|appendix|ref|refs|see)\b[^()]*\)"
    r"|\([^()]*\b(?:19|20)\d\d[a-z]?\)|(?<=\p{L}[.,])\d{1,3}(?=\s|\Z)",
    regex.IGNORECASE,
)
_CLAUSE = r"\s+(?:the|a|an|this|these|it|they|he|she|there|all|no|each|every)\s+(?=\p{L})"
_LIMIT = r".*?\b(?P<limit>only|if|unless|except|other\p{L}*|appl(?:y|ies)|holds?|for|when|where)\b"
_STATEMENT = regex.compile(rf"{_CLAUSE}(?!{_LIMIT})", regex.IGNORECASE | regex.DOTALL)
"""A statement of its own behind a semicolon, which does not limit the one before."""
_LIMITING = regex.compile(rf";{_CLAUSE}{_LIMIT}", regex.IGNORECASE | regex.DOTALL)
"""One that does: "; it holds in summer"."""
_LABELLED = regex.compile(
    r"(?:\b|(?=#))(?:fig(?:ure)?s?\.?|tables?|sections?|articles?|chapters?|pages?|pp?\.|steps?|equations?|eq\.|nos?\.|"
    r"clauses?|paragraphs?|appendix|annex|exhibit|schedule|types?|phase|stage|group|class|grade|level|part|"
    r"item|rule|#|version|release|volume|vol\.|act|law|days?|week|month|sample|case|patient|model|study|"
    r"experiment|question|number|no|season|episode|round|series|lot|unit|tutorial|lesson|room|building|line|route|apollo)"
    r"\s+\Z",
    regex.IGNORECASE,
)
"""Words before a number that names something rather than counts: "Table 2"."""
_NEXT = regex.compile(r"\s*(?:[\p{L}-]+|[%$€£°])")
_NAMED = regex.compile(r"(?:\p{Lu}[\p{L}\p{N}]*|#)\s+\Z")
_SENTENCE = regex.compile(r"(?:(?!https?:).)*[.!。！…][\s\"'”’»)\]]*\Z", regex.DOTALL)
"""A whole sentence without addresses: no heading, no row of a menu, no question."""
_DEICTIC = frozenset(
    "we our ours us i my me you your yours this these those here herein hereof hereby hereto hereunder "
    "thereof undersigned aforementioned above-mentioned such latter former".split()
)
"""Words by which a sentence speaks of its own document, or of the sentence before it."""
_BINDING = frozenset("shall agree agrees acknowledges undertakes hereinafter".split())
"""Words of contracts: who is bound is told elsewhere in the same document."""
_PLACEHOLDERS = frozenset("it he she they who its his her their them him".split())
_POSSIBLE = frozenset("can could may might".split())
_POINTING = frozenset("this these that those such".split())
_LIST = regex.compile(r":\s+\S")
"""A list behind a colon; the text before tells of what."""
_POINTER = regex.compile(
    r"(?:\A\W*|[,;:(]\s*|\b(?:please|also)\s+)(?:see|read|consult|visit|refer to|look at)\b"
    r"|\b(?:more|further|additional) (?:information|details?|reading|documentation)\b"
    r"|\bthe following\b",
    regex.IGNORECASE,
)
"""A sentence that tells where to read, and no fact: "See the guide for Uvicorn"."""
_EXAMPLE = regex.compile(r"(?:\be\.\s?g\.|\bfor (?:example|instance)\b|\bsuch as\b)", regex.IGNORECASE)
"""Words behind which one of several stands."""
_DEFINITE = frozenset("the each either any both such all said".split())
_PAST = frozenset(("was", "were", "had", "did"))
_OPENING = 2
"""Words with content of a subject with an article that tells what it is."""
_NEAR_VERB = 4
_MANY_SHARED, _SAME_SHARE = 6, 0.9
"""Words with content, and the share of them, that two sentences have in common which have one origin."""


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

        That is a heading, or what is so at the moment, of which the text does not tell when it was.
        """
        if len(sentence) > LONGEST or _SENTENCE.match(sentence) is None or is_of_moment(sentence):
            return None
        plain = _without_references(sentence)
        bare, found = blank_changes(plain), _read(plain, sentence, terms)
        if found is None or bare == plain:
            return found
        return replace(found, unchanged=_read(bare, sentence, terms))

    @cached_property
    def first(self) -> Assertion | None:
        """The statement before the one semicolon, if another one without facts follows.

        "...; the form is new"
        """
        end = self.text.find(";")
        is_pair = end >= 0 and self.text.count(";") == 1 and ":" not in self.text
        if not is_pair or _STATEMENT.match(self.text, end + 1) is None:
            return None
        if any(one.kind in _FACTS for one in self.words if one.start > end):
            return None
        return _asserted(self.text, [one for one in self.words if one.start < end])

    def is_limited_beside(self, other: Assertion) -> bool:
        """Tell whether a statement behind a semicolon limits it by a word that the other does not have."""
        found = _LIMITING.search(self.text)
        return found is not None and found["limit"].lower() not in map(_plain, other.words)

    @property
    def negations(self) -> int:
        """How many words negate."""
        return sum(one.kind == "negation" for one in self.words)

    @property
    def points_back(self) -> bool:
        """Tell whether a thing that the text before names limits it: "the length for this field"."""
        return any(
            _plain(one) in english.PREPOSITIONS and _plain(that) in _POINTING and thing.text.islower()
            for one, that, thing in zip(self.words, self.words[1:], self.words[2:], strict=False)
        )


def _read(plain: str, sentence: str, terms: Terms) -> Assertion | None:
    return _asserted(sentence, with_ordinals(plain, _without_doubles(sentence, words_of(plain, terms))))


def _asserted(sentence: str, words: Iterable[Word]) -> Assertion | None:
    found = tuple(words)
    return Assertion(sentence, found) if sum(one.has_content for one in found) > _FEWEST_SHARED else None


@dataclass(frozen=True)
class _Subject:
    """The subject of a sentence: the words from ``begin``, where the other sentence begins, to the verb."""

    words: Sequence[Word]
    begin: int
    pairs: Mapping[int, int]
    fact: frozenset[int]

    @cached_property
    def verb(self) -> int:
        """The position of the verb; that of the last word where there is none."""
        return _verb(self.words, self.begin) or len(self.words) - 1

    @cached_property
    def _content(self) -> list[int]:
        return [at for at in range(self.begin, self.verb) if self.words[at].has_content]

    @property
    def is_elsewhere(self) -> bool:
        """True if the sentence speaks of its document, or of a sentence before it: "this Agreement", "we"."""
        if any(_plain(one) in _DEICTIC or _plain(one) in _BINDING for one in self.words):
            return True
        return not self._content or any(
            _plain(self.words[at]) in _PLACEHOLDERS for at in range(self.begin, self.verb)
        )

    @property
    def is_told_before(self) -> bool:
        """Tell whether only the sentence before tells what it is: "This has been so since 1.0"."""
        first = _plain(self.words[self.begin])
        return not self._content and (first in _POINTING or first in ("they", "he", "she"))

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
        return is_short and any(_plain(self.words[at]) in _DEFINITE for at in clause)

    @cached_property
    def is_named(self) -> bool:
        """Tell whether it has a name, and not only the role of a contract: "the Recipient"."""
        return any(_is_own_name(one) for one in self.words[self.begin : self.verb])

    @property
    def is_general(self) -> bool:
        """Tell whether the sentence tells what always holds, in the present."""
        verb = _plain(self.words[self.verb])
        return not english.is_past(verb) and verb not in _PAST


def _plain(word: Word) -> str:
    return word.text.lower()


def _verb(words: Sequence[Word], begin: int) -> int:
    """The position of the first verb of the clause in which one is; 0 if there is none.

    An auxiliary is surer than what merely has the form of a verb, as "samples".
    """
    found = next((at for at in range(begin + 1, len(words)) if is_verb(words, at)), 0)
    near = range(found, min(found + _NEAR_VERB, len(words)))
    same = [at for at in near if words[at].clause == words[found].clause]
    return next((at for at in same if _plain(words[at]) in english.AUXILIARY), found)


def _is_own_name(word: Word) -> bool:
    return (word.kind == "name" or word.may_name) and _plain(word) not in english.ROLES


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The one fact on which two sentences disagree: ``claimed`` in the first, ``stated`` in the other.

    ``is_sure``: the sentences tell by themselves that they are about the same. Else it may be a formula that
    stands in many documents, each about something else.
    """

    fact: Conflict
    is_sure: bool


def disagreement(one: Assertion, other: Assertion, *, are_related: bool = False) -> Disagreement | None:
    """The one fact on which two sentences disagree that otherwise say the same; None if there is none.

    ``are_related``: their documents are about the same, as one that replaces the other. They are compared as
    they are, without words such as "now", and where only one of the two has another statement behind a
    semicolon, without that.
    """
    is_limited = one.is_limited_beside(other) or other.is_limited_beside(one)
    if is_limited or are_of_two_times(one.text, other.text):
        return None
    pairs = [(one, other)]
    if one.unchanged is not None or other.unchanged is not None:
        pairs.append((one.unchanged or one, other.unchanged or other))
    mine, theirs = pairs[-1]
    if (mine.first is None) != (theirs.first is None):
        pairs.append((mine.first or mine, theirs.first or theirs))
    found = (_disagreement(*pair, are_related=are_related) for pair in pairs)
    return next((one for one in found if one is not None), None)


def _disagreement(one: Assertion, other: Assertion, *, are_related: bool) -> Disagreement | None:
    alignment = align(one.words, other.words)
    found = find_conflicts(alignment)
    if len(found) != 1 or _is_name_of_something(one, other, found[0]):
        return None
    (fact,) = found
    mine, theirs = _inside(one.words, fact.start, fact.end), _inside(other.words, fact.at, fact.to)
    back = {to: at for at, to in alignment.pairs.items()}
    ours = _Side(one.words, alignment.pairs, mine, _beginning(one.words, alignment.pairs))
    others = _Side(other.words, back, theirs, _beginning(other.words, back))
    if not _is_same_but_for(fact, alignment, ours, others) or _are_both_possible(fact, one, other):
        return None
    subjects = [_Subject(side.words, side.begin, side.pairs, side.fact) for side in (ours, others)]
    if not all(one.is_shared for one in subjects):
        return None
    if are_related:
        is_told_before = any(one.is_told_before for one in subjects)
        return None if is_told_before else Disagreement(fact, is_sure=True)
    if not (_tells_alone(one, ours, fact) and _tells_alone(other, others, fact)):
        return None
    is_long = ours.shared >= _MANY_SHARED and min(ours.share, others.share) >= _SAME_SHARE
    return _of_same(subjects, fact, is_long=is_long)


def _is_same_but_for(fact: Conflict, alignment: Alignment, ours: _Side, others: _Side) -> bool:
    """Tell whether the sentences say the same beside a fact."""
    if ours.has_own_fact or others.has_own_fact or ours.shared < _FEWEST_SHARED:
        return False
    least, most = sorted((ours.share, others.share))
    if least < (_SHARE_DENIED if fact.kind == "negation" else _LESSER_SHARE) or most < _SHARE:
        return False
    return (
        _has_same_unit(alignment, ours.fact, others.fact)
        and _is_ordered(alignment, fact)
        and _has_same_scope(alignment, ours.fact, others.fact)
    )


def _tells_alone(one: Assertion, side: _Side, fact: Conflict) -> bool:
    """Tell whether a sentence may tell what it is about: it is in English, and no list."""
    is_list = fact.kind in ("number", "name") and _LIST.search(one.text, one.words[side.begin].start)
    return is_english(one.text) and not is_list


def _states(text: str, at: int) -> bool:
    """Tell whether a sentence states the fact at an offset, which is no example and nothing to read."""
    return _POINTER.search(text) is None and _EXAMPLE.search(text, 0, at) is None


def _are_both_possible(fact: Conflict, one: Assertion, other: Assertion) -> bool:
    """Tell whether both can be true: examples, what may rise and may fall, sentences with as many negations.

    Of the latter, "if no cells are found" and "if cells are not found", words do not tell that they differ.
    """
    if fact.kind == "negation":
        return one.negations == other.negations
    if not (_states(one.text, fact.start) and _states(other.text, fact.at)):
        return True
    return fact.kind == "direction" and any(
        _plain(word) in _POSSIBLE for side in (one, other) for word in side.words
    )


def _of_same(subjects: Sequence[_Subject], fact: Conflict, *, is_long: bool) -> Disagreement | None:
    """The disagreement if both sentences are about the same in whatever documents they stand."""
    if any(one.is_elsewhere or not _verb(one.words, one.begin) for one in subjects):
        return None
    if fact.kind == "name" and any(
        at < one.words[one.verb].start for at, one in zip((fact.start, fact.at), subjects, strict=True)
    ):
        return None
    if not any(one.is_bare for one in subjects) and (
        all(one.is_named for one in subjects) or all(one.is_general for one in subjects)
    ):
        return Disagreement(fact, is_sure=True)
    return Disagreement(fact, is_sure=False) if is_long else None


def _beginning(words: Sequence[Word], paired: Iterable[int]) -> int:
    """The position at which the clause begins that both sentences have: behind "Note that"."""
    first = min((at for at in paired if words[at].has_content), default=0)
    while first and words[first - 1].clause == words[first].clause and _plain(words[first - 1]) != "that":
        first -= 1
    return first


def _is_name_of_something(one: Assertion, other: Assertion, fact: Conflict) -> bool:
    """Tell whether the fact names what the sentence is about: "Table 2"; or is only spelt in another way."""
    if fact.kind == "number":
        return _is_label(one.text, fact.start, fact.end) or _is_label(other.text, fact.at, fact.to)
    words = fact.claimed + fact.stated
    if fact.kind != "name":
        return False
    is_code = any(mark in "/_" or mark.isdigit() for mark in words)
    return is_code or Levenshtein.normalized_similarity(fact.claimed, fact.stated) > _SAME_SPELLING


def _is_label(text: str, start: int, end: int) -> bool:
    if text[:start].endswith("#") or _LABELLED.search(text, max(0, start - 20), start) is not None:
        return True
    after = _NEXT.match(text, end)
    is_counting = after is not None and after[0].strip().lower() not in FUNCTION_WORDS
    return not is_counting and _NAMED.search(text, max(0, start - 30), start) is not None


@dataclass(frozen=True)
class _Side:
    """The words of one of two sentences, those with a partner in the other, and those of the fact."""

    words: Sequence[Word]
    pairs: dict[int, int]
    fact: frozenset[int]
    begin: int

    @property
    def has_own_fact(self) -> bool:
        """Tell whether it has another number, date or name that the other sentence lacks."""
        return any(
            one.kind in _FACTS and at not in self.pairs and at not in self.fact
            for at, one in enumerate(self.words)
        )

    @property
    def shared(self) -> int:
        """Number of words with content that the other sentence has."""
        return sum(self.words[at].has_content for at in self.pairs if at not in self.fact)

    @property
    def share(self) -> float:
        """Their share by weight."""
        rest = [at for at in range(self.begin, len(self.words)) if self.words[at].has_content]
        rest = [at for at in rest if at not in self.fact]
        total = sum(self.words[at].weight for at in rest)
        return sum(self.words[at].weight for at in rest if at in self.pairs) / total if total else 0.0


def _has_same_scope(alignment: Alignment, mine: frozenset[int], theirs: frozenset[int]) -> bool:
    """Tell whether each sentence has words of its own in one place at most, and none behind a preposition.

    "10 euros for adults" and "5 euros for children" are both true.
    """
    claim, source = alignment.claim, alignment.source
    pairs = [(-1, -1), *alignment.pairs.items(), (len(claim), len(source))]
    count = 0
    for (at, to), (next_at, next_to) in pairwise(pairs):
        own = [i for i in range(at + 1, next_at) if i not in mine and claim[i].has_content]
        others = [i for i in range(to + 1, next_to) if i not in theirs and source[i].has_content]
        if own and others:
            count += 1
            if _is_scope(claim, own[0]) or _is_scope(source, others[0]):
                return False
    return count <= _MOST_REPLACED


def _is_scope(words: Sequence[Word], at: int) -> bool:
    """Tell whether a preposition stands before a word, an article apart."""
    before = [_plain(one) for one in words[max(0, at - 2) : at]]
    return bool(before) and (
        before[-1] in english.PREPOSITIONS
        or (before[-1] in english.DETERMINERS and before[0] in english.PREPOSITIONS)
    )


def _is_ordered(alignment: Alignment, fact: Conflict) -> bool:
    """Tell whether no words are exchanged that a comparison or a time may relate: "A is lower than B"."""
    places = [to for at, to in alignment.pairs.items() if alignment.claim[at].has_content]
    return fact.kind != "direction" or places == sorted(places)


def _has_same_unit(alignment: Alignment, mine: frozenset[int], theirs: frozenset[int]) -> bool:
    """Tell whether what two numbers count is the same, where a word behind both of them tells it."""
    at, to = max(mine, default=-1), max(theirs, default=-1)
    claim, source = alignment.claim, alignment.source
    if at < 0 or to < 0 or claim[at].number is None or at + 1 == len(claim) or to + 1 == len(source):
        return True
    ours, others = claim[at + 1], source[to + 1]
    return not (ours.has_content and others.has_content) or ours.equals(others)


def _inside(words: Sequence[Word], start: int, end: int) -> frozenset[int]:
    return frozenset(at for at, one in enumerate(words) if start <= one.start < end)


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
