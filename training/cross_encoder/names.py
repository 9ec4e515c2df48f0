"""Names of known kinds, and their exchange in a question for others of the same kind."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from training.cross_encoder.pairs import Pair

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_NAME = re.compile(r"\b[A-Z][\w'’-]+(?: (?:(?:of|the|de|van|von) )?[A-Z][\w'’-]+){1,3}")
_PERSON = re.compile(r"[A-Z][a-z]+(?: [A-Z]\.)?(?: [A-Z][\w'’-]+){1,2}")
_YEAR = re.compile(r"\b(?:1[0-9]{3}|20[0-9]{2})\b")
_NUMBER = re.compile(r"(?<![\w.,-])\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w,-]|\.\d)")
_WHO = re.compile(r"\bwho(?:m|se)?\b", re.IGNORECASE)
_NO_NAMES = frozenset(
    "The A An In On At Of And But For From To By He She It They This That With When".split()
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question in which a word was exchanged, so that the passage does not answer it any more."""

    question: str
    kind: str
    """``name``, ``title``, ``year`` or ``number``."""
    before: str
    after: str


@cache
def _tables() -> dict[str, object]:
    loaded: dict[str, object] = yaml.safe_load(Path(__file__).with_name("kinds.yaml").read_text("utf-8"))
    return loaded


@cache
def listed_names() -> dict[str, tuple[str, ...]]:
    """For each listed name, in lower case, the names of its line."""
    lines = _tables()["names"]
    assert isinstance(lines, list)  # noqa: S101 - the file comes with this module
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        group = tuple(part.strip() for part in str(line).split(","))
        found |= {name.lower(): group for name in group}
    return found


@cache
def _words_of(table: str) -> tuple[str, ...]:
    return tuple(str(_tables()[table]).split())


