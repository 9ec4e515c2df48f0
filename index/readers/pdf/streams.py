"""Finds streams of a PDF file that are far longer unpacked than packed, before anything unpacks them.

Deflate packs a run of one byte to a thousandth, and may be applied twice (ISO 32000-2, 7.3.8 and 7.4.4).
Pictures and attachments do not count: the text is read without unpacking them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from index.errors import DocumentTooLarge

MAX_STREAM = 64 * 1024 * 1024
MAX_STREAMS = 1024 * 1024 * 1024
_RATIO = 1032
"""The most that deflate packs."""
_CHUNK = 64 * 1024
_MAX_DICTIONARY = 2048
_STREAM = re.compile(rb"stream\r?\n")
_FILTER = re.compile(rb"/(?:FlateDecode|Fl)\b")
_NOT_UNPACKED = re.compile(rb"/Subtype\s*/Image\b|/Type\s*/EmbeddedFile\b")


def refuse_long_streams(data: bytes, *, name: str) -> None:
    """Raise :class:`index.errors.DocumentTooLarge` where a stream, or all of them, are too long unpacked.

    Only streams that can be are unpacked, piece by piece, and none of it is kept.
    """
    total = 0
    for start, end, filters in _packed(data):
        if (end - start) * _RATIO**filters <= MAX_STREAM:
            continue
        length = _unpacked_length(data, start, end, filters)
        total += length
        if length > MAX_STREAM or total > MAX_STREAMS:
            raise DocumentTooLarge(
                f"{name}: unpacked, a page's content or a font of it is longer than the "
                f"{MAX_STREAM // 1024**2} MiB that are read. Split the file, or print it to a new PDF file."
            )


def _packed(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Start, end and number of deflate filters of each stream that has any."""
    for match in _STREAM.finditer(data):
        if data.endswith(b"end", 0, match.start()):
            continue
        head = data[max(0, match.start() - _MAX_DICTIONARY) : match.start()]
        dictionary = head[head.rfind(b"obj") + 1 :]
        filters = len(_FILTER.findall(dictionary))
        if filters and not _NOT_UNPACKED.search(dictionary):
            end = data.find(b"endstream", match.end())
            yield match.end(), len(data) if end < 0 else end, min(filters, 3)


def _unpacked_length(data: bytes, start: int, end: int, filters: int) -> int:
    """The length, or some length above the limit."""
    length = 0
    pieces: Iterator[bytes] = (data[at : min(at + _CHUNK, end)] for at in range(start, end, _CHUNK))
    for _ in range(filters):
        pieces = _inflated(pieces)
    for piece in pieces:
        length += len(piece)
        if length > MAX_STREAM:
            break
    return length


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    unpacking = zlib.decompressobj()
    for piece in pieces:
        rest = piece
        while rest and not unpacking.eof:
            try:
                yield unpacking.decompress(rest, _CHUNK)
            except zlib.error:  # encrypted, or damaged from here on: no more comes of it
                return
            rest = unpacking.unconsumed_tail
