from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings, strategies as st

from index.errors import CorruptDocument, DocumentTooLarge, EmptyDocument, UndecodableText
from index.readers.plain.json_records import FieldMapping, read_json, read_jsonl
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.sizes import examples, size

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
KEYS = st.sampled_from(["title", "text", "Body", "name", "a", "", "é\n"]) | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def read(value: object) -> Extract:
    extract = read_json(json.dumps(value).encode(), name="a.json")
    assert_laws(extract)
    return extract


def lines(*values: object) -> Extract:
    text = "\n".join(json.dumps(value, ensure_ascii=False) for value in values)
    extract = read_jsonl(text.encode(), name="a.jsonl")
    assert_laws(extract)
    return extract


@settings(max_examples=examples(300))
@given(VALUES)
@example({"text": "\ud800"})
@example({"text": "e" + "\u0301" * 300})
@example([{"title": "\x00", "text": "x"}])
def test_any_value_keeps_the_laws(value: object) -> None:
    data = json.dumps(value).encode()
    extract_or_refusal(lambda: read_json(data, name="a.json"), "a.json")
    extract_or_refusal(lambda: read_jsonl(data, name="a.jsonl"), "a.jsonl")


@settings(max_examples=examples(300))
@given(st.binary(max_size=100) | st.text('[]{}:,"\\u0a1 \nte', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    extract_or_refusal(lambda: read_json(data, name="a.json"), "a.json")
    extract_or_refusal(lambda: read_jsonl(data, name="a.jsonl"), "a.jsonl")


def test_records_with_a_text_become_title_and_text() -> None:
    records = [
        {"_id": "1", "Title": "Rivers", "text": "It rises.\n\nIt falls."},
        {"_id": "2", "body": ["A lake.", "A dam."]},
    ]
    expected = [
        (1, "Rivers"),
        ("paragraph", "It rises."),
        ("paragraph", "It falls."),
        (1, "Record 2"),
        ("paragraph", "A lake."),
        ("paragraph", "A dam."),
    ]
    assert shown(read(records)) == shown(read({"items": records})) == shown(lines(*records)) == expected


def test_records_without_titles_have_no_headings() -> None:
    assert shown(lines({"text": "One."}, {"text": "Two."})) == [("paragraph", "One."), ("paragraph", "Two.")]


def test_other_values_are_lines_with_the_paths_to_them() -> None:
    value = {
        "name": "Bern",
        "area": {"km2": 51.60, "lakes": None, "note": ""},
        "tags": ["capital", "city"],
        "twins": [{"city": "a", "since": 1990}, {"city": "b"}],
        "open": True,
        "levels": [1, 2.50],
    }
    assert shown(read(value)) == [
        (1, "Bern"),
        (
            "table",
            "name: Bern\narea.km2: 51.6\ntags: capital, city\ntwins[0].city: a\ntwins[0].since: 1990\n"
            "twins[1].city: b\nopen: true\nlevels: 1, 2.5",
        ),
    ]
    assert read(value).title == "Bern"


def test_numbers_are_kept_as_written() -> None:
    digits = "1" * 5000
    text = f'{{"price": 1.10, "big": 123456789012345678901, "small": 1e-7, "n": {digits}}}'
    shown_text = read_json(text.encode(), name="a.json").text
    assert shown_text.startswith("price: 1.10\nbig: 123456789012345678901\nsmall: 1e-7\n")
    assert digits in shown_text


def test_a_record_with_a_minor_text_field_is_written_field_by_field() -> None:
    value = {"text": "ok", "question": "Where does the river rise?", "answer": "In the hills."}
    assert read(value).text == "text: ok\nquestion: Where does the river rise?\nanswer: In the hills."


def test_long_values_are_paragraphs() -> None:
    abstract = "The river rises in the hills. " * 20
    extract = read([{"title": "Rivers", "abstract": abstract, "year": 1999}])
    assert shown(extract) == [
        (1, "Rivers"),
        ("table", "title: Rivers"),
        ("paragraph", f"abstract: {abstract.strip()}"),
        ("table", "year: 1999"),
    ]


def test_the_caller_may_choose_the_fields_of_title_and_text() -> None:
    data = json.dumps({"q": "Where?", "a": "In the hills."}).encode()
    extract = read_json(data, name="a.json", fields=FieldMapping(title=("q",), text=("a",)))
    assert shown(extract) == [(1, "Where?"), ("paragraph", "In the hills.")]


def test_invalid_json_is_refused_with_its_position() -> None:
    with pytest.raises(CorruptDocument, match=r"^a\.json: this is not JSON: .* line 1 column 8"):
        read_json(b'{"a": 1', name="a.json")
    with pytest.raises(CorruptDocument, match=r"^a\.jsonl: line 3 is not JSON"):
        read_jsonl(b'{"a": 1}\n\n{"a": \n{"a": 2}\n', name="a.jsonl")
    with pytest.raises(UndecodableText, match=r"^a\.json: byte"):
        read_json(b'{"a": "\xff"}', name="a.json")


@pytest.mark.parametrize("text", ["", "null", "[]", '{"a": "", "b": [null]}', '" "'])
def test_values_without_words_are_refused(text: str) -> None:
    with pytest.raises(EmptyDocument, match=r"^a\.json: there is no text"):
        read_json(text.encode(), name="a.json")


@pytest.mark.timeout(100)
@pytest.mark.parametrize("unit", ["[", '{"a":', '[{"a":', "1,", '"'])
def test_deep_and_large_values_take_bounded_time(unit: str) -> None:
    found = extract_or_refusal(lambda: read_json((unit * size(500_000)).encode(), name="a.json"), "a.json")
    assert isinstance(found, CorruptDocument)


def test_nested_values_are_read() -> None:
    text = '{"a":' * 300 + '[[1,{"b":[2,3]}]]' + "}" * 300
    assert read_json(text.encode(), name="a.json").text.endswith("b: 2, 3")


@pytest.mark.timeout(120)
def test_paths_cannot_fill_memory() -> None:
    value: object = [{"b": 1}] * 400_000
    for _ in range(100):
        value = {"k" * 1000: value}
    with pytest.raises(DocumentTooLarge, match=r"^a\.json: its text has more than"):
        read(value)
