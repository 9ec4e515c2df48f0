"""Scores by words depend on the live passages alone."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from tantivy import Occur, Query

from index.engine.lexical import TantivyIndex
from index.engine.lexical.ranking import Scoring, rank, round_scores
from index.engine.lexical.segments import SCHEMA, TERMS
from index.records import Mark
from index.text.analysis import Analyzer
from index.types import Ids, IndexedPassage, Ranking

# Consonants and y: words that no stemmer touches.
_RANDOM = random.Random(7)
WORDS = ["".join(_RANDOM.choices("bdfgkmnprtvz", k=6)) for _ in range(80)]
WEIGHTS = [1 / (1 + place) for place in range(80)]


@dataclass
class Grown:
    """An index, and the passages that it should have."""

    folder: Path
    index: TantivyIndex
    passages: dict[int, str] = field(default_factory=dict)
    change: int = 0

    def update(self, added: Mapping[int, str], removed: list[int]) -> None:
        self.change += 1
        gone = np.array(removed, np.int64)
        entries = [IndexedPassage(id_, id_ // 4, text) for id_, text in added.items()]
        self.index.update(Mark(self.change), added=entries, removed=gone)
        self.passages.update(added)
        for id_ in removed:
            self.passages.pop(id_, None)


def text(rng: random.Random, longest: int = 90) -> str:
    return " ".join(rng.choices(WORDS, WEIGHTS, k=rng.randint(1, longest)))


@pytest.fixture(params=range(2))
def grown(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Grown]:
    """An index with additions, replacements and removals, mostly of longer passages."""
    rng = random.Random(request.param)
    grown = Grown(tmp_path / "grown", TantivyIndex.open(tmp_path / "grown", Analyzer()))
    for change in range(7):
        new = {change * 100 + at: text(rng) for at in range(rng.randint(1, 60))}
        old = rng.sample(sorted(grown.passages), min(len(grown.passages), rng.randint(0, 40)))
        longest = sorted(old, key=lambda id_: -len(grown.passages[id_]))[: len(old) // 2]
        grown.update({**new, **{id_: text(rng) for id_ in old if id_ not in longest}}, longest)
    yield grown
    grown.index.close()


@pytest.fixture
def fresh(grown: Grown, tmp_path: Path) -> Iterator[TantivyIndex]:
    """An index to which the same passages were added at once."""
    index = TantivyIndex.open(tmp_path / "fresh", Analyzer())
    built = Grown(tmp_path / "fresh", index)
    built.update(grown.passages, [])
    yield index
    index.close()


def questions(seed: int) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, WEIGHTS, k=rng.randint(1, 9))) for _ in range(40)]


def same(one: Ranking, other: Ranking) -> bool:
    return np.array_equal(one.ids, other.ids) and np.array_equal(one.scores, other.scores)


@pytest.mark.parametrize("n", [5, 1000])
def test_rankings_are_those_of_a_fresh_index(grown: Grown, fresh: TantivyIndex, n: int) -> None:
    assert len(grown.index) == len(fresh)
    documents = np.arange(0, 300, 3)
    for question in questions(n):
        assert same(grown.index.search(question, n), fresh.search(question, n))
        some = [one.search(question, n, documents=documents) for one in (grown.index, fresh)]
        assert same(*some)
        context = [one.search(question, n, context=[(WORDS[3], 0.2)]) for one in (grown.index, fresh)]
        assert same(*context)


def test_importance_is_that_of_a_fresh_index(grown: Grown, fresh: TantivyIndex) -> None:
    for question in questions(0):
        mine, theirs = grown.index.importance(question), fresh.importance(question)
        assert mine.terms.tolist() == theirs.terms.tolist()
        assert mine.shares.tolist() == theirs.shares.tolist()


def test_another_process_ranks_alike(grown: Grown, fresh: TantivyIndex) -> None:
    other = TantivyIndex.open(grown.folder, Analyzer())
    for question in questions(1):
        assert same(other.search(question, 7), fresh.search(question, 7))
    grown.update({}, sorted(grown.passages)[:3])
    other.refresh()
    for question in questions(2):
        assert same(other.search(question, 7), grown.index.search(question, 7))
    other.close()


def test_a_word_of_removed_passages_alone_finds_nothing(grown: Grown) -> None:
    grown.update({5000: "quartz", 5001: f"{WORDS[0]} granite"}, [])
    grown.update({}, [5000])
    assert grown.index.search("quartz", 5).ids.tolist() == []
    assert grown.index.search("quartz granite", 5).ids.tolist() == [5001]
    grown.update({}, sorted(grown.passages))
    assert grown.index.search("granite", 5).ids.tolist() == []
    assert grown.index.importance("granite quartz").shares.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("n", [5, 40])
def test_scores_of_the_engine_are_within_their_error(grown: Grown, n: int) -> None:
    """What is not computed again is decided by the engine's score and its largest error."""
    held = grown.index._folder.state.segments
    assert held is not None
    for question in questions(n):
        terms = dict.fromkeys(question.split(), 1.0)
        scoring = Scoring.of(held.live, terms)
        assert scoring is not None
        ranking = rank(held.live, terms, 1000, None)
        wanted = [
            (Occur.Should, Query.boost_query(one, boost))
            for one, boost in (
                (Query.term_query(SCHEMA, TERMS, term, "freq"), boost)
                for term, boost in zip(scoring.terms, scoring.boosts.tolist(), strict=True)
            )
        ]
        hits = held.searcher.search(Query.boolean_query(wanted), 1000, count=False).hits
        given = np.array([score for score, _ in hits])
        exact = scoring.exact([place for _, place in hits], given)
        assert np.all(np.abs(given - exact) <= given * scoring.relative_error + scoring.absolute_error)
        assert sorted(round_scores(exact)) == sorted(ranking.scores)


def keys(*values: int) -> Ids:
    return np.array(values, np.int64)


def test_lengths_are_counted_as_the_engine_counts_them(tmp_path: Path) -> None:
    """The engine's own score, where nothing was removed, is the one computed here."""
    index = TantivyIndex.open(tmp_path / "lexical", Analyzer())
    rng = random.Random(3)
    sizes = [1, 39, 40, 41, 42, 55, 56, 57, 59, 60, 87, 88, 95, 96, 151, 152, 279, 280, 311, 1000, 5000]
    texts = {at: " ".join([*rng.choices(WORDS[1:], k=size - 1), "quartz"]) for at, size in enumerate(sizes)}
    index.update(Mark(1), added=[IndexedPassage(at, at, one) for at, one in texts.items()], removed=keys())
    held = index._folder.state.segments
    assert held is not None
    assert held.live.average == sum(sizes) / len(sizes)
    scoring = Scoring.of(held.live, {"quartz": 1.0})
    assert scoring is not None
    query = Query.term_query(SCHEMA, TERMS, "quartz", "freq")
    hits = held.searcher.search(query, 100, count=False).hits
    assert len(hits) == len(sizes)
    given = np.array([score for score, _ in hits])
    np.testing.assert_allclose(scoring.exact([place for _, place in hits], given), given, rtol=1e-6)
    index.close()
