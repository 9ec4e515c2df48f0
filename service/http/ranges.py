"""Byte ranges of a response (RFC 9110, section 14)."""

import re
from collections.abc import Mapping

from service.errors import RangeNotSatisfiable

_ONE_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


def requested_range(headers: Mapping[str, str], size: int, etag: str) -> tuple[int, int] | None:
    """The part ``[start, end)`` of a body of ``size`` bytes that a request asks for; None for the whole.

    The whole is also the answer to several ranges, to units that are no bytes, and to an If-Range of another
    ``etag``. Raises :class:`service.errors.RangeNotSatisfiable`.
    """
    match = _ONE_RANGE.fullmatch(headers.get("range", ""))
    if match is None or headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if first:
        start, end = int(first), min(int(last), size - 1) + 1 if last else size
        if last and int(last) < int(first):
            return None
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        return None
    if start >= end:
        raise RangeNotSatisfiable(
            f"The range {match[0]!r} has nothing of a file of {size} bytes.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, end


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether an If-None-Match header names an entity tag, strong or weak, or any."""
    names = [name.strip().removeprefix("W/") for name in if_none_match.split(",")]
    return etag in names or "*" in names
