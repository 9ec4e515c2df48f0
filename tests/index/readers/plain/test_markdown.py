from __future__ import annotations

import pytest
from hypothesis import example, given, settings, strategies as st

from index.errors import CorruptDocument, EmptyDocument, UndecodableText
from index.readers.plain.markdown import read_markdown
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.sizes import examples, size

PIECES = st.lists(
    st.sampled_from(
        [
            "\n",
            "\n\n",
            "    ",
            "# ",
            "###### ",
            "\n===\n",
            "\n---\n",
            "> ",
            "- ",
            "1. ",
            "999999999) ",
            "```\n",
            "| a | b |\n|---|---|\n",
            "|",
            "*",
            "__",
            "~~",
            "`",
            "[",
            "](x)",
            "![",
            "[a]: b\n",
            "<div>\n",
            "</div>",
            "<br>",
            "<table><tr><td>",
            "<script>",
            "<!--",
            "-->",
            "&#0;",
            "&#8232;",
            "&#x301;",
            "&nbsp;",
            "\\",
            "{#a}",
            "word",
            "e\u0301",
            "  \n",
        ]
    ),
    max_size=40,
).map("".join)


def read(source: str) -> Extract:
    extract = read_markdown(source.encode(), name="a.md")
    assert_laws(extract)
    return extract


def blocks(source: str) -> list[tuple[str | int, str]]:
    return shown(read(source))


@settings(max_examples=examples(200))
@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "latin-1", "utf-16", "shift_jis", "?"]))
@example(b"\xef\xbb\xbf# a", None)
@example(b"<", None)
def test_any_bytes_are_a_text_or_refused(data: bytes, charset: str | None) -> None:
    extract_or_refusal(lambda: read_markdown(data, name="a.md", charset=charset), "a.md")


@settings(max_examples=examples(400))
@given(PIECES | st.text(max_size=80))
@example("- # a\n- <h1>b</h1>")
@example("# a&#8232;b &#0;\n")
@example("# &#x301;\n\ne")
@example("- <table><tr><td>a<td>b<tr><td>c</table>")
def test_any_source_keeps_the_laws(source: str) -> None:
    data = source.encode("utf-8", "surrogatepass")
    extract_or_refusal(lambda: read_markdown(data, name="a.md"), "a.md")


WORD = st.text("abcdefg", min_size=1, max_size=8)
WORDS = st.lists(WORD, min_size=1, max_size=6).map(" ".join)


@given(st.lists(st.tuples(st.integers(0, 6), WORDS), min_size=1, max_size=8))
def test_headings_and_paragraphs_come_back_as_written(parts: list[tuple[int, str]]) -> None:
    source = "\n\n".join(f"{'#' * level} {words}".strip() for level, words in parts)
    assert blocks(source) == [(level or "paragraph", words) for level, words in parts]
    assert read(source).text == "\n\n".join(words for _, words in parts)


def test_headings_of_both_kinds() -> None:
    source = (
        "Rivers\n======\n\nUpper course\n---\n\n### Springs ###\n#### *Cold* `water`\n##### Five\n###### 6"
    )
    assert blocks(source) == [
        (1, "Rivers"),
        (2, "Upper course"),
        (3, "Springs"),
        (4, "Cold water"),
        (5, "Five"),
        (6, "6"),
    ]
    assert read("# one<br>two  three\n\nfour  \n*five*\n---").text == "one two three\n\nfour five"
    assert blocks("#no heading\n\n####### nor this") == [
        ("paragraph", "#no heading"),
        ("paragraph", "####### nor this"),
    ]


@pytest.mark.parametrize("anchor", ["{ #install }", "{#install}", "{: #install .wide}", "{ .wide }"])
def test_anchors_are_not_part_of_headings(anchor: str) -> None:
    assert blocks(f"## Install {anchor}\n\nRun it.") == [(2, "Install"), ("paragraph", "Run it.")]
    assert blocks(f"## {anchor} Install {{now}}") == [(2, f"{anchor} Install {{now}}")]


def test_a_quoted_heading_is_a_paragraph() -> None:
    assert blocks("# Rivers\n\n> # Quoted\n> Words.") == [
        (1, "Rivers"),
        ("paragraph", "Quoted"),
        ("paragraph", "Words."),
    ]


def test_markup_is_removed() -> None:
    source = (
        "*Soft*, **strong**, ~~old~~ and `a * b` words with [a link](https://example.org 'Tip'),\n"
        "<https://example.org>, [another][1], ![a *map*](map.png) &amp; \\*stars\\*.\n\n[1]: https://example.org"
    )
    assert blocks(source) == [
        (
            "paragraph",
            "Soft, strong, old and a * b words with a link, https://example.org, another, a map & *stars*.",
        )
    ]


def test_hard_breaks_end_lines() -> None:
    assert read("one\ntwo  \nthree\\\nfour<br>five").text == "one two\nthree\nfour\nfive"


