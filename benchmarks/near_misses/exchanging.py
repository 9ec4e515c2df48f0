"""Exchange one fact of a question for another of its kind, by rule.

A question of a set, which its document answers, becomes one that no document of the set answers: another
name, year, number, place, role or attribute stands in it, or it is negated. The other fact comes from the
same document where possible, so that its words are there, but no few sentences have it together with most
of the question's other words.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Literal

import yaml

from index.text import sentence_spans
from index.text.months import MONTHS

Kind = Literal["name", "year", "number", "place", "role", "negation", "attribute"]
KINDS: tuple[Kind, ...] = ("name", "year", "number", "place", "role", "negation", "attribute")
_EXCHANGES = Path(__file__).with_name("exchanges.yaml")
_WORD = re.compile(r"\w+")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-zé]{3,}(?: (?:[A-Z][a-zé]{2,}))?(?=[ ,.;?'])")
_COMMON = re.compile(r"(?<!\w)[a-z]{4,}")
_YEAR = re.compile(r"(?<![\w.,/-])(?:1[0-9]|20)\d\d(?![\w,/-]|\.\d)")
_NUMBER = re.compile(r"(?<![\w.,/-])\d+(?:[.,]\d+)*(?=[ %?])(?! (?:" + "|".join(MONTHS) + r")\b)")
_BOUND = re.compile(r"\b(?:than|exceed|exceeds|exceeded|over|under|above|below|least|most) [$£€]?$")
_NEGATED = re.compile(
    r"^(?:who|which|what)\b[^?]*?\b(?:is|are|was|were|has|have|can|could|should)(?= (?!(?:the|a|an|not|it|he|"
    r"she|they|you|some|another|one|of|in|to|his|her|its|their|there)\b)[a-z]+)",
    re.IGNORECASE,
)
_ASKING = (
    "what who whom whose which when where why how is are was were do does did has have had can could should "
    "will would the a an of in on at by for from to with and or that this these those it its as be been many "
    "much long often there their into about"
)
_NOT_NAMES = frozenset([*MONTHS, *"The This What Which When Where Monday Sunday Total Table Figure".split()])
_SHARE = 0.6
"""Least share of a question's other words that sentences have together if they may answer it."""
_MOST_TRIED = 12
_STEM = 5
_YEARS = 12
"""Most years between the two that are exchanged."""
_ASKING_STEMS = frozenset(word[:_STEM] for word in _ASKING.split())


@dataclass(frozen=True, slots=True)
class Exchange:
    """The question with one fact exchanged: ``gone`` stood there, and ``come`` stands there now."""

    kind: Kind
    question: str
    gone: str
    come: str


