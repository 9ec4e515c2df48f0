"""Small letters for look-ups of words that a pattern found whatever their case."""

import re

_PLAIN = {"ſ": "s", "ı": "i", "\u0307": ""} | {
    one: one.casefold()
    for one in map(chr, range(0x1C80, 0x1C89))  # Cyrillic letters of old prints
}
_RARE = re.compile(f"[{''.join(_PLAIN)}]")


def fold_case(text: str) -> str:
    """The small letters for which a pattern that ignores case takes those of a text.

    It takes ſ for s, and İ and ı for i, but str.lower() keeps ſ and ı, and makes an i with a dot apart of İ.
    """
    small = text.lower()
    return small if small.isascii() else _RARE.sub(lambda match: _PLAIN[match[0]], small)
