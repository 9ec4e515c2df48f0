"""Read Outlook messages (.msg): they become messages of mail, so that both have the same structure.

Contacts, notes, tasks and appointments have their subject and their text.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import HeaderParser
from email.utils import format_datetime
from functools import cached_property
from io import BytesIO

import olefile

from index.errors import CorruptDocument, DocumentTooLarge, UnsupportedFormat
from index.readers.base.charsets import find_codec
from index.readers.base.normalisation import one_line
from index.readers.base.package import is_compound_file, refuse_compound_file
from index.readers.mail import extract_of
from index.readers.mail.parts import header_field
from index.types import Extract

READER = "msg/1"
MEDIA_TYPE = "application/vnd.ms-outlook"

_SUBJECT, _HEADERS, _BODY, _HTML, _RTF = 0x0037, 0x007D, 0x1000, 0x1013, 0x1009
_SENDER, _SENDER_ADDRESSES = 0x0C1A, (0x5D01, 0x0C1F, 0x0065)
_SENT, _DELIVERED = 0x0039, 0x0E06
_NAME, _ADDRESSES, _ROLE = 0x3001, (0x39FE, 0x3003), 0x0C15
_ROLES = {1: "To", 2: "Cc"}
_SHOWN_RECIPIENTS = {"To": 0x0E04, "Cc": 0x0E03}
_ATTACHED, _FILE_NAMES = 0x3701, (0x3707, 0x3704, 0x3001)
_FIRST_LINE = re.compile(r"\AMicrosoft Mail Internet Headers[^\n]*\n")
_MAX_HEADERS = 1 << 18
_MAX_DEPTH = 50


def read_outlook_message(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract a message: subject, sender, recipients, date, text, and the names of its attachments.

    ``charset`` is ignored: the file names its code pages. Invalid bytes become U+FFFD, as in other mail.
    Raises :class:`index.errors.UnsupportedFormat` if the file is no message or its text is only stored as
    compressed Rich Text, :class:`index.errors.CorruptDocument` and :class:`index.errors.DocumentTooLarge`.
    """
    if not is_compound_file(data):
        raise CorruptDocument(f"{name}: this is not an Outlook message. Check the file's suffix.")
    file = MessageFile(data, name=name)
    if not file.is_message:
        refuse_compound_file(data, name=name)
    return extract_of(_message(Storage(file), name), name=name, media_type=MEDIA_TYPE, reader=READER)


def _message(storage: Storage, name: str, depth: int = 1) -> Message:
    if depth > _MAX_DEPTH:
        raise CorruptDocument(
            f"{name}: messages are nested more than {_MAX_DEPTH} deep. Save the inner ones."
        )
    message = MIMEMultipart("mixed")
    fields = {"Subject": storage.text(_SUBJECT), "From": _sender(storage), "Date": _date(storage)}
    for key, value in (fields | _recipients(storage)).items():
        if value:
            message[key] = one_line(value)
    message.attach(_body(storage, name))
    for attachment in storage.children("__attach"):
        inner = attachment.embedded(_ATTACHED)
        message.attach(MIMEMessage(_message(inner, name, depth + 1)) if inner else _attachment(attachment))
    return message


def _body(storage: Storage, name: str) -> Message:
    text, (page, codec) = storage.text(_BODY), storage.html(_HTML)
    if not text.strip() and not page and storage.has(_RTF):
        raise UnsupportedFormat(
            f"{name}: the text of the message is only stored as compressed Rich Text. Save it as .eml, or "
            "as .html."
        )
    body = MIMEMultipart("alternative")
    body.attach(MIMEText(text, "plain", "utf-8"))
    if page:
        part = MIMEBase("text", "html")
        if codec:
            part.set_param("charset", codec)
        part.set_payload(page)
        body.attach(part)
    return body


def _attachment(storage: Storage) -> Message:
    part = MIMEBase("application", "octet-stream")
    file_name = next(filter(None, map(storage.text, _FILE_NAMES)), "")
    if file_name:
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", one_line(file_name)))
    return part


