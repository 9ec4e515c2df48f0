"""A folder that was sent as a ZIP file. Its members are read one by one, and never written to disk."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from index.errors import CorruptDocument, DocumentTooLarge, EncryptedDocument
from index.sidecars import SUFFIXES, Sidecar, is_sidecar, parse_sidecar

_MAX_MEMBERS = 100_000
_MAX_DIRECTORY = 64 * 1024 * 1024
_MAX_RATIO = 200
_SMALL = 100 * 1024 * 1024
"""Whatever its ratio, a folder that unpacks to less is no bomb."""
_TAIL = 66_000
"""The end record is in the last 65,557 bytes (PKWARE APPNOTE 4.3.16), its ZIP64 locator before it."""
_ENCRYPTED = 1
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)


class ZipFolder:
    """An open ZIP file. Raises :class:`index.errors.CorruptDocument` and :class:`DocumentTooLarge`."""

    def __init__(self, path: Path, *, name: str) -> None:
        self.path = path
        self._name = name
        _check_directory(path, name)
        try:
            self._file = zipfile.ZipFile(path)
        except _BROKEN as error:
            raise CorruptDocument(f"{name}: not a ZIP file, or a damaged one. Make it anew.") from error
        self._members = {info.filename: info for info in self._file.infolist() if not info.is_dir()}
        try:
            self._check_size()
        except DocumentTooLarge:
            self.close()
            raise

    def names(self) -> Iterator[tuple[str, int]]:
        """Name and size in bytes of each file; hidden ones, and those that tell of others, left out."""
        for name, info in self._members.items():
            parts = name.split("/")
            hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
            if not hidden and parts[0] != "__MACOSX" and not is_sidecar(name):
                yield name, info.file_size

    def read(self, member: str, *, most: int, password: str = "") -> bytes:
        """The bytes of a member, at most so many.

        Raises :class:`DocumentTooLarge`, :class:`index.errors.EncryptedDocument`,
        :class:`index.errors.CorruptDocument`.
        """
        info = self._members.get(member)
        if info is None:
            raise CorruptDocument(f"{member}: not in {self._name} any more. Send it again.")
        if info.file_size > most:
            raise DocumentTooLarge(f"{member}: {info.file_size:,} bytes; at most {most:,} are taken.")
        if info.flag_bits & _ENCRYPTED and not password:
            raise EncryptedDocument(f"{member}: {self._name} is encrypted. Give its password.")
        try:
            with self._file.open(info, pwd=password.encode() or None) as file:
                return file.read(most)
        except RuntimeError as error:  # zipfile's word for a wrong password
            raise EncryptedDocument(f"{member}: the password of {self._name} is wrong.") from error
        except _BROKEN as error:
            raise CorruptDocument(f"{member}: damaged in {self._name}. Make the ZIP file anew.") from error

    def sidecar(self, member: str, *, password: str = "") -> Sidecar:
        """What is said of a member beside it. Raises :class:`index.errors.InvalidMetadata`."""
        for suffix in SUFFIXES:
            name = member + suffix
            if name in self._members:
                return parse_sidecar(self.read(name, most=2**20, password=password), name=name)
        return Sidecar()

    def _check_size(self) -> None:
        if len(self._members) > _MAX_MEMBERS:
            raise DocumentTooLarge(
                f"{self._name}: {len(self._members):,} files; at most {_MAX_MEMBERS:,} are taken. Split it."
            )
        unpacked = sum(info.file_size for info in self._members.values())
        packed = self.path.stat().st_size
        if unpacked > max(_SMALL, _MAX_RATIO * packed):
            raise DocumentTooLarge(
                f"{self._name}: unpacks to {unpacked:,} bytes, more than {_MAX_RATIO} times its size. "
                "Send the files themselves."
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check_directory(path: Path, name: str) -> None:
    """Refuse a directory of members that would not fit in memory, before it is read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    length = 0
    end = tail.rfind(b"PK\x05\x06")
    if end >= 0 and end + 16 <= len(tail):
        (length,) = struct.unpack_from("<L", tail, end + 12)
    record = tail.rfind(b"PK\x06\x06")
    if length == 0xFFFFFFFF and record >= 0 and record + 48 <= len(tail):
        (length,) = struct.unpack_from("<Q", tail, record + 40)
    if length > _MAX_DIRECTORY:
        raise DocumentTooLarge(f"{name}: its list of files alone has {length:,} bytes. Split it.")
