"""A part of a collection is searched as a collection of its own would be."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import sets
from benchmarks.answerability.cases import Asking, unit_of
from benchmarks.answerability.fitting import fit
from benchmarks.answerability.parts import Part, Whole
from benchmarks.answerability.study import _mean
from benchmarks.answerability.table import Table, queries
from evaluation.questions import Question
from index.answers import Turn
from index.config import LibraryConfig, SearchConfig
from index.embedding import WordEmbedder
from index.ingest import Source
from index.search import FEATURES, PASSAGE_FEATURES
from index.search.answerability import load
from index.search.question import Query
from index.search.search import Search
from index.search.stopwatch import Stopwatch
from index.store import open_catalogue
from index.text.analysis import Analyzer
from tests.opening import collection_in

TEXTS = {
    "mars.txt": "Mars has two moons, Phobos and Deimos. The moons are small.",
    "venus.txt": "Venus has no moon at all. Its air is hot.",
    "jupiter.txt": "Jupiter is a giant with many moons. Its storms are very old.",
    "copy.txt": "Somebody wrote this: Mars has two moons, Phobos and Deimos. The moons are small.",
    "tax.txt": "The tax on bicycles was abolished by the council.",
}
QUESTION = Question("1", "Which two moons has Mars?", {"mars.txt": 1}, answerable=True)


def filled(folder: Path, names: list[str]) -> None:
    with collection_in(folder, embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        for name in names:
            collection.put(Source(name, TEXTS[name].encode()))
        collection.embed_pending()


def query() -> Query:
    return Query(QUESTION.text, WordEmbedder().embed_queries([QUESTION.text])[0])


@pytest.mark.parametrize("names", [["mars.txt"], ["venus.txt", "tax.txt"], list(TEXTS)])
def test_a_part_gives_the_features_of_a_collection_of_its_documents(tmp_path: Path, names: list[str]) -> None:
    filled(tmp_path / "collections" / "whole", list(TEXTS))
    filled(tmp_path / "own" / "part", names)
    with collection_in(tmp_path / "own" / "part", embedder=WordEmbedder(), config=LibraryConfig()) as own:
        expected = own.ask(QUESTION.text)
    store = open_catalogue(tmp_path).open("whole")
    analyzer = Analyzer()
    with store.snapshot() as moment:
        whole = Whole(store, analyzer, WordEmbedder().dimension)
        keys = [one.key for one in moment.documents(after="", limit=100) if one.id in names]
        search = Search(moment, moment, Part(whole, keys), analyzer, SearchConfig())
        found = search.find(query(), k=5, where=None, watch=Stopwatch())
        features = search.features(query(), found)
    store.close()
    assert features == pytest.approx(dict(expected.features), abs=0.02)
    assert [hit.citation.document_id for hit in found.hits] == [
        hit.citation.document_id for hit in expected.hits
    ]
    assert load().probability(features) == pytest.approx(expected.answerability, abs=0.02)


def test_a_question_that_refers_to_what_was_said_is_asked_with_its_conversation() -> None:
    turns = (Turn("user", "Which moon is the lightest?"), Turn("assistant", "Deimos is the lightest moon."))
    (found,) = queries(WordEmbedder(), [Question("2", "How much does it weigh?", turns=turns)])
    assert [one.text for one in found.context] == ["Which moon is the lightest?"]
    assert found.vector.shape == (WordEmbedder().dimension,)


def test_each_question_is_asked_with_its_document_and_without(tmp_path: Path) -> None:
    filled(tmp_path / "collections" / "whole", list(TEXTS))
    store = open_catalogue(tmp_path).open("whole")
    with store.snapshot() as moment:
        whole = Whole(store, Analyzer(), WordEmbedder().dimension)
        keys = {one.id: one.key for one in moment.documents(after="", limit=100)}
        assert whole.repeating(keys["mars.txt"]) == {keys["copy.txt"]}
        asking = Asking("planets", whole, moment, keys, SearchConfig())
        cases = list(asking.cases(QUESTION, query()))
        (strange,) = asking.off_topic(Question("9", "What is the tax?"), query())
    store.close()
    assert [(case.size, case.kind) for case in cases] == [
        (1, "present"), (1, "replaced"), (0, "present"), (0, "replaced")
    ]  # fmt: skip
    ids = [{hit.citation.document_id for hit in case.found.hits} for case in cases]
    assert ids[0] == {"mars.txt"}
    assert len(ids[1]) == 1
    assert not {"mars.txt", "copy.txt"} & (ids[1] | ids[3]), "what repeats the answer is taken out as well"
    assert cases[0].relevant == (True,)
    assert not any(cases[3].relevant)
    assert not strange.answerable


def test_pieces_of_a_page_are_one_unit_and_halves_stay_the_same() -> None:
    assert unit_of("775449d1aa187ec5-11505-13676") == unit_of("775449d1aa187ec5-13192-13995")
    assert unit_of("ibmcld_16533-3361-4902") == "ibmcld_16533"
    assert unit_of("837407666_1762-2394-0-632") == "837407666"
    assert unit_of("a0p1") == "a0p1"
    assert [sets.is_dev(f"p{n}") for n in range(6)] == [True, True, False, False, False, False]
    assert 400 < sum(sets.is_dev(f"p{n}") for n in range(1000)) < 600


def test_auroc_counts_pairs() -> None:
    stated, truth = np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False])
    assert _mean([(stated, truth)], "auroc").value == pytest.approx(7 / 8)


def test_a_calibration_error_is_inside_its_interval() -> None:
    random = np.random.default_rng(5)
    stated = random.random(200)
    found = _mean([(stated, random.random(200) < stated)], "ece")
    assert found.low < found.value < found.high


def made_table(*, read: bool) -> Table:
    """Cases of which those can be answered whose nearest passage, or what was read, says so."""
    draw, count = np.random.default_rng(3), 200
    features = draw.normal(size=(count, len(FEATURES)))
    features[:, FEATURES.index("spelt")] = np.arange(count) % 10 == 0
    features[:, FEATURES.index("read_passages")] = 4.0 * read
    can = features[:, FEATURES.index("read" if read else "nearest")] > 0
    return Table(
        features,
        size=np.zeros(count, np.int64),
        kind=np.where(can, "present", "replaced"),
        dev=np.ones(count, np.bool_),
        turns=np.zeros(count, np.bool_),
        passages=draw.normal(size=(count, len(PASSAGE_FEATURES))),
        of=np.arange(count),
        relevant=can,
    )


@pytest.mark.parametrize("read", [False, True])
def test_what_was_read_is_fitted_apart(read: bool) -> None:
    table = made_table(read=read)
    fitted = fit({"one": table})
    assert ("read" in fitted.read.features) == read
    assert "read" not in fitted.known.features
    right = (fitted.logits(table) > 0) == (table.kind == "present")
    assert right.mean() > 0.9
    assert ((fitted.of_passages(table) >= 0) & (fitted.of_passages(table) <= 1)).all()
