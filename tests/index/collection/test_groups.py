"""A collection as callers in some groups see it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index.citations import Claim, Locator, parse_locator
from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import CitationNotFound, DocumentIdTaken, DocumentNotFound
from index.filters import Comparison
from index.history import Retention
from index.history.readable import ReadableSnapshot, ReadableStore
from index.ingest import Source
from index.page_labels import PageRange
from index.protocols import RecordStore, Snapshot
from index.records import DocumentRecord, Event, Put, RefusedMirror
from tests.index.readers.pdf.test_page_numbers import SHAPES, numbered
from tests.index.readers.pdf.test_pdf import pdf
from tests.opening import collection_in

OPEN = "The heron stands in the reeds near the mill."
HIDDEN = "The heron nests in the old tower near the mill."
STAFF, NOBODY = frozenset({"staff"}), frozenset[str]()


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with collection_in(tmp_path / "birds", embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        put(collection, "open.txt", OPEN)
        put(collection, "hidden.txt", HIDDEN, groups=["staff"])
        collection.embed_pending()
        yield collection


def put(collection: Collection, id_: str, text: str, **given: Any) -> Put:
    return collection.put(Source(id_, text.encode(), **given))


def found(collection: Collection, groups: frozenset[str] | None, **asked: Any) -> list[str]:
    answer = collection.restrict_to(groups).ask("Where is the heron near the mill?", **asked)
    return sorted(hit.citation.document_id for hit in answer.hits)


def locator_of(collection: Collection, id_: str) -> Locator:
    version, text = collection.archive.text(id_)
    return parse_locator(f"{id_}@{version.text_sha256.hex()[:12]}:0-{len(text)}")


def test_questions_find_what_the_caller_may_read(collection: Collection) -> None:
    both = ["hidden.txt", "open.txt"]
    assert found(collection, None) == found(collection, STAFF) == both
    assert found(collection, NOBODY) == ["open.txt"]
    assert found(collection, frozenset({"other"})) == ["open.txt"]


class ByLetters(WordEmbedder):
    """Divides each word into letters, as models do with words that they do not know."""

    def token_starts(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        return [np.arange(len(text)) for text in texts]


def test_words_that_the_caller_may_not_read_correct_no_question(tmp_path: Path) -> None:
    def score(groups: frozenset[str] | None) -> float:
        """How well the readable passage matches the question's words."""
        answer = collection.restrict_to(groups).ask("where is the hreon near the mill")
        return {hit.citation.document_id: hit.match for hit in answer.hits}["open.txt"]

    with collection_in(tmp_path / "birds", embedder=ByLetters(), config=LibraryConfig()) as collection:
        put(collection, "open.txt", OPEN)
        collection.embed_pending()
        assert score(NOBODY) == score(None)
        put(collection, "hidden.txt", HIDDEN, groups=["staff"])
        collection.embed_pending()
        assert score(None) == score(STAFF) > score(NOBODY)


def test_a_filter_of_the_question_finds_no_more(collection: Collection) -> None:
    everything = Comparison("eq", "media_type", ("text/plain",))
    assert found(collection, STAFF, where=everything) == ["hidden.txt", "open.txt"]
    assert found(collection, NOBODY, where=everything) == ["open.txt"]


def test_groups_are_in_force_with_the_next_question_and_for_earlier_states(collection: Collection) -> None:
    change = collection.state.change
    collection.editor.describe("open.txt", {}, groups=["staff"])
    assert found(collection, NOBODY) == found(collection, NOBODY, as_of=change) == []
    collection.editor.describe("hidden.txt", {}, groups=[])
    assert found(collection, NOBODY) == found(collection, NOBODY, as_of=change) == ["hidden.txt"]


def test_an_equal_passage_elsewhere_is_not_told(collection: Collection) -> None:
    put(collection, "copy.txt", OPEN, groups=["staff"])
    collection.embed_pending()
    (hit,) = collection.restrict_to(NOBODY).ask("heron reeds").hits
    assert hit.also_at == ()
    (also,) = [hit.also_at for hit in collection.restrict_to(STAFF).ask("heron reeds").hits if hit.also_at]
    assert len(also) == 1