class _Sentences:
    """The stems of all sentences, and the sentences that have a stem."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._stems: list[set[str]] = []
        self.places: defaultdict[str, set[int]] = defaultdict(set)
        for text in texts:
            for start, end in sentence_spans(text, 0, len(text)):
                stems = _stems(text[start:end])
                for one in stems:
                    self.places[one].add(len(self._stems))
                self._stems.append(stems)
            self._stems.append(set())

    def around(self, at: int) -> set[str]:
        """The stems of a sentence and its neighbours."""
        return set().union(*self._stems[max(0, at - 1) : at + 2])


class Exchanger:
    """Exchanges facts of questions to a set with these texts, by document id.

    ``are_tables``: another year that a document has may well answer, because it heads a column.
    """

    def __init__(self, texts: Mapping[str, str], *, are_tables: bool = False) -> None:
        self._texts = texts
        self._are_tables = are_tables
        self._sentences = _Sentences(texts.values())
        tables = yaml.safe_load(_EXCHANGES.read_text(encoding="utf-8"))
        self._groups: Mapping[str, list[list[str]]] = {
            kind: [line.split(", ") for line in lines] for kind, lines in tables.items()
        }

    @cached_property
    def _names(self) -> Mapping[str, list[str]]:
        common = {word for text in self._texts.values() for word in _COMMON.findall(text)}
        return {
            name: [one for one in names_in(text) if not common & set(one.lower().split())]
            for name, text in self._texts.items()
        }

    def exchange(self, question: str, kind: Kind, document_id: str) -> Exchange | None:
        """Exchange a fact of this kind, for a question always the same; None if there is none.

        ``document_id`` is that of the document that answers.
        """
        draw = random.Random(f"{kind} {question}")
        for gone, come in islice(self._candidates(question, kind, document_id, draw), _MOST_TRIED):
            pattern = re.compile(rf"(?<!\w){re.escape(gone)}(?!\w)")
            changed = pattern.sub(come.replace("\\", ""), question, count=1)
            if changed != question and (kind == "negation" or not self.may_answer(changed, come)):
                return Exchange(kind, changed, gone, come)
        return None

    def may_answer(self, question: str, fact: str) -> bool:
        """Whether a few consecutive sentences of a document have the fact and most of the other words."""
        wanted = _stems(question) - _stems(fact) - _ASKING_STEMS
        if not wanted:
            return True
        least = _SHARE * len(wanted)
        places = set.intersection(*(self._sentences.places[one] for one in _stems(fact)))
        return any(len(wanted & self._sentences.around(at)) >= least for at in places)

    def _candidates(
        self, question: str, kind: Kind, document_id: str, draw: random.Random
    ) -> Iterator[tuple[str, str]]:
        """Pairs of words to remove and to insert."""
        text = self._texts[document_id]
        if kind in ("role", "attribute", "place"):
            yield from self._of_groups(question, kind, draw)
        elif kind == "name":
            yield from self._other_names(question, document_id, draw)
        elif kind == "negation":
            yield from _negated(question)
        elif kind == "year":
            for year in _YEAR.findall(question) if len(_YEAR.findall(question)) == 1 else ():
                near = [str(int(year) + by) for by in range(-_YEARS, _YEARS + 1)]
                told = [] if self._are_tables else [one for one in near if one in text]
                others = [one for one in near if one not in text]
                pool = [*_shuffled(told, draw)[:3], *_shuffled(others, draw)[:3]]
                yield from ((year, other) for other in _shuffled(pool, draw) if other not in question)
        else:
            years = _YEAR.findall(question)
            for match in _NUMBER.finditer(question):
                if match[0] not in years and not _BOUND.search(question, 0, match.start()):
                    others = (_other_number(match[0], draw) for _ in range(4))
                    yield from ((match[0], one) for one in others if one not in text)

    def _of_groups(self, question: str, kind: Kind, draw: random.Random) -> Iterator[tuple[str, str]]:
        for group in self._groups[kind]:
            for word in group:
                if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", question):
                    others = [one for one in group if not _stems(one) & _stems(question)]
                    yield from ((word, other) for other in _shuffled(others, draw))

    def _other_names(self, question: str, document_id: str, draw: random.Random) -> Iterator[tuple[str, str]]:
        """Names for another of the same document, or else of other documents; lower-case where it is so."""
        own, asked = self._names[document_id], question.lower()
        known = [
            one
            for one in own
            if one.lower() in asked and re.search(rf"(?<!\w){re.escape(one.lower())}(?!\w)", asked)
        ]
        elsewhere = self._names[draw.choice(sorted(self._texts))]
        for name in _shuffled(known, draw):
            at = asked.find(name.lower())
            gone = question[at : at + len(name)]
            if re.search(r"[A-Z]\w* $", question[1:at]) or re.match(
                r"['’s]* [A-Z]", question[at + len(name) :]
            ):
                continue  # a part of a longer name
            words = len(name.split())
            alike = [one for one in own if len(one.split()) == words]
            others = [*_shuffled(alike, draw)[:4], *_shuffled(elsewhere, draw)[:4]]
            for other in others:
                if not _stems(other) & _stems(asked):
                    yield gone, other if gone != gone.lower() else other.lower()


def names_in(text: str) -> list[str]:
    """The names in a text: capitalised words inside of sentences."""
    return sorted({match[0] for match in _NAME.finditer(text) if not set(match[0].split()) & _NOT_NAMES})


def _negated(question: str) -> Iterator[tuple[str, str]]:
    """The words up to an auxiliary, and the same with "not" behind them."""
    if match := _NEGATED.match(question):
        yield match[0], f"{match[0]} not"


def _other_number(written: str, draw: random.Random) -> str:
    """A number in the same notation with its first digit changed."""
    others = [one for one in "123456789" if one != written[0]]
    return draw.choice(others) + written[1:]


def _stems(words: str) -> set[str]:
    """The beginnings of the words."""
    return {word[:_STEM] for word in _WORD.findall(words.lower())}


def _shuffled(items: Sequence[str], draw: random.Random) -> list[str]:
    return draw.sample(list(items), len(items))
