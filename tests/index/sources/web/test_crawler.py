from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings, strategies as st

from index.sources.web import Crawl, CrawlConfig, Fetcher, InvalidUrl, Page, PoliteFetcher, Refusal
from index.sources.web.crawler import MAX_LINKS, read_links
from index.sources.web.urls import parse_url
from tests.index.sources.web.conftest import MakeFetcher
from tests.index.sources.web.standins import NamedHosts, Server, WatchedNetwork, answer, redirect
from tests.sizes import examples


def links_to(*hrefs: str) -> bytes:
    return answer("".join(f'<p><a href="{href}">x</a></p>' for href in hrefs).encode())


def crawled(
    server: Server, fetcher: Fetcher, start: str = "/", config: CrawlConfig | None = None
) -> list[str]:
    """Targets of the pages, and in angle brackets the targets and codes of refusals."""
    site = f"http://site.test:{server.port}"
    return [
        f"<{one.url.removeprefix(site)} {one.code}>"
        if isinstance(one, Refusal)
        else one.url.removeprefix(site)
        for one in Crawl(fetcher, server.url(start), config)
    ]


# --- Links


def found(html: str, **fields: str) -> list[str]:
    page = Page("http://site.test/docs/a", html.encode(), "text/html", **fields)
    return [str(url) for url in read_links(page).targets]


def test_links_are_resolved_as_browsers_resolve_them() -> None:
    html = """<a href=b>1</a><A HREF=" ../c\n.html#part ">2<area href="/no"><a href="//other.test/d">3</a>
      <a href="?q=é">4</a><a href="mailto:ana@site.test">5</a><a href="javascript:x()">6</a><a>7</a>
      <a href="http://[bad/">8</a><a href="b#again">9</a><script>'<a href="/no">'</script>
      <!-- <a href="/no">10</a> --><a rel="nofollow noopener" href="/no">11</a><a href="#here">12"""
    assert found(html) == [
        "http://site.test/docs/b",
        "http://site.test/c.html",
        "http://other.test/d",
        "http://site.test/docs/a?q=%C3%A9",
        "http://site.test/docs/a",
    ]


def test_links_are_decoded_as_the_page_is() -> None:
    data = '<a href="?é">'.encode("cp1252")
    for head, charset in ((b"<meta charset=windows-1252>", None), (b"", "cp1252")):
        links = read_links(Page("http://site.test/", head + data, "text/html", charset))
        assert [url.query for url in links.targets] == ["%C3%A9"]


def test_links_are_relative_to_the_first_base() -> None:
    html = '<base href="/other/"><base href="/third/"><a href="b">1</a>'
    assert found(html) == ["http://site.test/other/b"]


@pytest.mark.parametrize(
    ("html", "tag", "noindex", "nofollow"),
    [
        ("<p>", "", False, False),
        ('<meta name="ROBOTS" content="NoIndex, nofollow">', "", True, True),
        ('<meta name="robots" content="none">', "", True, True),
        ('<meta name="loccit" content="noindex">', "", True, False),
        ('<meta name="googlebot" content="noindex">', "", False, False),
        ('<meta name="robots" content="noarchive, max-snippet:0">', "", False, False),
        ("", "noindex", True, False),
        ("", "otherbot: noindex, nofollow", False, False),
        ("", "otherbot: noindex, Loccit: nofollow", False, True),
        ("", "unavailable_after: 2030-01-01, nofollow", False, True),
    ],
)
def test_directives_for_robots_are_read(html: str, tag: str, noindex: bool, nofollow: bool) -> None:
    links = read_links(Page("http://site.test/", html.encode(), "text/html", robots_tag=tag))
    assert (links.noindex, links.nofollow) == (noindex, nofollow)


@pytest.mark.parametrize("charset", ["", "utf-8", "utf-16", "none-of-these"])
def test_a_tag_of_endless_attributes_is_not_parsed(charset: str) -> None:
    def links(attributes: int) -> int:
        tag = "<p" + "".join(f" a{at}" for at in range(attributes)) + ">"
        html = f"<a href='/a'>a</a>{tag}<a href='/b'>b</a>"
        data = html.encode("utf-16" if charset == "utf-16" else "utf-8")
        return len(read_links(Page("http://site.test/", data, "text/html", charset)).targets)

    assert links(1000) == 2
    assert links(8_000) == 0


def test_only_html_has_links() -> None:
    page = Page("http://site.test/", b'<a href="/b">x</a>', "application/pdf", robots_tag="noindex")
    links = read_links(page)
    assert list(links.targets) == []
    assert links.noindex


