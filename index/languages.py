"""In which language a text is written, told by its letters."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import regex

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_PARTS, _PART = 3, 250
"""How many places of a text are looked at, and code points of each: more make a guess no better, and the
guess would take longer than all else that reading a short text does."""
_LEAST = 100
_CERTAIN = 0.8
_LETTERS = regex.compile(r"[\p{L}\p{M}]++")


def language_of(text: str) -> str:
    """The ISO 639-1 code of a text's language; empty when the text is short, mixed or no prose.

    By py3langid's naive Bayes over byte n-grams (Lui and Baldwin 2012), 97 languages.
    """
    sample = _sample(text)
    letters = sum(map(len, _LETTERS.findall(sample)))
    if letters < _LEAST or letters < len(sample) // 2:
        return ""
    language, probability = _identifier().classify(sample)
    return str(language) if probability >= _CERTAIN else ""


def _sample(text: str) -> str:
    """Begin, middle and end of a text, or all of a short one."""
    if len(text) <= _PARTS * _PART:
        return text
    step = (len(text) - _PART) // (_PARTS - 1)
    return "\n".join(text[at * step : at * step + _PART] for at in range(_PARTS))


@cache
def _identifier() -> LanguageIdentifier:
    # Loading its model takes a fraction of a second: only where files are read.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
