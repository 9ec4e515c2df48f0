"""Exchange what a question asks for: "When was it built?" becomes "Where was it built?"."""

from __future__ import annotations

import random
import re

from training.cross_encoder.names import Exchange

_VERB = r"(?= (?:did|was|were|is|are|does|do|has|have|will)\b)"
_ASKED = {
    "when": re.compile(rf"^(?:when|(?:in |during |on )?(?:what|which) (?:year|month|day|date)){_VERB}", re.I),
    "where": re.compile(
        rf"^(?:where|(?:in |at )(?:what|which) (?:city|country|place|town|state)){_VERB}", re.I
    ),
    "why": re.compile(rf"^(?:why|for what reason){_VERB}", re.I),
    "long": re.compile(rf"^(?:how long|for how many years){_VERB}", re.I),
}  # fmt: skip
_PASSIVE = re.compile(
    r"\b(?:was|were)\b.*\b(?:\w{2,}(?:ed|wn|lt|ld|nd|ought|aught)|written|made|given|taken|chosen)\b", re.I
)
_WORDINGS = {
    "when": ("When", "In which year", "On which day"),
    "where": ("Where", "In which city", "At which place"),
    "why": ("Why", "For what reason"),
    "long": ("For how long", "How many times"),
    "whom": ("By whom",),
}
_TIME = (
    r"\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|century|"
    r"decade|ago|when|while|during|before|after|until|since|monday|tuesday|wednesday|thursday|friday|"
    r"saturday|sunday|spring|summer|autumn|winter|year|day|night|morning|evening|time)s?\b"
)
_TELLS = {
    "when": re.compile(_TIME, re.I),
    "where": re.compile(
        r"\b(?:in|at|on|near|to|from|outside|around|across|within|into|through|where|there|here)\b", re.I
    ),
    "why": re.compile(
        r"\b(?:because|due|since|so that|order|owing|reason|reasons|caus\w+|result\w*|led|lead\w*|for|as|"
        r"after|therefore|hence|thus|consequence\w*|allow\w*|to \w+)\b",
        re.I,
    ),
    "long": re.compile(
        rf"{_TIME}|\b(?:long|once|twice|one|two|three|four|five|six|ten|many|several)\b", re.I
    ),
    "whom": re.compile(r"\b(?:by|for|behalf|request\w*|order\w*|who|whom|led|commission\w*)\b", re.I),
}
"""Words with which a text may tell it."""


def exchange_asked(question: str, read: str, draw: random.Random) -> Exchange | None:
    """Ask for what the text read certainly does not tell of what is asked about."""
    kinds = [kind for kind in _TELLS if kind != "whom" or _PASSIVE.search(question)]
    for asked, pattern in _ASKED.items():
        match = pattern.match(question)
        if match is None:
            continue
        others = [kind for kind in kinds if kind != asked and not _TELLS[kind].search(read)]
        if not others:
            return None
        after = draw.choice(_WORDINGS[draw.choice(others)])
        if question[0].islower():
            after = after[0].lower() + after[1:]
        return Exchange(after + question[match.end() :], "asked", match[0], after)
    return None
