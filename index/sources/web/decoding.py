"""Decode content codings such as gzip (RFC 9110, 8.4) piece by piece, so that a size limit can stop it."""

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli

ACCEPTED = "gzip, deflate, br"
_PIECE_BYTES = 1 << 16


class Undecodable(ValueError):
    """The data are damaged or truncated."""


class Decoder(Protocol):
    """Decodes one content coding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decode more data, in pieces of about 64 KiB. Raises :class:`Undecodable`."""

    def finish(self) -> None:
        """End the data. Raises :class:`Undecodable` if they are truncated."""


def decoder(coding: str) -> Decoder | None:
    """A decoder for the value of a Content-Encoding header; None if the coding is not in ``ACCEPTED``."""
    name = coding.strip().lower()
    make = _DECODERS.get(name)
    return make() if make else None


class _Identity:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        pass


class _Zlib:
    """Decodes gzip with several members (RFC 1952), or deflate with or without its header (RFC 1950)."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._inflate = zlib.decompressobj(31) if gzip else None
        self._head = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            yield from self._pieces(data)
        except zlib.error:
            raise Undecodable from None

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        if self._inflate is None:
            self._head += data
            if len(self._head) < 2:
                return
            data = self._head
            self._inflate = zlib.decompressobj(15 if _has_zlib_header(data) else -15)
        full = False
        while data or full:
            if self._inflate.eof:
                if not self._gzip or data[:1] != b"\x1f":
                    return  # padding after the end
                self._inflate = zlib.decompressobj(31)
            piece = self._inflate.decompress(data, _PIECE_BYTES)
            data = self._inflate.unconsumed_tail or self._inflate.unused_data
            full = len(piece) == _PIECE_BYTES and not self._inflate.eof
            if piece:
                yield piece

    def finish(self) -> None:
        if self._inflate is None or not self._inflate.eof:
            raise Undecodable


def _has_zlib_header(data: bytes) -> bool:
    return data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0


class _Brotli:
    """Decodes Brotli (RFC 7932). A piece may be up to twice the limit, which is good enough here."""

    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._decompressor.is_finished():
            return  # padding after the end
        try:
            # The decompressor may have more output even when it asks for more data.
            while piece := self._decompressor.process(data, output_buffer_limit=_PIECE_BYTES):
                yield piece
                if self._decompressor.is_finished():
                    return
                data = b""
        except brotli.error:
            raise Undecodable from None

    def finish(self) -> None:
        if not self._decompressor.is_finished():
            raise Undecodable


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "": _Identity,
    "identity": _Identity,
    "gzip": lambda: _Zlib(gzip=True),
    "x-gzip": lambda: _Zlib(gzip=True),
    "deflate": lambda: _Zlib(gzip=False),
    "br": _Brotli,
}
