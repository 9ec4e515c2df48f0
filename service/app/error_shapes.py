"""The table of error shapes by address.

Every error of an address has the shape of its interface, also those of the middleware: a missing key, a rate
limit, a body that is too large, and an address that has no route.
"""

from __future__ import annotations

from collections.abc import Mapping

from service.faces.openai import errors as openai_errors
from service.faces.others.cohere import errors as cohere_errors
from service.faces.others.dify import errors as dify_errors
from service.http.error_shapes import ErrorShape

SHAPES: Mapping[str, ErrorShape] = {
    **dict.fromkeys(openai_errors.ADDRESSES, openai_errors.SHAPE),
    **dict.fromkeys(cohere_errors.ADDRESSES, cohere_errors.SHAPE),
    **dict.fromkeys(dify_errors.ADDRESSES, dify_errors.SHAPE),
}
"""A shape by the beginning of an address: of ``/v1/files``, and of everything below ``/v1/files/``."""
_LONGEST_FIRST = sorted(SHAPES, key=len, reverse=True)


def shape_of(path: str) -> ErrorShape | None:
    """The shape of an address's errors; None for Loccit's own."""
    for beginning in _LONGEST_FIRST:
        if path.startswith(beginning) and path[len(beginning) :][:1] in ("", "/"):
            return SHAPES[beginning]
    return None
