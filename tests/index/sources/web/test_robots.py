from __future__ import annotations

import pytest
from hypothesis import example, given, settings, strategies as st

from index.sources.web import AddressRefused, Fetcher, PoliteFetcher, Robots, RobotsRefused, parse_url
from tests.index.sources.web.conftest import MakeFetcher
from tests.index.sources.web.standins import NamedHosts, Server, WatchedNetwork, answer, redirect
from tests.sizes import examples


def text(rules: str) -> bytes:
    return answer(rules.encode(), media_type="text/plain")


def allowed(server: Server, fetcher: Fetcher, rules: str, *targets: str) -> list[bool]:
    server.answers["/robots.txt"] = text(rules)
    robots = Robots(fetcher)
    found = []
    for target in targets:
        try:
            robots.check(parse_url(server.url(target)))
        except RobotsRefused:
            found.append(False)
        else:
            found.append(True)
    return found


@pytest.mark.parametrize(
    ("rules", "target", "may"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("\ufeffUser-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /\nAllow: /public/", "/public/a", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.php$", "/x/y.php", False),
        ("User-agent: *\nDisallow: /*.php$", "/x/y.php5", True),
        ("User-agent: *\nDisallow: /*?s=", "/a?s=1", False),
        ("User-agent: *\nDisallow: /%7Ejoe", "/~joe", False),
        ("User-agent: *\nDisallow: /ü", "/%C3%BC", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: loccit\nAllow: /", "/a", True),
        ("User-agent: Loccit\nDisallow: /\n\nUser-agent: *\nAllow: /", "/a", False),
        ("User-agent: other\nUser-agent: LOCCIT\nDisallow: /b", "/b", False),
        ("User-agent: loccit\nDisallow: /a\n\nUser-agent: loccit\nDisallow: /b", "/b", False),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("<!DOCTYPE html><p>Not found", "/a", True),
    ],
)
def test_rules_follow_the_standard(
    server: Server, fetcher: Fetcher, rules: str, target: str, may: bool
) -> None:
    assert allowed(server, fetcher, rules, target) == [may]


def test_the_rules_of_a_site_are_fetched_once(server: Server, fetcher: Fetcher) -> None:
    assert allowed(server, fetcher, "User-agent: *\nDisallow: /b", "/a", "/b", "/c") == [True, False, True]
    assert server.targets == ["/robots.txt"]


@pytest.mark.parametrize(
    ("status", "may"),
    [(401, True), (403, True), (404, True), (410, True), (429, False), (500, False), (503, False)],
)
def test_a_site_without_rules_is_allowed_and_one_with_errors_is_not(
    server: Server, fetcher: Fetcher, status: int, may: bool
) -> None:
    server.answers["/robots.txt"] = answer(status=f"{status} X")
    robots = Robots(fetcher)
    url = parse_url(server.url("/a"))
    if may:
        robots.check(url)
    else:
        with pytest.raises(RobotsRefused, match="cannot be read"):
            robots.check(url)
    assert robots.delay(url) == fetcher.config.delay_seconds


def test_rules_that_cannot_be_fetched_disallow_everything(server: Server, make_fetcher: MakeFetcher) -> None:
    fetcher = make_fetcher(max_bytes=1000)
    for raw in (b"garbage", text("#" * 5000), redirect("/robots.txt")):
        server.answers["/robots.txt"] = raw
        with pytest.raises(RobotsRefused, match="cannot be read"):
            Robots(fetcher).check(parse_url(server.url("/")))


def test_rules_behind_a_redirect_apply_to_the_original_site(server: Server, fetcher: Fetcher) -> None:
    server.answers["/robots.txt"] = redirect("/rules")
    server.answers["/rules"] = text("User-agent: *\nDisallow: /b")
    robots = Robots(fetcher)
    robots.check(parse_url(server.url("/a")))
    with pytest.raises(RobotsRefused):
        robots.check(parse_url(server.url("/b")))


def test_rules_are_not_fetched_from_refused_addresses(network: WatchedNetwork) -> None:
    fetcher = Fetcher(resolver=NamedHosts(inner_test="10.0.0.1"), network=network)
    for url in ("http://127.0.0.1/", "http://inner.test/"):
        with pytest.raises(AddressRefused):
            Robots(fetcher).check(parse_url(url))
        with pytest.raises(AddressRefused):
            PoliteFetcher(fetcher).fetch(url)
    assert network.connections == []


@pytest.mark.parametrize(
    ("asked", "delay"),
    [("0", 0.5), ("2.5", 2.5), ("86400", 10.0), ("-1", 0.5), ("nan", 0.5), ("1e999", 0.5), ("soon", 0.5)],
)
def test_the_crawl_delay_is_limited(server: Server, fetcher: Fetcher, asked: str, delay: float) -> None:
    server.answers["/robots.txt"] = text(f"User-agent: *\nCrawl-delay: {asked}\nDisallow: /x")
    assert Robots(fetcher).delay(parse_url(server.url("/"))) == delay


LINES = (
    "User-agent: *|User-agent:|Disallow: /*a*|Allow: $|Crawl-delay: -|Request-rate: 1/0|Sitemap:|"
    "Visit-time: x|Disallow: %|Disallow: http://[|Host: a|Allow: /%zz*$"
).split("|")


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_requests_to_one_host_are_delayed(server: Server, fetcher: Fetcher) -> None:
    clock = Clock()
    courteous = PoliteFetcher(fetcher, clock=clock, sleep=clock.sleep)
    server.answers |= {
        "/robots.txt": text("User-agent: *\nCrawl-delay: 3\nDisallow: /private"),
        "/a": answer(b"a"),
        "/b": redirect("/a"),
        "/c": redirect("/private"),
    }
    assert courteous.fetch(server.url("/a")).data == b"a"
    assert clock.slept == []
    assert courteous.fetch(server.url("/b")).data == b"a"
    assert clock.slept == [3, 3]
    clock.now += 2
    courteous.fetch(server.url("/a"))
    assert clock.slept == [3, 3, 1]
    with pytest.raises(RobotsRefused):
        courteous.fetch(server.url("/c"))
    assert "/private" not in server.targets
    courteous.fetch(server.url("/a", host="other.test"))
    assert clock.slept == [3, 3, 1, 3]


@settings(max_examples=examples(150))
@given(
    st.binary(max_size=200) | st.lists(st.sampled_from(LINES)).map(lambda lines: "\n".join(lines).encode())
)
@example(b"User-agent: *\nDisallow: /" + b"*a" * 5000)
def test_any_bytes_can_be_parsed(raw: bytes) -> None:
    network = WatchedNetwork()
    network.canned["1.1.1.1"] = answer(raw, media_type="text/plain")
    robots = Robots(Fetcher(resolver=NamedHosts(any_test="1.1.1.1"), network=network))
    url = parse_url("http://any.test/" + "a" * 200)
    try:
        robots.check(url)
    except RobotsRefused:
        assert robots.delay(url) <= 10
    assert 0 <= robots.delay(url) <= 10
