"""Makes compound files ([MS-CFB], version 3) of streams and storages."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

Tree = Mapping[str, "bytes | Tree"]
_SECTOR, _SMALL_SECTOR, _CUTOFF = 512, 64, 4096
_FREE, _END, _TABLE, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5


@dataclass
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    next_sibling: int = _NONE
    child: int = _NONE
    start: int = _END


@dataclass
class _Sectors:
    """Sectors of a size, and the table of which sector follows which."""

    size: int
    data: bytearray = field(default_factory=bytearray)
    table: list[int] = field(default_factory=list)

    def add(self, data: bytes) -> int:
        if not data:
            return _END
        first, count = len(self.table), -(-len(data) // self.size)
        self.table += [*range(first + 1, first + count), _END]
        self.data += data.ljust(count * self.size, b"\0")
        return first


def compound_file(tree: Tree) -> bytes:
    """A compound file of the streams (bytes) and storages of a tree, by their names."""
    entries = [_Entry("Root Entry", _ROOT)]
    entries[0].child = _add(tree, entries)
    large, small = _Sectors(_SECTOR), _Sectors(_SMALL_SECTOR)
    for entry in entries[1:]:
        entry.start = (large if len(entry.data) >= _CUTOFF else small).add(entry.data)
    entries[0].data = bytes(small.data)
    entries[0].start = large.add(entries[0].data)
    small_table = _packed(small.table)
    small_start = large.add(small_table)
    directory = large.add(b"".join(map(_entry, entries)))
    tables = 1
    while (len(large.table) + tables) * 4 > tables * _SECTOR:
        tables += 1
    first = len(large.table)
    large.table += [_TABLE] * tables
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        bytes.fromhex("D0CF11E0A1B11AE1"), 0x3E, 3, 0xFFFE, 9, 6, 0, tables, directory, 0, _CUTOFF,
        small_start, -(-len(small_table) // _SECTOR), _END, 0,
    )  # fmt: skip
    header += _packed([*range(first, first + tables)]).ljust(109 * 4, b"\xff")[: 109 * 4]
    return header + bytes(large.data) + _packed(large.table)


def _add(tree: Tree, entries: list[_Entry]) -> int:
    """Add the members of a storage as a chain of siblings; returns the first."""
    first = before = _NONE
    for name, content in tree.items():
        number = len(entries)
        is_stream = isinstance(content, bytes)
        entries.append(_Entry(name, _STREAM if is_stream else _STORAGE))
        if isinstance(content, bytes):
            entries[number].data = content
        else:
            entries[number].child = _add(content, entries)
        if before == _NONE:
            first = number
        else:
            entries[before].next_sibling = number
        before = number
    return first


def _entry(entry: _Entry) -> bytes:
    name = (entry.name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16x4x16xIQ",
        name, len(name), entry.kind, 1, _NONE, entry.next_sibling, entry.child, entry.start, len(entry.data),
    )  # fmt: skip


def _packed(numbers: list[int]) -> bytes:
    """Numbers as whole sectors, filled up with marks of free sectors."""
    data = struct.pack(f"<{len(numbers)}I", *numbers)
    return data.ljust(-(-len(data) // _SECTOR) * _SECTOR, struct.pack("<I", _FREE)[:1])
