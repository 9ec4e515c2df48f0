"""The words of an answer that are the service's own, and how words are counted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.answers import DECLINED, NOT_CONFIRMED, Reading
from index.citations import one_line, without_marks
from index.patterns import lazy_pattern

__all__ = [
    "DECLINED",
    "NEAREST",
    "NOT_CONFIRMED",
    "OLDER",
    "computed_note",
    "count_words",
    "is_blank",
    "is_declined",
    "superseded_note",
]
NEAREST = "The nearest passages:"
OLDER = "(from an older message that this mail quotes)"
_OPERATIONS = {
    "highest": "the highest",
    "lowest": "the lowest",
    "total": "the total",
    "count": "the number",
    "first": "the first",
    "last": "the last",
    "higher": "the higher",
    "lower": "the lower",
}
_AROUND = " \n\t.*_\"'“”"
_BLANK = lazy_pattern(r"[\s\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\N{BRAILLE PATTERN BLANK}]*")
_WORD = re.compile(r"\w+|[^\w\s]")


def computed_note(reading: Reading) -> str:
    """Say what was computed of a table, or why nothing was, in a sentence that is the service's own."""
    what = (
        f"{_OPERATIONS[reading.operation]} by “{reading.of}”"
        if reading.of
        else _OPERATIONS[reading.operation]
    )
    if not reading.value:
        return f"Not computed ({what}): {reading.reason}"
    return f"Computed from {len(reading.cells)} cells of the table ({what}): {reading.value}"


def superseded_note(document_ids: Sequence[str]) -> str:
    """Name the documents that supersede that of a sentence."""
    return f"(superseded by {', '.join(map(one_line, document_ids))})"


def count_words(text: str) -> int:
    """Count words and punctuation marks: what is counted where no model counts tokens."""
    return len(_WORD.findall(text))


def is_blank(text: str) -> bool:
    """True if a text has no visible character."""
    return _BLANK.fullmatch(text) is not None


def is_declined(text: str) -> bool:
    """True if a text is only the sentence that declines, with or without marks around it."""
    return without_marks(text).strip(_AROUND) == DECLINED.strip(_AROUND)
