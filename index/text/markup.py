"""Find tags of HTML that a parser would take too long for."""

import re

MAX_ATTRIBUTES = 5_000
"""Of one tag. libxml2 compares each attribute with all before it: 300,000 take more than a minute."""

_VALUE = r"=\s*+(?:\"[^\"]*+\"|'[^']*+')"
_TAG = re.compile(rf"<[a-zA-Z](?:[^=>]++|{_VALUE}|=)*+")
_QUOTED = re.compile(_VALUE)
_SEPARATOR = re.compile(r"[\s/]+")


def has_endless_tag(html: str) -> bool:
    """Whether a tag has more than :data:`MAX_ATTRIBUTES`. Takes time in proportion to the text."""
    longest = 2 * MAX_ATTRIBUTES  # a letter and a space for each
    return any(
        match.end() - match.start() > longest and _count_attributes(match[0]) > MAX_ATTRIBUTES
        for match in _TAG.finditer(html)
    )


def _count_attributes(tag: str) -> int:
    """The number of attributes, or more where their values are written without quotation marks."""
    return len(_SEPARATOR.split(_QUOTED.sub(" ", tag).strip())) - 1