@pytest.mark.timeout(100)
def test_the_number_of_links_is_limited() -> None:
    html = "".join(f"<a href=/{n}>" for n in range(3 * MAX_LINKS))
    assert len(found(html)) == MAX_LINKS
    assert found("<a>" * 600_000 + "<a href=/x>") == []


@settings(max_examples=examples(200))
@given(
    st.binary(max_size=200) | st.text(alphabet="<a href=\"'/>bsmt!-&#; é\0", max_size=100).map(str.encode),
    st.sampled_from([None, "utf-8", "utf-16", "nonsense", "idna", "base64", "\0"]),
)
def test_any_bytes_have_links_or_none(data: bytes, charset: str | None) -> None:
    for url in read_links(Page("http://site.test/", data, "text/html", charset)).targets:
        assert parse_url(str(url)) == url


# --- Crawls


def test_pages_are_fetched_once_breadth_first(server: Server, fetcher: Fetcher) -> None:
    server.answers |= {
        "/": links_to(
            "/a", "b", "/a#part", "/./a", f"HTTP://SITE.test:{server.port}/b", "http://other.test/x"
        ),
        "/a": links_to("/c", "/", "/b"),
        "/b": links_to("/a", "/missing"),
        "/c": links_to("/c?page=2"),
        "/c?page=2": answer(b"pdf", media_type="application/pdf"),
    }
    assert crawled(server, fetcher) == ["/", "/a", "/b", "/c", "</missing unexpected_status>", "/c?page=2"]
    assert len(server.targets) == 6


def test_a_crawl_stays_below_its_path(server: Server, fetcher: Fetcher) -> None:
    server.answers |= {
        "/docs": redirect("/docs/"),
        "/docs/": links_to(
            "/docs/a", "/docs-old/b", "/", "../c", "/docs/%2e%2e/d", "/docs/../docs/e", "/docs/out"
        ),
        "/docs/a": answer(b""),
        "/docs/e": answer(b""),
        "/docs/out": redirect("/secret"),
        "/secret": answer(b"secret"),
    }
    for prefix in ("/docs", "/docs/", "docs"):
        server.requests.clear()
        assert crawled(server, fetcher, "/docs", CrawlConfig(prefix=prefix)) == [
            "/docs/",
            "/docs/a",
            "/docs/e",
            "</docs/out outside_crawl>",
        ]
        assert "/secret" not in server.targets
    assert crawled(server, fetcher, "/other", CrawlConfig(prefix="/docs")) == ["</other outside_crawl>"]


@pytest.mark.parametrize("location", ["http://127.0.0.2/", "http://169.254.169.254/", "http://[::1]/"])
def test_a_crawl_does_not_follow_links_to_private_addresses(
    server: Server, fetcher: Fetcher, network: WatchedNetwork, location: str
) -> None:
    server.answers |= {"/": links_to("/a", location), "/a": redirect(location)}
    assert crawled(server, fetcher) == ["/", "</a outside_crawl>"]
    assert set(network.connections) == {("127.0.0.1", server.port)}


def test_dns_rebinding_during_a_crawl_is_refused(server: Server, network: WatchedNetwork) -> None:
    network.canned["93.184.216.34"] = links_to("/a")
    fetcher = Fetcher(resolver=NamedHosts(site_test=["93.184.216.34", "127.0.0.1"]), network=network)
    found = list(Crawl(fetcher, "http://site.test/"))
    assert [one.code for one in found if isinstance(one, Refusal)] == ["address_refused"]
    assert network.connections == [("93.184.216.34", 80)]


def test_the_first_page_may_redirect_to_www_and_no_page_elsewhere(server: Server, fetcher: Fetcher) -> None:
    www = server.url("", host="www.site.test")
    server.answers |= {"/": redirect(f"{www}/home"), "/home": links_to("/a", server.url("/b"))}
    server.answers["/a"] = answer(b"")
    assert crawled(server, fetcher) == [f"{www}/home", f"{www}/a"]
    server.answers["/"] = redirect(server.url("/home", host="other.test"))
    assert crawled(server, fetcher) == ["</ outside_crawl>"]


def test_redirects_to_pages_that_are_crawled_anyway_are_not_followed(
    server: Server, fetcher: Fetcher
) -> None:
    server.answers |= {
        "/": links_to("/old", "/older", "/new", "/round"),
        "/old": redirect("/new"),
        "/older": redirect("/newer"),
        "/round": redirect("/round"),
        "/new": links_to("/newer"),
        "/newer": answer(b""),
    }
    assert crawled(server, fetcher) == [
        "/",
        "</old already_fetched>",
        "/newer",
        "/new",
        "</round fetch_failed>",
    ]
    assert server.targets.count("/new") == 1


