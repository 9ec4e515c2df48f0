from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import CollectionNotFound, InvalidDocumentId
from index.naming import checked_document_id
from service.errors import InvalidRequest
from service.faces.openai import ids
from service.faces.openai.paging import page_of

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)


@given(NAMES)
def test_a_vector_store_names_its_collection(name: str) -> None:
    assert ids.collection_of(ids.store_id(name)) == name


@given(NAMES, st.text(min_size=1, max_size=200))
def test_a_document_is_read_back_from_its_file_id(collection: str, document_id: str) -> None:
    try:
        document_id = checked_document_id(document_id)
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


@pytest.mark.parametrize("wrong", ["", "vs_", "vs_A", "default", "vs_a b"])
def test_what_is_no_vector_store(wrong: str) -> None:
    with pytest.raises(CollectionNotFound, match="There is no vector store"):
        ids.collection_of(wrong)


def test_batches_are_jobs() -> None:
    assert ids.job_of(ids.batch_id("abc")) == "abc"
    assert ids.job_of("abc") == ""


@given(st.integers(0, 12), st.integers(1, 5))
def test_pages_have_every_member_once(count: int, limit: int) -> None:
    members = [f"m{number}" for number in range(count)]
    forwards: list[str] = []
    more = True
    while more:
        page, more = page_of(members, str, after=forwards[-1] if forwards else "", limit=limit)
        forwards += page
    assert forwards == members
    backwards: list[str] = []
    more = bool(members)
    while more:
        before = backwards[0] if backwards else members[-1]
        page, more = page_of(members, str, after="", before=before, limit=limit)
        backwards = [*page, *backwards]
    assert backwards == members[:-1]


@pytest.mark.parametrize("name", ["after", "before"])
def test_an_id_that_is_not_in_the_list(name: str) -> None:
    with pytest.raises(InvalidRequest, match="Begin again") as raised:
        page_of(["a"], str, **{"after": "", "before": "", name: "b"}, limit=1)  # type: ignore[arg-type]
    assert raised.value.param == name
