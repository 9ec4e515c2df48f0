"""The errors of Cohere's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.http.error_shapes import ErrorShape, ShownError

ADDRESSES = ("/v2",)


def _error_body(error: ShownError) -> Mapping[str, Any]:
    return {"message": error.message, "id": error.request_id}


SHAPE = ErrorShape(
    _error_body,
    {
        "type": "object",
        "properties": {"message": {"type": "string"}, "id": {"type": "string"}},
        "required": ["message", "id"],
    },
)
