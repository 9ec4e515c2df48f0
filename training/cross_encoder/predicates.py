"""Exchange the predicate, the property or the role that a question asks for."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import yaml

from training.cross_encoder.names import Exchange

_YES_NO = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|will|would|has|have|had|should|may|might|must)\b",
    re.IGNORECASE,
)


@cache
def groups() -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """For each word its kind and the words of its line; a word may stand in several lines."""
    tables: dict[str, list[str]] = yaml.safe_load(
        Path(__file__).with_name("predicates.yaml").read_text("utf-8")
    )
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for kind, lines in tables.items():
        for line in lines:
            group = tuple(part.strip() for part in line.split(","))
            for word in group:
                found.setdefault(word.lower(), []).append((kind, group))
    return found


@cache
def _pattern() -> re.Pattern[str]:
    words = sorted(groups(), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, words))})(?![\w-])", re.IGNORECASE)


def is_yes_no(question: str) -> bool:
    """Whether a question asks for yes or no. A passage may answer one with an exchanged word: no."""
    return _YES_NO.match(question) is not None


def exchange_predicate(question: str, read: str, draw: random.Random) -> Exchange | None:
    """Exchange a word for one of another meaning of which the text read says nothing."""
    if is_yes_no(question):
        return None
    matches = list(_pattern().finditer(question))
    draw.shuffle(matches)
    for match in matches:
        kind, group = draw.choice(groups()[match[0].lower()])
        others = [word for word in group if word.lower() != match[0].lower() and not is_told(word, read)]
        if others:
            after = draw.choice(others)
            changed = question[: match.start()] + after + question[match.end() :]
            return Exchange(with_article(changed, match.start(), after), kind, match[0], after)
    return None


def is_told(word: str, read: str) -> bool:
    """Whether a word of the same stem stands in the text."""
    stems = [part[: max(4, len(part) - 3)] for part in word.lower().split() if len(part) > 2]
    return all(re.search(rf"\b{re.escape(stem)}", read.lower()) for stem in stems)


def with_article(question: str, at: int, word: str) -> str:
    """The question with "a" or "an" as the word at this place needs it."""
    before, after = question[:at], question[at:]
    wanted = "an" if word[0].lower() in "aeiou" else "a"
    return re.sub(r"\b(an?) $", lambda m: wanted + " ", before) + after
