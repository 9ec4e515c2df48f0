"""In which language a text is written, told by its letters."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_LOOKED_AT = 5000
"""Code points: more make a guess no better, and take longer."""
_LETTERS = 100
_CERTAIN = 0.8


def language_of(text: str) -> str:
    """The ISO 639-1 code of a text's language; empty when the text is short, mixed or no prose.

    By py3langid's naive Bayes over byte n-grams (Lui and Baldwin 2012), 97 languages.
    """
    sample = text[:_LOOKED_AT]
    letters = sum(unicodedata.category(character)[0] in "LM" for character in sample)
    if letters < _LETTERS or letters < len(sample) // 2:
        return ""
    language, probability = _identifier().classify(sample)
    return str(language) if probability >= _CERTAIN else ""


@cache
def _identifier() -> LanguageIdentifier:
    # Loading its model takes a fraction of a second: only where files are read.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
