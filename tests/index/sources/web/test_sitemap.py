from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings, strategies as st

from index.sources.web import (
    Fetcher,
    InvalidSitemap,
    PageTooLarge,
    Refusal,
    SitemapConfig,
    SitemapEntry,
    UnexpectedStatus,
    read_sitemap,
    sitemap_entries,
)
from tests.index.sources.web.standins import Server, answer
from tests.sizes import examples, size

SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*urls: str) -> bytes:
    inner = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {SPACE}>{inner}</urlset>'.encode()


def index(*urls: str) -> bytes:
    inner = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return f"<sitemapindex {SPACE}>{inner}</sitemapindex>".encode()


def locations(data: bytes) -> list[str]:
    return [entry.url for entry in read_sitemap(data, name="map").pages]


def test_a_sitemap_lists_pages_with_their_dates() -> None:
    data = f"""<urlset {SPACE} xmlns:i="http://www.google.com/schemas/sitemap-image/1.1">
      <url>
        <loc> http://site.test/a?x=1&amp;y=<![CDATA[2]]> </loc><lastmod>2024-05-06</lastmod>
        <i:image><i:loc>http://site.test/picture.png</i:loc></i:image>
        <priority>0.5</priority>
      </url>
      <!-- <url><loc>http://site.test/commented</loc></url> -->
      <url><i:loc>http://site.test/other-loc</i:loc><lastmod>2020</lastmod></url>
      <url><loc>http://site.test/b</loc></url>
    </urlset>""".encode()
    assert read_sitemap(data, name="map").pages == [
        SitemapEntry("http://site.test/a?x=1&y=2", "2024-05-06"),
        SitemapEntry("http://site.test/b"),
    ]


def test_an_index_lists_sitemaps() -> None:
    sitemap = read_sitemap(index("http://site.test/1.xml", "http://site.test/2.xml.gz"), name="map")
    assert sitemap.sitemaps == ["http://site.test/1.xml", "http://site.test/2.xml.gz"]
    assert sitemap.pages == []


@pytest.mark.parametrize(
    "data",
    [
        urlset("http://site.test/é"),
        b"\xef\xbb\xbf\n" + "<urlset><url><loc>http://site.test/é</loc></url></urlset>".encode(),
        '<?xml version="1.0" encoding="utf-16"?><urlset><url><loc>http://site.test/é</loc></url></urlset>'.encode(
            "utf-16"
        ),
        gzip.compress(urlset("http://site.test/é")),
        "\ufeffhttp://site.test/é\r\n\r\n".encode(),
        gzip.compress("http://site.test/é".encode()),
    ],
)
def test_all_forms_of_sitemaps_are_read(data: bytes) -> None:
    if data.startswith(b"\xef\xbb\xbf\n"):
        data = b"\xef\xbb\xbf" + data[4:]
    assert locations(data) == ["http://site.test/é"]


def bomb() -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE u [<!ENTITY e0 "x">{entities}]><urlset><url><loc>&e9;</loc></url></urlset>'.encode()


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\xff\xfe\x00",
        b"<html><body>Not found</body></html>",
        b"<urlset><url><loc>http://site.test/a",
        b"<urlset><url></loc></urlset>",
        b"<urlset>&undefined;</urlset>",
        b"<!DOCTYPE urlset><urlset/>",
        b'<!DOCTYPE u SYSTEM "http://127.0.0.1/x.dtd"><urlset/>',
        b'<!DOCTYPE u [<!ENTITY f SYSTEM "file:///etc/passwd">]><urlset><url><loc>&f;</loc></url></urlset>',
        bomb(),
        gzip.compress(b"<urlset/>")[:-5],
        b"\x1f\x8bnot gzip",
        b"<" * size(100_000),
        b"<a>" * size(100_000),
        b"<urlset>" + b"<a>" * size(100_000),
        pytest.param(b"<urlset>" + b"<a/>" * 2_000_001, marks=pytest.mark.slow),
    ],
)
def test_other_files_are_refused_quickly(data: bytes) -> None:
    with pytest.raises(InvalidSitemap, match=r"^map: "):
        read_sitemap(data, name="map")


def test_a_decompression_bomb_is_stopped() -> None:
    with pytest.raises(PageTooLarge, match=r"^map: "):
        read_sitemap(gzip.compress(bytes(5_000_000)), name="map", max_bytes=1_000_000)


def test_addresses_beyond_the_limit_are_dropped_and_reported() -> None:
    urls = [f"http://site.test/{n}" for n in range(10)]
    for data in (urlset(*urls), "\n".join(urls).encode()):
        sitemap = read_sitemap(data, name="map", max_urls=3)
        assert [entry.url for entry in sitemap.pages] == urls[:3]
        assert not sitemap.complete
        assert read_sitemap(data, name="map", max_urls=10).complete


