"""Detect the language of a text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import regex

from index.patterns import lazy_pattern

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_SAMPLES, _SAMPLE_LENGTH = 3, 250
"""Number of samples taken of a text, and code points of each. Longer samples are classified no better, and
classification would take longer than all other steps of reading a short text."""
_MIN_LETTERS = 100
_MIN_PROBABILITY = 0.8
_NO_LANGUAGE = "zxx"
_CHINESE = frozenset({"zh", "wuu"})
"""Chinese and Wu, which is hardly ever written: texts that look like both are Chinese."""
_MIN_OTHERS = 0.25
"""Share of the letters, in bytes, that those of other scripts than Latin need to decide the language."""
_OTHER_LETTERS = lazy_pattern(r"[[\p{L}\p{M}]--[\p{Latin}]]++", regex.VERSION1)
_LETTERS = lazy_pattern(r"[\p{L}\p{M}]++")


def detect_language(text: str) -> str:
    """The ISO 639-1 code of a text's language; empty if the text is short, mixed or no prose.

    py3langid knows 139 languages: naive Bayes over byte n-grams (Lui and Baldwin 2012).
    """
    sample = _sample(text)
    letters = sum(map(len, _LETTERS.findall(sample)))
    if letters < _MIN_LETTERS or letters < len(sample) // 2:
        return ""
    found = _classify(sample)
    if not found and (without_latin := _without_latin(sample)):
        # Latin names in a text of another script hide its language: their bytes are those of any language.
        found = _classify(without_latin)
    return found


def _classify(sample: str) -> str:
    (language, probability), *others = _identifier().rank(sample)
    if language in _CHINESE:
        language, probability = "zh", probability + sum(more for one, more in others if one in _CHINESE)
    return str(language) if probability >= _MIN_PROBABILITY and language != _NO_LANGUAGE else ""


def _without_latin(sample: str) -> str:
    """The words of other scripts than Latin; empty if they are few. Bytes count, as for the classifier."""
    words = _LETTERS.findall(sample)
    others = _OTHER_LETTERS.findall(sample)
    size = sum(len(word.encode()) for word in others)
    enough = max(_MIN_LETTERS, _MIN_OTHERS * sum(len(word.encode()) for word in words))
    return " ".join(others) if size >= enough else ""


def _sample(text: str) -> str:
    """The beginning, middle and end of a text, or all of a short one."""
    if len(text) <= _SAMPLES * _SAMPLE_LENGTH:
        return text
    step = (len(text) - _SAMPLE_LENGTH) // (_SAMPLES - 1)
    return "\n".join(text[at * step : at * step + _SAMPLE_LENGTH] for at in range(_SAMPLES))


@cache
def _identifier() -> LanguageIdentifier:
    # Imported here because loading its model takes a fraction of a second.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
