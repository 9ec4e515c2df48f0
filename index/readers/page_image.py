"""Pictures of pages, as PNG (ISO/IEC 15948)."""

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">IIBBBBB")
"""Width, height, bits a sample, kind of colour; compression, filters and interlacing of the standard."""
_GREY, _COLOUR = 0, 2
_UP = 2
"""The filter of every row: the differences to the row above, of which most are 0 on a page."""
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class PageImage:
    """A drawn page: a PNG file, and its size in pixels."""

    png: bytes
    width: int
    height: int


def page_image(pixels: NDArray[np.uint8]) -> PageImage:
    """Encode pixels of shape (height, width, 3), red, green and blue; in grey where no pixel has a colour."""
    height, width, _ = pixels.shape
    red, green, blue = (pixels[:, :, channel] for channel in range(3))
    is_grey = np.array_equal(red, green) and np.array_equal(green, blue)
    samples = np.ascontiguousarray(red if is_grey else pixels).reshape(height, -1)
    filtered = np.empty((height, samples.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = samples[0]
    np.subtract(samples[1:], samples[:-1], out=filtered[1:, 1:])
    parts = (
        _SIGNATURE,
        _chunk(b"IHDR", _HEADER.pack(width, height, 8, _GREY if is_grey else _COLOUR, 0, 0, 0)),
        _chunk(b"IDAT", zlib.compress(filtered.tobytes(), _LEVEL)),
        _chunk(b"IEND", b""),
    )
    return PageImage(b"".join(parts), width, height)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
