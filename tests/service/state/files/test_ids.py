from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.errors import InvalidDocumentId
from index.naming import validate_document_id
from service.state.files import ids

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)


@given(NAMES, st.text(min_size=1, max_size=200))
def test_a_document_is_read_back_from_its_file_id(collection: str, document_id: str) -> None:
    try:
        document_id = validate_document_id(document_id)
    except InvalidDocumentId:
        return
    file_id = ids.file_id(collection, document_id)
    assert ids.document_file(file_id) == ids.DocumentFile(collection, document_id)
    assert not ids.is_upload(file_id)
    assert ids.filename(document_id) == document_id
    # No other writing names the same document.
    assert ids.document_file(f"{file_id}=") is None
    assert ids.document_file(f"{file_id}A") != ids.DocumentFile(collection, document_id)


def test_an_upload_is_read_back_from_the_id_of_its_document() -> None:
    upload = ids.new_upload_id()
    assert ids.is_upload(upload)
    document_id = ids.document_of_upload(upload, "folder/lamp.txt")
    assert ids.file_id("default", document_id) == upload
    assert ids.filename(document_id) == "folder/lamp.txt"
    assert ids.document_file(upload) is None


@pytest.mark.parametrize("wrong", ["", "file-", "file-doc-", "file-doc-!", "file-doc-YQ", "file-doc-_w", "x"])
def test_what_is_no_file(wrong: str) -> None:
    assert ids.document_file(wrong) is None
    assert not ids.is_upload(wrong)
