"""Forms that pages send without scripts."""

from typing import Any
from urllib.parse import parse_qs

from fastapi import Depends, Request

from service.errors import BodyTooLarge


def form_values(most_bytes: int) -> Any:
    """The dependency on all values of each field of a form of so many bytes at most."""

    async def read(request: Request) -> dict[str, list[str]]:
        return await _read(request, most_bytes)

    return Depends(read)


def form_fields(most_bytes: int) -> Any:
    """The dependency on the last value of each field of a form."""

    async def read(request: Request) -> dict[str, str]:
        return {name: values[-1] for name, values in (await _read(request, most_bytes)).items()}

    return Depends(read)


async def _read(request: Request, most_bytes: int) -> dict[str, list[str]]:
    """The values of each field. Raises :class:`service.errors.BodyTooLarge`."""
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
