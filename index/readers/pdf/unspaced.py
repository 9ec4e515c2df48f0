"""Characters of scripts that write no spaces between words."""

import re

_UNSPACED = (
    "\u3001-\u303f\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60"
    "\U00020000-\U0003ffff"
)
"""Chinese characters, kana and their punctuation."""
TOKEN = re.compile(f"[{_UNSPACED}]|[^{_UNSPACED}]+")
"""A character of such a script, or a run of others."""
_ONE = re.compile(f"[{_UNSPACED}]")


def is_unspaced(character: str) -> bool:
    """Whether no space is written between this character and another of its kind."""
    return _ONE.match(character) is not None
