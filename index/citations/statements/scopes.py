"""Find what one sentence denies or only plans, and another states as a fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from index.citations.statements import english
from index.citations.statements.words import Word

Mood = Literal["denied", "planned"]

_NEAR_TO = 5
"""Words behind an operator within which its "to" stands: "asked the council to pay"."""
_LEAST_SHARE = 0.5
_LEAST_OF_CLAUSE = 0.6


@dataclass(frozen=True, slots=True)
class Operator:
    """A negation or a word of planning at ``[start, end)``, and the words in its scope, as positions."""

    mood: Mood
    start: int
    end: int
    scope: tuple[int, ...]

    def head(self, words: Sequence[Word]) -> int:
        """The position of the first content word in scope, preferably no adverb; -1 if there is none."""
        content = [at for at in self.scope if words[at].has_content]
        return next(
            (at for at in content if not words[at].text.endswith("ly")), content[0] if content else -1
        )


def operators(words: Sequence[Word], clauses: Sequence[range]) -> Iterator[Operator]:
    """The operators of a sentence, in order."""
    for clause in clauses:
        for at in clause:
            found = _operator_at(words, at, clause)
            if found is not None:
                yield found


def _operator_at(words: Sequence[Word], at: int, clause: range) -> Operator | None:
    denied = _negation_at(words, at, clause)
    if denied is not None:
        end, scope = denied
        return Operator("denied", at, end, scope)
    text, behind = words[at].text.lower(), tuple(range(at + 1, clause.stop))
    if text in english.PLANNING and words[at].kind != "date":
        return Operator("planned", at, at + 1, behind)
    to = next((i for i in behind[:_NEAR_TO] if words[i].text.lower() == "to"), -1)
    if text in english.PLANNING_TO and to >= 0:
        return Operator("planned", at, to + 1, tuple(range(to + 1, clause.stop)))
    return None


def _negation_at(words: Sequence[Word], at: int, clause: range) -> tuple[int, tuple[int, ...]] | None:
    """The end of a negating expression that begins at a word, and its scope; None if none begins there."""
    text, behind = words[at].text.lower(), tuple(range(at + 1, clause.stop))
    after = words[at + 1].text.lower() if behind else ""
    if text in english.DENYING_PHRASES and after == english.DENYING_PHRASES[text]:
        return at + 2, _noun_phrase(words, behind[1:])
    if text == "without":
        return at + 1, _noun_phrase(words, behind)
    if (words[at].kind == "negation" or text in english.DENYING) and after not in english.NOT_DENYING:
        return at + 1, behind
    if text in english.DENYING_TO and after == "to":
        return at + 2, behind[1:]
    if text in english.DECLINING and after in english.DETERMINERS:
        return at + 1, behind
    return None


def _noun_phrase(words: Sequence[Word], behind: Sequence[int]) -> tuple[int, ...]:
    """The words of a noun phrase: up to the next function word behind the first content word."""
    found: list[int] = []
    for at in behind:
        begun = any(words[i].has_content for i in found)
        if begun and not words[at].has_content and words[at].text.lower() not in ("of", "and", "or"):
            break
        found.append(at)
    return tuple(found)


def find_opposed(
    words: Sequence[Word],
    clauses: Sequence[range],
    pairs: dict[int, int],
    others: Sequence[Word],
    other_clauses: Sequence[range],
) -> Iterator[Operator]:
    """Find the operators by which a sentence denies or plans what the other one states as a fact.

    ``pairs`` maps positions of the sentence to those of equal words of the other. An operator that the other
    sentence has, too, in the same or in other words, is none of these.
    """  # fmt: skip
    for operator in operators(words, clauses):
        if _is_shared(operator, words, pairs, others, other_clauses):
            continue
        content = [at for at in operator.scope if words[at].has_content]
        same = [at for at in content if at in pairs]
        if not same or not (
            operator.head(words) in pairs or _is_most(words, pairs, same, content, others, other_clauses)
        ):
            continue
        head = operator.head(words)
        told = {pairs[head]} if head in pairs else {pairs[at] for at in same}
        if not _has_mood(operator.mood, others, other_clauses, told):
            yield operator


def _is_shared(
    operator: Operator, words: Sequence[Word], pairs: dict[int, int],
    others: Sequence[Word], other_clauses: Sequence[range],
) -> bool:  # fmt: skip
    """Whether the other sentence has the same operator, with the same scope if that is narrow."""
    own = [at for at in range(operator.start, operator.end) if words[at].kind != "function"]
    if not any(at in pairs for at in own):
        return False
    if not _is_narrow(words[operator.start]):
        return True
    same = {pairs[at] for at in operator.scope if at in pairs}
    return any(
        same & set(one.scope)
        for one in operators(others, other_clauses)
        if one.start == pairs.get(operator.start)
    )


def _is_most(
    words: Sequence[Word], pairs: dict[int, int], same: list[int], scope: list[int],
    others: Sequence[Word], other_clauses: Sequence[range],
) -> bool:  # fmt: skip
    """Whether the words in ``same`` are most of the scope, and pair with most of the other clause."""
    clause = next(one for one in other_clauses if pairs[same[0]] in one)
    content = [at for at in clause if others[at].has_content]
    near = {to for at, to in pairs.items() if words[at].clause == words[scope[0]].clause}
    return _weigh(words, same) >= _LEAST_SHARE * _weigh(words, scope) and _weigh(
        others, [at for at in content if at in near]
    ) >= _LEAST_OF_CLAUSE * _weigh(others, content)


def _weigh(words: Sequence[Word], at: Sequence[int]) -> float:
    return sum(words[i].weight for i in at)


def _has_mood(mood: Mood, words: Sequence[Word], clauses: Sequence[range], told: set[int]) -> bool:
    """Whether a clause with any of these words has a word of the mood."""
    narrow = {one.start: one.scope for one in operators(words, clauses) if _is_narrow(words[one.start])}
    for clause in clauses:
        if mood == "denied" and is_elliptic(words, clause):
            return True
        for at in clause if any(i in clause for i in told) else ():
            if mood in moods(words[at]) and (at not in narrow or told & set(narrow[at])):
                return True
    return False


def _is_narrow(word: Word) -> bool:
    """Whether an operator negates a noun phrase and not a clause: "without consent"."""
    return word.text.lower() in {"without", *english.DENYING_PHRASES}


def is_elliptic(words: Sequence[Word], clause: range) -> bool:
    """Whether a clause ends with its negation: "frost did not"."""
    return words[clause[-1]].kind == "negation" and len(clause) > 1


def moods(word: Word) -> set[Mood]:
    """The moods that a word gives its clause, by its meaning or its affix."""
    text = word.text.lower()
    found: set[Mood] = set()
    if (
        word.kind == "negation"
        or text in english.DENYING | english.DENYING_TO | english.LESS
        or text in english.DENYING_PHRASES
        or english.negated_base(text)
    ):
        found.add("denied")
    if text in english.PLANNING | english.PLANNING_TO | english.PLANNED:
        found.add("planned")
    return found
