"""The table of error shapes: all interfaces of other products, with the addresses that are theirs."""

from __future__ import annotations

from collections.abc import Mapping

from service.faces.openai import errors as openai_errors
from service.faces.others.cohere import errors as cohere_errors
from service.faces.others.dify import errors as dify_errors
from service.http.error_shapes import ErrorShape, ErrorShapes

BY_BEGINNING: Mapping[str, ErrorShape] = {
    **dict.fromkeys(openai_errors.ADDRESSES, openai_errors.SHAPE),
    **dict.fromkeys(cohere_errors.ADDRESSES, cohere_errors.SHAPE),
    **dict.fromkeys(dify_errors.ADDRESSES, dify_errors.SHAPE),
}
SHAPES = ErrorShapes(BY_BEGINNING)
