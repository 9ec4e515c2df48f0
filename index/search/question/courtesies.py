"""Tell messages that only greet, thank, agree or take leave from questions.

The words are data (``courtesies.json``): phrases by kind and language. A message is a courtesy if it consists
of such phrases, and of fillers between them: "Ok, that's great, thanks!", and not "Ok, how much is it?".
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from index.patterns import lazy_pattern

CourtesyKind = Literal["thanks", "farewell", "greeting", "agreement"]
_TOKEN = lazy_pattern(
    r"[\p{Han}\p{Hiragana}\p{Katakana}ー]|(?:(?![\p{Han}\p{Hiragana}\p{Katakana}ー])[\p{L}\p{N}])+"
    r"|\p{Extended_Pictographic}"
)
"""A word, a letter of a script without spaces, or a pictograph."""
_MARK = lazy_pattern(r"\p{Mn}")
_LONGEST = 200
"""Code points of the longest message that is read: a courtesy is short."""


@dataclass(frozen=True, slots=True)
class Courtesy:
    """What a message says beside nothing to search: thanks come before the rest, agreement last.

    ``language`` is the name of that of its first phrase that only one language has; "" if there is none.
    """

    kind: CourtesyKind
    language: str = ""


class _Phrase(NamedTuple):
    words: tuple[str, ...]
    kind: CourtesyKind | None
    """None for a filler."""
    language: str


def courtesy_of(text: str) -> Courtesy | None:
    """Read a message; None if it says anything else. One without any word greets."""
    if len(text.strip()) > _LONGEST:
        return None
    tokens = [one for one in _tokens(text) if one in _PHRASES or one[0].isalnum()]
    kinds, language, at = set[CourtesyKind](), "", 0
    while at < len(tokens):
        fitting = (one for one in _PHRASES.get(tokens[at], ()) if _stands_at(one, tokens, at))
        if (found := next(fitting, None)) is None:
            return None
        at += len(found.words)
        language = language or found.language
        if found.kind is not None:
            kinds.add(found.kind)
    if not tokens:
        return Courtesy("greeting")
    if text.rstrip().endswith(("?", "？")) and not kinds - {"agreement", "thanks"}:
        return None  # "Right?" and "行不行?" ask
    return next((Courtesy(kind, language) for kind in get_args(CourtesyKind) if kind in kinds), None)


def _stands_at(phrase: _Phrase, tokens: Sequence[str], at: int) -> bool:
    return phrase.words == tuple(tokens[at : at + len(phrase.words)])


def is_courtesy(text: str) -> bool:
    """Whether a message only greets, thanks, agrees or takes leave, or has no word at all."""
    return courtesy_of(text) is not None


def _tokens(text: str) -> tuple[str, ...]:
    """The words in small letters without accents, which many people leave out; of CJK scripts the letters."""
    plain = unicodedata.normalize("NFC", _MARK.sub("", unicodedata.normalize("NFD", text.lower())))
    return tuple(_TOKEN.findall(plain))


def _phrases() -> Mapping[str, Sequence[_Phrase]]:
    """The phrases by their first words, the longest first; one of several languages belongs to none."""
    content = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    found: dict[tuple[str, ...], _Phrase] = {}
    for kind in get_args(CourtesyKind):
        for language, line in content[kind].items():
            for words in map(_tokens, line.split("|")):
                other = found.get(words)
                is_shared = other is not None and other.language != language
                found[words] = _Phrase(words, other.kind if other else kind, "" if is_shared else language)
    for line in content["fillers"]:
        for words in map(_tokens, line.split("|")):
            found.setdefault(words, _Phrase(words, None, ""))
    by_first: dict[str, list[_Phrase]] = {}
    for words in sorted(found, key=len, reverse=True):
        by_first.setdefault(words[0], []).append(found[words])
    return by_first


_PHRASES = _phrases()
