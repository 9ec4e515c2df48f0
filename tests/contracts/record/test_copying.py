"""A record that is copied into another store, also of another kind, is the same there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from index.copying import CopyDiverged, CopyOutdated, RecordCopy, compare
from index.copying.comparison import Comparison
from index.history.exporting import export_documents
from index.postgresql import open_server
from index.protocols import RecordStore
from index.records import RefusedMirror
from index.store import open_catalogue
from tests.contracts.documents import OTHER, document, embed, now, pending, put, unit
from tests.postgresql import database
from tests.sizes import FULL

Pair = tuple[RecordStore, RecordStore]
_KINDS = ("sqlite", "postgresql")
DOCUMENTS = 50_000 if FULL else 600
"""With two passages each."""


@pytest.fixture(
    params=[(one, other) for one in _KINDS for other in _KINDS if (one, other) != (_KINDS[1],) * 2]
)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """A record to copy, and one to copy it into."""
    with ExitStack() as stack:
        yield tuple(
            stack.enter_context(_opened(kind, tmp_path / str(place), stack))
            for place, kind in enumerate(request.param)
        )  # type: ignore[misc]


def _opened(kind: str, folder: Path, stack: ExitStack) -> closing[RecordStore]:
    url = ""
    if kind == "postgresql":
        url = stack.enter_context(database())
        stack.enter_context(closing(open_server(url)))
    catalogue = open_catalogue(folder, url)
    catalogue.describe("a", {})
    return closing(catalogue.open("a"))


def fill(store: RecordStore) -> None:
    """A record in which everything happened that can happen to documents."""
    store.put([document(f"d{n}", f"Text number {n}. It goes on.", metadata={"n": n}) for n in range(30)])
    store.put(
        [document("d1", OTHER, metadata={"é": ["x", 2**70, True]}), document("zero\x00", title="\x00\x01")]
    )
    store.put([document("d2", OTHER, groups=["people"], original_bytes=3)])
    embed(store)
    store.rename("d3", "e3")
    store.put([document("d3", "Another one that has the id now.")])
    store.retire(["d4", "d5"])
    store.put([document("d5", "It is back. It says more.")])
    store.delete("d6")
    (pruned,) = (one for one in now(store).replaced_versions() if one.document_id == "d1")
    store.prune([pruned.key])
    store.describe("d7", {"n": -1}, source="elsewhere", groups=["others", "people"])
    store.delete("d2")
    store.set_refused_mirrors([RefusedMirror("folder/", 3, 4)])
    store.set_connections({"sources": [{"name": "wiki"}]})


def copy(pair: Pair) -> Comparison:
    source, target = (one.copying() for one in pair)
    copying = RecordCopy(source, target, at_a_time=7)
    copying.catch_up()
    with pair[0].lease("write"), source.reading() as rows:
        copying.finish(rows)
        with target.reading() as copied:
            return compare(rows, copied)


def test_a_copy_has_the_tag_of_its_source_and_files_of_its_own(pair: Pair) -> None:
    source, target = pair
    fill(source)
    for _ in range(2):
        with target.copying().writing() as rows:
            rows.separate_originals()
    name = target.objects_name()
    copy(pair)
    assert target.tag() == source.tag()
    assert target.objects_name() == name
    assert name != source.objects_name() == source.tag().hex()


def values(store: RecordStore) -> list[str]:
    return [json.dumps(one) for one in export_documents(store, None, "a")]


def test_everything_is_the_same(pair: Pair) -> None:
    source, target = pair
    fill(source)
    found = copy(pair)
    assert found.differences == []
    assert values(target) == values(source)
    assert list(target.problems(8)) == []
    assert now(target).counts() == now(source).counts()
    assert target.tag() == source.tag()
    assert target.erased_tags() == source.erased_tags()
    assert now(target).refused_mirrors() == now(source).refused_mirrors()
    assert now(target).connections() == now(source).connections() != {}
    with source.snapshot() as own, target.snapshot() as other:
        assert (other.mark.change, other.mark.token) == (own.mark.change, own.mark.token)
        assert other.events(0, other.change, 1000) == own.events(0, own.change, 1000)
    assert target.unpurged() == source.unpurged()


def test_keys_and_ids_are_not_given_again(pair: Pair) -> None:
    source, target = pair
    fill(source)
    source.delete("e3")
    copy(pair)
    first, second = (put(store, [document("new", "Something new. It is added.")]) for store in pair)
    assert [one.key for one in first] == [one.key for one in second]
    assert target.last_passage() == source.last_passage()


def test_what_is_written_meanwhile_follows(pair: Pair) -> None:
    source, target = pair
    fill(source)
    copying = RecordCopy(source.copying(), target.copying(), at_a_time=7)
    copying.catch_up()
    source.rename("d9", "later")
    source.put([document("d9", "Written while it was copied.")])
    source.put([document(f"l{n}", f"Written later, number {n}.") for n in range(60)])
    source.delete("d10")
    source.delete("d11")
    source.put([document("d12", "A new version. With a text.", groups=["late"])])
    source.retire(["d13"])
    copying.catch_up()
    source.delete("l7")
    source.rename("d14", "d10")
    embed(source)
    found = copy(pair)
    assert found.differences == []
    assert values(target) == values(source)
    assert list(target.problems(8)) == []
    # What was erased after it was copied may be in the files of the copy.
    assert target.unpurged() is not None


def test_a_finished_copy_is_brought_up_to_date(pair: Pair) -> None:
    source, target = pair
    fill(source)
    copy(pair)
    source.put([document("after", "It came after the copy.")])
    source.delete("d20")
    assert copy(pair).differences == []
    put(target, [document("own", "Now it goes its own way.")])
    with pytest.raises(CopyDiverged):
        RecordCopy(source.copying(), target.copying()).begin()


def test_another_record_is_no_target(pair: Pair) -> None:
    source, target = pair
    fill(source)
    put(target, [document("own", "It is not empty. It has documents.")])
    with pytest.raises(CopyDiverged):
        copy(pair)


def test_a_copy_of_what_was_repaired_since_is_begun_anew(pair: Pair) -> None:
    source, target = pair
    fill(source)
    copying = RecordCopy(source.copying(), target.copying(), at_a_time=7)
    copying.catch_up()
    source.repair(8)
    with pytest.raises(CopyOutdated):
        copying.catch_up()


def test_differences_are_found(pair: Pair) -> None:
    source, target = pair
    fill(source)
    copy(pair)
    with target.copying().writing() as rows:
        (name,) = rows.names_of(["e3"], ())[:1]
        rows.put_names([(*name[:3], 99)], replace=True)
        keys = rows.next_documents(0, 1)
        stored = {table: list(found) for table, found in rows.documents(keys).items()}
        stored["embeddings"] = [(key, b"x", sentences) for key, _, sentences in stored["embeddings"]]
        rows.put_documents(keys, stored, replace=True)
    with source.copying().reading() as own, target.copying().reading() as other:
        found = compare(own, other)
    assert {one.place.split()[0] for one in found.differences} == {"names", "embeddings"}


@pytest.mark.processes
def test_a_large_record_goes_there_and_back(tmp_path: Path) -> None:
    with ExitStack() as stack:
        first, there, back = (
            stack.enter_context(_opened(kind, tmp_path / str(place), stack))
            for place, kind in enumerate(("sqlite", "postgresql", "sqlite"))
        )
        for start in range(0, DOCUMENTS, 500):
            put(
                first,
                [
                    document(f"d{n}", f"Text {n} begins. It ends.")
                    for n in range(start, min(start + 500, DOCUMENTS))
                ],
            )
        while waiting := pending(first):
            first.put_vectors([passage.key for passage in waiting], unit(len(waiting)))
        for pair in ((first, there), (there, back)):
            copying = RecordCopy(*(one.copying() for one in pair))
            copying.catch_up()
            with pair[0].copying().reading() as rows:
                copying.finish(rows)
                with pair[1].copying().reading() as copied:
                    assert compare(rows, copied).differences == []
        with first.copying().reading() as own, back.copying().reading() as other:
            assert compare(own, other).differences == []
        assert all(one == other for one, other in zip(values(first), values(back), strict=True))
