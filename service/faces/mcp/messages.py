"""Check messages of MCP clients before the SDK does, whose errors are long and not for people."""

from fastapi import Response
from mcp import types
from pydantic import ValidationError
from pydantic_core import from_json

from service.http.replies import json_reply

_NO_MESSAGE = (
    'This is no message of JSON-RPC 2.0. Send an object such as {"jsonrpc": "2.0", "id": 1, "method": '
    '"tools/list"}, one at a time.'
)


def message_error(content_type: str, body: bytes) -> Response | None:
    """The error for a body that is no message; None for a message."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        return _error_reply(
            types.INVALID_REQUEST, "Send the message with the Content-Type application/json.", 415
        )
    try:
        message = from_json(body)
    except ValueError as error:
        return _error_reply(types.PARSE_ERROR, f"The body is not JSON: {error}.", 400)
    try:
        types.jsonrpc_message_adapter.validate_python(message, by_name=False)
    except ValidationError:
        return _error_reply(types.INVALID_REQUEST, _NO_MESSAGE, 400)
    return None


def _error_reply(code: int, message: str, status_code: int) -> Response:
    content = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}
    return json_reply(content, status_code=status_code)
