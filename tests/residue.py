"""Finds words in every byte of a folder, raw and inflated."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_ZIP_MEMBER = re.compile(rb"PK\x03\x04.{22}(..)(..)", re.DOTALL)
_STEP = 64
_LONGEST = 1_000_000
_SQLITE = re.compile(r"\.(sqlite|db)(-\w+)?$")

_kept: dict[tuple[int, int], int] = {}
"""Descriptors of SQLite's files. They stay open: to close one would end the locks that this process holds."""


def residue(folder: Path, words: Sequence[str]) -> list[str]:
    """Those of the words that stand in a file of the folder or in its name, with the file's path."""
    found = []
    for path in sorted(_paths(folder)):
        try:
            data = _read(path) if path.is_file() else b""
        except FileNotFoundError:  # a service that runs has removed it
            continue
        inflated = b"\n".join([str(path).encode(), *_inflated(data)])
        for word in words:
            if word.encode() in data or word.encode("utf-16-le") in data or word.encode() in inflated:
                found.append(f"{word} in {path}")
    return found


def _paths(folder: Path) -> Iterable[Path]:
    for here, folders, files in os.walk(folder):  # passes over folders that are removed meanwhile
        yield from (Path(here, name) for name in (*folders, *files))


def _read(path: Path) -> bytes:
    if not _SQLITE.search(path.name):
        return path.read_bytes()
    status = path.stat()
    place = status.st_dev, status.st_ino
    if place not in _kept:
        _kept[place] = os.open(path, os.O_RDONLY)
    return os.pread(_kept[place], os.fstat(_kept[place]).st_size, 0)


def _inflated(data: bytes) -> Iterable[bytes]:
    """What begins like a zlib stream or a member of a ZIP file, inflated as far as it goes."""
    starts = [(match.start(), zlib.MAX_WBITS) for match in _ZLIB.finditer(data)]
    for match in _ZIP_MEMBER.finditer(data):
        skipped = sum(int.from_bytes(length, "little") for length in match.groups())
        starts.append((match.end() + skipped, -zlib.MAX_WBITS))
    for start, bits in starts:
        inflater, text = zlib.decompressobj(bits), b""
        try:
            for at in range(start, min(len(data), start + _LONGEST), _STEP):
                text += inflater.decompress(data[at : at + _STEP], _LONGEST)
                if inflater.eof:
                    break
        except zlib.error:
            pass
        yield text
