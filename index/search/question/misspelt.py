"""Correct words of a question that are misspelt, by the words of the collection.

A word is misspelt if the index does not have it, and the model's tokenizer does not know it as a whole: of
"butter" and "buter" in a collection that has neither, only the second is. Capitalised words may be names, and
are left as they are; so are questions that are not in English, whose words the tokenizer may not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from index.patterns import lazy_pattern
from index.text.analysis import Analyzer
from index.text.languages import language_of_question

_WORD = lazy_pattern(r"(?<![\p{L}\p{M}\p{N}'’_@./-])[a-z]{3,30}(?![\p{L}\p{M}\p{N}'’_@/-]|\.\p{L})")
_MOST = 3
"""Words of a question that are corrected: with more it is rather in another language."""
_LONG = 8
"""Letters from which two may be wrong."""
_FEWEST = 3
"""Letters of a term that a word is corrected to."""
_SHORT = 3
"""Letters of a word in which none is replaced: "hoa" may be an abbreviation."""
_MOST_TERMS = 20_000
"""Terms of the collection that are compared with a word."""
_HEAD = 3
"""First letters by which the words near to a word are compared with the terms before they are stemmed."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def correct(
    question: str,
    starts: Sequence[int],
    analyzer: Analyzer,
    terms: Callable[[str], Mapping[str, int]],
) -> str:
    """Return a question with misspelt words corrected, or as it is.

    ``starts`` are those of its tokens. ``terms`` gives the terms of the collection that begin with a prefix,
    and how many passages have each.
    """
    language = language_of_question(question)
    if language.name != "english" or not question.isascii():
        return question
    inside, unknown = frozenset(starts), 0
    found, at = [], 0
    for match in _WORD.finditer(question):
        if inside.isdisjoint(range(match.start() + 1, match.end())):
            continue
        unknown += 1
        if unknown > _MOST:
            break
        nearest = _nearest(match[0], analyzer, terms, language.asking)
        if nearest is not None:
            found += [question[at : match.start()], nearest]
            at = match.end()
    return "".join([*found, question[at:]])


def is_english_misspelt(question: str, starts: Sequence[int]) -> bool:
    """Whether the tokenizer of an English model knows most words of a question as a whole."""
    words, inside = list(_WORD.finditer(question)), frozenset(starts)
    known = sum(inside.isdisjoint(range(match.start() + 1, match.end())) for match in words)
    return len(words) > 1 and question.isascii() and known > len(words) / 2


def _nearest(
    word: str, analyzer: Analyzer, terms: Callable[[str], Mapping[str, int]], asking: frozenset[str]
) -> str | None:
    """The word of the collection from which one differs by a letter, or two exchanged; None without one."""
    own = analyzer.terms(word)
    if len(own) != 1 or word in asking:
        return None
    (term,) = own
    if term in terms(term):  # few terms begin with a whole word: quickly told
        return None
    # The first letter is mostly right, and so is the second one or what should follow it.
    known: dict[str, int] = {}
    for prefix in dict.fromkeys((term[:2], term[0] + term[2:3])):
        known.update(terms(prefix))
    if len(known) > _MOST_TERMS:
        return None
    most = 2 if len(term) >= _LONG else 1
    wrong = [
        (apart, -len(one), one)
        for one in _beginning_with(word[0], asking)
        if -1 <= len(one) - len(word) <= 1
        and len(one) >= _FEWEST
        and not _is_replaced(word, one)
        and (apart := OSA.distance(word, one, score_cutoff=1)) <= 1
    ]
    if wrong:
        return min(wrong)[2]
    whole = _nearest_word(word, analyzer, known)
    if whole is not None or len(word) <= _SHORT:
        return whole
    alike = [
        (apart, -count, one)
        for one, count in known.items()
        if abs(len(one) - len(term)) <= most
        and len(one) >= _FEWEST
        and one.isalpha()
        # Two letters more at the end make another word: "discoverer".
        and not (abs(len(one) - len(term)) > 1 and (one.startswith(term) or term.startswith(one)))
        and (apart := OSA.distance(term, one, score_cutoff=most)) <= most
    ]
    return _with_ending(word, term, min(alike)[2]) if alike else None


def _nearest_word(word: str, analyzer: Analyzer, known: Mapping[str, int]) -> str | None:
    """The word at one letter from another one that has a term of the collection; None without one.

    The stems may be farther from each other than the words are: "probat" from "probaton". A letter at the end
    makes another form rather than another word.
    """
    heads = {one[:_HEAD] for one in known}
    words = [one for one in _one_letter_from(word) if one[:_HEAD] in heads]
    if len(word) <= _SHORT:
        words = [one for one in words if not _is_replaced(word, one)]
    stems = zip(words, analyzer.stems(words), strict=True)
    found = [(-known[stem], one) for one, stem in stems if stem in known and len(stem) >= _FEWEST]
    return min(found)[1] if found else None


def _is_replaced(word: str, other: str) -> bool:
    """Whether another word has other letters than a short one, and as many."""
    return len(word) <= _SHORT and len(other) <= _SHORT and sorted(word) != sorted(other)


def _one_letter_from(word: str) -> set[str]:
    """The words that differ by a letter, or by two exchanged, but for the first and the last letter."""
    last = len(word) - 1
    found = {f"{word[:at]}{letter}{word[at:]}" for at in range(1, last + 1) for letter in _LETTERS}
    found |= {f"{word[:at]}{letter}{word[at + 1 :]}" for at in range(1, last) for letter in _LETTERS}
    found |= {word[:at] + word[at + 1 :] for at in range(1, last)}
    found |= {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, last)}
    found.discard(word)
    return found


@lru_cache(256)
def _beginning_with(letter: str, words: frozenset[str]) -> Sequence[str]:
    return [one for one in words if one[0] == letter]


def _with_ending(word: str, term: str, nearest: str) -> str:
    """The nearest term with the ending that the stemmer took from a word."""
    if word.endswith("y") and term.endswith("i") and nearest.endswith("i"):
        return nearest[:-1] + "y"
    return nearest + word[len(term) :] if word.startswith(term) else nearest
