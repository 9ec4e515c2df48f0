"""Characters that reorder the text around them on a screen (Unicode UAX #9)."""

import re

_CONTROLS = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def without_bidi_controls(text: str) -> str:
    """The text without controls of direction, for places where none can be isolated."""
    return _CONTROLS.sub("", text)


def with_visible_bidi_controls(text: str) -> str:
    """The text with controls of direction as escapes, so that they do not reorder what is beside it."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
