from __future__ import annotations

import pytest
from hypothesis import example, given, settings, strategies as st

from index.errors import EmptyDocument, UndecodableText
from index.readers.plain.text import find_blocks, read_text
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.sizes import examples, size

LINES = st.lists(
    st.sampled_from(
        [
            "",
            " \t",
            "Words of a line.",
            "== Part ==",
            "======= Too deep =======",
            "== Unbalanced =",
            "====",
            "----",
            "= =",
            "- item",
            "  continued",
            "\u3000・項目",
            "1. first",
            "7) seventh",
            "*wiki",
            "*emphasis*",
            "e\u0301",
            "\u0301",
            "\x1c",
            "\x00\x01",
            "\u2028",
        ]
    ),
    max_size=20,
)
TEXTS = st.text(max_size=80) | st.builds(str.join, st.sampled_from(["\n", "\r\n", "\r"]), LINES)


def read(text: str) -> Extract:
    extract = read_text(text.encode(), name="a.txt")
    assert_laws(extract)
    return extract


def blocks(text: str) -> list[tuple[str | int, str]]:
    return shown(read(text))


@settings(max_examples=examples(300))
@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "latin-1", "utf-16", "shift_jis", "?"]))
@example(b"", None)
@example(b"\xef\xbb\xbf", None)
@example(b"\xff\xfea\x00\x01\x03", None)
def test_any_bytes_are_a_text_or_refused(data: bytes, charset: str | None) -> None:
    extract_or_refusal(lambda: read_text(data, name="a.txt", charset=charset), "a.txt")


@settings(max_examples=examples(300))
@given(TEXTS)
@example("Title\n====\n- item\n\u3000・項目\n")
@example("e\n\u0301")
def test_any_text_keeps_the_laws(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    extract_or_refusal(lambda: read_text(data, name="a.txt"), "a.txt")


@given(TEXTS)
def test_reading_a_read_text_again_changes_nothing(text: str) -> None:
    first = extract_or_refusal(lambda: read_text(text.encode("utf-8", "ignore"), name="a.txt"), "a.txt")
    if isinstance(first, Extract):
        again = read_text(first.text.encode(), name="a.txt")
        assert again == first


def test_the_text_is_unchanged() -> None:
    text = "\n  A line,  with\tspaces.  \nAnother.\n\n\n\tIndented.\n"
    extract = read(text)
    assert extract.text == text
    assert shown(extract) == [
        ("paragraph", "A line,  with\tspaces.  \nAnother."),
        ("paragraph", "Indented."),
    ]
    assert (extract.media_type, extract.reader, extract.metadata) == ("text/plain", "text/4", {})


def test_lines_in_equals_signs_are_headings() -> None:
    text = "= Rivers =\nFlow.\n== Upper  course ==\n\n===Springs===\nCold.\n====== Six ======\nEnd."
    assert blocks(text) == [
        (1, "Rivers"),
        ("paragraph", "Flow."),
        (2, "Upper course"),
        (3, "Springs"),
        ("paragraph", "Cold."),
        (6, "Six"),
        ("paragraph", "End."),
    ]


@pytest.mark.parametrize(
    "line",
    ["== Unbalanced =", "= Unbalanced ==", "======= Seven =======", "a = b =", "=====", "= =", "x == y"],
)
def test_other_equals_signs_are_text(line: str) -> None:
    assert blocks(f"{line}\n\nText.") == [("paragraph", line), ("paragraph", "Text.")]


def test_underlined_lines_are_headings() -> None:
    text = "Rivers\n======\n\nUpper course\n------\nCold water.\n\nMouth\n-----"
    extract = read(text)
    assert shown(extract) == [(1, "Rivers"), (2, "Upper course"), ("paragraph", "Cold water."), (2, "Mouth")]
    first = extract.blocks[0]
    assert extract.text[first.start : first.end] == "Rivers\n======", "the underline is part of the block"


@pytest.mark.parametrize(
    "text",
    [
        "Two lines\nof text\n-------",
        "Far longer than what is under it\n---",
        "Wide\n--",
        "x" * 161 + "\n" + "=" * 161,
    ],
)
def test_other_underlines_are_text(text: str) -> None:
    assert [kind for kind, _ in blocks(text)] == ["paragraph"]


def test_a_list_item_is_not_underlined() -> None:
    assert blocks("- one\n-----")[0][0] == "list"


@pytest.mark.parametrize(
    "text",
    [
        "- one\n- two",
        "* one\n* two\n** under two",
        "+ one",
        "1. one\n2. two\n10. ten",
        "1) one",
        "• one\n•two",
        "・一つ\n・二つ",
        "1、一つ\n2、二つ",
        "*Item of a wiki\n*Another",
        "# one\n# two",
        "- one\n  goes on\n- two\ngoes on in lower case",
        "– one",
    ],
)
def test_lists(text: str) -> None:
    assert blocks(f"Before.\n\n{text}\n\nAfter.") == [
        ("paragraph", "Before."),
        ("list", text),
        ("paragraph", "After."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "*Emphasis* begins this.",
        "1990 was a year.",
        "1234. Too long for a number.",
        "-5 degrees",
        "Wrapped at a number, it was only\n19. And so on.",
        "Wrapped at a dash\n– so it goes on.",
    ],
)
def test_prose_is_not_a_list(text: str) -> None:
    assert blocks(text) == [("paragraph", text)]


def test_a_list_is_separate_from_the_paragraph_around_it() -> None:
    assert blocks("Take with you:\n- a map\n- water\nThen go.") == [
        ("paragraph", "Take with you:"),
        ("list", "- a map\n- water"),
        ("paragraph", "Then go."),
    ]
    assert blocks("Do this:\n1. Walk.\n2. Rest.")[1] == ("list", "1. Walk.\n2. Rest.")


def test_the_title_is_the_first_main_heading_in_equals_signs() -> None:
    assert read("== Part ==\n\n= Rivers =\n\nFlow.").title == "Rivers"
    assert read("Chapter\n=======\n\nText.").title == ""
    assert read("Just text.").title == ""


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", "\u3000\u2028".encode(), b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(EmptyDocument, match=r"a\.txt: there is no text in it"):
        read_text(data, name="a.txt")


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"\x7fELF\x02\x01\x01" + bytes(9),
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        b"PK\x03\x04\x14\x00\x00\x00",
        bytes(range(1, 32)) * 4,
        "Text without a mark".encode("utf-16-le"),
        "Text without a mark".encode("utf-16-be"),
    ],
    ids=["png", "elf", "pdf", "zip", "controls", "utf-16-le", "utf-16-be"],
)
def test_a_binary_file_named_as_text_is_refused(data: bytes) -> None:
    with pytest.raises(UndecodableText, match=r"^a\.txt: "):
        read_text(data, name="a.txt")


@pytest.mark.timeout(100)
@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    ["word ", "x", "- x\n", "x\n", "\n \n", "== a ==\n", "a\n---\n", " \t", "=", "-", "*", "1. ", "・\n"],
)
def test_a_huge_text_has_blocks_to_its_end(unit: str) -> None:
    text = unit * (size(2_000_000) // len(unit)) + "end"
    found = list(find_blocks(text))
    assert found[-1].end == len(text)
