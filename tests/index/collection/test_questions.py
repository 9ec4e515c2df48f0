"""Questions to a collection, and the passages that answer them."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from numpy.typing import NDArray

from index.collection import Collection
from index.config import ChunkingConfig, LibraryConfig, SearchConfig
from index.embedding import WordEmbedder
from index.errors import (
    EmptyQuestion,
    InvalidInput,
    InvalidLimit,
)
from index.filters import Comparison
from index.ingest.preparation import Source
from index.search.question import is_spelt
from tests.index.collection.planets import PLANETS, assert_law, fill, found, long_text, put
from tests.index.conftest import Opener
from tests.opening import collection_in
from tests.sizes import examples


def test_the_best_passage_comes_first_with_its_citation(collection: Collection) -> None:
    fill(collection)
    answer = collection.ask("Which moons does Mars have?", k=2)
    first = answer.hits[0]
    assert first.text == "Mars has two moons, Phobos and Deimos."
    assert (first.rank, first.citation.title, first.citation.section) == (1, "Mars", ("Moons",))
    assert first.explain.lexical.terms == ("moons", "Mars")
    assert first.explain.dense.rank == first.explain.lexical.rank == 1
    assert answer.index.embedded == 1.0
    assert set(answer.timings_ms) == {
        "encode", "tokens", "dense", "lexical", "fusion", "second_look", "passages", "answerability", "total",
    }  # fmt: skip
    assert_law(collection, answer)


def test_words_of_headings_are_matched_too(collection: Collection) -> None:
    put(collection, "light.md", "# Lighthouses\n\nThe lamp is lit at dusk.")
    collection.embed_pending()
    (hit, *_) = collection.ask("Which lamp do lighthouses have?").hits
    assert hit.text == "The lamp is lit at dusk."
    assert hit.explain.lexical.terms == ("lamp", "lighthouses")


def test_a_document_is_found_by_words_before_it_has_vectors(collection: Collection) -> None:
    put(collection, "venus.txt", PLANETS["venus.txt"])
    answer = collection.ask("hotter")
    assert found(answer) == ["venus.txt"]
    assert answer.index.embedded == 0.0
    assert answer.hits[0].explain.dense.score is None
    assert collection.embed_pending() == 1
    answer = collection.ask("hotter")
    assert answer.index.embedded == 1.0
    assert answer.hits[0].explain.dense.rank == 1


def test_a_vector_that_the_caller_has_is_used(collection: Collection, embedder: WordEmbedder) -> None:
    fill(collection)
    vectors = embedder.embed_queries(["moons"])
    before = embedder.queries
    assert found(collection.ask("xyzzy", k=1, vectors=vectors)) == ["mars.txt"]
    assert embedder.queries == before


@pytest.mark.parametrize("question", ["", "  ", "?!", "\n"])
def test_a_question_without_words_is_refused(collection: Collection, question: str) -> None:
    with pytest.raises(EmptyQuestion):
        collection.ask(question)


@pytest.mark.parametrize("k", [0, -1, 101, 10_000])
def test_k_has_limits(collection: Collection, k: int) -> None:
    with pytest.raises(InvalidLimit, match="1 to 100"):
        collection.ask("moons", k=k)


def test_an_empty_collection_answers_with_nothing(collection: Collection) -> None:
    assert collection.ask("moons").hits == ()


def test_filters_choose_documents_before_ranking(open_collection: Opener) -> None:
    collection = open_collection(LibraryConfig(search=SearchConfig(candidates=3)))
    for n in range(20):
        put(collection, f"{n}.txt", f"moons moons moons {n}", metadata={"n": n})
    put(collection, "far.txt", "One line about other things and moons at last.", metadata={"n": 99})
    collection.embed_pending()
    assert "far.txt" not in found(collection.ask("moons", k=3))
    assert found(collection.ask("moons", k=3, where=Comparison("eq", "n", (99,)))) == ["far.txt"]
    assert collection.ask("moons", where=Comparison("eq", "n", (100,))).hits == ()


def test_equal_passages_are_grouped_and_keep_their_places(collection: Collection) -> None:
    fill(collection, {f"{n}.txt": "All rights are reserved." for n in range(3)})
    (hit,) = collection.ask("rights").hits
    assert len(hit.also_at) == 2
    places = [collection.archive.cite(locator) for locator in (hit.citation.locator, *hit.also_at)]
    assert {place.document_id for place in places} == {"0.txt", "1.txt", "2.txt"}
    assert {place.quote for place in places} == {"All rights are reserved."}


def test_neighbours_are_merged_into_one_passage(open_collection: Opener) -> None:
    collection = open_collection(LibraryConfig(chunking=ChunkingConfig(max_tokens=30, overlap_tokens=12)))
    fill(collection, {"long.txt": long_text()})
    assert collection.archive.counts().passages > 3
    (hit,) = collection.ask("moons", k=3).hits
    assert hit.text == long_text()
    assert_law(collection, collection.ask("moons"))


def test_neighbours_can_be_left_apart(open_collection: Opener) -> None:
    config = LibraryConfig(
        chunking=ChunkingConfig(max_tokens=30, overlap_tokens=12), search=SearchConfig(merge_characters=0)
    )
    collection = open_collection(config)
    fill(collection, {"long.txt": long_text()})
    assert len(collection.ask("moons", k=3).hits) == 3


def test_passages_of_different_sections_are_not_merged(collection: Collection) -> None:
    fill(collection, {"a.txt": "== A ==\n\nRed moons.\n\n== B ==\n\nBlue moons."})
    assert sorted(hit.text for hit in collection.ask("moons").hits) == ["Blue moons.", "Red moons."]


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=4), data=st.data())
def test_every_quote_is_a_slice_of_its_text(
    open_collection: Opener, tmp_path: Path, texts: list[str], data: st.DataObject
) -> None:
    shutil.rmtree(tmp_path / "default", ignore_errors=True)
    collection = open_collection(LibraryConfig(chunking=ChunkingConfig(max_tokens=24, overlap_tokens=6)))
    outcomes = collection.put_many(
        [Source(str(n), text.encode("utf-8", "surrogatepass"), name="a.txt") for n, text in enumerate(texts)]
    )
    taken = [outcome for outcome in outcomes if not isinstance(outcome, InvalidInput)]
    collection.embed_pending()
    for outcome in taken:
        text = collection.archive.text(outcome.record.id)[1]
        words = [word for word in text.split() if any(c.isalnum() for c in word)] or ["a"]
        answer = collection.ask(data.draw(st.sampled_from(words)))
        assert answer.hits
        assert_law(collection, answer)
    collection.close()


@pytest.mark.parametrize(
    ("question", "starts", "expected"),
    [
        ("What is BM25?", [0, 5, 8, 12], False),
        ("Что это", [0, 1, 2, 4, 5, 6], True),
        ("犬は", [0, 1], True),
        ("AI?", [0, 2], False),
        ("谁建造了灯塔?", [0, 1, 3, 4, 6], False),  # a model that knows Chinese has tokens of two characters
        ("IBM 谁建造了灯塔?", [0, 4, 5, 6, 7, 8, 9, 10], True),
    ],
)
def test_a_question_that_is_read_letter_by_letter_is_known(
    question: str, starts: list[int], expected: bool
) -> None:
    assert is_spelt(question, starts) == expected


def test_a_collection_without_the_second_look_answers_too(open_collection: Opener) -> None:
    collection = open_collection(LibraryConfig(search=SearchConfig(second_look=0)))
    fill(collection)
    answer = collection.ask("Which moons does Mars have?")
    assert_law(collection, answer)
    assert answer.hits[0].citation.document_id == "mars.txt"
    assert answer.hits[0].evidence == ()
    assert answer.hits[0].explain.sentence is None
    assert 0.0 < answer.answerability < 1.0


def test_every_part_of_evidence_is_a_slice_of_the_quote(collection: Collection) -> None:
    fill(collection)
    (hit, *_) = collection.ask("Which moons does Mars have?").hits
    _, text = collection.archive.text(hit.citation.document_id)
    assert [text[one.start : one.end] for one in hit.evidence] == ["Mars has two moons, Phobos and Deimos."]


class ErasingReranker:
    """Erases a document after the candidates were found, as another process may at any time."""

    def __init__(self, erase: Callable[[], object]) -> None:
        self._erase = erase

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        self._erase()
        return np.linspace(1, 0.5, len(passages), dtype=np.float32)


def test_what_is_erased_during_a_search_leaves_its_answer_whole(
    open_collection: Opener, embedder: WordEmbedder, tmp_path: Path
) -> None:
    writer = open_collection()
    texts = {"first.txt": "The lamp was lit.", "second.txt": "The lamp was lit at dusk by the keeper."}
    for id_, text in texts.items():
        writer.put(Source(id_, text.encode()))
    writer.embed_pending()
    reranker = ErasingReranker(lambda: writer.editor.delete("first.txt"))
    with collection_in(
        tmp_path / "default", embedder=embedder, config=LibraryConfig(), reranker=reranker
    ) as collection:
        assert {hit.text for hit in collection.ask("lamp").hits} == set(texts.values())
        collection.refresh()
        reranker = ErasingReranker(lambda: None)
        assert writer.archive.find_document("first.txt") is None
        assert [hit.text for hit in writer.ask("lamp").hits] == [texts["second.txt"]]
