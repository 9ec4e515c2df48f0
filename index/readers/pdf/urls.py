"""Recognise web addresses that are broken over two lines (their syntax is that of RFC 3986)."""

import re

_URL_END = re.compile(r"(?:https?://|ftp://|www\.)[^\s()<>\"”’]*$", re.IGNORECASE)
_INSIDE = re.compile(r"[-._=&?%#+~@:]$")
"""No address ends with these. A full stop may come after one, but then no lower-case letter follows."""
_CONTINUATION = re.compile(r"[/?&=_#%~][A-Za-z0-9]|\.[a-z0-9]")
_PATH = re.compile(r"[a-z0-9]+(?:/|[._=&?#%~-]\w)", re.IGNORECASE)
_SCHEME = re.compile(r"(?:https?|ftp)://", re.IGNORECASE)
_SCHEME_END = re.compile(r"(?:https?|ftp):$", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"[(<](?:https?://|ftp://|www\.)[^\s()<>]*$", re.IGNORECASE)
_CLOSED = re.compile(r"[\w-]+[)>]")


def is_in_url(text: str) -> bool:
    """Whether the text ends inside an address: no bracket or quotation mark has closed it."""
    return bool(_URL_END.search(text))


def breaks_url(above: str, below: str) -> bool:
    """Whether the last word of a line and the first of the next are parts of one address.

    After a slash, a plain word may be the next word of the sentence. It counts as part of the address only if
    the address is in brackets that are closed after the word.
    """
    if _SCHEME_END.search(above):
        return below.startswith("//")
    if not is_in_url(above) or _SCHEME.match(below):
        return False
    if _CONTINUATION.match(below):
        return True
    if _INSIDE.search(above):
        return below[0].islower() or below[0].isdigit()
    in_brackets = _IN_BRACKETS.search(above) and _CLOSED.match(below)
    return above.endswith("/") and bool(in_brackets or _PATH.match(below))
