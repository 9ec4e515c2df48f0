"""Streaming parser for forms (multipart/form-data, RFC 7578) that writes files straight to the spool."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.errors import InvalidRequest
from service.state.jobs.uploads import Upload

_MAX_HEADERS = 8
_MAX_HEADER_BYTES = 4096
_ENCODINGS = (b"", b"7bit", b"8bit", b"binary")


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file of a form: its name in the form, its name in the spool, and its size."""

    name: str
    spooled: str
    bytes: int


MAX_FILES = 10_000
"""Most files in one form. A ZIP file may have more."""


@dataclass(frozen=True, slots=True)
class FormLimits:
    """Limits of a form: number of files, and the size in bytes of each known field.

    ``advice`` says what to do with more files.
    """

    files: int
    fields: Mapping[str, int]
    advice: str = "Send several forms, or a ZIP file."


class Form:
    """A form that is parsed while it arrives. ``files`` and ``fields`` are complete after :meth:`end`.

    ``check`` is called with the name of each file before its data is written, and may raise. Files that
    ``skip`` chooses by their names are left out; ``skipped`` counts them. All methods
    write to the spool; they raise :class:`service.errors.InvalidRequest` and what ``upload`` raises.
    """

    def __init__(
        self,
        content_type: str,
        upload: Upload,
        limits: FormLimits,
        *,
        check: Callable[[str], object],
        skip: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.files: list[FormFile] = []
        self.fields: dict[str, str] = {}
        self._upload = upload
        self._limits = limits
        self._check = check
        self._skip = skip
        self.skipped = 0
        self._file_parts = 0
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value = bytearray(), bytearray()
        self._part: _Field | _File | _EmptyFileField | _SkippedFile = _EmptyFileField("")
        self._ended = False
        self._parser = self._new_parser(content_type)

    def feed(self, data: bytes) -> None:
        """Parse more of the body."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise InvalidRequest(f"The form could not be read: {_as_sentence(error)}") from None

    def end(self) -> None:
        """Raise unless the form was complete."""
        if not self._ended:
            raise InvalidRequest(
                "The form could not be read: it ends before its last boundary. Send it again."
            )

    def _new_parser(self, content_type: str) -> MultipartParser:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if not boundary:
            raise InvalidRequest("The form could not be read: its Content-Type names no boundary.")
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._on_header,
                    "on_header_value": self._on_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._on_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end_form,
                },
            )
        except FormParserError as error:
            raise InvalidRequest(f"The form could not be read: {_as_sentence(error)}") from None

    def _begin_part(self) -> None:
        self._headers = {}

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._require_short(end - start)
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._require_short(end - start)
        self._value += data[start:end]

    def _end_header(self) -> None:
        name = bytes(self._header).lower()
        if name in self._headers or len(self._headers) == _MAX_HEADERS:
            raise InvalidRequest(
                f"The form could not be read: a part has more than {_MAX_HEADERS} headers, or one twice."
            )
        self._headers[name] = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _require_short(self, more: int) -> None:
        if len(self._header) + len(self._value) + more > _MAX_HEADER_BYTES:
            raise InvalidRequest(
                f"The form could not be read: a part has a header of more than {_MAX_HEADER_BYTES:,} bytes."
            )

    def _end_headers(self) -> None:
        disposition = parse_disposition(self._headers.get(b"content-disposition", b""))
        encoding = self._headers.get(b"content-transfer-encoding", b"").strip().lower()
        if encoding not in _ENCODINGS:
            raise InvalidRequest(
                f"{disposition.name}: a part of a form is sent as it is, without a Content-Transfer-Encoding "
                f"of {encoding.decode('latin-1')!r}."
            )
        if disposition.filename is None:
            self._part = self._begin_field(disposition.name)
        else:
            self._part = self._begin_file(disposition.name, disposition.filename)

    def _begin_field(self, name: str) -> _Field:
        known = self._limits.fields
        if name not in known:
            raise InvalidRequest(
                f"{name}: there is no such field here. The fields are {' and '.join(known)}; a file needs a "
                "filename."
            )
        if name in self.fields:
            raise InvalidRequest(f"{name}: the field was sent twice. Send it once.")
        return _Field(name, known[name], self.fields)

    def _begin_file(self, part: str, name: str) -> _File | _EmptyFileField | _SkippedFile:
        if part in self._limits.fields:
            raise InvalidRequest(f"{part}: it was sent as a file. Send it as a field, without a filename.")
        self._file_parts += 1
        if self._file_parts > self._limits.files:
            raise InvalidRequest(
                f"Too many files: at most {self._limits.files:,} in one form. {self._limits.advice}"
            )
        # Browsers send an empty filename for a file field in which nothing was chosen.
        if not name:
            return _EmptyFileField(part)
        if self._skip(name):
            self.skipped += 1
            return _SkippedFile()
        self._check(name)
        return _File(name, self._upload, self.files)

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._part.write(memoryview(data)[start:end])

    def _end_part(self) -> None:
        self._part.end()

    def _end_form(self) -> None:
        self._ended = True


class _Field:
    """A field, held in memory."""

    def __init__(self, name: str, max_bytes: int, into: dict[str, str]) -> None:
        self._name = name
        self._max_bytes = max_bytes
        self._into = into
        self._data = bytearray()

    def write(self, data: memoryview) -> None:
        if len(self._data) + len(data) > self._max_bytes:
            most = self._max_bytes
            written = f"{most // 1024}KB" if most >= 1024 else f"{most} bytes"
            raise InvalidRequest(f"{self._name}: more than {written}, which is the limit of it.")
        self._data += data

    def end(self) -> None:
        try:
            self._into[self._name] = self._data.decode()
        except UnicodeDecodeError:
            raise InvalidRequest(f"{self._name}: not in UTF-8. Send it in UTF-8.") from None


class _File:
    """A file that is written to the spool."""

    def __init__(self, name: str, upload: Upload, into: list[FormFile]) -> None:
        self._name = name
        self._upload = upload
        self._into = into
        upload.begin()

    def write(self, data: memoryview) -> None:
        self._upload.write(data)

    def end(self) -> None:
        self._into.append(FormFile(self._name, *self._upload.finish()))


class _EmptyFileField:
    """A file field in which nothing was chosen."""

    def __init__(self, part: str) -> None:
        self._part = part

    def write(self, _: memoryview) -> None:
        raise InvalidRequest(f"{self._part}: a file was sent with an empty filename. Give it one.")

    def end(self) -> None:
        """Nothing to keep."""


class _SkippedFile:
    """A file that is left out."""

    def write(self, _: memoryview) -> None:
        """Nothing to keep."""

    def end(self) -> None:
        """Nothing to keep."""


def _as_sentence(error: FormParserError) -> str:
    message = str(error)
    return message if message.endswith(".") else f"{message}."


# Parse the Content-Disposition header of a form part (RFC 7578, section 4.2).


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
