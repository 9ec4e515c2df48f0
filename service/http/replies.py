"""JSON responses, serialized by pydantic-core."""

from collections.abc import Mapping

from pydantic_core import to_json
from starlette.responses import Response


def encode_json(content: object) -> bytes:
    """Encode content as JSON, which has no infinite numbers: what a request had of these is null."""
    return to_json(content, inf_nan_mode="null")


def json_reply(
    content: object,
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    """A response with a JSON body."""
    return Response(encode_json(content), status_code, headers, media_type=media_type)
