"""Change one fact of a sentence: a number, a name, a date or a negation."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.text import Span, sentence_spans

KINDS = ("number", "name", "date", "negation")
_FEWEST_WORDS, _MOST_WORDS = 8, 50
_NUMBER = re.compile(
    r"(?<![\w.,\[(-])\d{1,3}(?:,\d{3})+(?![\w,\]])|(?<![\w.,\[(-])\d+(?:\.\d+)?(?![\w,\])-]|\.\d)"
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
    *("November", "December"),
)
_MONTH = "|".join(_MONTHS)
_NAME = re.compile(rf"(?<=[a-z] )(?!{_MONTH})[A-Z][a-z]{{3,}}(?: (?!{_MONTH})[A-Z][a-z]{{3,}})?(?=[ ,.])")
_DATE = re.compile(
    rf"\b(?:{_MONTH})\b(?=,? \d)|(?<=\d )(?:{_MONTH})\b|(?<= in | of | by )(?:19|20)\d\d(?![\w-]|\.\d)"
)
_YEARS = [str(year) for year in range(1950, 2021)]
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|has|have|can|could|should|may|will|did|does)\b(?! not)(?= [a-z])"
)
_NOT = re.compile(
    r"\b(is|are|was|were|has|have|can|could|should|may|will|did|does|do) not(?= [a-z])|\bcannot\b"
)


@dataclass(frozen=True, slots=True)
class Altered:
    """A sentence of a document, as it stands and with one fact changed."""

    kind: str
    true: str
    changed: str
    document_id: str
    start: int
    end: int


@lru_cache(None)
def sentences(text: str) -> list[Span]:
    """The sentences of a whole text."""
    return sentence_spans(text, 0, len(text))


def altered(texts: Mapping[str, str], names: Collection[str], count: int, seed: int) -> Iterator[Altered]:
    """So many sentences of the documents with these names, each kind equally often, for a seed the same.

    Names to insert are those of the same documents. A changed sentence that stands in any of the texts is
    left out: it would be true. Does not end where the documents have too few sentences.
    """
    draw, drawn = random.Random(seed), sorted(names)
    vocabulary = names_in(texts[name] for name in drawn)
    everything = "\n".join(texts.values())
    taken: set[str] = set()
    while len(taken) < count:
        kind, name = KINDS[len(taken) % len(KINDS)], draw.choice(drawn)
        text = texts[name]
        start, end = draw.choice(sentences(text))
        words = text[start:end]
        if not _FEWEST_WORDS <= len(words.split()) <= _MOST_WORDS or "\n" in words or words in taken:
            continue
        changed = change(words, kind, vocabulary, draw)
        if changed and changed not in everything:
            taken.add(words)
            yield Altered(kind, words, changed, name, start, end)


def names_in(texts: Iterable[str]) -> list[str]:
    """The names in texts."""
    return sorted({match[0] for text in texts for match in _NAME.finditer(text)})


def change(words: str, kind: str, vocabulary: Sequence[str], draw: random.Random) -> str:
    """The sentence with one fact of this kind changed; empty if it has none."""
    if kind == "negation":
        return _negated(words, draw)
    places = list({"number": _NUMBER, "name": _NAME, "date": _DATE}[kind].finditer(words))
    if not places:
        return ""
    place = draw.choice(places)
    if kind == "number":
        other = _other_number(place[0], draw)
    elif kind == "name":
        other = draw.choice(vocabulary)
    else:
        other = draw.choice(_MONTHS if place[0] in _MONTHS else _YEARS)
    if other in words:
        return ""
    return words[: place.start()] + other + words[place.end() :]


def _negated(words: str, draw: random.Random) -> str:
    """The sentence without one of its negations, or with one."""
    if negations := list(_NOT.finditer(words)):
        place = draw.choice(negations)
        return words[: place.start()] + (place[1] or "can") + words[place.end() :]
    places = list(_AUXILIARY.finditer(words))
    if not places:
        return ""
    at = draw.choice(places).end()
    return f"{words[:at]} not{words[at:]}"


def _other_number(written: str, draw: random.Random) -> str:
    """A number in the same notation with one digit changed, not the first to zero."""
    at = draw.choice([at for at, one in enumerate(written) if one.isdigit()])
    digits = [one for one in "123456789" if one != written[at]]
    return written[:at] + draw.choice(digits) + written[at + 1 :]
