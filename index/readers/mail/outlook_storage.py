"""Read the properties of an Outlook message file: a compound file ([MS-CFB]) laid out by [MS-OXMSG].

A storage, that is a folder of the compound file, holds the message; others in it hold its recipients, its
attachments and the messages attached to it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from io import BytesIO

import olefile

from index.errors import CorruptDocument, DocumentTooLarge
from index.readers.base.charsets import find_codec

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