def test_a_hidden_document_does_not_exist(collection: Collection) -> None:
    locator = locator_of(collection, "hidden.txt")
    seen = collection.restrict_to(NOBODY)
    archive = seen.archive
    assert [one.id for one in archive.documents()] == ["open.txt"]
    assert archive.find_document("hidden.txt") is None
    assert archive.counts().documents == 1
    for look_up in (archive.document, archive.versions, archive.text, lambda id_: archive.diff(id_, 1)):
        with pytest.raises(DocumentNotFound, match=r"There is no document 'hidden.txt'\."):
            look_up("hidden.txt")
    with pytest.raises(CitationNotFound):
        archive.cite(str(locator))
    feed, (status,) = archive.changes(locators=[locator])
    assert {one.document_id for one in feed.events} == {"open.txt"}
    assert status.status == "deleted"
    assert archive.documents_of_source(collection.archive.document("hidden.txt").source_sha256) == []
    with pytest.raises(DocumentNotFound):
        seen.editor.describe("hidden.txt", {"year": 1})
    with pytest.raises(DocumentNotFound):
        seen.editor.delete("hidden.txt")
    with pytest.raises(DocumentNotFound):
        seen.editor.rename("hidden.txt", "mine.txt")
    assert collection.restrict_to(STAFF).archive.document("hidden.txt").id == "hidden.txt"


def test_a_quote_of_a_hidden_document_is_not_found(collection: Collection) -> None:
    with collection.restrict_to(NOBODY).verification() as verification:
        assert verification.quote(Claim("nests in the old tower")).status == "not_found"
        assert verification.quote(Claim("nests in the old tower", "hidden.txt")).status == "not_found"
        assert verification.quote(Claim("stands in the reeds")).status == "verified"
    with collection.restrict_to(STAFF).verification() as verification:
        assert verification.quote(Claim("nests in the old tower")).status == "verified"


def test_a_hidden_document_supports_no_claim(collection: Collection) -> None:
    collection.embed_pending()
    claim = "It nests in the old tower."
    for groups, status in ((NOBODY, "unsupported"), (STAFF, "supported")):
        with collection.restrict_to(groups).verification() as verification:
            (statement,) = verification.answer(claim, []).statements
            assert statement is not None
            assert (statement.status, statement.citation is None) == (status, groups is NOBODY)


def test_an_id_of_a_hidden_document_cannot_be_put(collection: Collection) -> None:
    seen = collection.restrict_to(NOBODY)
    for text in (HIDDEN, "Other words."):
        with pytest.raises(DocumentIdTaken, match="Choose another id"):
            put(seen, "hidden.txt", text)
    outcomes = seen.put_many([Source("new.txt", b"New."), Source("hidden.txt", b"Mine.")])
    assert [type(one) for one in outcomes] == [Put, DocumentIdTaken]
    assert collection.archive.text("hidden.txt")[1] == HIDDEN
    assert put(collection.restrict_to(STAFF), "hidden.txt", "Other words.").status == "replaced"


def test_versions_of_hidden_documents_are_not_pruned(collection: Collection) -> None:
    for id_ in ("open.txt", "hidden.txt"):
        put(collection, id_, f"Newer words of {id_}.")
    plan = collection.restrict_to(NOBODY).editor.prune(Retention(keep_versions=1))
    assert [one.document_id for one in plan.versions] == ["open.txt"]
    assert len(collection.archive.versions("hidden.txt")) == 2


def test_hidden_documents_that_are_retired_are_neither_listed_nor_erased(collection: Collection) -> None:
    collection.editor.retire(["open.txt", "hidden.txt"])
    seen, retention = collection.restrict_to(NOBODY), Retention(keep_retired_days=0)
    assert [one.id for one in seen.archive.retired_before(math.inf)] == ["open.txt"]
    assert [one.id for one in seen.editor.plan_prune(retention).documents] == ["open.txt"]
    assert [one.id for one in seen.editor.prune(retention).documents] == ["open.txt"]
    assert [one.id for one in collection.archive.retired_before(math.inf)] == ["hidden.txt"]


def test_a_filter_selects_no_hidden_document(collection: Collection) -> None:
    everything = Comparison("eq", "media_type", ("text/plain",))
    for groups, count in ((NOBODY, 1), (STAFF, 2)):
        with collection.restrict_to(groups)._store.snapshot() as moment:
            assert len(moment.select(everything)) == count


