"""Normalize text as a browser's text search does, to predict whether a term is unique on a page.

It treats more strings as equal than any browser: a term found once here is not found twice by a browser.
"""

import hashlib
import re
import unicodedata

import regex

from index.patterns import lazy_pattern
from index.text.cache import TextCache

# List marks that a reader inserts. White space and bars, which it also inserts, are removed by fold().
_MARKS = re.compile(r"\n[^\S\n]*+(?:(?:-|-?\d{1,10}\.)[^\S\n]++)++")
_ACCENTS = lazy_pattern(r"[\p{Mn}\p{Cf}]+", regex.VERSION1)
_QUOTES = re.compile("[‘’‚‛′“”„‟«»‹›]")
_KEPT = 8_000_000
"""Code points kept in the cache: the hits of an answer come from few texts."""

_searched: TextCache[str] = TextCache(_KEPT, len)


def normalize(text: str) -> str:
    """Return a whole text normalized for searches of :func:`fold` terms; cached until :func:`forget`."""
    name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return _searched.get(name, lambda _: fold(without_list_marks("\n" + text)))


def forget() -> None:
    """Clear the cache, because something was erased."""
    _searched.clear()


def without_list_marks(text: str) -> str:
    """Remove the marks of list items."""
    return _MARKS.sub("\n", text)


def fold(text: str) -> str:
    """Return a key that is the same for strings that a browser's search treats as equal."""
    if not text.isascii():
        text = _QUOTES.sub("'", _ACCENTS.sub("", unicodedata.normalize("NFKD", text).casefold()))
    return "".join(text.split()).replace("|", "").replace('"', "'").replace("`", "'").lower()
