from __future__ import annotations

import pytest
from hypothesis import example, given, settings, strategies as st

from index.errors import CorruptDocument, EmptyDocument, UndecodableText
from index.readers.html import read_html
from index.readers.html.blocks import page_blocks
from index.readers.html.tree import parse_html
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.sizes import examples, size, sizes

PROSE = (
    "The river rises in the mountains and flows through three lakes before it reaches the sea, "
    "some four hundred kilometres further north."
)
DELTA = (
    "Where it meets the tide the water slows, and what it carried for weeks sinks to the ground: gravel "
    "first, then sand, and at last the mud that the meadows behind the dikes are made of."
)
PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<title>Rivers of the north | Example Atlas</title>
<meta name="author" content="Ana Ng">
<meta name="description" content="All the  rivers.">
<meta property="og:site_name" content="Example Atlas">
<meta property="article:published_time" content="2021-03-04">
<style>p {{ color: navy }}</style>
<script>var unwritten = "Scripted words";</script>
</head>
<body>
<header><h1>Rivers of the north</h1><p>The banner's motto</p></header>
<nav><ul><li><a href="/">Home page</a><li><a href="/contact">Contact us</a></ul></nav>
<main><article>
<h2>The upper course<a href="#upper">¶</a></h2>
<p>{PROSE}</p>
<p>{DELTA}</p>
<ul>
<li>the first <b>spring</b>, high up in the mountains, where the snow never melts before June
<li>the second spring, further down and better known to those who walk
  <ol start="3"><li>the old well</li><li>the new well</li></ol>
</ul>
<h3>Lengths</h3>
<table><tr><th>River<th>Length<tr><td>Northern Aare<td>288 km</table>
<pre>
  flow()
    more()
