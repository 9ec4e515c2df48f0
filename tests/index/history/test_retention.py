from __future__ import annotations

import math

import pytest

from index.citations.citing import Locator, parse_locator
from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import CitationNotFound, CollectionBusy, InvalidLimit, VersionNotFound
from index.history.retention import Pruning, Retention
from index.ingest.preparation import Source
from tests.index.conftest import Opener

EARLIER_THAN_ALL = 1000.0
"""Days: nothing here is as old."""


def parsed(*locators: str) -> list[Locator]:
    return [parse_locator(one) for one in locators]


def put(collection: Collection, id_: str, *texts: str) -> None:
    for text in texts:
        collection.put(Source(id_, text.encode()))


def kept(collection: Collection, id_: str = "a.txt") -> list[int]:
    return [version.number for version in collection.archive.versions(id_)]


def named(pruning: Pruning) -> list[tuple[str, int]]:
    return [(version.document_id, version.number) for version in pruning.versions]


def locator(collection: Collection, id_: str, version: int | None = None) -> str:
    record, text = collection.archive.text(id_, version)
    return f"{id_}@{record.text_sha256.hex()[:12]}:0-{len(text)}"


@pytest.fixture
def versions(collection: Collection) -> Collection:
    """One document of four versions, one of two, and one of one."""
    put(collection, "a.txt", "First words.", "Second words.", "Third words.", "Fourth words.")
    put(collection, "b.txt", "Blue words.", "Green words.")
    put(collection, "c.txt", "Only words.")
    return collection


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({}, "Say what is kept"),
        ({"keep_versions": 0}, "at least 1 is kept"),
        ({"keep_versions": -3}, "delete it"),
        ({"keep_versions": 0, "keep_days": 3}, "at least 1"),
        ({"keep_days": -0.5}, "0 or more"),
        ({"keep_days": math.nan}, "0 or more"),
        ({"keep_versions": 2, "keep_days": -1}, "0 or more"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, float], message: str) -> None:
    with pytest.raises(InvalidLimit, match=message):
        Retention(**rules)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("retention", "going"),
    [
        (Retention(keep_versions=1), [("a.txt", 3), ("a.txt", 2), ("a.txt", 1), ("b.txt", 1)]),
        (Retention(keep_versions=2), [("a.txt", 2), ("a.txt", 1)]),
        (Retention(keep_versions=3), [("a.txt", 1)]),
        (Retention(keep_versions=4), []),
        (Retention(keep_days=0), [("a.txt", 3), ("a.txt", 2), ("a.txt", 1), ("b.txt", 1)]),
        (Retention(keep_days=EARLIER_THAN_ALL), []),
        (Retention(keep_days=math.inf), []),
        (Retention(keep_versions=3, keep_days=0), [("a.txt", 1)]),
        (Retention(keep_versions=1, keep_days=EARLIER_THAN_ALL), []),
    ],
)
def test_what_either_rule_keeps_is_kept(
    versions: Collection, retention: Retention, going: list[tuple[str, int]]
) -> None:
    assert named(versions.editor.plan_prune(retention)) == going
    assert kept(versions) == [4, 3, 2, 1], "asking erases nothing"
    assert named(versions.editor.prune(retention)) == going
    for id_, newest in (("a.txt", 4), ("b.txt", 2), ("c.txt", 1)):
        gone = {number for document_id, number in going if document_id == id_}
        assert kept(versions, id_) == [number for number in range(newest, 0, -1) if number not in gone]
    assert versions.editor.plan_prune(retention) == Pruning((), ())


def test_days_count_from_when_a_version_was_replaced(versions: Collection) -> None:
    third = versions.archive.versions("a.txt")[1]
    assert third.replaced is not None
    retention, day = Retention(keep_days=2), 86_400.0
    assert retention.keeps(third, 9, third.replaced + 1.9 * day)
    assert not retention.keeps(third, 9, third.replaced + 2.1 * day)
    newest = versions.archive.versions("a.txt")[0]
    assert newest.replaced is None
    assert retention.keeps(newest, 9, newest.created + 1e9)


def test_a_pruned_version_is_told_apart_from_one_that_never_was(versions: Collection) -> None:
    versions.editor.prune(Retention(keep_versions=1))
    with pytest.raises(VersionNotFound, match=r"Version 2 of 'a\.txt' is not kept; its newest is 4"):
        versions.archive.text("a.txt", 2)
    with pytest.raises(VersionNotFound, match=r"'a\.txt' has no version 7"):
        versions.archive.text("a.txt", 7)


def test_versions_that_are_left_are_counted_anew(versions: Collection) -> None:
    versions.editor.prune(Retention(keep_versions=2))
    put(versions, "a.txt", "Fifth words.")
    assert kept(versions) == [5, 4, 3]
    assert named(versions.editor.prune(Retention(keep_versions=2))) == [("a.txt", 3)]


def test_citations_that_would_break_are_told_before_and_after(versions: Collection) -> None:
    retention = Retention(keep_versions=2)
    broken = [locator(versions, "a.txt", 1), locator(versions, "a.txt", 2)]
    whole = [locator(versions, "a.txt", 3), locator(versions, "a.txt"), locator(versions, "b.txt", 1)]
    nothing = [f"a.txt@{'0' * 12}:0-5", f"z.txt@{'0' * 12}:0-5"]
    citations = [whole[0], broken[1], nothing[0], whole[1], broken[0], nothing[1], whole[2]]
    assert versions.editor.plan_prune(retention, parsed(*citations)).broken == (broken[1], broken[0])
    for one in broken:
        versions.archive.cite(one)
    assert versions.editor.prune(retention, iter(parsed(*citations))).broken == (broken[1], broken[0])
    for one in broken:
        with pytest.raises(CitationNotFound, match="was pruned"):
            versions.archive.cite(one)
    for one in whole:
        assert versions.archive.cite(one).locator == one
    assert versions.editor.plan_prune(retention, parsed(*citations)).broken == (), (
        "those that do not resolve are not counted"
    )


