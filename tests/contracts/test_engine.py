"""What every engine keeps.

Another engine, such as that of a package, imports all tests into a module of its own that has a fixture
``open_engine_``: tests/packages/loccit_milvus/test_contract.py does.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from index.config import LibraryConfig
from index.description import Description
from index.embedding import WordEmbedder
from index.engine import open_engine
from index.engine.exact import ExactEngine
from index.errors import NotSupported
from index.filters import ReadableBy, parse_filter
from index.protocols import Engine, RecordStore
from index.text.analysis import Analyzer
from index.types import Vectors
from tests.contracts.documents import document, live_ids, now, pending, put

LAMPS = "The lamp was lit at dusk. The keeper climbed the stairs."
SHIPS = "The ship lay in the harbour. Its crew slept ashore."
EMBEDDER = WordEmbedder()
Opener = Callable[[], Engine]

by_words = pytest.mark.by_words
"""For engines that search by words."""
counts_terms = pytest.mark.counts_terms
"""For engines that know the terms of passages."""


@pytest.fixture(params=["embedded", "exact"])
def open_engine_(store: RecordStore, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Opener]:
    opened: list[Engine] = []
    config = LibraryConfig()

    def opener() -> Engine:
        if request.param == "exact":
            opened.append(ExactEngine(store, Analyzer("english"), EMBEDDER.dimension))
        else:
            description = Description.of_today(EMBEDDER, config)
            opened.append(open_engine(tmp_path / "engine", store, description, config))
        return opened[-1]

    yield opener
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(open_engine_: Opener) -> Engine:
    return open_engine_()


def vector(text: str) -> Vectors:
    """A text's vector, shape (dimension,)."""
    return EMBEDDER.embed_queries([text])[0]  # type: ignore[no-any-return]


def embed(store: RecordStore) -> None:
    waiting = pending(store)
    store.put_vectors([one.key for one in waiting], EMBEDDER.embed_passages([one.text for one in waiting]))


def keeps_words(engine: Engine) -> bool:
    try:
        engine.search_words("lamp", 1)
    except NotSupported:
        return False
    return True


def fill(store: RecordStore, engine: Engine) -> dict[str, list[int]]:
    """Put two documents and embed them; returns the ids of their passages."""
    ids: dict[str, list[int]] = {}
    for id_, text in {"lamps": LAMPS, "ships": SHIPS}.items():
        before = set(live_ids(store))
        put(store, [document(id_, text, metadata={"kind": id_}, headings=["", ""])])
        ids[id_] = [one for one in live_ids(store) if one not in before]
    embed(store)
    engine.update()
    return ids


@by_words
def test_a_new_engine_is_empty(engine: Engine) -> None:
    found = engine.search("lamp", vector("lamp"), 10)
    assert (len(found.dense), len(found.lexical), engine.change) == (0, 0, 0)
    assert engine.search_words("lamp", 10).tolist() == []
    assert not engine.update()


@by_words
def test_a_search_by_words_keeps_to_a_filter(store: RecordStore, engine: Engine) -> None:
    ids = fill(store, engine)
    words = "lamp ship"
    assert set(engine.search_words(words, 10).tolist()) >= {ids["lamps"][0], ids["ships"][0]}
    where = parse_filter({"type": "eq", "key": "kind", "value": "ships"})
    assert set(engine.search_words(words, 10, where=where).tolist()) <= set(ids["ships"])


@by_words
def test_groups_reach_both_searches_as_a_filter(store: RecordStore, engine: Engine) -> None:
    ids = fill(store, engine)
    store.describe("lamps", {}, source="lamps", groups=["staff"])
    engine.update()
    for groups, told in (((), {"ships"}), (("staff",), {"lamps", "ships"})):
        readable = ReadableBy(frozenset(groups))
        found = engine.search("lamp and ship", vector("lamp and ship"), 10, where=readable)
        for ranking in (found.dense, found.lexical):
            assert set(ranking.ids.tolist()) <= {id_ for name in told for id_ in ids[name]}
            assert {name for name in ids if set(ids[name]) & set(ranking.ids.tolist())} == told


@by_words
def test_passages_are_found_by_words_before_they_have_vectors(store: RecordStore, engine: Engine) -> None:
    put(store, [document("lamps", LAMPS)])
    assert engine.update()
    assert engine.change == now(store).change()
    found = engine.search("lamps", vector("lamps"), 10)
    assert (found.lexical.ids.tolist(), len(found.dense)) == ([1], 0)
    assert math.isnan(engine.scores(vector("lamps"), np.array([1], np.int64))[0])


def test_passages_are_found_by_meaning_once_they_have_vectors(store: RecordStore, engine: Engine) -> None:
    ids = fill(store, engine)
    found = engine.search("harbour", vector("The ship lay in the harbour."), 3)
    assert found.dense.ids[0] == ids["ships"][0]
    assert len(found.dense) == 3
    assert np.all(np.diff(found.dense.scores) <= 0)
    np.testing.assert_allclose(
        engine.scores(vector("The ship lay in the harbour."), found.dense.ids), found.dense.scores, atol=1e-3
    )