</pre>
<p hidden>Hidden words, never shown to anyone who reads the page as it is.</p>
<p style="display: none">Styled away, and never shown to anyone who reads the page either.</p>
<noscript>Turn on scripts</noscript>
<template>Stamped words</template>
<!-- Commented words -->
<h2>The mouth &amp; the delta</h2>
<p>{DELTA} {PROSE}</p>
</article></main>
<aside><p>Buy a boat from our sponsors today, for the best boats of all are sold only here.</p></aside>
<footer><p>Copyright by the Example Atlas</p></footer>
</body></html>"""

TAGS = (
    "a b p div h1 h3 ul ol li dl dt table tr td th caption pre br nav header main section blockquote q "
    "script style title template svg textarea select option body html head form noscript frameset rt p/ x"
).split()
PIECES = st.lists(
    st.sampled_from([f"<{tag}>" for tag in TAGS])
    | st.sampled_from([f"</{tag}>" for tag in TAGS])
    | st.sampled_from(
        [
            "words of a page ",
            "\n",
            "e\u0301",
            "&#0;",
            "&#8232;",
            "&#x301;",
            "&#xD800;",
            "&nbsp;",
            "&amp",
            "<",
            "<!--",
            "-->",
            "<![CDATA[",
            "<?xml version='1.0' encoding='utf-16'?>",
            "<!DOCTYPE html>",
            "<p hidden>",
            "<td colspan=9>",
            "<ol start=-5>",
            "<a href='",
            PROSE,
        ]
    ),
    max_size=40,
).map("".join)


def read(html: str) -> Extract:
    extract = read_html(html.encode(), name="a.html")
    assert_laws(extract)
    return extract


def blocks(html: str) -> list[tuple[str | int, str]]:
    return shown(read(html))


@settings(max_examples=examples(200))
@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "latin-1", "utf-16", "shift_jis", "?"]))
@example(b"<", None)
@example(b"\xef\xbb\xbf<?xml version='1.0' encoding='koi8-r'?><p>a", None)
@example(b"<meta charset=utf-7>+AGEAYg-", None)
def test_any_bytes_are_a_text_or_refused(data: bytes, charset: str | None) -> None:
    extract_or_refusal(lambda: read_html(data, name="a.html", charset=charset), "a.html")


@settings(max_examples=examples(300))
@given(PIECES | st.text(max_size=80))
@example("<h1>a&#8232;b</h1><li>c<h2>d")
@example("<ul><p>a<table><td>b<ul><li>c</table>d</ul>e")
@example("<h1>a<h2>b<pre>c<h3>d</pre><table><caption>e<tr>f<td>g")
@example("<svg><title>a</title></svg><title>b</title><textarea>c")
def test_any_source_keeps_the_laws(html: str) -> None:
    data = html.encode("utf-8", "surrogatepass")
    extract_or_refusal(lambda: read_html(data, name="a.html"), "a.html")


def test_a_page_is_read_as_displayed() -> None:
    assert blocks(PAGE) == [
        (1, "Rivers of the north"),
        (2, "The upper course"),
        ("paragraph", PROSE),
        ("paragraph", DELTA),
        (
            "list",
            "- the first spring, high up in the mountains, where the snow never melts before June\n"
            "- the second spring, further down and better known to those who walk\n"
            "  3. the old well\n  4. the new well",
        ),
        (3, "Lengths"),
        ("table", "River | Length\nNorthern Aare | 288 km"),
        ("code", "flow()\n    more()"),
        (2, "The mouth & the delta"),
        ("paragraph", f"{DELTA} {PROSE}"),
    ]


@pytest.mark.parametrize(
    "words",
    [
        "Home page",
        "Contact us",
        "motto",
        "Scripted",
        "navy",
        "Hidden words",
        "Styled away",
        "Turn on",
        "Stamped",
        "Commented",
        "Buy a boat",
        "Copyright",
        "¶",
    ],
)
def test_boilerplate_is_dropped(words: str) -> None:
    assert words in PAGE
    assert words not in read(PAGE).text


def test_metadata() -> None:
    extract = read(PAGE)
    assert extract.title == "Rivers of the north"
    assert extract.metadata == {
        "author": "Ana Ng",
        "date": "2021-03-04",
        "description": "All the rivers.",
        "language": "en",
        "site": "Example Atlas",
    }
    assert (extract.media_type, extract.reader) == ("text/html", "html/5")


def test_a_title_without_a_heading_is_the_title_element() -> None:
    assert read(f"<title>Rivers &amp; lakes</title><p>{PROSE}").title == "Rivers & lakes"
    assert read(f"<h1>Rivers</h1><p>{PROSE}").title == "Rivers"
    assert read(f"<p>{PROSE}").title == ""


@pytest.mark.parametrize("level", range(1, 7))
def test_headings_have_their_levels(level: int) -> None:
    html = f"<main><h{level}>A <i>short</i>\n heading</h{level}><p>{PROSE}</p></main>"
    assert blocks(html) == [(level, "A short heading"), ("paragraph", PROSE)]


def test_a_heading_that_was_never_closed_is_text() -> None:
    assert [kind for kind, _ in blocks(f"<h1>Rivers, {DELTA * 3}")] == ["paragraph"]
    assert blocks(f"<h2>Rivers<p>{PROSE}") == [(2, "Rivers"), ("paragraph", PROSE)]


def test_unclosed_tags() -> None:
    html = (
        f"<div><p>{PROSE}<p><b>{DELTA}<ul><li>one river<li>two <i>rivers<table><tr><td>a<td>b<tr><td>c<td>d"
    )
    root = parse_html(html, name="a.html")
    assert root is not None
    assert [block.draft.text for block in page_blocks(root)] == [
        PROSE,
        DELTA,
        "- one river\n- two rivers\n  a | b\n  c | d",
    ]
    assert read(html).text.startswith(f"{PROSE}\n\n{DELTA}")


def test_entities_become_characters() -> None:
    html = "Caf&eacute;, caf&#xe9; &lt;b&gt; &amp;amp; &#128512; &nbsp;1&thinsp;km e&#x301; &unknown; &#0;"
    assert read(f"<p>{PROSE} {html}").text == f"{PROSE} Café, café <b> &amp; 😀 1 km é &unknown; \ufffd"


def test_inline_elements_do_not_separate_words() -> None:
    html = f"<p>{PROSE}</p><p>un<b>brok</b>en<br>new line<wbr>s</p><div>one</div><div>two</div>"
    assert read(html).text == f"{PROSE}\n\nunbroken\nnew lines\n\none\n\ntwo"


def test_short_lists_and_broken_lines_are_content_too() -> None:
    html = f"<p>{PROSE}</p><ul><li>Aare<li>Reuss</ul><p>Mill Lane 1<br>Bern</p><p>{DELTA}</p><p>The end.</p>"
    assert blocks(html)[1:] == [
        ("list", "- Aare\n- Reuss"),
        ("paragraph", "Mill Lane 1\nBern"),
        ("paragraph", DELTA),
        ("paragraph", "The end."),
    ]


def test_layout_tables_are_not_read_as_tables() -> None:
    html = f"<table><tr><td><h2>Rivers</h2><p>{PROSE}</p></td></tr><tr><td><p>{DELTA}</p></td></tr></table>"
    assert blocks(html) == [(2, "Rivers"), ("paragraph", PROSE), ("paragraph", DELTA)]
    html = f"<table role=presentation><tr><td>{PROSE}</td></tr><tr><td>{DELTA}</td></tr></table>"
    assert [kind for kind, _ in blocks(html)] == ["paragraph", "paragraph"]


@pytest.mark.parametrize(
    "html",
    [
        "",
        " \n",
        "<!-- nothing -->",
        "<!DOCTYPE html>",
        "<html><head><title>Only a title</title></head><body></body></html>",
        "<div id=app></div><script>render('words')</script>",
        "<p>&nbsp;</p><img src=a.png alt=words>",
        "<p hidden>words</p>",
    ],
)
def test_a_page_without_text_is_refused_with_a_reason(html: str) -> None:
    with pytest.raises(EmptyDocument, match=r"^a\.html: the page shows no text"):
        read(html)


def test_a_page_of_links_is_read_as_a_whole() -> None:
    html = "<nav><ul><li><a href=a>Rivers</a><li><a href=b>Lakes</a></ul></nav>"
    assert blocks(html) == [("list", "- Rivers\n- Lakes")]


def test_a_page_of_a_few_words_is_read() -> None:
    assert read("Just words").text == "Just words"
    assert read("<nav>Menu</nav><p>Closed on Mondays.</p>").text == "Closed on Mondays."


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("cp1251", '<meta charset="windows-1251">'),
        ("koi8-r", '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">'),
        ("utf-8", '<?xml version="1.0" encoding="UTF-8"?>'),
        ("utf-8-sig", '<meta charset="koi8-r">'),
        ("utf-16", '<meta charset="koi8-r">'),
    ],
)
def test_pages_in_other_encodings(encoding: str, head: str) -> None:
    html = f"{head}<p>Река начинается в горах и течёт через три озера, прежде чем достигнет моря.</p>"
    extract = read_html(html.encode(encoding), name="a.html")
    assert extract.text == "Река начинается в горах и течёт через три озера, прежде чем достигнет моря."


def test_the_charset_of_the_sender_overrides_that_of_the_page() -> None:
    data = '<meta charset="koi8-r"><p>Реки и озёра</p>'.encode("cp1251")
    assert read_html(data, name="a.html", charset="windows-1251").text == "Реки и озёра"


def test_a_page_with_a_wrong_declared_encoding_is_refused() -> None:
    with pytest.raises(UndecodableText, match="its declaration 'utf-8' says"):
        read_html('<meta charset="utf-8"><p>Café'.encode("cp1252"), name="a.html")
    with pytest.raises(UndecodableText, match="binary file, or UTF-16 text without"):
        read_html("<p>Words without a mark".encode("utf-16-le"), name="a.html")


@pytest.mark.timeout(50)
@pytest.mark.parametrize(
    "tag", ["div", "b", "blockquote", "ul><li", "h1", "table><tr><td", "font", "section", "pre"]
)
def test_deep_nesting_is_read_or_refused(tag: str) -> None:
    assert read(f"<{tag}>" * 200 + PROSE).text.endswith(PROSE)
    with pytest.raises(CorruptDocument, match="Excessive depth"):
        read(f"<{tag}>" * size(100_000) + PROSE)


@pytest.mark.timeout(50)
@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<a ",
        "<!--",
        "&amp;",
        "</p>",
        "<header>x</header>",
        "<h1><b></b></h1>",
        "<select><option>x",
        "<td colspan=1000 rowspan=1000>x",
        "<p style='display ",
        "<meta charset=",
    ],
)
def test_endless_markup_takes_bounded_time(unit: str) -> None:
    extract_or_refusal(lambda: read(f"<p>{PROSE}</p>{unit * size(10_000)}"), "a.html")


@pytest.mark.timeout(120)
@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        f"<p>{PROSE}</p>",
        f"{PROSE} ",
        "<p>x",
        "<li><a href=x>word</a>",
        "<tr><td>a<td>b",
        "<h2>x</h2><p>y</p>",
        "<br>",
    ],
)
@pytest.mark.parametrize("characters", sizes(150_000, 600_000))
def test_huge_pages_take_bounded_time(unit: str, characters: int) -> None:
    html = f"<main><p>Begin.</p>{unit * (characters // len(unit))}<p>The very end."
    extract = read(html)
    assert extract.text.endswith("The very end.")


@pytest.mark.parametrize(
    "html",
    [
        "<!doctype html><title>t</title><main><p>Hello there, friends.</main>",
        "<!doctype html><title>t</title><article><p>Hello there, friends.</article>",
        "<meta charset=utf-8><section>Hello there, friends.</section>",
        "<script>let x</script><main>Hello there, friends.</main>",
        "<title>t</title><header></header><main>Hello there,</main> friends.",
    ],
)
def test_the_tags_of_head_and_body_are_optional(html: str) -> None:
    assert " ".join(read_html(html.encode(), name="a.html").text.split()) == "Hello there, friends."


def test_a_footer_is_read_where_it_says_how_to_reach_somebody() -> None:
    def read(footer: str) -> str:
        main = f"<main><h1>Delta</h1><p>{DELTA} {PROSE}</p></main>"
        page = f"<html><body>{main}<footer><p>{footer}</p></footer></body></html>"
        return read_html(page.encode(), name="a.html").text

    for contact in (
        "Hotline 0800 555 0142, weekdays",
        "Write to help@example.org",
        "+49 30 5550177",
        "Tél. 01.23.45.67.89",
        "(555) 123-4567",
        "Call 1-800-555-1234",
        "or 555.123.4567",
    ):
        assert read(contact).rstrip().endswith(contact)
    for other in (
        "Copyright 2019-2026 by the Atlas",
        "Version 10.20.30, 1,000,000 readers",
        "Last updated: 01.05.2024 by the web team",
        "Posted 05/12/2024 in News",
        "Changed 01.05.24 10:00",
        "Changed 2024/05/01 10.30",
    ):
        assert other not in read(other)
