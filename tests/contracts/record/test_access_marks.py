"""The access mark of a record, which says that not everybody may read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import LoccitError
from index.postgresql import open_server
from index.protocols import Catalogue, RecordStore
from index.store import open_catalogue
from tests.contracts.conftest import Opener
from tests.contracts.documents import document, now, put


class Refused(LoccitError):
    code = "refused"


def test_a_record_keeps_its_mark_without_a_change(store: RecordStore, open_store: Opener) -> None:
    put(store, [document("a")])
    before = now(store).counts().change
    assert store.access_mark() == ""
    for mark in ("first", "second", ""):
        store.set_access_mark(mark)
        assert open_store().access_mark() == mark
    store.set_access_mark("last")
    put(store, [document("b")])
    store.delete("a")
    assert (store.access_mark(), now(store).counts().change) == ("last", before + 2)


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalogue]:
    if request.param == "sqlite":
        yield open_catalogue(tmp_path)
    else:
        url = request.getfixturevalue("postgresql_url")
        with closing(open_server(url)):
            yield open_catalogue(tmp_path, url)


def test_a_guard_is_asked_for_each_record_that_is_opened(catalogue: Catalogue) -> None:
    catalogue.describe("a", {})
    asked: list[tuple[str, str]] = []

    def guard(name: str, mark: str) -> str:
        asked.append((name, mark))
        return "mine"

    catalogue.guard = guard
    for _ in range(2):
        catalogue.open("a").close()
    assert asked == [("a", ""), ("a", "mine")]

    def refuse(name: str, mark: str) -> str:
        raise Refused(f"{name} is {mark}.")

    catalogue.guard = refuse
    with pytest.raises(Refused, match="a is mine"):
        catalogue.open("a")
    catalogue.guard = None
    with closing(catalogue.open("a")) as store:
        assert store.access_mark() == "mine"
