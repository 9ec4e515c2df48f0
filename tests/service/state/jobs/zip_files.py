"""Build ZIP files byte by byte, damaged and hostile ones included (PKWARE APPNOTE)."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO

STORED, DEFLATED, BZIP2, LZMA, AES = 0, 8, 12, 14, 99


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Make a valid ZIP file with :mod:`zipfile`."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return buffer.getvalue()


@dataclass
class Member:
    """A member of a ZIP file. ``size`` and ``crc`` are the true ones if None."""

    name: str
    packed: bytes
    plain: bytes = b""
    method: int = STORED
    size: int | None = None
    crc: int | None = None
    flags: int = 0

    def fields(self) -> bytes:
        crc = zlib.crc32(self.plain) if self.crc is None else self.crc
        size = len(self.plain) if self.size is None else self.size
        name = self.name.encode()
        return struct.pack(
            "<HHHHHLLLHH",
            20, self.flags | 0x800, self.method, 0, 0x21, crc, len(self.packed), size, len(name), 0,
        )  # fmt: skip


def written(members: Iterable[Member]) -> bytes:
    """Make a ZIP file of these members."""
    body, directory, count = b"", b"", 0
    for member in members:
        name = member.name.encode()
        directory += b"PK\1\2\x14\0" + member.fields() + struct.pack("<HHHLL", 0, 0, 0, 0, len(body)) + name
        body += b"PK\3\4" + member.fields() + name + member.packed
        count += 1
    return body + directory + end(count, len(directory), len(body))


def end(count: int, length: int, offset: int, comment: bytes = b"") -> bytes:
    """Make an end of central directory record."""
    return struct.pack(
        "<4sHHHHLLH", b"PK\5\6", 0, 0, count, count, length, offset, len(comment)
    ) + comment  # fmt: skip


def end64(count: int, length: int, offset: int, at: int) -> bytes:
    """Make a ZIP64 end record for the offset ``at``, followed by its locator."""
    record = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, offset)
    return record + struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)


def deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush()


def encrypted(name: str, data: bytes, password: str) -> Member:
    """Make a member with ZipCrypto encryption (APPNOTE 6.1)."""
    crc = zlib.crc32(data)
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = _crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _crc(keys[2], keys[1] >> 24)

    def encrypt(byte: int) -> int:
        key = (keys[2] | 2) & 0xFFFF
        update(byte)
        return byte ^ ((key * (key ^ 1)) >> 8 & 0xFF)

    for byte in password.encode():
        update(byte)
    packed = bytes(encrypt(byte) for byte in bytes(11) + bytes([crc >> 24]) + data)
    return Member(name, packed, data, flags=1)


def _crc(crc: int, byte: int) -> int:
    return zlib.crc32(bytes([byte]), crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
