"""Tell by its words what kind of answer a question wants: a figure, a period, a list, a reason, or prose.

A row of figures answers how much and when. It does not say why, nor what something means.
"""

from __future__ import annotations

import re
from typing import Literal

from index.search.tables.operations import asks_for_period

Want = Literal["period", "table", "prose", "figure", "definition", "other"]

_PROSE = re.compile(
    r"^\s*(?:why\b|how (?:does|do|did|is|are|was|were|has|can|should)\b)|\b(?:reasons?|caus\w+|due to|"
    r"explain\w*|describe[sd]?|drove|driven|drivers?|led to|lead to|contribut\w+|attribut\w+|factors?|"
    r"consist\w*|includ\w+|compris\w+|means?|represent\w*|refers?|defin\w+|calculated|determined|estimat\w+|purpose|policy|exclud\w+|"
    r"result(?:s|ed)? (?:in|from)|based on|assum\w+|consider\w*|method|basis)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"\bhow (?:much|many|high|large|long)\b|\b(?:amounts?|values?|number|total|percentage|rate|respective\w*|"
    r"balances?|price|cost)\b|(?<!\d)(?:19|20)\d\d(?!\d)|\bFY\s?\d\d|%",
    re.IGNORECASE,
)
_DEFINITION = re.compile(
    r"^\s*(?:what|who) (?:is|are|was|were)(?: the| an?)?(?: [\w'’&().-]+){1,4}\s*\?*\s*$", re.IGNORECASE
)
_TABLE = re.compile(
    r"\bwhat (?:\w+ )?(?:information )?(?:does|do) the tables? "
    r"(?:show|represent|present|provide|summar\w+|illustrate)",
    re.IGNORECASE,
)
_INTRODUCES = re.compile(r"\b(?:following|below|as follows|tables?)\b", re.IGNORECASE)


def want_of(question: str) -> Want:
    """The kind of answer that a question wants."""
    if asks_for_period(question):
        return "period"
    kinds: tuple[tuple[Want, re.Pattern[str]], ...] = (
        ("table", _TABLE),
        ("prose", _PROSE),
        ("figure", _FIGURE),
        ("definition", _DEFINITION),
    )
    return next((kind for kind, pattern in kinds if pattern.search(question)), "other")


def introduces_table(sentence: str) -> bool:
    """Whether a sentence announces a table rather than says something: "The following table shows ..."."""
    return _INTRODUCES.search(sentence) is not None
