from __future__ import annotations

import pytest
from hypothesis import example, given, strategies as st

from index.errors import Unreadable
from index.readers.plain.markdown import read_markdown, split_front_matter
from index.types import Extract, Scalar
from tests.index.readers.laws import assert_laws, extract_or_refusal

Values = dict[str, Scalar | list[Scalar]]

NAMES = st.text("abcdefghij", min_size=1, max_size=8).filter(lambda name: name != "title")
YAML = st.lists(
    st.sampled_from(
        [
            "a",
            ": ",
            "\n",
            "- ",
            "&x ",
            "*x",
            "[",
            "]",
            "{",
            "}",
            "'",
            '"',
            "<<",
            "!!",
            "|",
            ">",
            "? ",
            "#",
            "0x9",
            "\t",
        ]
    ),
    max_size=30,
).map("".join)


def split(yaml: str) -> tuple[Values, str]:
    values, rest = split_front_matter(f"---\n{yaml}\n---\nBody.\n")
    return dict(values), rest


def read(source: str) -> Extract:
    extract = read_markdown(source.encode(), name="a.md")
    assert_laws(extract)
    return extract


@given(YAML | st.text(st.characters(exclude_characters="<"), max_size=60))
@example("? 0x" + "F" * 5000 + "\n: a")
@example("a: 0x" + "F" * 5000)
@example("a: &x [*x]")
@example('"": a')
def test_any_front_matter_is_metadata_or_text(yaml: str) -> None:
    source = f"---\n{yaml}\n---\nBody."
    extract = extract_or_refusal(
        lambda: read_markdown(source.encode("utf-8", "surrogatepass"), name="a.md"), "a.md"
    )
    assert isinstance(extract, Unreadable) or "Body." in extract.text


@given(st.dictionaries(NAMES, st.integers(-(2**63) + 1, 2**63 - 1) | st.booleans(), min_size=1, max_size=5))
def test_written_values_are_read_back(values: dict[str, int | bool]) -> None:
    yaml = "\n".join(f'"{name}": {str(value).lower()}' for name, value in values.items())
    assert split(yaml) == (values, "Body.\n")


def test_simple_values_are_metadata() -> None:
    extract = read(
        "---\ntitle: On  Rivers\nauthor: 'Ana Ng'\nyear: 1998\nscore: 2.5\ndraft: false\n"
        "date: 2021-03-04\ntags: [water, 7, true]\n---\n# Rivers\n\nThey flow."
    )
    assert extract.title == "On Rivers"
    assert extract.metadata == {
        "author": "Ana Ng",
        "year": 1998,
        "score": 2.5,
        "draft": False,
        "date": "2021-03-04",
        "tags": ["water", 7, True],
    }
    assert extract.text == "Rivers\n\nThey flow."


@pytest.mark.parametrize(
    ("yaml", "values"),
    [
        ("a: 2021-03-04 05:06:07", {"a": "2021-03-04T05:06:07"}),
        ("a: .inf\nb: .nan", {"a": "inf", "b": "nan"}),
        ("a: |\n  two\n  lines", {"a": "two lines"}),
        ('a: "e\\u0301\\x01"', {"a": "é"}),
        ("2021: a\n2021-03-04: b\nyes: c", {"2021": "a", "2021-03-04": "b", "True": "c"}),
        ("a: [1, [2], {b: 3}, null, c]", {"a": [1, "c"]}),
    ],
)
def test_other_values_are_converted(yaml: str, values: Values) -> None:
    assert split(yaml) == (values, "Body.\n")


@pytest.mark.parametrize(
    "yaml",
    [
        "a:",
        "a: ''",
        "a: {b: c}",
        "a: [[b], null]",
        "a: !!binary aGVsbG8=",
        "a: &x [*x]",
        "? 0x" + "F" * 5000 + "\n: b",
        "a: 0x" + "F" * 5000,
        "a: 9223372036854775808",
        '"": b',
        "null: b",
    ],
)
def test_nested_and_empty_values_are_left_out(yaml: str) -> None:
    assert split(yaml) == ({}, "Body.\n")


@pytest.mark.parametrize(
    "yaml",
    [
        "just words",
        "- a\n- b",
        "a: b: c",
        "a: [b",
        "a: 'b",
        "a: {{ page.title }}",
        "a: 2021-13-99",
        "a: 2021-03-04 05:06:07+99:00",
        "a: *unknown",
        "a: !!python/object/apply:os.getcwd []",
        "a: !custom b",
        "? [a, b]\n: c",
        "a: " + "9" * 5000,
        "a: " + "[" * 5000,
        "a: " + "{b: " * 5000,
        "# only a comment",
        "",
    ],
)
def test_front_matter_that_is_no_mapping_stays_in_the_text(yaml: str) -> None:
    values, rest = split(yaml)
    assert values == {}
    assert rest == f"---\n{yaml}\n---\nBody.\n"


@pytest.mark.timeout(30)
def test_multiplying_aliases_take_bounded_time() -> None:
    lists = ["a0: &a0 [" + "x, " * 9 + "]"]
    merges = ["b0: &b0 {k: v}"]
    for n in range(1, 20):
        lists.append(f"a{n}: &a{n} [" + f"*a{n - 1}, " * 9 + "]")
        merges.append(f"b{n}: &b{n}\n  <<: [" + f"*b{n - 1}, " * 9 + "]")
    values, rest = split("\n".join(lists))
    assert (values, rest) == ({"a0": ["x"] * 9}, "Body.\n")
    assert split("\n".join(merges)) == ({}, "Body.\n")


def test_front_matter_ends_with_hyphens_or_dots() -> None:
    assert split_front_matter("---  \na: 1\n...\nBody.") == ({"a": 1}, "Body.")
    assert split_front_matter("---\na: 1\n---") == ({"a": 1}, "")
    assert split_front_matter("---\na: 1\n---\nb\n---\nc") == ({"a": 1}, "b\n---\nc")


@pytest.mark.parametrize(
    "source",
    ["---\na: 1\nBody.", "\n---\na: 1\n---\nBody.", "----\na: 1\n----\n", "--- a: 1 ---", "---\n---\n"],
)
def test_other_lines_of_hyphens_begin_no_front_matter(source: str) -> None:
    assert split_front_matter(source) == ({}, source)


def test_long_front_matter_is_text() -> None:
    source = "---\na: |\n" + "  words\n" * 10_000 + "---\nBody."
    assert split_front_matter(source) == ({}, source)


def test_titles_of_other_types_become_strings() -> None:
    assert read("---\ntitle: [Rivers, 2]\n---\nBody.").title == "Rivers, 2"
    assert read("---\ntitle: 2021\n---\nBody.").title == "2021"
    assert read("---\ntitle:\n---\n# Heading\n\nBody.").title == "Heading"


def test_front_matter_is_no_text() -> None:
    with pytest.raises(Unreadable, match=r"a\.md: there is no text in it"):
        read("---\na: 1\n---\n")
