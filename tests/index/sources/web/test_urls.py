from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.sources.web.errors import InvalidUrl
from index.sources.web.urls import WebUrl, display_url, parse_url


@pytest.mark.parametrize(
    ("spelling", "normal"),
    [
        ("http://example.org", "http://example.org/"),
        ("  HTTP://Example.ORG:80/a#part ", "http://example.org/a"),
        ("https://example.org:443/?", "https://example.org/"),
        ("https://example.org:8443/a", "https://example.org:8443/a"),
        ("http://example.org./a", "http://example.org/a"),
        ("http://example.org/a/./b/../c", "http://example.org/a/c"),
        ("http://example.org/../../a/..", "http://example.org/"),
        ("http://example.org/docs/%2e%2E/admin", "http://example.org/admin"),
        ("http://example.org/%7ejoe/%c3%a9", "http://example.org/~joe/%C3%A9"),
        ("http://example.org/é?q=ü b", "http://example.org/%C3%A9?q=%C3%BC%20b"),
        ("http://example.org/100%", "http://example.org/100%25"),
        ("http://example.org/a//b/", "http://example.org/a//b/"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://bücher。example/", "http://xn--bcher-kva.example/"),
        ("http://my_host.example.org/", "http://my_host.example.org/"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
        ("http://８.８.８.８/", "http://8.8.8.8/"),
        ("http://127.0.0.1./", "http://127.0.0.1/"),
        ("http://[2606:4700:0:0::1111]:80/", "http://[2606:4700::1111]/"),
    ],
)
def test_all_spellings_of_an_address_have_one_form(spelling: str, normal: str) -> None:
    assert str(parse_url(spelling)) == normal
    assert str(parse_url(normal)) == normal


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "//example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "javascript:alert(1)",
        "data:text/plain,hello",
        "http://",
        "http:///path",
        "http:example.org",
        "http://user@example.org/",
        "http://user:secret@example.org/",
        "http://example.org@127.0.0.1/",
        "http://127.0.0.1\\@example.org/",
        "http://example.org\\/",
        "http://exa\tmple.org/",
        "http://exa mple.org/",
        "http://example.org/\r\nHost: other",
        "http://example.org/\x00",
        "http://example.org/\ud800",
        "http://%31%32%37.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.01/",
        "http://1.2.3.4.5/",
        "http://256.0.0.1/",
        "http://example.0x/",
        "http://１２７.1/",
        "http://①②⑦.0.0.0x1/",
        "http://[::1%25eth0]/",
        "http://[::1/",
        "http://[zz]/",
        "http://[::1]x/",
        "http://example.org:0/",
        "http://example.org:65536/",
        "http://example.org:8a/",
        "http://example.org:80:80/",
        "http://-example.org/",
        "http://example..org/",
        "http://.example.org/",
        "http://example.org../",
        f"http://{'a' * 64}.org/",
        f"http://{'a.' * 130}org/",
        "http://xn--\u00e9.org/",
        f"http://example.org/{'a' * 8000}",
    ],
)
def test_ambiguous_addresses_are_refused(url: str) -> None:
    with pytest.raises(InvalidUrl):
        parse_url(url)


def test_an_international_number_becomes_an_ip_address() -> None:
    assert parse_url("http://①⑥⑨.２５４.169.254/").host == "169.254.169.254"


def test_references_are_resolved_against_their_page() -> None:
    base = parse_url("https://example.org/docs/a/page.html?x=1")
    assert str(parse_url("../b.html", base)) == "https://example.org/docs/b.html"
    assert str(parse_url("/c d.pdf", base)) == "https://example.org/c%20d.pdf"
    assert str(parse_url("//other.org/e", base)) == "https://other.org/e"
    assert str(parse_url("?y=2", base)) == "https://example.org/docs/a/page.html?y=2"
    assert parse_url("", base) == parse_url("#part", base) == base


def test_messages_do_not_contain_passwords() -> None:
    with pytest.raises(InvalidUrl, match="user name or a password") as caught:
        parse_url("https://ana:hunter2@example.org/")
    assert caught.value.message.startswith("https://…@example.org/: ")
    assert display_url("ftp://ana:hunter2@example.org/a") == "ftp://…@example.org/a"
    assert display_url("https://example.org/@ana") == "https://example.org/@ana"
    assert len(display_url("https://example.org/" + "a" * 9000)) == 200


@pytest.mark.timeout(30)
def test_long_invalid_addresses_are_refused_quickly() -> None:
    for text in ("http://" + "ü" * 7000, "http://h/" + "../" * 2600, "http://h/" + "%zz" * 2600):
        try:
            parse_url(text)
        except InvalidUrl:
            continue


@given(
    st.text(max_size=60)
    | st.from_regex(r"https?://[a-z0-9.\[\]:@/\\%?#\u0660-\u0669。]{0,40}", fullmatch=True)
)
def test_any_text_is_normalised_or_refused(text: str) -> None:
    try:
        url = parse_url(text)
    except InvalidUrl:
        return
    assert isinstance(url, WebUrl)
    assert parse_url(str(url)) == url
    assert str(url).isascii()
    assert str(url).isprintable()
