"""Questions of headings, and of lines of a text without headings, that ask or tell how to do something."""

import re

from service.flows.suggesting.tasks import points_elsewhere, question_of_task

_NUMBER = re.compile(r"^(?:[A-Z]?\d+(?:\.\d+)*[.):]?|[A-Z][.):]|Q(?:uestion)? ?\d*[.:)]|[-–•*])\s+(?=\S)")
_ASKS = re.compile(
    r"(?!\w+ to )(?:what|who|whom|whose|when|where|how|which|where/how|"
    r"wer|wie|wo|wann|welche[rs]?|comment|où|quelle?s?|quand|qu[’']est-ce)\b"
    r"|(?:can|do|does|should|must|may|is there|are there|kann|muss|darf|gibt es|puis-je|est-ce) "
    r"|¿|[\u3040-\u30ff\u4e00-\u9fff]",
    re.IGNORECASE,
)
"""Beginnings of headings that are questions, and not titles of works. A sentence seldom answers why."""
_OPINION = re.compile(r"\b(?:better|best|happens)\b", re.IGNORECASE)
_LINE = re.compile(r"^[^\n?]{12,120}[?？]$(?=\n+[^\n]{40,})(?!\n+[^\n]*[?？]\n)", re.MULTILINE)
"""A line that asks, with an answer below, and no list of questions."""


def without_number(title: str) -> str:
    """A heading without its number, or the mark of a list."""
    return _NUMBER.sub("", title, count=1)


def question_of_heading(title: str) -> str:
    """The question that a heading asks or tells how to do, which is understood alone; else an empty text."""
    title = without_number(title)
    if how := re.fullmatch(r"(?i:how to) (?P<do>[a-z][^?!:;]{3,80})", title):
        return question_of_task(how["do"])
    is_question = title.endswith(("?", "？", "؟")) and title.count("?") < 2 and _ASKS.match(title)
    if not is_question or points_elsewhere(title) or _OPINION.search(title):
        return ""
    words = title.split()
    is_headline = sum(one[:1].isupper() for one in words) > max(2, len(words) // 2)
    is_long = len(words) > 3 if " " in title else len(title) > 6
    return title if is_long and not is_headline else ""


def lines_that_ask(text: str) -> list[re.Match[str]]:
    """The lines of a text that may be headings that ask."""
    return list(_LINE.finditer(text))