def _sender(storage: Storage) -> str:
    addresses = (storage.text(one) for one in _SENDER_ADDRESSES)
    return _person(storage.text(_SENDER), next((one for one in addresses if "@" in one), ""))


def _recipients(storage: Storage) -> dict[str, str]:
    """The recipients by field, with their addresses if the file has them."""
    found: dict[str, list[str]] = {"To": [], "Cc": []}
    for recipient in storage.children("__recip"):
        addresses = (recipient.text(one) for one in _ADDRESSES)
        address = next((one for one in addresses if "@" in one), "")
        role = _ROLES.get(recipient.integer(_ROLE))
        if role and (person := _person(recipient.text(_NAME), address)):
            found[role].append(person)
    return {key: ", ".join(found[key]) or storage.text(_SHOWN_RECIPIENTS[key]) for key in found}


def _person(name: str, address: str) -> str:
    name = name.strip().strip("'")
    return f"{name} <{address}>" if address and name and name != address else address or name


def _date(storage: Storage) -> str:
    """The date of the message: from its header, which has the sender's time zone, or its properties."""
    fields = _FIRST_LINE.sub("", storage.text(_HEADERS)[:_MAX_HEADERS].lstrip())
    headers = HeaderParser().parsestr(fields)
    moment = storage.moment(_SENT) or storage.moment(_DELIVERED)
    return header_field(headers, "date") or (format_datetime(moment) if moment else "")


# Read the properties of an Outlook message file: a compound file ([MS-CFB]) laid out by [MS-OXMSG].
#
# A storage, that is a folder of the compound file, holds the message; others in it hold its recipients, its
# attachments and the messages attached to it.


_PROPERTIES = "__properties_version1.0"
_PROPERTY = "__substg1.0_"
_TEXT, _TEXT8, _BINARY, _EMBEDDED = "001F", "001E", "0102", "000D"
_TIME = 0x0040
_ENTRY = struct.Struct("<HHI8s")
_HEADER = {"__recip": 8, "__attach": 8, "": 24}
"""Bytes before the entries of the stream of properties, by the kind of storage; 32 for the file's message."""
_MESSAGE_HEADER = 32
_MESSAGE_CODE_PAGE, _INTERNET_CODE_PAGE = 0x3FFD, 0x3FDE
_CODE_PAGES = {
    936: "gbk",
    950: "big5",
    1200: "utf-16-le",
    20127: "ascii",
    20866: "koi8-r",
    21866: "koi8-u",
    28591: "latin-1",
    50220: "iso-2022-jp",
    51932: "euc-jp",
    54936: "gb18030",
    65001: "utf-8",
}
"""Code pages whose number is not that of a codec."""
_ISO = range(28592, 28606)
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MAX_READ = 256 << 20
"""Bytes of all properties that are read. Those of a damaged file may share their bytes."""
_ERRORS = (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, struct.error, RecursionError)


class MessageFile:
    """An open message file. Raises :class:`index.errors.CorruptDocument` for a damaged one."""

    def __init__(self, data: bytes, *, name: str) -> None:
        self.name = name
        self._left = _MAX_READ
        try:
            self._file = olefile.OleFileIO(BytesIO(data))
            self.paths = frozenset(tuple(path) for path in self._file.listdir(streams=True, storages=True))
        except _ERRORS as error:
            raise self._damage_error(error) from None

    @property
    def is_message(self) -> bool:
        """Whether the compound file is a message, and no other document."""
        return (_PROPERTIES,) in self.paths

    def read(self, path: tuple[str, ...]) -> bytes:
        """The bytes of a stream; empty if there is none."""
        if path not in self.paths:
            return b""
        try:
            self._left -= self._file.get_size(list(path))
            if self._left >= 0:
                with self._file.openstream(list(path)) as stream:
                    return bytes(stream.read())
        except _ERRORS as error:
            raise self._damage_error(error) from None
        raise DocumentTooLarge(
            f"{self.name}: the properties of the message have more than {_MAX_READ:,} bytes. Save its "
            "attachments as files of their own."
        )

    def _damage_error(self, error: Exception) -> CorruptDocument:
        return CorruptDocument(
            f"{self.name}: this is not an Outlook message, or it is damaged ({error}). Save it again, "
            "or as .eml."
        )


