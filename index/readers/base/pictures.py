"""The descriptions that files have of their pictures, for people who do not see them."""

import re

from index.readers.base.normalisation import one_line

_MOST = 2000
_GENERATED = re.compile(
    r"(?:(?<!\s)\s+)?(?:AI-generated content may be incorrect|Description automatically generated).*\Z",
    re.DOTALL,
)
_NO_DESCRIPTION = re.compile(
    r"[\w.-]+\.(?:bmp|emf|gif|jpe?g|pdf|png|svg|tiff?|webp|wmf)|https?://\S+"
    r"|(?:image|picture|photo|graphic|diagram|chart|grafik|bild|img|logo|icon)?[\s_-]*\d*",
    re.IGNORECASE,
)
"""Names of files, and what programs write where nobody described a picture."""


def description(text: str | None) -> str:
    """The description of a picture on one line; empty if there is none, or only a name."""
    words = one_line(_GENERATED.sub("", (text or "")[:_MOST]))
    return "" if _NO_DESCRIPTION.fullmatch(words) else words