def test_lines_that_nobody_wrapped_stay_lines() -> None:
    hours = "Monday - closed\nTuesday to Thursday 10 to 12, and the *disco* 19 to 21.30\nSunday 11 to 13"
    assert read(hours).text == hours.replace("*", "")
    wrapped = "The hall was built\nin 1934 as a depot,\nand trams stood here"
    assert read(wrapped).text == wrapped.replace("\n", " ")


def test_lists_are_one_block_each() -> None:
    source = "- one\n  goes on\n- two\n  1. inner\n  2. last\n\n     more\n* other\n\n3) three\n4) four"
    assert blocks(source) == [
        ("list", "- one goes on\n- two\n  1. inner\n  2. last\n     more"),
        ("list", "- other"),
        ("list", "3. three\n4. four"),
    ]


def test_blocks_in_a_list_stay_in_it() -> None:
    source = "- # Heading\n- | a | b |\n  |---|---|\n  | c | d |\n- ```\n  code\n    more\n  ```"
    assert blocks(source) == [("list", "- Heading\n- a | b\n  c | d\n- code\n    more")]


def test_tables_have_a_line_for_each_row() -> None:
    source = "| River | Length |\n|:--|--:|\n| *Aare* | 288 `km` |\n| | |\n| one \\| two | x | y |\n\nAfter."
    assert blocks(source) == [
        ("table", "River | Length\nAare | 288 km\none | two | x"),
        ("paragraph", "After."),
    ]


def test_code_keeps_its_white_space() -> None:
    source = "```python\n\n  def f():\n\n      return  1   \n```\n\n    indented\n      more\n\n~~~\nnever"
    assert blocks(source) == [
        ("code", "def f():\n\n      return  1"),
        ("code", "indented\n  more"),
        ("code", "never"),
    ]


def test_html_in_it_is_read_as_html() -> None:
    source = (
        "<h2>Springs</h2>\n\nCold <b>water</b><script>never()</script>.\n\n<!-- no -->\n\n"
        "<ul><li>one<li>two</ul>\n\n<style>p {}</style>\n\n"
        "<table><tr><th>a<th>b<tr><td>c<td>d</table>\n\n<details>\n\nInside.\n\n</details>"
    )
    assert blocks(source) == [
        (2, "Springs"),
        ("paragraph", "Cold water."),
        ("list", "- one\n- two"),
        ("table", "a | b\nc | d"),
        ("paragraph", "Inside."),
    ]


def test_a_footnote_is_shown() -> None:
    assert read("Words[^1].\n\n[^1]: https://example.org").text == "Words[^1].\n\n[^1]: https://example.org"


def test_character_references_are_resolved() -> None:
    assert read("a&#0;b &#8232; c &copy; &unknown; e&#x301;").text == "a\ufffdb c © &unknown; é"


def test_the_title_is_the_first_main_heading() -> None:
    assert read("## Part\n\n# *Rivers*\n\n# Lakes").title == "Rivers"
    assert read("## Part").title == ""
    extract = read("Words.")
    assert (extract.media_type, extract.reader, extract.metadata) == ("text/markdown", "markdown/4", {})


@pytest.mark.parametrize(
    "source", ["", " \n", "<!-- nothing -->", "[a]: b", "***", "```\n```", "<script>x</script>"]
)
def test_an_empty_file_is_refused(source: str) -> None:
    with pytest.raises(EmptyDocument, match=r"a\.md: there is no text in it"):
        read(source)


def test_a_binary_file_named_as_markdown_is_refused() -> None:
    with pytest.raises(UndecodableText, match=r"^a\.md: this is a binary file"):
        read_markdown(b"GIF89a\x01\x00\x01\x00", name="a.md")


@pytest.mark.parametrize("mark", [">", "- ", "1. ", "> - "])
def test_nesting_is_limited(mark: str) -> None:
    assert read(mark * 20 + "deep").text.endswith("deep")
    with pytest.raises(CorruptDocument, match="nested more than 50 deep"):
        read(mark * size(5000) + "deep")


@pytest.mark.timeout(50)
@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "![",
        "[a](",
        "[a](<",
        "*a **b ",
        "_a",
        "`a",
        "<a ",
        "<!--",
        "&a",
        "a\n\n",
        "- a\n",
        "# a ",
        "| a ",
        "\\",
    ],
)
def test_endless_markup_takes_bounded_time(unit: str) -> None:
    source = f"words {unit * size(3000)}"
    assert read(source).text.startswith("words")


@pytest.mark.timeout(30)
def test_a_heading_of_white_space_takes_bounded_time() -> None:
    assert blocks(f"# a{' ' * size(100_000)}b {{ {' ' * size(100_000)} c") == [(1, "a b { c")]


@pytest.mark.timeout(100)
@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", ["Some words of a line.\n", "Words.\n\n", "- item\n", "# Heading\n", "    code\n", "<p>words\n\n"]
)
def test_a_huge_source_is_read_to_its_end(unit: str) -> None:
    source = unit * (size(250_000) // len(unit))
    assert_laws(read_markdown(source.encode(), name="a.md"))
