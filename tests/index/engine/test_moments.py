from __future__ import annotations

import gc
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index.answers import Answer
from index.collection import Collection
from index.config import LibraryConfig, SearchConfig
from index.embedding import WordEmbedder
from index.engine.moments import Moments, remove_leftovers
from index.errors import ChangeNotFound, ChangeNotKept, InvalidInput, MomentTooLarge
from index.filters import Comparison
from index.history.retention import Retention
from index.ingest.preparation import Source
from index.protocols import PastPassages
from index.text.analysis import Analyzer
from index.types import IndexedPassage
from tests.index.conftest import Opener
from tests.opening import collection_in, store_in
from tests.patience import PATIENCE

RED, RUSTY = "Mars has a red soil.", "Mars has a rusty soil."
VENUS = "Venus is hotter than Mercury."


def put(collection: Collection, id_: str, text: str, **given: object) -> int:
    """Put a document with its vectors; returns the change that the vectors came with."""
    collection.put(Source(id_, text.encode(), **given))  # type: ignore[arg-type]
    collection.embed_pending()
    return collection.archive.counts().change


def found(answer: Answer) -> list[str]:
    return [hit.text for hit in answer.hits]


@pytest.fixture(autouse=True)
def moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where moments are kept while they are."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(autouse=True, scope="module")
def _quick_collections_of_garbage() -> Iterator[None]:
    """``kept`` looks only through what these tests make, not through all that the suite holds."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def kept(moments: Path) -> set[str]:
    gc.collect()
    return {path.name for path in moments.glob("loccit-moment-*")}


def test_an_earlier_moment_is_answered_as_then(collection: Collection) -> None:
    then = put(collection, "mars.txt", RED)
    asked = collection.ask("red soil of Mars")
    put(collection, "mars.txt", RUSTY)
    put(collection, "venus.txt", VENUS)
    again = collection.ask("red soil of Mars", as_of=then)
    assert again.hits == asked.hits
    assert (again.index, again.answerability) == (asked.index, asked.answerability)
    assert "moment" in again.timings_ms
    (hit,) = again.hits
    assert (hit.text, hit.citation.version, hit.explain.dense.rank) == (RED, 1, 1)
    assert collection.archive.cite(hit.citation.locator).quote == RED
    assert found(collection.ask("soil of Mars", k=1)) == [RUSTY]
    assert RED not in found(collection.ask("red soil of Mars"))


def test_what_came_later_is_not_found(collection: Collection) -> None:
    then = put(collection, "mars.txt", RED)
    put(collection, "venus.txt", VENUS)
    assert found(collection.ask("hotter than Mercury", as_of=then)) == [RED]
    assert VENUS in found(collection.ask("hotter than Mercury"))


def test_before_the_first_document_there_was_nothing(collection: Collection) -> None:
    put(collection, "mars.txt", RED)
    answer = collection.ask("soil", as_of=0)
    assert (answer.hits, answer.index.change, answer.index.embedded) == ((), 0, 1.0)


def test_a_moment_before_vectors_came_is_found_by_words_only(
    collection: Collection, embedder: WordEmbedder
) -> None:
    collection.put(Source("mars.txt", RED.encode()))
    then = collection.archive.counts().change
    collection.embed_pending()
    put(collection, "venus.txt", VENUS)
    answer = collection.ask("red soil", as_of=then)
    assert found(answer) == [RED]
    assert (answer.hits[0].explain.dense.rank, answer.hits[0].explain.lexical.rank) == (None, 1)
    assert (answer.index.change, answer.index.embedded) == (then, 0.0)
    vectors = embedder.embed_queries(["red soil"])
    assert collection.ask("xyzzy", vectors=vectors, as_of=then).hits == ()
    assert found(collection.ask("xyzzy", vectors=vectors, as_of=then + 1)) == [RED]


def test_the_state_tells_the_share_that_had_vectors(collection: Collection) -> None:
    put(collection, "mars.txt", RED)
    collection.put(Source("venus.txt", VENUS.encode()))
    then = collection.archive.counts().change
    collection.embed_pending()
    collection.put(Source("earth.txt", b"The earth is blue."))
    assert collection.ask("Mars", as_of=then).index.embedded == 0.5
    assert collection.ask("Mars", as_of=then + 1).index.embedded == 1.0
    assert collection.ask("Mars", as_of=then + 2).index.embedded == pytest.approx(0.6667)


def test_filters_choose_documents_of_then(collection: Collection) -> None:
    put(collection, "mars.txt", RED, metadata={"kind": "rock"})
    then = put(collection, "jupiter.txt", "Jupiter has no soil.", metadata={"kind": "gas"})
    put(collection, "mars.txt", RUSTY, metadata={"kind": "rock"})
    put(collection, "saturn.txt", "Saturn has no soil either.", metadata={"kind": "gas"})
    for kind, words in (("rock", [RED]), ("gas", ["Jupiter has no soil."]), ("ice", [])):
        where = Comparison("eq", "kind", (kind,))
        assert found(collection.ask("soil", where=where, as_of=then)) == words


def test_the_last_change_is_answered_by_the_live_index(collection: Collection, moments: Path) -> None:
    last = put(collection, "mars.txt", RED)
    answer = collection.ask("soil", as_of=last)
    assert answer.hits == collection.ask("soil").hits
    assert answer.index == collection.state
    assert "moment" not in answer.timings_ms
    assert kept(moments) == set()


def test_where_nothing_searchable_changed_the_live_index_answers(
    collection: Collection, moments: Path
) -> None:
    put(collection, "mars.txt", RED)
    then = put(collection, "mars.txt", RUSTY)
    collection.editor.prune(Retention(keep_versions=1))
    assert collection.archive.counts().change == then + 1
    answer = collection.ask("soil", as_of=then)
    assert (found(answer), answer.index.change) == ([RUSTY], then)
    assert kept(moments) == set()


def test_the_same_moment_is_built_once(collection: Collection, moments: Path) -> None:
    then = put(collection, "mars.txt", RED)
    put(collection, "mars.txt", RUSTY)
    answers = [collection.ask("soil", as_of=then)]
    folders = kept(moments)
    assert len(folders) == 1
    answers += [collection.ask(question, as_of=then) for question in ("soil", "red", "Mars")]
    assert {text for answer in answers for text in found(answer)} == {RED}
    assert kept(moments) == folders


def test_two_moments_are_kept_and_the_one_asked_last_longest(collection: Collection, moments: Path) -> None:
    changes = [put(collection, "mars.txt", f"Mars has {number} moons.") for number in range(4)]
    collection.ask("moons", as_of=changes[0])
    (first,) = kept(moments)
    collection.ask("moons", as_of=changes[1])
    (second,) = kept(moments) - {first}
    collection.ask("moons", as_of=changes[0])
    assert found(collection.ask("moons", as_of=changes[2])) == ["Mars has 2 moons."]
    assert len(kept(moments)) == 2
    assert first in kept(moments)
    assert second not in kept(moments)
    for number, change in enumerate(changes):
        assert found(collection.ask("moons", as_of=change)) == [f"Mars has {number} moons."]


def test_two_threads_that_ask_the_same_moment_build_it_once(collection: Collection, moments: Path) -> None:
    for number in range(50):
        collection.put(Source(f"{number}.txt", f"Planet {number} has a red soil.".encode()))
    then = put(collection, "mars.txt", RED)
    put(collection, "mars.txt", RUSTY)
    together, answers, seen = threading.Barrier(4), [], set()

    def ask() -> None:
        together.wait(PATIENCE)
        answers.append(collection.ask("soil of Mars", k=1, as_of=then))
        seen.update(path.name for path in moments.glob("loccit-moment-*"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found(answer) for answer in answers] == [[RED]] * 4
    assert len(seen) == 1
    assert kept(moments) == seen


def test_nothing_of_a_moment_is_left_when_the_collection_is_closed(
    open_collection: Opener, moments: Path
) -> None:
    collection = open_collection()
    then = put(collection, "mars.txt", RED)
    put(collection, "mars.txt", RUSTY)
    collection.ask("soil", as_of=then)
    assert len(kept(moments)) == 1
    collection.close()
    assert kept(moments) == set()


def test_a_moment_of_what_was_deleted_is_not_kept(collection: Collection, moments: Path) -> None:
    then = put(collection, "mars.txt", RED)
    put(collection, "venus.txt", VENUS)
    assert found(collection.ask("soil", as_of=then)) == [RED]
    assert len(kept(moments)) == 1
    collection.editor.delete("mars.txt")
    assert kept(moments) == set()
    for change in (then, then + 1):
        with pytest.raises(ChangeNotKept, match=r"version 1 of 'mars\.txt'"):
            collection.ask("soil", as_of=change)
    assert found(collection.ask("soil")) == [VENUS]
    assert collection.ask("soil", as_of=0).hits == ()
    assert kept(moments) != set()


def test_a_moment_of_what_was_pruned_is_not_kept(collection: Collection, moments: Path) -> None:
    changes = [put(collection, "mars.txt", f"Mars has {number} moons.") for number in range(3)]
    put(collection, "mars.txt", RED)
    collection.ask("moons", as_of=changes[0])
    collection.editor.prune(Retention(keep_versions=2))
    assert kept(moments) == set()
    for change in changes[:2]:
        with pytest.raises(ChangeNotKept, match="deleted or pruned"):
            collection.ask("moons", as_of=change)
    assert found(collection.ask("moons", as_of=changes[2])) == ["Mars has 2 moons."]


def test_many_that_are_gone_are_not_all_named(collection: Collection) -> None:
    for number in range(5):
        then = put(collection, f"{number}.txt", f"Moon {number}.")
    put(collection, "mars.txt", RED)
    for number in range(5):
        collection.editor.delete(f"{number}.txt")
    with pytest.raises(ChangeNotKept, match="and others"):
        collection.ask("moon", as_of=then)


@pytest.mark.parametrize("beyond", [1, 1000])
def test_a_change_that_has_not_been_is_told(collection: Collection, beyond: int) -> None:
    last = put(collection, "mars.txt", RED)
    with pytest.raises(ChangeNotFound, match=f"There is no change {last + beyond}.* at change {last}"):
        collection.ask("soil", as_of=last + beyond)
    with pytest.raises(ChangeNotFound):
        collection.ask("soil", as_of=-1)


def test_a_moment_of_too_many_passages_is_refused(open_collection: Opener, moments: Path) -> None:
    collection = open_collection(LibraryConfig(search=SearchConfig(as_of_passages=2)))
    changes = [put(collection, f"{number}.txt", f"Moon {number}.") for number in range(4)]
    assert len(collection.ask("moon", as_of=changes[1]).hits) == 2
    with pytest.raises(MomentTooLarge, match=r"3 passages after change .* at most 2"):
        collection.ask("moon", as_of=changes[2])
    assert issubclass(MomentTooLarge, InvalidInput)
    assert len(collection.ask("moon", as_of=changes[3]).hits) == 4, "the live index has no such limit"
    assert len(kept(moments)) == 1


def test_another_process_answers_as_of_the_same_change(open_collection: Opener) -> None:
    writer, reader = open_collection(), open_collection()
    then = put(writer, "mars.txt", RED)
    put(writer, "mars.txt", RUSTY)
    reader.refresh()
    assert reader.ask("soil", as_of=then).hits == writer.ask("soil", as_of=then).hits
    writer.editor.delete("mars.txt")
    with pytest.raises(ChangeNotKept):
        reader.ask("soil", as_of=then)


class Interrupting:
    """A reranker that finds everything alike, and does something else on the way, once."""

    def __init__(self) -> None:
        self.does: Callable[[], object] = lambda: None

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        does, self.does = self.does, lambda: None
        does()
        return np.full(len(passages), 0.5, np.float32)


@pytest.fixture
def interrupted(tmp_path: Path, embedder: WordEmbedder) -> Iterator[tuple[Collection, Interrupting]]:
    """A collection of the same folder as ``open_collection`` opens, in whose searches something happens."""
    reranker = Interrupting()
    config = LibraryConfig()
    with collection_in(
        tmp_path / "default", embedder=embedder, config=config, reranker=reranker
    ) as collection:
        yield collection, reranker


def test_a_moment_that_another_process_has_left_is_answered_as_then(open_collection: Opener) -> None:
    writer = open_collection()
    then = put(writer, "mars.txt", RED)
    reader = open_collection()
    put(writer, "mars.txt", RUSTY)
    assert reader.state.change == then
    assert found(reader.ask("soil", as_of=then)) == [RED]


def test_the_last_change_is_answered_before_this_process_has_seen_it(open_collection: Opener) -> None:
    writer = open_collection()
    put(writer, "mars.txt", RED)
    reader = open_collection()
    last = put(writer, "mars.txt", RUSTY)
    assert found(reader.ask("soil", as_of=last)) == [RUSTY]


def test_what_is_committed_during_the_search_does_not_change_the_answer(
    interrupted: tuple[Collection, Interrupting], open_collection: Opener
) -> None:
    (collection, reranker), writer = interrupted, open_collection()
    then = put(collection, "mars.txt", RED)
    reranker.does = lambda: put(writer, "mars.txt", RUSTY)
    assert found(collection.ask("soil", as_of=then)) == [RED]
    assert collection.ask("soil", as_of=then).index.change == then


def test_what_is_erased_during_the_search_is_in_an_answer_that_began_before(
    interrupted: tuple[Collection, Interrupting], open_collection: Opener
) -> None:
    (collection, reranker), writer = interrupted, open_collection()
    put(collection, "venus.txt", VENUS)
    then = put(collection, "mars.txt", RED)
    put(collection, "mars.txt", RUSTY)
    for is_last in (False, True):
        change = collection.archive.counts().change if is_last else then
        reranker.does = lambda: writer.editor.delete("venus.txt")
        assert VENUS in found(collection.ask("soil hotter", as_of=change))
        with pytest.raises(ChangeNotKept, match=r"venus\.txt"):
            collection.ask("soil hotter", as_of=change)
        put(writer, "venus.txt", VENUS)
        collection.refresh()


class Slow:
    """An earlier change whose texts come when the test wants."""

    def __init__(self, past: PastPassages) -> None:
        self._past = past
        self.begun, self.go_on = threading.Event(), threading.Event()

    def texts(self) -> Iterator[IndexedPassage]:
        self.begun.set()
        assert self.go_on.wait(PATIENCE)
        yield from self._past.texts()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._past, name)


def test_forgetting_waits_for_no_moment_that_is_being_built(
    collection: Collection, tmp_path: Path, moments: Path
) -> None:
    then = put(collection, "mars.txt", RED)
    store = store_in(tmp_path / "default")
    with store.snapshot() as moment:
        past: Any = Slow(moment.at(then))
        held = Moments(Analyzer("english"), 256, 100)
        built = []
        thread = threading.Thread(target=lambda: built.append(held.of(past)))
        thread.start()
        try:
            assert past.begun.wait(PATIENCE)
            held.forget()
            assert thread.is_alive(), "it is still being built"
        finally:
            past.go_on.set()
            thread.join(PATIENCE)
        assert built[0].lexical.search("soil", 5).ids.size == 1, "whoever asked has it"
        built.clear()
        assert kept(moments) == set(), "what was built before something was erased is not kept"
        held.of(past)
        assert len(kept(moments)) == 1
    store.close()


def test_moments_of_what_another_process_erased_are_forgotten(open_collection: Opener, moments: Path) -> None:
    writer, reader = open_collection(), open_collection()
    then = put(writer, "mars.txt", RED)
    put(writer, "mars.txt", RUSTY)
    reader.refresh()
    assert found(reader.ask("soil", as_of=then)) == [RED]
    assert len(kept(moments)) == 1
    writer.editor.prune(Retention(keep_versions=1))
    reader.refresh()
    assert kept(moments) == set()


def test_the_folder_of_a_killed_process_is_removed_and_that_of_another_stays(
    collection: Collection, moments: Path, tmp_path: Path
) -> None:
    collection.put(Source("a.md", b"# One\n\nThe lamp was lit."))
    collection.put(Source("a.md", b"# Two\n\nThe dog sleeps."))
    assert collection.ask("lamp", as_of=1).hits
    (own,) = moments.iterdir()
    left = moments / "loccit-moment-killed"
    left.mkdir()
    (left / "in-use.lock").touch()
    (left / "words").write_text("lamp")
    with collection_in(tmp_path / "another", embedder=WordEmbedder(), config=LibraryConfig()):
        assert list(moments.iterdir()) == [own]
        assert collection.ask("lamp", as_of=1).hits


def test_a_moment_is_made_while_others_remove_what_is_left(collection: Collection) -> None:
    changes = [put(collection, "mars.md", f"Mars has {number} red moons.") for number in range(12)]
    is_over = threading.Event()

    def remove() -> None:
        while not is_over.is_set():
            remove_leftovers()

    others = [threading.Thread(target=remove) for _ in range(2)]
    for one in others:
        one.start()
    try:
        for number, change in enumerate(changes):
            assert found(collection.ask("red moons", as_of=change)) == [f"Mars has {number} red moons."]
    finally:
        is_over.set()
        for one in others:
            one.join(PATIENCE)
