"""Requests with a form that has a file, as bytes."""

from __future__ import annotations

FORM = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\nThe lamp.'


def begun(content_type: str) -> bytes:
    """A request that says it has more than it has."""
    head = f"POST /v1/ingest HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: 9999"
    return head.encode() + b"\r\n\r\n" + PART