def test_http_and_https_are_one_site(network: WatchedNetwork) -> None:
    network.canned["1.1.1.1"] = redirect("https://site.test/")
    network.canned["8.8.8.8"] = links_to("http://site.test/", "/b", "http://site.test/b")
    fetcher = Fetcher(resolver=NamedHosts(site_test=["1.1.1.1", "8.8.8.8"]), network=network)
    urls = [one.url for one in Crawl(fetcher, "http://site.test/")]
    assert urls == ["https://site.test/", "https://site.test/b"]


def test_a_page_that_moves_to_its_www_name_later_stays_outside(server: Server, fetcher: Fetcher) -> None:
    server.answers |= {"/": links_to("/a"), "/a": redirect(server.url("/b", host="www.site.test"))}
    assert crawled(server, fetcher) == ["/", "</a outside_crawl>"]


def test_limits(server: Server, fetcher: Fetcher) -> None:
    for n in range(100):
        server.answers[f"/{n}"] = links_to(f"/{n + 1}", f"/gone-{n}")
    assert crawled(server, fetcher, "/0", CrawlConfig(max_depth=2)) == [
        "/0",
        "/1",
        "</gone-0 unexpected_status>",
        "/2",
        "</gone-1 unexpected_status>",
    ]
    crawl = Crawl(fetcher, server.url("/0"), CrawlConfig(max_pages=3))
    assert len([one for one in crawl if isinstance(one, Page)]) == crawl.fetched == 3
    assert (crawl.refused, crawl.waiting) == (1, 3)
    server.requests.clear()
    crawl = Crawl(fetcher, server.url("/0"), CrawlConfig(max_requests=7, max_depth=1000))
    assert len(list(crawl)) == len(server.requests) == 7
    assert crawl.waiting > 0


def test_a_crawl_stops_when_iteration_stops(server: Server, fetcher: Fetcher) -> None:
    for n in range(10):
        server.answers[f"/{n}"] = links_to(f"/{n + 1}")
    crawl = Crawl(fetcher, server.url("/0"))
    assert len(list(itertools.islice(crawl, 2))) == 2
    assert (crawl.fetched, len(server.requests)) == (2, 2)


def test_noindex_and_nofollow_are_obeyed(server: Server, fetcher: Fetcher) -> None:
    server.answers |= {
        "/": answer(
            b"<a href=/quiet>q</a><a href=/dead-end>d</a><a rel=nofollow href=/unloved>u</a>"
            b"<link rel=canonical href=/c>"
        ),
        "/c": answer(b"canonical"),
        "/quiet": answer(b'<meta name=robots content=noindex><a href="/loud">x</a>'),
        "/dead-end": answer(b'<a href="/never">x</a>', X_Robots_Tag="nofollow"),
        "/loud": answer(b""),
    }
    assert crawled(server, fetcher) == ["/", "/c", "</quiet refused_by_robots>", "/dead-end", "/loud"]


def test_images_are_refused_before_their_bodies_are_read(server: Server, make_fetcher: MakeFetcher) -> None:
    server.answers |= {
        "/": links_to("/a.mp4"),
        "/a.mp4": b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 999\r\n\r\n",
    }
    assert crawled(server, make_fetcher()) == ["/", "</a.mp4 media_type_refused>"]


def test_robots_txt_is_obeyed(server: Server, make_fetcher: MakeFetcher) -> None:
    fetcher = make_fetcher(delay_seconds=0)
    server.answers |= {
        "/robots.txt": answer(b"User-agent: Loccit\nDisallow: /private\n", media_type="text/plain"),
        "/": links_to("/private/a", "/b", "/c", "/out", "/film"),
        "/out": redirect(server.url("/", host="other.test")),
        "/film": b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 999\r\n\r\n",
        "/b": answer(b""),
        "/c": redirect("/private/d"),
    }
    found = list(Crawl(PoliteFetcher(fetcher), server.url("/")))
    assert [one.code if isinstance(one, Refusal) else "page" for one in found] == [
        "page",
        "refused_by_robots",
        "page",
        "refused_by_robots",
        "outside_crawl",
        "media_type_refused",
    ]
    assert server.targets == ["/robots.txt", "/", "/b", "/c", "/out", "/film"]


def test_an_invalid_start_is_refused(fetcher: Fetcher) -> None:
    with pytest.raises(InvalidUrl):
        Crawl(fetcher, "file:///etc/passwd")
