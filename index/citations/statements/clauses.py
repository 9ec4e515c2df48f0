"""Split English sentences into clauses: subject and verb, by what can be told without a grammar."""

from __future__ import annotations

from collections.abc import Sequence

from index.citations.statements import english
from index.citations.statements.words import Word

_LONGEST_SUBJECT = 5


def clauses(words: Sequence[Word]) -> list[range]:
    """The positions of each clause, in order. What begins a sentence without a verb belongs to the next."""
    starts = [at for at in range(len(words)) if _begins(words, at)]
    pieces = [range(a, b) for a, b in zip(starts, [*starts[1:], len(words)], strict=True)]
    found: list[range] = []
    waits = False
    for piece in pieces:
        if waits and words[found[-1][0]].sentence == words[piece[0]].sentence:
            found[-1] = range(found[-1].start, piece.stop)
        else:
            found.append(piece)
            waits = piece[0] == 0 or words[piece[0]].sentence != words[piece[0] - 1].sentence
        waits = waits and not has_verb(words, found[-1])
    return found


def _begins(words: Sequence[Word], at: int) -> bool:
    if at == 0:
        return True
    one, before = words[at], words[at - 1]
    if one.sentence != before.sentence or one.clause != before.clause:
        return True
    text = _plain(one)
    if text in english.SPLITTING:
        return True
    if at + 1 == len(words) or words[at + 1].clause != one.clause:
        return False
    after = _plain(words[at + 1])
    if text in english.SPLITTING_SUBJECT:
        return after in english.SUBJECTS and any(
            words[to].clause == one.clause and is_verb(words, to)
            for to in range(at + 2, min(at + 2 + _LONGEST_SUBJECT, len(words)))
        )
    return text in english.JOINING and (after in english.SUBJECTS or _has_subject(words, at + 1))


def _has_subject(words: Sequence[Word], at: int) -> bool:
    """Whether one or two words with content and a verb stand there."""
    if not words[at].has_content:
        return False
    return any(
        words[to].clause == words[at].clause and is_verb(words, to)
        for to in range(at + 1, min(at + 3, len(words)))
        if all(words[i].has_content for i in range(at, to))
    )


def has_verb(words: Sequence[Word], piece: range) -> bool:
    """Whether a piece of a sentence has a verb."""
    return any(is_verb(words, at) for at in piece)


def is_verb(words: Sequence[Word], at: int) -> bool:
    """Whether a word is a finite verb by its form and its neighbours."""
    text = _plain(words[at])
    if text in english.AUXILIARY or text in ("n't", "n’t"):
        return True
    before = words[at - 1] if at and words[at - 1].clause == words[at].clause else None
    if before is None or _plain(before) in english.DETERMINERS | english.PREPOSITIONS:
        return False
    if english.is_past(text) or _plain(before) in english.PRONOUNS:
        return words[at].has_content
    is_noun = before.has_content and before.number is None
    return is_noun and words[at].kind in ("word", "direction") and _agrees(words, at, before)


def _agrees(words: Sequence[Word], at: int, noun: Word) -> bool:
    """Whether a word behind a noun has the form of a verb in the present that the noun is the subject of."""
    after = words[at + 1] if at + 1 < len(words) and words[at + 1].clause == words[at].clause else None
    if after is not None and after.has_content and after.number is None:
        return False
    if _ends_in_s(words[at]):
        return not _ends_in_s(noun)
    return _ends_in_s(noun) and after is not None and _plain(after) not in english.PREPOSITIONS | english.BE


def _ends_in_s(word: Word) -> bool:
    return word.text.endswith("s") and not word.text.endswith("ss")


def _plain(word: Word) -> str:
    return word.text.lower()
