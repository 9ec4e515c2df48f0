"""What is known about a document, and what it says of itself."""

from __future__ import annotations

import json

import pytest

from index.errors import InvalidMetadata
from index.naming import keep_valid_metadata, validate_metadata, validate_stored_metadata
from index.provenance import EDITED, Provenance, edit_metadata, provenance
from index.types import Metadata

SAID: Metadata = {"author": "Bank", "site": "bank.example", "language": "en"}


def given(title: str = "", **metadata: object) -> str:
    return json.dumps({"title": title, "metadata": metadata})


def test_what_only_the_file_says_is_what_it_says_of_itself() -> None:
    assert provenance(SAID, given=given(), title="Rates") == Provenance(
        {"language": "en"}, {"title": "Rates", "author": "Bank", "site": "bank.example"}
    )


def test_what_the_caller_said_is_known() -> None:
    stored = {**SAID, "author": "Ann", "year": 2020}
    found = provenance(stored, given=given("Notes", author="Ann", year=2020), title="Notes")
    assert found == Provenance({"author": "Ann", "language": "en", "year": 2020}, {"site": "bank.example"})


def test_what_readers_find_out_is_known() -> None:
    found = provenance({"damaged_pages": "3"}, given=given(), title="")
    assert found == Provenance({"damaged_pages": "3"}, {})


def test_what_was_edited_is_known_until_it_is_removed() -> None:
    stored = edit_metadata(SAID, {"author": "Ann", "site": None, "year": 2020})
    assert stored == {"author": "Ann", "language": "en", "year": 2020, EDITED: ("author", "year")}
    assert provenance(stored, given=given(), title="") == Provenance(
        {"author": "Ann", "language": "en", "year": 2020}, {}
    )
    again = edit_metadata(stored, {"year": None, "author": None})
    assert again == {"language": "en"}


def test_nobody_can_give_the_mark_of_what_was_edited() -> None:
    with pytest.raises(InvalidMetadata, match="reserved"):
        validate_metadata({EDITED: ["author"]})
    assert keep_valid_metadata({EDITED: ["author"], "author": "Bank"}) == {"author": "Bank"}


def test_stored_metadata_keep_their_mark() -> None:
    stored = {"author": "Ann", EDITED: ["author", "gone"]}
    assert validate_stored_metadata(stored) == {"author": "Ann", EDITED: ("author",)}
    assert validate_stored_metadata({"author": "Ann", EDITED: "author"}) == {"author": "Ann"}