class Names:
    """Names of pairs by kind: persons, and names that tell their kind themselves, such as universities."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        persons: Counter[str] = Counter()
        typed: dict[str, set[str]] = {}
        types = frozenset(_words_of("types"))
        for pair in pairs:
            if pair.answer and _WHO.search(pair.question):
                answer = pair.passage[slice(*pair.answer)].strip()
                if _PERSON.fullmatch(answer) and not types & set(answer.split()):
                    persons[answer] += 1
        firsts = Counter(name.split()[0] for name in persons)
        self._first_names = frozenset(name for name, count in firsts.items() if count >= 2) - _NO_NAMES
        for passage in dict.fromkeys(pair.passage for pair in pairs):
            for match in _NAME.finditer(passage):
                if kind := self._kind(match[0], types):
                    typed.setdefault(kind, set()).add(match[0])
        typed.setdefault("person", set()).update(persons)
        self.by_kind: Mapping[str, Sequence[str]] = {k: sorted(names) for k, names in sorted(typed.items())}
        self._kinds = {name.lower(): kind for kind, names in self.by_kind.items() for name in names}

    def _kind(self, name: str, types: frozenset[str]) -> str:
        parts = name.split()
        if parts[0] in _NO_NAMES:
            return ""
        if parts[-1] in types:
            return parts[-1].lower()
        if parts[1] == "of" and parts[0] in types:
            return parts[0].lower() + " of"
        if parts[0] in self._first_names and len(parts) <= 3 and not types & set(parts) and "of" not in parts:
            return "person"
        return ""

    def kind(self, name: str) -> str:
        """The kind of a name, or nothing if it is not known."""
        name = name.lower()
        return f"listed {listed_names()[name][0]}" if name in listed_names() else self._kinds.get(name, "")

    def others(self, name: str) -> Sequence[str]:
        """Names of the same kind."""
        if name.lower() in listed_names():
            return listed_names()[name.lower()]
        return self.by_kind.get(self._kinds.get(name.lower(), ""), ())

    def found_in(self, question: str) -> Iterator[tuple[int, int]]:
        """Spans of the names of known kinds in a question; the longest at each place."""
        tokens = [match.span() for match in _WORD.finditer(question)]
        at = 0
        while at < len(tokens):
            for length in range(min(5, len(tokens) - at), 0, -1):
                start, end = tokens[at][0], tokens[at + length - 1][1]
                if self.kind(question[start:end]):
                    yield start, end
                    at += length - 1
                    break
            at += 1

    def exchange(self, question: str, read: str, draw: random.Random) -> Exchange | None:
        """Exchange a name, a year or a number that stands in the text read for one that does not."""
        return _first_done([self._exchange_name, _exchange_year, _exchange_number], question, read, draw)

    def _exchange_name(self, question: str, read: str, draw: random.Random) -> Exchange | None:
        spans = [span for span in self.found_in(question) if stands_in(question[slice(*span)], read)]
        draw.shuffle(spans)
        for start, end in spans:
            before = question[start:end]
            if _is_common_word(before, read):
                continue
            after = _other(self.others(before), before, read, draw)
            if after:
                return _exchanged(question, (start, end), after, "name")
        return None


def exchange_figure(question: str, read: str, draw: random.Random) -> Exchange | None:
    """Exchange a year or a number that stands in the text read for one that does not."""
    return _first_done([_exchange_year, _exchange_number], question, read, draw)


def _first_done(
    ways: list[Callable[[str, str, random.Random], Exchange | None]],
    question: str,
    read: str,
    draw: random.Random,
) -> Exchange | None:
    """What the first of some ways in random order makes that can."""
    draw.shuffle(ways)
    for way in ways:
        if done := way(question, read, draw):
            return done
    return None


def exchange_title(question: str, title: str, others: Sequence[str], read: str) -> Exchange | None:
    """Exchange the name of the document in a question for that of a similar document."""
    name = re.sub(r" \([^)]*\)$", "", title)
    at = question.lower().find(name.lower())
    if at < 0 or len(name) < 4 or not stands_in(name, read):
        return None
    for other in others:
        after = re.sub(r" \([^)]*\)$", "", other)
        if (
            after
            and not set(after.lower().split()) & set(name.lower().split())
            and not stands_in(after, read)
        ):
            return _exchanged(question, (at, at + len(name)), after, "title")
    return None


def stands_in(name: str, text: str) -> bool:
    """Whether a name stands in a text as whole words, in any case."""
    return re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", text.lower()) is not None


def _is_common_word(name: str, read: str) -> bool:
    """Whether a word that may be a name, such as "march", is written as a common word in the text."""
    return (
        " " not in name
        and name[0].islower()
        and any(c.isupper() for c in read)
        and name.capitalize() not in read
    )


def _other(names: Sequence[str], before: str, read: str, draw: random.Random) -> str:
    own = set(before.lower().split())
    for after in draw.sample(names, min(len(names), 12)):
        parts = after.lower().split()
        is_clear = after.lower() != before.lower() and not any(
            stands_in(part, read) for part in parts if part[0].isalpha() and len(part) > 3 and part not in own
        )
        if is_clear and not stands_in(after, read):
            return after
    return ""


def _exchange_year(question: str, read: str, draw: random.Random) -> Exchange | None:
    spans = [match.span() for match in _YEAR.finditer(question) if stands_in(match[0], read)]
    if not spans:
        return None
    start, end = draw.choice(spans)
    for distance in draw.sample([-11, -10, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 10, 11], 14):
        after = str(int(question[start:end]) + distance)
        if not stands_in(after, read):
            return _exchanged(question, (start, end), after, "year")
    return None


def _exchange_number(question: str, read: str, draw: random.Random) -> Exchange | None:
    spans = [
        match.span()
        for match in _NUMBER.finditer(question)
        if stands_in(match[0], read) and not _YEAR.fullmatch(match[0])
    ]
    for table in ("numbers", "ordinals"):
        names = _words_of(table)
        for match in _WORD.finditer(question):
            if match[0].lower() in names and stands_in(match[0], read):
                spans.append(match.span())
    if not spans:
        return None
    start, end = draw.choice(spans)
    before = question[start:end]
    for after in _numbers_beside(before, draw):
        if after != before.lower() and not stands_in(after, read):
            return _exchanged(question, (start, end), after, "number")
    return None


def _numbers_beside(written: str, draw: random.Random) -> Sequence[str]:
    for table in ("numbers", "ordinals"):
        if written.lower() in _words_of(table):
            return draw.sample(_words_of(table), 10)
    value = float(written.replace(",", ""))
    others = [
        value + draw.choice((1, 2, 3, 5, 10)),
        value * draw.choice((2, 3, 10)),
        abs(value - 1),
        value // 2,
    ]
    decimals = len(written.partition(".")[2])
    return [f"{other:,.{decimals}f}" if "," in written else f"{other:.{decimals}f}" for other in others]


def _exchanged(question: str, span: tuple[int, int], after: str, kind: str) -> Exchange:
    start, end = span
    return Exchange(question[:start] + after + question[end:], kind, question[start:end], after)