class Storage:
    """The properties of a message, a recipient or an attachment."""

    def __init__(self, file: MessageFile, path: tuple[str, ...] = (), *, code_page: str = "") -> None:
        self.path = path
        self._file = file
        self._inherited = code_page

    def text(self, property_id: int) -> str:
        """A property that is text; empty if there is none."""
        found = self._read(property_id, _TEXT)
        if found:
            return found.decode("utf-16-le", "replace").rstrip("\0")
        return self._read(property_id, _TEXT8).decode(self.code_page, "replace").rstrip("\0")

    def html(self, property_id: int) -> tuple[bytes, str]:
        """A property that is a page: its bytes and their encoding; empty if the page itself declares it."""
        if found := self._read(property_id, _BINARY):
            return found, _codec(self.integer(_INTERNET_CODE_PAGE))
        return self.text(property_id).encode("utf-8"), "utf-8"

    def has(self, property_id: int) -> bool:
        """Whether there is a binary property."""
        return (*self.path, f"{_PROPERTY}{property_id:04X}{_BINARY}") in self._file.paths

    def integer(self, property_id: int) -> int:
        """A property that is a number; 0 if there is none."""
        return int.from_bytes(self._fixed.get(property_id, (0, b""))[1][:4], "little")

    def moment(self, property_id: int) -> datetime | None:
        """A property that is a time."""
        kind, value = self._fixed.get(property_id, (0, b""))
        ticks = int.from_bytes(value, "little")
        try:
            return _EPOCH + timedelta(microseconds=ticks // 10) if kind == _TIME and ticks else None
        except OverflowError:
            return None

    def children(self, kind: str) -> Iterator[Storage]:
        """The storages of the recipients (``__recip``) or the attachments (``__attach``), in order."""
        depth = len(self.path)
        own = (path for path in self._file.paths if len(path) == depth + 1 and path[:depth] == self.path)
        for path in sorted(path for path in own if path[-1].startswith(kind)):
            yield Storage(self._file, path, code_page=self.code_page)

    def embedded(self, property_id: int) -> Storage | None:
        """The message that is a property of an attachment."""
        path = (*self.path, f"{_PROPERTY}{property_id:04X}{_EMBEDDED}")
        is_message = (*path, _PROPERTIES) in self._file.paths
        return Storage(self._file, path) if is_message else None

    @cached_property
    def code_page(self) -> str:
        """The codec of text that is not in Unicode."""
        found = _codec(self.integer(_MESSAGE_CODE_PAGE)) or _codec(self.integer(_INTERNET_CODE_PAGE))
        return found or self._inherited or "cp1252"

    @cached_property
    def _fixed(self) -> dict[int, tuple[int, bytes]]:
        """Kind and value of the properties that have a fixed length, by their number."""
        data = self._file.read((*self.path, _PROPERTIES))
        kind = self.path[-1].partition("_version")[0] if self.path else None
        start = _MESSAGE_HEADER if kind is None else _HEADER.get(kind, _HEADER[""])
        whole = data[start : start + (len(data) - start) // _ENTRY.size * _ENTRY.size]
        entries = _ENTRY.iter_unpack(whole)
        return {number: (type_, value) for type_, number, _, value in entries}

    def _read(self, property_id: int, kind: str) -> bytes:
        return self._file.read((*self.path, f"{_PROPERTY}{property_id:04X}{kind}"))


def _codec(code_page: int) -> str:
    """The codec of a Windows code page; empty for an unknown one."""
    if code_page in _ISO:
        return find_codec(f"iso-8859-{code_page - 28590}") or ""
    return find_codec(_CODE_PAGES.get(code_page, f"cp{code_page}")) or ""
