"""Quote the heading of a version above what a changelog says of it: "In which version did the list come?".

The version stands in the heading ("3.3.0 - 15 January 2026"), and nowhere in the items below it.
"""

from __future__ import annotations

import regex

from index.patterns import lazy_pattern
from index.search.headings.lines import HeadingLine, heading_lines
from index.search.question.designations import designations_in
from index.text.sentences import Span

_ASKS_VERSION = lazy_pattern(
    r"\b(?:which|what)\s+(?:\w+\s+)?(?:version|release)\b|\b(?:version|release)\s+number\b|\bwelche[rmn]?\s+version\b|"
    r"\b(?:quelle|qué|quale|welke|que)\s+(?:versi[oó]n|version|versione|versie|versão)\b",
    regex.IGNORECASE,
)
_ASKS_TIME = lazy_pattern(
    r"\b(?:when\s+(?:was|were|did|has|have)|since\s+when|wann\s+(?:wurden?|ist|sind)|seit\s+wann)\b",
    regex.IGNORECASE,
)
_OF_VERSION = lazy_pattern(r"\b(?:version|release[ds]?|v|on|from|of|vom|du|del)\b|[\W_]+", regex.IGNORECASE)


def version_heading(text: str, span: Span, question: str) -> Span | None:
    """The span of the heading with the version above a sentence that a question asks for, if there is one.

    Asked when something came, it is one with a date, too. A sentence with a version or date of its own, or
    a question with one, needs none.
    """
    kinds = _asked_kinds(question)
    said = {one.kind for one in (*designations_in(question), *designations_in(text[slice(*span)]))}
    if not kinds or said & {"version", "date"}:
        return None
    above = [line for line in heading_lines(text) if line.end <= span[0] and _is_of_version(text, line)]
    if not above or not kinds <= {one.kind for one in above[-1].designations}:
        return None
    return above[-1].start, above[-1].end


def _asked_kinds(question: str) -> set[str]:
    """The kinds of what the heading has to have; none where the question asks for something else."""
    if _ASKS_VERSION.search(question) is not None:
        return {"version"}
    return {"version", "date"} if _ASKS_TIME.search(question) is not None else set()


def _is_of_version(text: str, line: HeadingLine) -> bool:
    """Whether a heading has a version and hardly more, or a date beside it: not "2.3.1 Installation"."""
    kinds = {one.kind for one in line.designations}
    if "version" not in kinds or "date" in kinds:
        return "version" in kinds
    words = text[line.start : line.end]
    for one in sorted(line.designations, key=lambda one: -one.start):
        words = words[: one.start] + " " + words[one.end :]
    return not _OF_VERSION.sub("", words)
