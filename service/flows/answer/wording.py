"""The words of an answer that are the service's own, and how words are counted."""

from __future__ import annotations

import re

import regex

from index.citations import without_marks

DECLINED = "The documents do not say."
"""Text of an answer that declines."""
NEAREST = "The nearest passages:"
NOT_CONFIRMED = "Not confirmed by the documents:"
_AROUND = " \n\t.*_\"'“”"
_BLANK = regex.compile(r"[\s\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\N{BRAILLE PATTERN BLANK}]*")
_WORD = re.compile(r"\w+|[^\w\s]")


def count_words(text: str) -> int:
    """Count words and punctuation marks: what is counted where no model counts tokens."""
    return len(_WORD.findall(text))


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen."""
    return _BLANK.fullmatch(text) is not None


def is_declined(text: str) -> bool:
    """Whether a text says only that the documents do not say, with or without marks around it."""
    return without_marks(text).strip(_AROUND) == DECLINED.strip(_AROUND)
