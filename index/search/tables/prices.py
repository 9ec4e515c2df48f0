"""Columns that tell prices by their spans of time alone, such as "Day" and "Week" of things for hire."""

from __future__ import annotations

import re

from index.text.letter_case import fold_case

_SPAN = r"(?:half[\s-]?day|hour|day|night|weekend|week|month|quarter|season|year)"
_SPAN_NAME = re.compile(
    rf"(?:(?:price|rate|hire|rent|fee|cost)\s+)?(?:per\s+|a\s+|an\s+|one\s+|1\s+|each\s+)?"
    rf"(?:{_SPAN}s?|hourly|daily|nightly|weekly|monthly|yearly)(?:\s+(?:price|rate|hire|rent|fee|cost))?",
    re.IGNORECASE,
)
_OF_SPANS = {
    "hourly": "hour",
    "daily": "day",
    "nightly": "night",
    "weekly": "week",
    "monthly": "month",
    "yearly": "year",
}
_OF_SPAN = re.compile(rf"\b(?:{'|'.join(_OF_SPANS)})\b", re.IGNORECASE)
PRICE_WORDS = (
    "price priced cost rate charge fee hire hiring rent rental per one each pay dear expensive cheap"
)
"""Words of questions that ask for the cells of such a column."""
_ASKS_PRICE = re.compile(r"\b(?:price|cost|rate|charge|fee)s?\b", re.IGNORECASE)
KINDS = (
    "thing tool machine product item article device model unit equipment appliance piece object option type "
    "kind name description title what"
)
"""Words for things of any kind: by one of them a question may ask for what another one names."""


_RATE = re.compile(r"(?P<of>\w+)\s+per\s+(?P<unit>\w+)", re.IGNORECASE)


def is_rate_of_other(name: str, beside: str) -> bool:
    """Tell if a cell says of a figure in a column that it is for another unit than the column's name says.

    That is "Price per visit, not per month" beside a cell of the column "Price per month".
    """
    rate = _RATE.search(name)
    if rate is None:
        return False
    same = (one for one in _RATE.finditer(beside) if fold_case(one["of"]) == fold_case(rate["of"]))
    return any(fold_case(one["unit"]) != fold_case(rate["unit"]) for one in same)


def is_span_of_price(name: str) -> bool:
    """Whether the name of a column is a span of time for which something may be paid."""
    return _SPAN_NAME.fullmatch(name.strip()) is not None


def spans_asked(question: str) -> str:
    """The spans of time of which a question has an adverb: "day" for "daily"."""
    return " ".join(_OF_SPANS[fold_case(found)] for found in _OF_SPAN.findall(question))


def price_words(question: str, name: str) -> str:
    """The words of a question that a column of prices for a span of time accounts for, besides its name."""
    if not is_span_of_price(name):
        return ""
    adverbs = (one for one in _OF_SPAN.findall(question) if _OF_SPANS[fold_case(one)] in name.casefold())
    return " ".join([PRICE_WORDS, *adverbs])


def asks_price(question: str) -> bool:
    """Whether a question has a word for a price."""
    return _ASKS_PRICE.search(question) is not None