def test_the_same_text_in_a_later_version_keeps_the_citation_alive(collection: Collection) -> None:
    put(collection, "a.txt", "Now so.", "Now other.", "Now so.", "Now the last.")
    first = locator(collection, "a.txt", 1)
    assert collection.archive.cite(first).version == 3
    pruned = collection.editor.prune(Retention(keep_versions=2), parsed(first))
    assert (named(pruned), pruned.broken) == ([("a.txt", 2), ("a.txt", 1)], ())
    assert collection.archive.cite(first).quote == "Now so."
    pruned = collection.editor.prune(Retention(keep_versions=1), parsed(first))
    assert (named(pruned), pruned.broken) == ([("a.txt", 3)], (first,))


def test_the_same_text_in_another_document_keeps_no_citation_alive(collection: Collection) -> None:
    put(collection, "a.txt", "Now so.", "Now other.")
    put(collection, "b.txt", "Now so.")
    first = locator(collection, "a.txt", 1)
    assert collection.editor.prune(Retention(keep_versions=1), parsed(first)).broken == (first,)
    with pytest.raises(CitationNotFound):
        collection.archive.cite(first)
    assert collection.archive.text("b.txt")[1] == "Now so.", "the text itself is used by another document"


def test_where_nothing_goes_nothing_changes(versions: Collection) -> None:
    before = versions.archive.counts().change
    assert versions.editor.prune(
        Retention(keep_versions=9), parsed(locator(versions, "a.txt", 1))
    ) == Pruning((), ())
    assert versions.archive.counts().change == before
    versions.editor.prune(Retention(keep_versions=1))
    assert versions.archive.counts().change == versions.state.change == before + 1
    told = versions.archive.changes(since=before)[0]
    assert [(event.kind, event.document_id, event.version) for event in told.events] == [
        ("pruned", "a.txt", 3), ("pruned", "a.txt", 2), ("pruned", "a.txt", 1), ("pruned", "b.txt", 1),
    ]  # fmt: skip


def test_vectors_that_live_passages_share_survive(collection: Collection, embedder: WordEmbedder) -> None:
    put(collection, "a.txt", "== One ==\n\nMars has two moons.\n\n== Two ==\n\nIts soil is red.")
    put(collection, "b.txt", "The air is thin.")
    collection.embed_pending()
    put(collection, "a.txt", "== One ==\n\nMars has two moons.\n\n== Two ==\n\nIts soil is rusty.")
    put(collection, "b.txt", "Another matter.", "The air is thin.")
    collection.embed_pending()
    before, asked = embedder.passages, collection.ask("Which moons has Mars?")
    assert len(collection.editor.prune(Retention(keep_versions=1)).versions) == 3
    after = collection.ask("Which moons has Mars?")
    assert after.hits == asked.hits
    assert after.index.embedded == 1.0
    for question, words in (("moons", "two moons"), ("rusty soil", "rusty"), ("thin air", "air is thin")):
        # By meaning alone: the words asked are in no passage.
        (hit,) = collection.ask("xyzzy", k=1, vectors=embedder.embed_queries([question])).hits
        assert words in hit.text
        assert hit.explain.dense.rank == 1
    assert collection.embed_pending() == 0
    assert embedder.passages == before


def test_what_only_a_pruned_version_had_is_embedded_anew(
    collection: Collection, embedder: WordEmbedder
) -> None:
    put(collection, "a.txt", "Mars has two moons.")
    collection.embed_pending()
    put(collection, "a.txt", "Venus has none.")
    collection.embed_pending()
    collection.editor.prune(Retention(keep_versions=1))
    before = embedder.passages
    put(collection, "b.txt", "Mars has two moons.")
    assert collection.embed_pending() == 1
    assert embedder.passages == before + 1


def test_a_pruned_collection_opens_and_answers_as_before(
    open_collection: Opener, embedder: WordEmbedder
) -> None:
    collection = open_collection()
    put(collection, "a.txt", "Mars has two moons.", "Mars has moons, two of them.", "Mars has no rings.")
    collection.embed_pending()
    collection.editor.prune(Retention(keep_versions=2))
    asked = collection.ask("moons of Mars")
    collection.close()
    again = open_collection()
    assert again.ask("moons of Mars").hits == asked.hits
    assert kept(again) == [3, 2]


def test_nothing_is_erased_while_another_process_writes(open_collection: Opener) -> None:
    collection = open_collection(LibraryConfig(lock_seconds=0.05))
    other = open_collection(LibraryConfig(lock_seconds=0.05))
    put(collection, "a.txt", "First words.", "Second words.", "Third words.")
    collection.embed_pending()
    put(collection, "new.txt", "Words to embed.")
    seen: list[object] = []

    def prune(done: int, total: int) -> None:
        # Vectors are in: the lock is free again between two batches.
        seen.append(named(other.editor.prune(Retention(keep_versions=2))))

    collection.embed_pending(progress=prune)
    assert seen == [[("a.txt", 1)]]
    from filelock import FileLock

    with FileLock(collection.folder / "write.lock"), pytest.raises(CollectionBusy):
        collection.editor.prune(Retention(keep_versions=1))
    assert kept(collection) == [3, 2]
