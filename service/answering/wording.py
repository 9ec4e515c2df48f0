"""The words of an answer that are the service's own, and how words are counted."""

from __future__ import annotations

import re

DECLINED = "The documents do not say."
"""What an answer says that declines."""
NEAREST = "The nearest passages:"
NOT_CONFIRMED = "Not confirmed by the documents:"
_WORD = re.compile(r"\w+|[^\w\s]")


def words(text: str) -> int:
    """Count words and punctuation marks: what is counted where no model counts tokens."""
    return len(_WORD.findall(text))
