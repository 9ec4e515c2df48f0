"""Refuse PDF files with decompression bombs, before PDFium decompresses them.

Deflate compresses a run of one byte to a thousandth, and may be applied twice (ISO 32000-2, 7.3.8 and 7.4.4).
Pictures and attachments do not matter: they are not decompressed to read the text.
"""

import re
import zlib
from collections.abc import Iterator

from index.errors import DocumentTooLarge

MAX_STREAM = 64 * 1024 * 1024
MAX_STREAMS = 1024 * 1024 * 1024
_RATIO = 1032
"""The highest compression ratio of deflate."""
_CHUNK = 64 * 1024
_MAX_DICTIONARY = 2048
_STREAM = re.compile(rb"stream\r?\n")
_FILTER = re.compile(rb"/(?:FlateDecode|Fl)\b")
_NOT_DECOMPRESSED = re.compile(rb"/Subtype\s*/Image\b|/Type\s*/EmbeddedFile\b")


def refuse_long_streams(data: bytes, *, name: str) -> None:
    """Raise :class:`index.errors.DocumentTooLarge` if decompressed streams, one or all, are too long.

    Only streams that may be too long are decompressed, piece by piece, and nothing is kept.
    """
    total = 0
    for start, end, filters in _compressed_streams(data):
        if (end - start) * _RATIO**filters <= MAX_STREAM:
            continue
        length = _decompressed_length(data, start, end, filters)
        total += length
        if length > MAX_STREAM or total > MAX_STREAMS:
            raise DocumentTooLarge(
                f"{name}: decompressed, a page's content or a font is longer than the limit of "
                f"{MAX_STREAM // 1024**2} MiB. Split the file, or print it to a new PDF file."
            )


def _compressed_streams(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Start, end and number of deflate filters of each compressed stream."""
    for match in _STREAM.finditer(data):
        if data.endswith(b"end", 0, match.start()):
            continue
        head = data[max(0, match.start() - _MAX_DICTIONARY) : match.start()]
        dictionary = head[head.rfind(b"obj") + 1 :]
        filters = len(_FILTER.findall(dictionary))
        if filters and not _NOT_DECOMPRESSED.search(dictionary):
            end = data.find(b"endstream", match.end())
            yield match.end(), len(data) if end < 0 else end, min(filters, 3)


def _decompressed_length(data: bytes, start: int, end: int, filters: int) -> int:
    """The length after decompression, or some length above the limit."""
    length = 0
    pieces: Iterator[bytes] = (data[at : min(at + _CHUNK, end)] for at in range(start, end, _CHUNK))
    for _ in range(filters):
        pieces = _decompress(pieces)
    for piece in pieces:
        length += len(piece)
        if length > MAX_STREAM:
            break
    return length


def _decompress(pieces: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = zlib.decompressobj()
    for piece in pieces:
        rest = piece
        while rest and not decompressor.eof:
            try:
                yield decompressor.decompress(rest, _CHUNK)
            except zlib.error:  # encrypted, or damaged from here on
                return
            rest = decompressor.unconsumed_tail
