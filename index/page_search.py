"""What a browser's search for text takes for equal, so that a text can be searched as its page will be.

More generous than any browser is: what is found once here, a browser does not find twice.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

import regex

from index.text_cache import TextCache

# White space does not count in a search, nor do bars: of what a reader puts in, these are left.
_MARKS = re.compile(r"\n[^\S\n]*+(?:(?:-|-?\d{1,10}\.)[^\S\n]++)++")
_ACCENTS = regex.compile(r"[\p{Mn}\p{Cf}]+", regex.VERSION1)
_QUOTES = re.compile("[‘’‚‛′“”„‟«»‹›]")
_KEPT = 8_000_000
"""Code points that are kept ready for searching: the hits of an answer are of few texts."""

_searched: TextCache[str] = TextCache(_KEPT, len)


def searched(text: str) -> str:
    """A whole text, ready to be searched for what is :func:`folded`; kept until :func:`forget`."""
    name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return _searched.get(name, lambda _: folded(unmarked("\n" + text)))


def forget() -> None:
    """Keep nothing of any text: something was erased."""
    _searched.clear()


def unmarked(text: str) -> str:
    """A text without the marks of list items."""
    return _MARKS.sub("\n", text)


def folded(text: str) -> str:
    """What two strings have in common that a browser's search takes for equal, without white space."""
    if not text.isascii():
        text = _QUOTES.sub("'", _ACCENTS.sub("", unicodedata.normalize("NFKD", text).casefold()))
    return "".join(text.split()).replace("|", "").replace('"', "'").replace("`", "'").lower()
