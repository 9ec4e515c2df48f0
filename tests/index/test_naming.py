import pytest

from index.errors import InvalidCollectionName, InvalidDocumentId, InvalidMetadata
from index.naming import (
    keep_valid_metadata,
    reason_beside,
    validate_collection_name,
    validate_document_id,
    validate_metadata,
)


@pytest.mark.parametrize("name", ["a", "a/b.md", "Ünï cödé/文.txt", "q?a#b%20@c:1-2", "text", "x" * 512])
def test_document_ids_that_are_taken(name: str) -> None:
    assert validate_document_id(name) == name


def test_a_document_id_is_brought_to_nfc() -> None:
    assert validate_document_id("cafe\u0301") == "caf\u00e9"


@pytest.mark.parametrize(
    "name",
    ["", " a", "a ", "a\nb", "a\x00", "/a", "a/", "a//b", "..", "a/../b", "./a", "a/text", "a/versions",
     "x" * 513, "a\ud800", "a\u2028b"],
)  # fmt: skip
def test_document_ids_that_are_refused(name: str) -> None:
    with pytest.raises(InvalidDocumentId):
        validate_document_id(name)


@pytest.mark.parametrize("name", ["", "A", "a b", "../a", "-a", ".a", "a" * 64, "a/b", "é"])
def test_collection_names_that_are_refused(name: str) -> None:
    with pytest.raises(InvalidCollectionName):
        validate_collection_name(name)


def test_collection_names_that_are_taken() -> None:
    assert validate_collection_name("docs-2_x") == "docs-2_x"


def test_metadata_may_hold_scalars_and_lists_of_them() -> None:
    given = {"year": 2020, "score": 0.5, "draft": False, "tags": ["a", 1]}
    assert validate_metadata(given) == {**given, "tags": ("a", 1)}


@pytest.mark.parametrize(
    "metadata",
    [
        {"a": None},
        {"a": {"b": 1}},
        {"a": [["b"]]},
        {"": 1},
        {"title": "x"},
        {"a": float("inf")},
        {"a": float("nan")},
        {"a": "x" * 4097},
        {"a": ["x"] * 257},
        {"k" * 65: 1},
        {str(n): n for n in range(65)},
    ],
)
def test_metadata_that_is_refused(metadata: dict[str, object]) -> None:
    with pytest.raises(InvalidMetadata):
        validate_metadata(metadata)


def test_what_a_file_says_of_itself_is_kept_as_far_as_it_fits() -> None:
    said = {"year": 2020, "title": "mine", "a" * 65: 1, "nested": {"b": 1}, "tags": ["a"]}
    assert keep_valid_metadata(said) == {"year": 2020, "tags": ("a",)}
    assert len(keep_valid_metadata({str(n): n for n in range(100)})) == 64


@pytest.mark.parametrize("path", ["a (1).pdf", "in/a (1).pdf", "C:\\in\\a (1).pdf"])
@pytest.mark.parametrize("kind", ["", " (application/pdf)"])
def test_a_reason_beside_a_path_does_not_repeat_the_name(path: str, kind: str) -> None:
    assert reason_beside(path, f"a (1).pdf{kind}: it is damaged: line 1.") == "It is damaged: line 1."
    assert reason_beside(path, f"{path}{kind}: it is damaged.") == "It is damaged."


@pytest.mark.parametrize("message", ["It is damaged.", "a.pdf.meta.json: no JSON.", "b/a.pdf: damaged.", ""])
def test_a_reason_that_names_another_file_stays(message: str) -> None:
    assert reason_beside("in/a.pdf", message) == message
