"""Make text of documents safe to show among other text."""

import re

_NOT_IN_XML = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
"""What XML 1.0 excludes or discourages, and HTML excludes."""
_ENDS = {
    **dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c"),
    **dict.fromkeys("\u2066\u2067\u2068", "\u2069"),
}
"""Characters that turn the direction of all text up to another one."""


def shown(text: str) -> str:
    """The text with a sign for characters that no document may have, ending in the direction it began in."""
    kept = _NOT_IN_XML.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    open_ends: list[str] = []
    for one in kept:
        if one in _ENDS:
            open_ends.append(_ENDS[one])
        elif open_ends and one == open_ends[-1]:
            open_ends.pop()
    return kept + "".join(reversed(open_ends))
