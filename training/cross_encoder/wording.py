"""Other wordings of a question: typing errors, key words, the name of the document."""

from __future__ import annotations

import random
import re

_STOP = frozenset(
    "a an the is are was were do does did be been of in on at to for from by with and or it its this that "
    "there has have had can could will would should i you we they he she his her their my your how what "
    "which who whom whose".split()
)
_BESIDE = dict(
    zip(
        "qwertyuiopasdfghjklzxcvbnm",
        "wa qe wr et ry tu yi uo ip o sq ad sf dg fh gj hk jl k x zc xv cb vn bm n".split(),
        strict=True,
    )
)
"""Keys beside each other."""
_ASKED = re.compile(
    r"^(?:(?:what|which) (?:is|are|was|were) (?:the )?|how (?:do|can|to) (?:i |you )?)", re.IGNORECASE
)


def keywords(question: str) -> str:
    """The words of a question that carry its meaning."""
    plain = _ASKED.sub("", question).rstrip(" ?.")
    kept = [word for word in plain.split() if word.lower().strip(",'\"") not in _STOP]
    return " ".join(kept) if len(kept) >= 2 else question


def mistyped(question: str, draw: random.Random) -> str:
    """One typing error in a word of at least four letters."""
    places = [match.span() for match in re.finditer(r"[^\W\d_]{4,}", question)]
    if not places:
        return question
    start, end = draw.choice(places)
    at = draw.randrange(start + 1, end - 1)
    one, two = question[at], question[at + 1]
    way = draw.randrange(4)
    if way == 0:
        changed = two + one
    elif way == 1:
        changed = two
    elif way == 2:
        changed = one + one + two
    else:
        changed = draw.choice(_BESIDE.get(one.lower(), one)) + two
    return question[:at] + changed + question[at + 2 :]


def naming(question: str, title: str, draw: random.Random) -> str:
    """The question with the name of its document."""
    plain = question.rstrip(" ?")
    ways = (
        f"According to {title}, {question[0].lower()}{question[1:]}",
        f"{title}: {question}",
        f"{plain} ({title})?",
        f"In the document on {title}, {question[0].lower()}{question[1:]}",
        f"{plain} according to {title}?",
    )
    return draw.choice(ways)
