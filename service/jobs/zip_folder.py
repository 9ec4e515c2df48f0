"""A folder that was sent as a ZIP file. Its members are read one by one, and never written to disk."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from index.errors import CorruptDocument, DocumentTooLarge, EncryptedDocument, UnsupportedFormat
from index.sidecars import MOST_BYTES, SUFFIXES, Sidecar, is_sidecar, parse_sidecar

_MAX_MEMBERS = 100_000
_MAX_DIRECTORY = 64 * 1024 * 1024
_MAX_RATIO = 200
_SMALL = 100 * 1024 * 1024
"""Whatever its ratio, a folder that unpacks to less is no bomb."""
_ENTRY = b"PK\x01\x02"
"""Every entry of the list of members begins so (PKWARE APPNOTE 4.3.12)."""
_ENCRYPTED = 1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The only ones that are unpacked no further than a member's announced size."""
_AES = 99
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,  # an empty name
    NotImplementedError,
    OSError,
    OverflowError,
    ValueError,
)


class ZipFolder:
    """An open ZIP file. Raises :class:`index.errors.CorruptDocument` and :class:`DocumentTooLarge`."""

    def __init__(self, path: Path, *, name: str) -> None:
        self.path = path
        self._name = name
        self._raw = _Opened(path, name)
        try:
            self._file = zipfile.ZipFile(self._raw)
            entries = self._file.infolist()
            # Not is_dir(), which fails on an empty name.
            self._members = {info.filename: info for info in entries if not info.filename.endswith("/")}
            self._check_size()
        except BaseException as error:
            self._raw.close()
            if not isinstance(error, _BROKEN):
                raise
            raise CorruptDocument(f"{name}: not a ZIP file, or a damaged one. Make it anew.") from error
        self._raw.listed = True

    def names(self) -> Iterator[tuple[str, int]]:
        """Name and size in bytes of each file; hidden ones, and those that tell of others, left out."""
        for name, info in self._members.items():
            parts = name.split("/")
            hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
            if not hidden and parts[0] != "__MACOSX" and not is_sidecar(name):
                yield name, info.file_size

    def read(self, member: str, *, most: int, password: str = "") -> bytes:
        """The bytes of a member, at most so many.

        Raises :class:`DocumentTooLarge`, :class:`EncryptedDocument`, :class:`UnsupportedFormat`,
        :class:`CorruptDocument`.
        """
        info = self._members.get(member)
        if info is None:
            raise CorruptDocument(f"{member}: not in {self._name} any more. Send it again.")
        if info.file_size > most:
            raise DocumentTooLarge(f"{member}: {info.file_size:,} bytes; at most {most:,} are taken.")
        self._check_method(member, info)
        encrypted = bool(info.flag_bits & _ENCRYPTED)
        if encrypted and not password:
            raise EncryptedDocument(f"{member}: {self._name} is encrypted. Give its password.")
        try:
            with self._file.open(info, pwd=password.encode() or None) as file:
                return file.read(most)
        except (RuntimeError, *_BROKEN) as error:
            # One wrong password in 256 is not told by zipfile, but by what it makes of the data.
            if encrypted:
                raise EncryptedDocument(f"{member}: the password of {self._name} is wrong.") from error
            raise CorruptDocument(f"{member}: damaged in {self._name}. Make the ZIP file anew.") from error

    def sidecar(self, member: str, *, password: str = "") -> Sidecar:
        """What is said of a member beside it. Raises :class:`index.errors.InvalidMetadata`."""
        for suffix in SUFFIXES:
            name = member + suffix
            if name in self._members:
                return parse_sidecar(self.read(name, most=MOST_BYTES, password=password), name=name)
        return Sidecar()

    def _check_method(self, member: str, info: zipfile.ZipInfo) -> None:
        if info.compress_type == _AES:
            raise EncryptedDocument(
                f"{member}: {self._name} is encrypted with AES, which is not opened here. Send it without "
                "encryption, or with that of the ZIP format (ZipCrypto)."
            )
        if info.compress_type not in _METHODS:
            raise UnsupportedFormat(
                f"{member}: compressed in {self._name} by a method that is not read here. Make the ZIP file "
                "with Deflate, the usual one."
            )

    def _check_size(self) -> None:
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
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Opened(io.FileIO):
    """A file whose list of members is refused if it would not fit in memory.

    What its end says of the list is not asked: there may be several ends, and it may lie. All of the list
    is read at once, before ``listed`` is set.
    """

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path)
        self.listed = False
        self._of = name

    def read(self, size: int | None = -1, /) -> bytes:
        if self.listed:
            return super().read(size) or b""
        if size is not None and size > _MAX_DIRECTORY:
            raise DocumentTooLarge(f"{self._of}: its list of files alone has {size:,} bytes. Split it.")
        data = super().read(size) or b""
        if (members := data.count(_ENTRY)) > _MAX_MEMBERS:
            raise DocumentTooLarge(
                f"{self._of}: {members:,} files; at most {_MAX_MEMBERS:,} are taken. Split it."
            )
        return data
