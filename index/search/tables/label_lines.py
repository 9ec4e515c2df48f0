"""Find the line that answers in a block of labels, as a row of a table does: "Cable length: 1.2 m".

Asked "How long is the cable?", its words are those of the question only where a length is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex

from index.patterns import lazy_pattern
from index.search.headings.listing import AskedSection
from index.search.judged import JudgedSentence
from index.search.tables.asked import Asked
from index.search.tables.operations import measures_of

_LINE = lazy_pattern(r"\s*(?:[-*•]\s+)?(?P<label>\p{L}[^\n:.!?;,|\t]{0,40}):\s+(?P<value>\S[^\n]{0,120})")
_HOW = lazy_pattern(r"\bhow\b", regex.IGNORECASE)
"""Asks for a measure, which a label may name alone: "Weight". A date alone is of anything."""
_MAIL = "e-?mails?|mails?|messages?"
_OF_MAIL = tuple(
    (lazy_pattern(rf"(?=.*\b(?:{_MAIL})\b){asks}", regex.IGNORECASE), label)
    for asks, label in (
        (r".*(?:\bwho\s+(?:has\s+)?(?:sent|wrote|written)\b|\b(?:sender|by whom|from whom)\b)", "from"),
        (r"(?>.*?\bwhen\b).*\b(?:sent|written|received)\b", "date"),
        (r".*(?:\bto\s+whom\b|\bwho\s+(?:has\s+)?(?:got|received)\b|\brecipients?\b)", "to"),
    )
)
"""Questions for what a line at the head of a mail says, with its label."""
_SAID_OF_MAIL = "mail email e-mail message sent wrote written sender received recipient whom"
_BEFORE = 300
"""Code points before a line that may say of what it tells."""
_LEAST, _MORE = 2.0, 0.5
"""Least strength of a line that says all that is asked for, and how much more than others it has."""


def prefer_label(
    judged: Sequence[JudgedSentence],
    asked: Asked,
    text: str,
    at: int,
    above: Sequence[str],
    section: AskedSection | None = None,
) -> tuple[list[JudgedSentence], bool]:
    """Raise the line whose label says what is asked for, and tell whether there is one.

    Everything that the question says must be in it, in the title and headings ``above``, in the text just
    before, or in how it asks.
    ``text`` is the text around the sentences, from offset ``at`` of the document. A line of what was decided,
    such as "Decision: it is sold", answers what is asked of its ``section``.
    """
    lines = []
    for one in judged if ":" in text else ():
        start, end = one.start - at, one.end - at
        if not one.is_row and text.find(":", start, end) > 0 and (line := _LINE.fullmatch(text, start, end)):
            lines.append((one, line))
    if not lines:
        return list(judged), False
    measures = asked.words(" ".join(measures_of(asked.text)))
    head = next((label for asks, label in _OF_MAIL if asks.match(asked.text)), "")
    idle = asked.idle | (asked.words(_SAID_OF_MAIL) if head else frozenset())
    found = []
    for one, line in lines:
        label = asked.words(line["label"])
        said = [*above, text[max(0, one.start - at - _BEFORE) : one.start - at], line["value"]]
        is_measure = bool(label & measures and (label & asked.terms or _HOW.search(asked.text)))
        is_done = section is not None and section.is_done_by(line["label"], "\n".join(above))
        is_asked = (is_measure and label <= asked.terms | measures) or line["label"].casefold() == head
        if is_done or (is_asked and asked.terms - idle <= label | asked.words("\n".join(said))):
            found.append(one)
    if len(found) != 1:
        return list(judged), False
    most = max(_LEAST, *(one.strength + _MORE for one in judged))
    return [one._replace(strength=most) if one is found[0] else one for one in judged], True
