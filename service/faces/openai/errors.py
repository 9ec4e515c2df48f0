"""Errors in OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}``.

The official clients choose the class of the exception by the status, and read the four fields.
"""

from collections.abc import Mapping
from typing import Any

from service.http.error_shapes import ErrorShape, ShownError

ADDRESSES = (
    "/v1/agents",
    "/v1/assistants",
    "/v1/audio",
    "/v1/batches",
    "/v1/chat",
    "/v1/chatkit",
    "/v1/completions",
    "/v1/containers",
    "/v1/content_provenance_checks",
    "/v1/conversations",
    "/v1/decisions",
    "/v1/embeddings",
    "/v1/evals",
    "/v1/files",
    "/v1/fine_tuning",
    "/v1/images",
    "/v1/live",
    "/v1/models",
    "/v1/moderations",
    "/v1/organization",
    "/v1/realtime",
    "/v1/responses",
    "/v1/safety",
    "/v1/skills",
    "/v1/threads",
    "/v1/uploads",
    "/v1/vaults",
    "/v1/vector_stores",
    "/v1/videos",
    "/v1/webhook_endpoints",
    "/v1/webhook_event_types",
)
"""Beginnings of the addresses of OpenAI's API, those that Loccit has no route for included."""
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code", "request_id"],
            "properties": {
                "message": {"type": "string", "description": "What happened and what to do, for people."},
                "type": {"type": "string", "description": "The class of the error in OpenAI's API."},
                "param": {
                    "anyOf": [{"type": "string"}, {"type": "null"}],
                    "description": "The field of the request that is wrong, if there is one.",
                },
                "code": {"type": "string", "description": "Loccit's code, which is stable."},
                "request_id": {"type": "string", "description": "Also in the X-Request-ID header."},
            },
        }
    },
}


def error_body(error: ShownError) -> Mapping[str, Any]:
    """The body of an error response."""
    return {
        "error": {
            "message": error.message,
            "type": _type(error.status),
            "param": error.param or None,
            "code": error.code,
            "request_id": error.request_id,
        }
    }


def _type(status: int) -> str:
    if status >= 500:
        return "server_error"
    return _TYPES.get(status, "invalid_request_error")


SHAPE = ErrorShape(
    error_body,
    _SCHEMA,
    # 400 is what OpenAI answers to all that the request has wrong. Its clients repeat a 409 by themselves.
    {409: 400, 410: 404, 415: 400, 422: 400},
)
