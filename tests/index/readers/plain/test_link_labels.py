from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as st
from markdown_it import MarkdownIt

from index.readers.plain.markdown import MARKDOWN
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
    assert _calls(lambda: MARKDOWN.parse(f"words {source}")) < 100 * len(source)


def _calls(work: Callable[[], object]) -> int:
    """How many functions this work calls, which is the same on every machine.

    The work is done once before: at first, what measures coverage takes its probes out by calls of its own.
    """
    work()
    calls = 0

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls
