"""Tell whether sentences name an amount, where a question asks what something costs.

"Solar panels on the south side (148 kW)." has all words of "How much did the solar panels cost?" but one, and
tells no price.
"""

from __future__ import annotations

from functools import lru_cache

import regex

from index.answers import Hit
from index.patterns import lazy_pattern
from index.search.named import nearby
from index.search.question.nouns import AskedNouns
from index.text.analysis import Analyzer

_ASKS = lazy_pattern(
    r"\bhow\s+much\b.*\b(?:costs?|pay|paid|charged?)\b|\bhow\s+expensive\b|"
    r"\bwhat\s+(?:do|does|did|will|would)\b.*\bcost\b|"
    r"\bwhat\s+(?:is|was|are|were)\s+the\s+(?:\w+\s+)?(?:prices?|costs?|fees?)\b|"
    r"\bwas\b.*\b(?:ge)?koste(?:n|t|te)\b|\bwie\s+(?:teuer|viel\s+kostet)\b|\bcombien\s+(?:coûte|a\s+coûté)|\bquel\s+est\s+le\s+prix\b",
    regex.IGNORECASE,
)
_MONTH = (
    r"(?:jan|feb|mar|m[äa]r|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|janv|févr|mars|avr|juin|juil|août|"
    r"déc)\p{L}*"
)
_NO_AMOUNT = lazy_pattern(
    rf"(?<![\d.,])(?:19|20)\d\d(?![\d.,]?\d)|\b\d{{1,2}}(?:st|nd|rd|th|\.)?\s{_MONTH}\b|\b{_MONTH}\s\d{{1,2}}\b|"
    r"\d[\d.,]*\s?(?:[kMG]?Wh?|[kcm]?m[²³23]?|[km]?g|tons?|t|m?l|°\s?[CF]?|%|percent|Prozent|"
    r"h|min|(?:hour|minute|second|day|week|month|year|Minute|Stunde|Jahr|Woche|Monat|Tag)(?:s|n|en)?|Uhr|"
    r"[ap]\.?m\.?|o['’]clock)(?!\p{L})|^[^\w€$£¥]*\d{1,2}[.)]\s",
    regex.IGNORECASE | regex.MULTILINE,
)
"""Numbers that are no prices: years, days, numbers with a unit of something else, and those of items."""
_AMOUNT = lazy_pattern(
    r"\d|[€$£¥]|\b(?:free|gratis|nothing|no\s+(?:extra\s+)?(?:charge|cost|fee)|includ\w+|half|double|price|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|"
    r"kosten(?:los|frei)|umsonst|frei|inbegriffen|inklusive|halbe\p{L}*|gratuit\p{L}*|inclus\p{L}*|compris\p{L}*|moitié|"
    r"zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|hundert|tausend|deux|trois|quatre|cinq|dix|vingt|cent|mille)\b",
    regex.IGNORECASE,
)


@lru_cache(64)
def asks_cost(question: str) -> bool:
    """Tell whether a question asks what something costs, in English, German or French."""
    return _ASKS.search(question) is not None


def tells_cost(text: str) -> bool:
    """Look in a text for what something may cost: a number that may be an amount, or that it is free."""
    return _AMOUNT.search(_NO_AMOUNT.sub(" ", text)) is not None


def hit_lacks_cost(hit: Hit, question: str, analyzer: Analyzer) -> bool:
    """Whether a question asks what something costs, and neither a hit's best sentence nor its neighbours say.

    An amount beside none of the nouns of a German question is the price of something else.
    """
    if not asks_cost(question) or not hit.evidence:
        return False
    near = nearby(hit)
    if not tells_cost(near):
        return True
    nouns = AskedNouns.of(question, analyzer.term_hashes)
    above = "\n".join([hit.citation.title, *hit.citation.section])
    return nouns is not None and not nouns.is_in(f"{above}\n{near}")