SECRETS = ("hidden.txt", "gone.txt")
READS: dict[str, tuple[Callable[[Snapshot], object], object]] = {
    "counts": (lambda moment: moment.counts().documents, 1),
    "refused_mirrors": (lambda moment: len(moment.refused_mirrors()), 0),
    "document": (lambda moment: moment.document("hidden.txt").id, DocumentNotFound),
    "find_document": (lambda moment: moment.find_document("hidden.txt"), None),
    "documents": (lambda moment: ids(moment.documents(limit=9, retired=True)), []),
    "renamed_to": (lambda moment: moment.renamed_to("was.txt"), None),
    "retired_before": (lambda moment: ids(moment.retired_before(math.inf)), []),
    "documents_of_source": (lambda moment: ids(moment.documents_of_source(sha256(HIDDEN))), []),
    "select": (lambda moment: len(moment.select(Comparison("ne", "document_id", ("x",)))), 1),
    "on_pages": (lambda moment: len(moment.on_pages([PageRange("", is_roman=False, first=0)], None)), 0),
    "version": (lambda moment: moment.version("hidden.txt").number, DocumentNotFound),
    "version_by_text": (lambda moment: moment.version_by_text("hidden.txt", sha256(HIDDEN).hex()[:12]), None),
    "version_at": (lambda moment: moment.version_at("hidden.txt", moment.change), None),
    "retired_at": (lambda moment: moment.retired_at("gone.txt", moment.change), None),
    "existed": (lambda moment: moment.existed("hidden.txt", moment.change), False),
    "versions": (lambda moment: len(moment.versions("hidden.txt")), DocumentNotFound),
    "replaced_versions": (lambda moment: len(moment.replaced_versions()), 0),
    "events": (lambda moment: ids(moment.events(0, moment.change, 99)), []),
}
"""Each restricted read of a snapshot, and what it gives to callers who may not read the documents."""


def ids(found: Iterable[DocumentRecord | Event]) -> list[str]:
    names = (one.document_id if isinstance(one, Event) else one.id for one in found)
    return sorted({*names} & {*SECRETS})


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@pytest.mark.parametrize("name", [name for name in vars(ReadableSnapshot) if name[0].islower()])
def test_each_read_hides_what_the_caller_may_not_read(collection: Collection, name: str) -> None:
    put(collection, "hidden.txt", "The heron flew.", groups=["staff"])
    put(collection, "hidden.txt", HIDDEN, groups=["staff"])
    put(collection, "gone.txt", "The heron left.", groups=["staff"])
    put(collection, "was.txt", "The heron came.", groups=["staff"])
    collection.put(Source("pages.pdf", pdf(*numbered("123", SHAPES["foot"])), groups=["staff"]))
    collection.editor.rename("was.txt", "is.txt")
    collection.editor.retire(["gone.txt"])
    collection.editor.set_refused_mirrors(lambda _: [RefusedMirror("/birds", "it is empty", 1.0)])
    read, expected = READS[name]

    def seen(groups: frozenset[str]) -> object:
        with collection.restrict_to(groups)._store.snapshot() as moment:
            try:
                return read(moment)
            except DocumentNotFound as error:
                return type(error)

    assert seen(NOBODY) == expected
    if name != "refused_mirrors":  # which nobody is told who is in groups
        assert seen(STAFF) not in (expected, DocumentNotFound, None)


def test_without_groups_to_hide_no_filter_costs_time(collection: Collection) -> None:
    assert "filter" in collection.restrict_to(NOBODY).ask("heron").timings_ms
    assert "filter" not in collection.restrict_to(STAFF).ask("heron").timings_ms
    assert collection.restrict_to(None) is collection


def test_every_read_is_either_restricted_or_named_as_not() -> None:
    for kind, restricted in ((Snapshot, ReadableSnapshot), (RecordStore, ReadableStore)):
        wanted = {name for name in dir(kind) if not name.startswith("_")}
        open_ = restricted.UNRESTRICTED | restricted.REFUSED
        assert wanted == {name for name in vars(restricted) if name in wanted} | open_
