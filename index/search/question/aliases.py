"""Other words for what a question names: "München" for "Munich", "laptop" for "MacBook".

They are data (``aliases.json``): places by their names in several languages, abbreviations of everyday
documents with what they stand for, and names of products with their kind. What is told of a kind is told of
each product, but what is told of one product is not told of the kind.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from index.patterns import lazy_pattern
from index.text.analysis import Analyzer

_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+(?:[’'&/.-][\p{L}\p{M}\p{N}]+)*")
_MOST_WORDS = 4
"""Words of the longest of these names."""
_ABBREVIATION = lazy_pattern(r"[\p{Lu}\p{Nd}]{3,}")
"""One that people write in small letters, too; "hr" and "id" may be something else."""


def _read(content: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in [*content["places"], *content["terms"]]:
        names = line.split("|")
        for name in names:
            others = tuple(other for other in names if other != name)
            found[name] = others
            if _ABBREVIATION.fullmatch(name):
                found[f"{name}s"] = found[name.lower()] = others
    return found


_CONTENT = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
_OTHERS = _read(_CONTENT)
_FIRST_WORDS = frozenset(match[0] for name in _OTHERS if (match := _WORD.match(name)))
_KINDS = {
    product: tuple(kinds.split("|"))
    for products, _, kinds in (line.partition(": ") for line in _CONTENT["kinds"])
    for product in products.split()
}


def other_names(name: str) -> Sequence[str]:
    """The other names of what has this one, as a question writes it."""
    return _OTHERS.get(name, ())


def kinds_of(name: str) -> Sequence[str]:
    """What a product of this name is: "laptop" for "MacBook"."""
    return _KINDS.get(name, ())


def rename(question: str, analyzer: Analyzer, terms: Callable[[str], Mapping[str, int]]) -> str:
    """Return a question with the names that the collection uses, where it lacks those of the question.

    ``terms`` gives the terms of the collection that begin with a prefix.
    """
    found, at = [], 0
    for start, end, others in _named(question):
        if start >= at and not _has(question[start:end], analyzer, terms):
            known = next((other for other in others if _has(other, analyzer, terms)), None)
            if known is not None:
                found += [question[at:start], known]
                at = end
    return "".join([*found, question[at:]])


def _named(question: str) -> Iterator[tuple[int, int, Sequence[str]]]:
    """Yield the spans of what has other names, the longest at each word, and these names."""
    words = [match.span() for match in _WORD.finditer(question)]
    for first, span in enumerate(words):
        if question[slice(*span)] not in _FIRST_WORDS:
            continue
        start = span[0]
        for last in range(min(len(words), first + _MOST_WORDS) - 1, first - 1, -1):
            end = words[last][1]
            if others := _OTHERS.get(question[start:end]):
                yield start, end, others
                break


def _has(name: str, analyzer: Analyzer, terms: Callable[[str], Mapping[str, int]]) -> bool:
    """Whether the collection has all words of a name."""
    return all(term in terms(term) for term in analyzer.terms(name))
