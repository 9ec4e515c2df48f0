from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st
from markdown_it import MarkdownIt

from index.readers.plain.markdown import MARKDOWN
from tests.calls import calls
from tests.sizes import examples

MARKUP = [
    "[",
    "]",
    "![",
    "](b)",
    "](",
    ")",
    "[a]",
    "[a]: /c\n\n",
    "`",
    "\\",
    "*",
    "_",
    "<a>",
    "&",
    "\n",
    "x ",
]
REFERENCE = MarkdownIt("commonmark", {"maxNesting": 200}).enable(["table", "strikethrough"])


@given(st.lists(st.sampled_from(MARKUP), max_size=40).map("".join))
@settings(max_examples=examples(1000))
def test_links_and_images_are_those_of_the_library(source: str) -> None:
    assert MARKDOWN.parse(source) == REFERENCE.parse(source)


@pytest.mark.parametrize(
    ("unit", "end"),
    [
        ("[", "]"),
        *((unit, "") for unit in ("[", "![", "[[]", "[a\\\n", "[\n", "![a][", "*[", "`[", "![[a](b)")),
    ],
)
def test_brackets_that_are_not_closed_cost_no_more_than_their_length(unit: str, end: str) -> None:
    source = 300 * unit + 300 * end
    # It is about 30 calls a character; the library's own function makes hundreds.
    assert calls(lambda: MARKDOWN.parse(f"words {source}"), "markdown_it", "index") < 100 * len(source)
