from __future__ import annotations

import gzip
import zlib

import brotli  # type: ignore[import-untyped]
import pytest

from index.sources.web import Fetcher, FetchFailed, PageTooLarge
from tests.index.sources.web.conftest import MakeFetcher
from tests.index.sources.web.standins import PAGE, Server, answer
from tests.sizes import size


def deflated(data: bytes) -> bytes:
    raw = zlib.compressobj(wbits=-15)
    return raw.compress(data) + raw.flush()


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "identity": bytes,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_content_codings_are_decoded(server: Server, fetcher: Fetcher, coding: str) -> None:
    text = bytes(range(256)) * 3000
    server.answers["/"] = answer(CODINGS[coding](text), Content_Encoding=coding.upper())
    assert fetcher.fetch(server.url("/")).data == text
    server.answers["/"] = answer(CODINGS[coding](b""), Content_Encoding=coding)
    assert fetcher.fetch(server.url("/")).data == b""


def test_deflate_without_its_header_and_gzip_in_members(server: Server, fetcher: Fetcher) -> None:
    server.answers["/"] = answer(deflated(PAGE), Content_Encoding="deflate")
    assert fetcher.fetch(server.url("/")).data == PAGE
    members = gzip.compress(PAGE) + gzip.compress(PAGE) + b"\0" * 100
    server.answers["/"] = answer(members, Content_Encoding="gzip")
    assert fetcher.fetch(server.url("/")).data == PAGE * 2


@pytest.mark.timeout(50)
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_decompression_bomb_is_stopped(server: Server, make_fetcher: MakeFetcher, coding: str) -> None:
    limit = 100_000
    packed = CODINGS[coding](bytes(size(50_000_000)))
    assert len(packed) < limit
    server.answers["/"] = answer(packed, Content_Encoding=coding)
    with pytest.raises(PageTooLarge, match="limit of 100000 bytes"):
        make_fetcher(max_bytes=limit).fetch(server.url("/"))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_the_size_limit_is_inclusive(server: Server, make_fetcher: MakeFetcher, coding: str) -> None:
    server.answers["/"] = answer(CODINGS[coding](bytes(100_000)), Content_Encoding=coding)
    assert len(make_fetcher(max_bytes=100_000).fetch(server.url("/")).data) == 100_000
    with pytest.raises(PageTooLarge):
        make_fetcher(max_bytes=99_999).fetch(server.url("/"))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
@pytest.mark.parametrize("cut", [0, 1, 5, -1])
def test_a_compressed_page_that_is_cut_or_damaged_is_refused(
    server: Server, fetcher: Fetcher, coding: str, cut: int
) -> None:
    packed = CODINGS[coding](bytes(range(256)) * 50)
    server.answers["/"] = answer(packed[:cut], Content_Encoding=coding)
    with pytest.raises(FetchFailed, match="damaged"):
        fetcher.fetch(server.url("/"))
    server.answers["/"] = answer(b"\x1f\x8b not so" * 9, Content_Encoding=coding)
    with pytest.raises(FetchFailed, match="damaged"):
        fetcher.fetch(server.url("/"))


@pytest.mark.parametrize("coding", ["zstd", "gzip, gzip", "nonsense"])
def test_a_coding_that_was_not_requested_is_refused(server: Server, fetcher: Fetcher, coding: str) -> None:
    server.answers["/"] = answer(PAGE, Content_Encoding=coding)
    with pytest.raises(FetchFailed, match="not requested"):
        fetcher.fetch(server.url("/"))