def test_scores_are_nan_for_passages_not_held(store: RecordStore, engine: Engine) -> None:
    ids = fill(store, engine)
    scores = engine.scores(vector("lamp"), np.array([10**6, ids["lamps"][0]], np.int64))
    assert np.isnan(scores).tolist() == [True, False]


@by_words
def test_words_are_found_by_the_lexical_search(store: RecordStore, engine: Engine) -> None:
    ids = fill(store, engine)
    found = engine.search("harbour", vector("The ship lay in the harbour."), 3)
    assert found.lexical.ids[0] == ids["ships"][0]


@pytest.mark.parametrize("kind", ["lamps", "ships", "none"])
def test_a_filter_is_kept_by_both_rankings(store: RecordStore, engine: Engine, kind: str) -> None:
    ids = fill(store, engine)
    where = parse_filter({"type": "eq", "key": "kind", "value": kind})
    stages: list[str] = []
    found = engine.search("the lamp and the ship", vector("lamp"), 10, where=where)
    assert set(found.dense.ids.tolist()) == set(ids.get(kind, []))
    assert set(found.lexical.ids.tolist()) <= set(ids.get(kind, []))
    assert stages == []


@by_words
def test_words_of_the_context_count_with_their_weight(store: RecordStore, engine: Engine) -> None:
    ids = fill(store, engine)
    found = engine.search("lamp", vector("lamp"), 10, context=[("harbour", 0.1)])
    assert found.lexical.ids.tolist()[0] == ids["lamps"][0]
    assert ids["ships"][0] in found.lexical.ids.tolist()
    assert ids["ships"][0] not in engine.search("lamp", vector("lamp"), 10).lexical.ids.tolist()


def test_rare_words_are_more_important(store: RecordStore, engine: Engine) -> None:
    fill(store, engine)
    analyzer = Analyzer("english")
    importance = engine.importance("lamp dusk the")
    assert importance.shares.sum() == pytest.approx(1.0)
    assert np.all(np.diff(importance.terms.astype(np.int64)) > 0)
    share = dict(zip(importance.terms.tolist(), importance.shares.tolist(), strict=True))
    (rare,) = analyzer.term_hashes("keeper").tolist()
    both = engine.importance("keeper climbed")
    assert rare in both.terms.tolist()
    assert all(value >= 0 for value in share.values())


def test_terms_with_a_prefix_are_those_of_the_passages_or_none(store: RecordStore, engine: Engine) -> None:
    fill(store, engine)
    assert engine.terms("lam") in ({"lamp": 1}, {})
    assert engine.terms("zz") == {}


@counts_terms
def test_terms_are_counted_by_passages(store: RecordStore, engine: Engine) -> None:
    fill(store, engine)
    assert engine.terms("lam") == {"lamp": 1}


def test_what_was_replaced_or_deleted_is_not_found(store: RecordStore, engine: Engine) -> None:
    ids = fill(store, engine)
    put(store, [document("lamps", "The beacon was dark. No keeper came.", headings=["", ""])])
    store.delete("ships")
    engine.update()
    found = engine.search("lamp harbour keeper", vector("lamp"), 10)
    assert len(found.dense) == 0
    assert not set(found.lexical.ids.tolist()) & {*ids["lamps"], *ids["ships"]}


@by_words
def test_the_words_of_a_replacement_are_found(store: RecordStore, engine: Engine) -> None:
    fill(store, engine)
    put(store, [document("lamps", "The beacon was dark. No keeper came.", headings=["", ""])])
    engine.update()
    assert len(engine.search("beacon", vector("lamp"), 10).lexical) == 1
    assert len(engine.search("stairs", vector("lamp"), 10).lexical) == 0


def test_an_engine_that_is_opened_later_catches_up(store: RecordStore, open_engine_: Opener) -> None:
    first = open_engine_()
    ids = fill(store, first)
    store.delete("ships")
    later = open_engine_()
    later.update()
    first.update()
    for engine in (first, later):
        assert engine.change == now(store).change()
        assert set(engine.search("the", vector("lamp"), 10).dense.ids.tolist()) == set(ids["lamps"])


def test_maintenance_changes_no_answer(store: RecordStore, engine: Engine) -> None:
    fill(store, engine)
    before = engine.search("lamp", vector("lamp"), 10)
    engine.maintain(background=False)
    after = engine.search("lamp", vector("lamp"), 10)
    assert before.dense.ids.tolist() == after.dense.ids.tolist()
    assert before.lexical.ids.tolist() == after.lexical.ids.tolist()


def test_an_earlier_change_is_searched_or_refused(store: RecordStore, engine: Engine) -> None:
    ids = fill(store, engine)
    then = now(store).change()
    store.prune([])
    put(store, [document("lamps", "The beacon was dark. No keeper came.", headings=["", ""])])
    engine.update()
    with store.snapshot() as moment:
        past = moment.at(then)
        if isinstance(engine, ExactEngine):
            with pytest.raises(NotSupported, match=str(then)):
                engine.at(past)
            return
        searchable = engine.at(past)
        found = searchable.search("lamp", vector("lamp"), 10)
        assert set(found.dense.ids.tolist()) == {*ids["lamps"], *ids["ships"]}
        assert found.lexical.ids.tolist() == (ids["lamps"][:1] if keeps_words(engine) else [])
    engine.forget()
