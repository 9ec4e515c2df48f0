"""Formats of documents, files and times in lists."""

import mimetypes
from collections.abc import Sequence

from index.types import Scalar
from service.faces.api.schemas.values import moment

Value = Scalar | Sequence[Scalar]
"""Value of a tag."""
_UNITS = ("B", "KB", "MB", "GB", "TB")


def day_and_time(seconds: float) -> str:
    """Seconds since the epoch as day and time, to the minute, in UTC."""
    return moment(seconds)[:16].replace("T", " ")


def format_name(media_type: str) -> str:
    """A short name of a format, such as ``PDF``; the media type itself where there is none."""
    return (mimetypes.guess_extension(media_type) or media_type).lstrip(".").upper()


def size_in_words(count: int) -> str:
    """A number of bytes, rounded, with its unit."""
    size, unit = float(count), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if unit == 0 or size >= 100 else f"{size:.1f} {_UNITS[unit]}"


def per_cent(part: int, whole: int) -> int:
    """A share in whole per cent, rounded down: 100 means all. Of nothing, all."""
    return 100 * part // whole if whole else 100


def tag_in_words(value: Value) -> str:
    """The value of a tag in a field."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ", ".join(map(tag_in_words, value))
