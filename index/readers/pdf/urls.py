"""Addresses of web pages that are broken over two lines (RFC 3986 says what they are made of)."""

from __future__ import annotations

import re

_URL_END = re.compile(r"(?:https?://|ftp://|www\.)[^\s()<>\"”’]*$", re.IGNORECASE)
_INSIDE = re.compile(r"[-._=&?%#+~@:]$")
"""No address ends with these; a full stop may, but then no lower case follows."""
_GOES_ON = re.compile(r"[/?&=_#%~][A-Za-z0-9]|\.[a-z0-9]")
_PATH = re.compile(r"[a-z0-9]+(?:/|[._=&?#%~-]\w)", re.IGNORECASE)
_SCHEME = re.compile(r"(?:https?|ftp)://", re.IGNORECASE)
_SCHEME_END = re.compile(r"(?:https?|ftp):$", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"[(<](?:https?://|ftp://|www\.)[^\s()<>]*$", re.IGNORECASE)
_CLOSED = re.compile(r"[\w-]+[)>]")


def is_in_url(text: str) -> bool:
    """Whether the text ends in an address that has not been closed by a bracket or the like."""
    return bool(_URL_END.search(text))


def breaks_url(above: str, below: str) -> bool:
    """Whether the word at the end of a line and the first one of the next are parts of one address.

    After a slash a mere word may be the sentence's next one: they are not, unless a bracket that was opened
    before the address is closed after the word.
    """
    if _SCHEME_END.search(above):
        return below.startswith("//")
    if not is_in_url(above) or _SCHEME.match(below):
        return False
    if _GOES_ON.match(below):
        return True
    if _INSIDE.search(above):
        return below[0].islower() or below[0].isdigit()
    in_brackets = _IN_BRACKETS.search(above) and _CLOSED.match(below)
    return above.endswith("/") and bool(in_brackets or _PATH.match(below))
