from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.errors import CollectionNotFound
from service.errors import InvalidRequest
from service.faces.openai import ids
from service.faces.openai.paging import page_of

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)


@given(NAMES)
def test_a_vector_store_names_its_collection(name: str) -> None:
    assert ids.collection_of(ids.store_id(name)) == name


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
        page, more = page_of(members, str, "asc", after=forwards[-1] if forwards else "", limit=limit)
        forwards += page
    assert forwards == members
    backwards: list[str] = []
    more = bool(members)
    while more:
        before = backwards[0] if backwards else members[-1]
        page, more = page_of(members, str, "asc", after="", before=before, limit=limit)
        backwards = [*page, *backwards]
    assert backwards == members[:-1]


@pytest.mark.parametrize("name", ["after", "before"])
def test_an_id_that_is_not_in_the_list(name: str) -> None:
    with pytest.raises(InvalidRequest, match="Begin again") as raised:
        page_of(["a"], str, "asc", **{"after": "", "before": "", name: "b"}, limit=1)  # type: ignore[arg-type]
    assert raised.value.param == name
