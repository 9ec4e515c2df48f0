from __future__ import annotations

import gzip
import zlib

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given, strategies as st

from index.sources.web.decoding import ACCEPTED, decoder

PACKED = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "identity": bytes}


def undone(coding: str, data: bytes, step: int) -> bytes:
    decoding = decoder(coding)
    assert decoding is not None
    pieces = [piece for at in range(0, len(data), step) for piece in decoding.feed(data[at : at + step])]
    decoding.finish()
    return b"".join(pieces)


@given(st.binary(max_size=400), st.sampled_from(sorted(PACKED)), st.integers(1, 7), st.sampled_from([1, 999]))
def test_the_text_does_not_depend_on_how_the_data_are_divided(
    data: bytes, coding: str, step: int, times: int
) -> None:
    text = data * times
    packed = PACKED[coding](text)
    assert undone(coding, packed, step if times == 1 else 1000 * step) == text


@pytest.mark.parametrize("over", [0, 1, 3, 5, 100, 258])
def test_the_last_bytes_after_a_full_piece_are_returned(over: int) -> None:
    raw = zlib.compressobj(wbits=-15)
    size = (1 << 16) + over
    packed = raw.compress(bytes(size)) + raw.flush()
    assert undone("deflate", packed, len(packed)) == bytes(size)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_pieces_are_small_even_of_highly_compressed_data(coding: str) -> None:
    decoding = decoder(coding)
    assert decoding is not None
    sizes = [len(piece) for piece in decoding.feed(PACKED[coding](bytes(3_000_000)))]
    assert sum(sizes) == 3_000_000
    assert max(sizes) < 1 << 17


def test_every_requested_coding_has_a_decoder() -> None:
    assert all(decoder(coding) is not None for coding in ACCEPTED.split(","))
    assert decoder("zstd") is None
