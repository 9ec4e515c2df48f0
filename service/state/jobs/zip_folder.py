"""A folder uploaded as a ZIP file. Members are read one by one and never written to disk."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Self

from index.errors import (
    CorruptDocument,
    DocumentTooLarge,
    EncryptedDocument,
    EncryptionNotSupported,
    UnsupportedFormat,
)
from index.naming import is_hidden
from index.sources import MAX_SIDECAR_BYTES, SIDECAR_SUFFIXES, Sidecar, is_sidecar, parse_sidecar

_MAX_MEMBERS = 100_000
_MAX_DIRECTORY = 64 * 1024 * 1024
_MAX_RATIO = 200
_MIN_BOMB_BYTES = 100 * 1024 * 1024
"""A folder that unpacks to less than this is accepted whatever its ratio."""
_ENTRY_SIGNATURE = b"PK\x01\x02"
"""Start of every entry of the central directory (PKWARE APPNOTE 4.3.12)."""
_LOCAL_LENGTHS = 26
"""Offset of the lengths of name and extra field, the last fields of a local header (PKWARE APPNOTE 4.3.7)."""
_ENCRYPTED_FLAG = 1
_SAFE_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The methods that :mod:`zipfile` unpacks no further than the content_length size."""
_AES = 99
_ZIPFILE_ERRORS = (
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
    """An open ZIP file, called ``name`` in errors. Closes ``file``, also when it raises.

    Raises :class:`index.errors.CorruptDocument` and :class:`index.errors.DocumentTooLarge`.
    """

    def __init__(self, file: BinaryIO, *, name: str) -> None:
        self._name = name
        self._raw = _GuardedFile(file, name)
        try:
            self._file = zipfile.ZipFile(self._raw)
            entries = self._file.infolist()
            # Not is_dir(): it fails on an empty name.
            self._members = {info.filename: info for info in entries if not info.filename.endswith("/")}
            self._check_size()
        except BaseException as error:
            self._raw.close()
            if not isinstance(error, _ZIPFILE_ERRORS):
                raise
            raise CorruptDocument(f"{name}: not a ZIP file, or a damaged one. Make it anew.") from error
        self._raw.listed = True

    def names(self) -> Iterator[tuple[str, int]]:
        """Name and size in bytes of each file, without hidden files and sidecars."""
        for name, info in self._members.items():
            parts = name.split("/")
            if not is_hidden(parts) and parts[0] != "__MACOSX" and not is_sidecar(name):
                yield name, info.file_size

    def read(self, member: str, *, max_bytes: int, password: str = "") -> bytes:
        """Read a member of at most ``max_bytes`` bytes.

        Raises :class:`index.errors.DocumentTooLarge`, :class:`index.errors.EncryptedDocument`,
        :class:`index.errors.EncryptionNotSupported`, :class:`index.errors.UnsupportedFormat` and
        :class:`index.errors.CorruptDocument`.
        """
        info = self._members.get(member)
        if info is None:
            raise CorruptDocument(f"{member}: not in {self._name} any more. Send it again.")
        if info.file_size > max_bytes:
            raise DocumentTooLarge(f"{member}: {info.file_size:,} bytes; at most {max_bytes:,} are taken.")
        self._check_kind(member, info)
        self._check_method(member, info)
        encrypted = bool(info.flag_bits & _ENCRYPTED_FLAG)
        if encrypted and not password:
            raise EncryptedDocument(f"{member}: {self._name} is encrypted. Give its password.")
        try:
            with self._file.open(info, pwd=password.encode() or None) as file:
                return file.read(max_bytes)
        except (RuntimeError, *_ZIPFILE_ERRORS) as error:
            # zipfile checks one byte of the password: one in 256 wrong ones fails only on the data.
            if encrypted:
                raise EncryptedDocument(f"{member}: the password of {self._name} is wrong.") from error
            raise CorruptDocument(f"{member}: damaged in {self._name}. Make the ZIP file anew.") from error

    def sidecar(self, member: str, *, password: str = "") -> Sidecar:
        """Metadata from the sidecar file of a member. Raises :class:`index.errors.InvalidMetadata`."""
        for suffix in SIDECAR_SUFFIXES:
            name = member + suffix
            if name in self._members:
                data = self.read(name, max_bytes=MAX_SIDECAR_BYTES, password=password)
                return parse_sidecar(data, name=name)
        return Sidecar()

    def spans(self, member: str) -> list[tuple[int, int]]:
        """The offsets and sizes of the packed bytes of a member and its sidecars in the file."""
        names = [member, *(member + suffix for suffix in SIDECAR_SUFFIXES)]
        found = [self._members[name] for name in names if name in self._members]
        try:
            return [(self._start_of(info), info.compress_size) for info in found]
        except _ZIPFILE_ERRORS as error:
            raise CorruptDocument(f"{self._name}: a damaged ZIP file. Make it anew.") from error

    def _start_of(self, info: zipfile.ZipInfo) -> int:
        """Name and extra field of the local header may differ from those of the directory."""
        self._raw.seek(info.header_offset + _LOCAL_LENGTHS)
        name, extra = struct.unpack("<HH", self._raw.read(4))
        return info.header_offset + _LOCAL_LENGTHS + 4 + int(name) + int(extra)

    def _check_kind(self, member: str, info: zipfile.ZipInfo) -> None:
        """The upper half of the attributes is the mode of a file that was packed on Unix."""
        if stat.S_ISLNK(info.external_attr >> 16):
            raise UnsupportedFormat(
                f"{member}: a symbolic link in {self._name}, which is never followed. Put the file itself in."
            )

    def _check_method(self, member: str, info: zipfile.ZipInfo) -> None:
        if info.compress_type == _AES:
            raise EncryptionNotSupported(
                f"{member}: {self._name} is encrypted with AES, which is not opened here. Send it without "
                "encryption, or with that of the ZIP format (ZipCrypto)."
            )
        if info.compress_type not in _SAFE_METHODS:
            raise UnsupportedFormat(
                f"{member}: compressed in {self._name} by a method that is not read here. Make the ZIP file "
                "with Deflate, the usual one."
            )

    def _check_size(self) -> None:
        unpacked = sum(info.file_size for info in self._members.values())
        packed = self._raw.seek(0, io.SEEK_END)
        if unpacked > max(_MIN_BOMB_BYTES, _MAX_RATIO * packed):
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


class _GuardedFile:
    """A file that :mod:`zipfile` reads; refuses a central directory that would not fit in memory.

    The end record is not trusted: there may be several, and their sizes may be false. Until ``listed`` is
    set, zipfile reads the whole directory by one call, whose size and entries are checked here.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.listed = False
        self._file = file
        self._name = name

    def read(self, size: int | None = -1, /) -> bytes:
        if self.listed:
            return self._file.read(-1 if size is None else size)
        if size is not None and size > _MAX_DIRECTORY:
            raise DocumentTooLarge(f"{self._name}: its list of files alone has {size:,} bytes. Split it.")
        data = self._file.read(-1 if size is None else size)
        if (members := data.count(_ENTRY_SIGNATURE)) > _MAX_MEMBERS:
            raise DocumentTooLarge(
                f"{self._name}: {members:,} files; at most {_MAX_MEMBERS:,} are taken. Split it."
            )
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
