"""Parse the Content-Disposition header of a form part (RFC 7578, section 4.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from service.errors import InvalidRequest

_PARAMETER = re.compile(
    rb"""[ \t]*;[ \t]*
    (?P<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*
    (?: "(?P<quoted>(?:[^"\\]|\\.)*)" | (?P<token>[^";]*) )""",
    re.VERBOSE | re.DOTALL,
)
_EXTENDED = re.compile(
    r"(?P<charset>[\w-]+)'[\w-]*'(?P<value>(?:[\w!#$&+\-.^`|~]|%[0-9A-Fa-f]{2})*)", re.ASCII
)
_CHARSETS = ("utf-8", "iso-8859-1")
_ESCAPED = {"%22": '"', "%0d": "\r", "%0a": "\n"}


@dataclass(frozen=True, slots=True)
class Disposition:
    """Name of a form part and name of its file; ``filename`` is None for a field."""

    name: str
    filename: str | None


def parse_disposition(header: bytes) -> Disposition:
    """Parse a header. Raises :class:`service.errors.InvalidRequest`.

    Names are UTF-8. Browsers percent-escape quotes and line ends, and nothing else (WHATWG HTML,
    "multipart/form-data"); other clients escape a quote by a backslash. ``filename*`` (RFC 5987) is not
    allowed in a form, but some clients send the right name only there: it takes precedence over ``filename``.
    """
    parameters = _parse_parameters(header)
    name = parameters.get("name", "")
    if not name:
        raise InvalidRequest(
            'The form could not be read: a part has no name. Give each one, such as "files".'
        )
    filename = parameters.get("filename")
    extended = parameters.get("filename*")
    if extended is not None:
        decoded = _decode_extended(extended)
        if decoded is None and filename is None:
            raise InvalidRequest(
                f"{name}: the filename* {extended!r} could not be read. Send filename in UTF-8 instead."
            )
        filename = filename if decoded is None else decoded
    return Disposition(name, filename)


def _parse_parameters(header: bytes) -> dict[str, str]:
    at = header.find(b";")
    found: dict[str, str] = {}
    end = len(header.rstrip(b"; \t"))
    while 0 <= at < end:
        match = _PARAMETER.match(header, at)
        if match is None:
            raise _invalid_disposition(header)
        name = match["name"].decode().lower()
        if name in found:
            raise _invalid_disposition(header)
        value = _decode_utf8(match["token"].strip() if match["quoted"] is None else match["quoted"])
        found[name] = value if name.endswith("*") else _unescape(value, quoted=match["quoted"] is not None)
        at = match.end()
    return found


def _decode_utf8(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise InvalidRequest(
            f"The form could not be read: {raw.decode('latin-1')!r} is not in UTF-8. Send names in UTF-8."
        ) from None


def _unescape(value: str, *, quoted: bool) -> str:
    if quoted:
        value = re.sub(r'\\([\\"])', r"\1", value)
    value = re.sub("%22|%0[AaDd]", lambda escape: _ESCAPED[escape[0].lower()], value)
    if value[1:3] == ":\\" or value[:2] == "\\\\":  # old Windows clients send the local path
        return value.rpartition("\\")[2]
    return value


def _decode_extended(extended: str) -> str | None:
    match = _EXTENDED.fullmatch(extended)
    if match is None or match["charset"].lower() not in _CHARSETS:
        return None
    try:
        return unquote_to_bytes(match["value"]).decode(match["charset"])
    except UnicodeDecodeError:
        return None


def _invalid_disposition(header: bytes) -> InvalidRequest:
    return InvalidRequest(
        f"The form could not be read: {header.decode('latin-1')!r} is no Content-Disposition of RFC 7578."
    )
