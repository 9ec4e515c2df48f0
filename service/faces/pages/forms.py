"""Forms that pages send without scripts."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import Request

from service.errors import BodyTooLarge


async def form_fields(request: Request, *, most_bytes: int) -> dict[str, str]:
    """The last value of each field of a form. Raises :class:`service.errors.BodyTooLarge`."""
    fields = await form_values(request, most_bytes=most_bytes)
    return {name: values[-1] for name, values in fields.items()}


async def form_values(request: Request, *, most_bytes: int) -> dict[str, list[str]]:
    """All values of each field of a form. Raises :class:`service.errors.BodyTooLarge`."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise BodyTooLarge(f"The form is longer than {most_bytes} bytes.")
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


def local_address(address: str) -> str:
    """An address of this service; the first page for any other."""
    # Browsers read a backslash as a slash, and two slashes as another host.
    is_local = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_local else "/"
