import hashlib

import pytest
import regex
from hypothesis import given, strategies as st

from index.citations import citing
from index.citations.citing import Excerpt, Locator, cite, parse_locator, selectors, window
from index.errors import InvalidLocator
from index.records import VersionRecord

HASH = hashlib.sha256(b"x").digest()


def version(
    document_id: str = "a/b c.md", title: str = "T", source: str = "here", media_type: str = "text/plain"
) -> VersionRecord:
    return VersionRecord(
        1, document_id, 2, 3, title, source, media_type, {}, HASH, b"\x01" * 32, "text/1", 9, 0.0, None
    )


def excerpt(text: str, start: int, end: int) -> Excerpt:
    at, until = window(start, end)
    return Excerpt(version(), start, end, text[at:until], at)


@given(
    st.text(min_size=1).filter(lambda s: "\x00" not in s),
    st.integers(0, 10**9),
    st.integers(1, 10**9),
)
def test_a_locator_is_read_as_it_was_written(document_id: str, start: int, length: int) -> None:
    locator = Locator(document_id, HASH.hex()[:12], start, start + length)
    assert parse_locator(str(locator)) == locator


@pytest.mark.parametrize(
    "value",
    ["", "a", "a@123456789abc:1", "@123456789abc:1-2", "a@123456789abg:1-2", "a@123456789ab:1-2",
     "a@123456789abc:2-2", "a@123456789abc:3-2", "a@123456789abc:-1-2", "a@123456789abc:1-2 ",
     "a@123456789ABC:1-2", "a@123456789abc:1-99999999999999",
     "a@123456789abc:١-٢", "a@123456789abc:１-２"],
)  # fmt: skip
def test_what_is_not_a_locator_is_told(value: str) -> None:
    with pytest.raises(InvalidLocator, match="not a locator"):
        parse_locator(value)


def test_an_id_may_look_like_a_locator() -> None:
    inner = f"a@{HASH.hex()[:12]}:1-2"
    assert parse_locator(f"{inner}@{'0' * 12}:3-4").document_id == inner


@given(st.text(min_size=1, max_size=200), st.data())
def test_selectors_hold_in_any_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    position, quote = selectors(excerpt(text, start, end), text)
    assert (position.start, position.end) == (start, end)
    assert quote.exact == text[start:end]
    assert quote.prefix is not None
    assert quote.suffix is not None
    assert text[:start].endswith(quote.prefix)
    assert text[end:].startswith(quote.suffix)
    assert len(quote.prefix) <= 32
    assert len(quote.suffix) <= 32
    sought = quote.prefix + quote.exact + quote.suffix
    assert quote.ambiguous == (text.find(sought, text.find(sought) + 1) >= 0)


def test_context_is_as_long_as_may_be_and_never_tears_a_character() -> None:
    family = "👨‍👩‍👧‍👦"  # seven code points, one character
    text = "x" * 50 + family * 5 + "QUOTE" + family * 5 + "y" * 50
    start = text.index("QUOTE")
    _, quote = selectors(excerpt(text, start, start + 5), text)
    assert quote.prefix == quote.suffix == family * 4
    assert regex.findall(r"\X", str(quote.prefix)) == [family] * 4


def test_a_citation_says_where_and_of_what() -> None:
    text = "One two three."
    citation = cite(excerpt(text, 4, 7), text, section=("A",), pages=(1, 2))
    assert citation.quote == text[citation.start : citation.end] == "two"
    assert citation.locator == f"a/b c.md@{HASH.hex()[:12]}:4-7"
    assert citation.text_sha256 == HASH.hex()
    assert citation.links == {}


def test_a_document_without_a_title_is_called_by_its_id() -> None:
    nameless = Excerpt(version(title=""), 0, 1, "One", 0)
    assert cite(nameless, "One", section=(), pages=None).title == "a/b c.md"
    assert citing.locator_of(nameless.version, 0, 1).endswith(":0-1")


def test_a_quote_that_is_not_looked_for_in_a_huge_text_counts_as_ambiguous() -> None:
    _, quote = selectors(excerpt("One two three.", 4, 7), None)
    assert quote.ambiguous


def linked(
    source: str, media_type: str, text: str | None, pages: tuple[int, int] | None = None
) -> str | None:
    of = version(source=source, media_type=media_type)
    return cite(Excerpt(of, 4, 7, "One two three.", 0), text, section=(), pages=pages).links.get("source")


def test_the_source_opens_at_the_quote() -> None:
    text = "One two three."
    page = "https://example.org/page"
    assert linked("here", "text/html", text) is None
    assert linked("javascript:alert(1)", "text/html", text) is None
    assert linked(page, "text/plain", text) == page
    assert linked(page, "text/html", None) == page
    assert linked(f"{page}.pdf#top", "application/pdf", text, (3, 4)) == f"{page}.pdf#page=3"
    fragment = linked(f"{page}#part", "text/html", text)
    assert fragment is not None
    assert fragment.startswith(f"{page}#part:~:text=")
    assert "two" in fragment


@pytest.mark.timeout(30)
def test_words_that_repeat_in_a_long_text_are_told_in_linear_time() -> None:
    text = "ab" + "a" * 399_998
    _, quote = selectors(excerpt(text, 0, 20_000), text)
    assert not quote.ambiguous
    _, quote = selectors(excerpt(text, 100, 20_000), text)
    assert quote.ambiguous


def test_a_directive_of_the_source_gives_way_to_that_of_the_quote() -> None:
    page = "https://example.org/page"
    text = "One two three."
    for source in (f"{page}#:~:text=other", f"{page}#part:~:text=other"):
        link = linked(source, "text/html", text)
        assert link is not None
        assert link.count(":~:") == 1
        assert link.startswith(source.partition(":~:")[0] + ":~:text=")
        assert "other" not in link


def test_nothing_that_a_source_says_leaves_the_link() -> None:
    forged = "http://x.example/a> <script>alert(1)</script>\n[^2]: forged"
    for media_type, pages in (("text/plain", None), ("text/html", None), ("application/pdf", (1, 1))):
        link = linked(forged, media_type, "One two three.", pages)
        assert link is not None
        assert regex.fullmatch(r"http://x\.example/a%3E[^\s<>\"`\\]+", link)