def test_an_endless_address_does_not_fill_memory() -> None:
    data = urlset("http://site.test/" + "a" * 5_000_000, "http://site.test/b")
    found = locations(data)
    assert found[-1] == "http://site.test/b"
    assert all(len(url) < 10_000 for url in found)


@settings(max_examples=examples(200))
@given(
    st.binary(max_size=100)
    | st.binary(max_size=60).map(lambda tail: urlset("http://site.test/")[:-20] + tail)
)
def test_any_bytes_are_a_sitemap_or_a_refusal(data: bytes) -> None:
    try:
        sitemap = read_sitemap(data, name="map")
    except (InvalidSitemap, PageTooLarge):
        return
    assert sitemap.complete


# --- Following them


def entries(server: Server, fetcher: Fetcher, target: str, config: SitemapConfig | None = None) -> list[str]:
    """Targets of the pages, and in angle brackets the targets and reasons of refusals."""
    port = f"http://site.test:{server.port}"
    return [
        one.url.removeprefix(port)
        if isinstance(one, SitemapEntry)
        else f"<{one.url.removeprefix(port)} {one.code}>"
        for one in sitemap_entries(fetcher, server.url(target), config)
    ]


def test_sitemaps_that_list_each_other_are_read_once(server: Server, fetcher: Fetcher) -> None:
    u = server.url
    server.answers |= {
        "/index.xml": answer(index(u("/1.xml"), u("/2.xml.gz"), u("/index.xml"), u("/./1.xml"))),
        "/1.xml": answer(index(u("/index.xml"), u("/3.txt"))),
        "/2.xml.gz": answer(gzip.compress(urlset(u("/a"), u("/b"), u("/a#part")))),
        "/3.txt": answer(f"{u('/b')}\n{u('/c')}".encode()),
    }
    assert entries(server, fetcher, "/index.xml") == ["/a", "/b", "/c"]
    assert server.targets == ["/index.xml", "/1.xml", "/2.xml.gz", "/3.txt"]


def test_a_sitemap_that_fails_does_not_stop_the_others(server: Server, fetcher: Fetcher) -> None:
    u = server.url
    server.answers |= {
        "/index.xml": answer(index(u("/missing.xml"), u("/bad.xml"), u("/good.xml"), "ftp://site.test/")),
        "/bad.xml": answer(b"<html/>"),
        "/good.xml": answer(urlset(u("/a"), "javascript:alert(1)", "http://other.test/b", u("/c"))),
    }
    assert entries(server, fetcher, "/index.xml") == [
        "<ftp://site.test/ invalid_url>",
        "</missing.xml unexpected_status>",
        "</bad.xml invalid_sitemap>",
        "/a",
        "<javascript:alert(1) invalid_url>",
        "<http://other.test/b outside_crawl>",
        "/c",
    ]


def test_a_missing_first_sitemap_is_an_error(server: Server, fetcher: Fetcher) -> None:
    with pytest.raises(UnexpectedStatus):
        entries(server, fetcher, "/missing.xml")


def test_the_levels_of_sitemaps_are_limited(server: Server, fetcher: Fetcher) -> None:
    for n in range(10):
        server.answers[f"/{n}.xml"] = answer(index(server.url(f"/{n + 1}.xml")))
    assert entries(server, fetcher, "/0.xml") == ["</3.xml outside_crawl>"]
    assert server.targets == ["/0.xml", "/1.xml", "/2.xml"]


def test_the_number_of_sitemaps_is_limited(server: Server, fetcher: Fetcher) -> None:
    server.answers["/index.xml"] = answer(index(*(server.url(f"/{n}.xml") for n in range(5))))
    found = entries(server, fetcher, "/index.xml", SitemapConfig(max_sitemaps=3))
    assert found == [
        "</2.xml outside_crawl>",
        "</3.xml outside_crawl>",
        "</4.xml outside_crawl>",
        "</0.xml unexpected_status>",
        "</1.xml unexpected_status>",
    ]


def test_the_number_of_pages_is_limited(server: Server, fetcher: Fetcher) -> None:
    server.answers["/index.xml"] = answer(index(server.url("/1.xml"), server.url("/2.xml")))
    for n in (1, 2):
        server.answers[f"/{n}.xml"] = answer(urlset(*(server.url(f"/{n}-{m}") for m in range(3))))
    found = list(sitemap_entries(fetcher, server.url("/index.xml"), SitemapConfig(max_urls=4)))
    assert [one.url for one in found[:4]] == [server.url(f"/{page}") for page in ("1-0", "1-1", "1-2", "2-0")]
    assert isinstance(found[4], Refusal)
    assert "only the first 4" in found[4].reason
    assert len(found) == 5
