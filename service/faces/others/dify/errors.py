"""The errors of Dify's external knowledge API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.http.error_shapes import ErrorShape, ShownError

ADDRESSES = ("/retrieval", "/dify")
_CODES = {
    "unauthorized": 1002,
    "forbidden": 1002,
    "collection_not_found": 2001,
    "invalid_collection_name": 2001,
}
"""The codes that Dify's documentation suggests; other errors have the status of the response."""


def _error_body(error: ShownError) -> Mapping[str, Any]:
    return {"error_code": _CODES.get(error.code, error.status), "error_msg": error.message}


SHAPE = ErrorShape(
    _error_body,
    {
        "type": "object",
        "properties": {"error_code": {"type": "integer"}, "error_msg": {"type": "string"}},
        "required": ["error_code", "error_msg"],
    },
)
