"""The words in Milvus score as BM25 over the live passages, whatever happened on the way."""

from itertools import count
from typing import Any

import numpy as np
import pytest
from loccit_milvus import MilvusConfig
from loccit_milvus.engine import MilvusEngine
from loccit_milvus.server import MilvusFailed, Server
from loccit_milvus.states import Names, States
from loccit_milvus.words import MilvusWords

from index.engine.exact import ExactEngine
from index.protocols import RecordStore
from index.text.analysis import Analyzer
from tests.contracts.documents import document, put
from tests.contracts.test_engine import embed, vector
from tests.packages.loccit_milvus.conftest import EMBEDDER, Opener

QUESTIONS = ["lamp keeper", "the ship in the harbour", "stairs", "beacon dark lamp", "nothing of it"]


def fill(store: RecordStore) -> None:
    for number, text in enumerate(
        (
            "The lamp was lit at dusk. The keeper climbed the stairs.",
            "The ship lay in the harbour. Its crew slept ashore.",
            "A beacon is a lamp on a hill. In the dark it shows the harbour.",
        )
    ):
        put(store, [document(f"d{number}", text, headings=["", ""])])


def change(store: RecordStore) -> None:
    """Replace a document, erase one and add one."""
    put(store, [document("d0", "The beacon was dark. No keeper came to the lamp.", headings=["", ""])])
    store.delete("d1")
    put(store, [document("d3", "Stairs lead to the lamp. The keeper knows them.", headings=["", ""])])


def agrees(store: RecordStore, engine: MilvusEngine, *, within: float = 0.05) -> None:
    """Compare the weights of words, which are exact, and the scores, with those of all passages."""
    exact = ExactEngine(store, Analyzer("english"), EMBEDDER.dimension)
    exact.update()
    for question in QUESTIONS:
        expected, found = exact.importance(question), engine.importance(question)
        assert found.terms.tolist() == expected.terms.tolist()
        np.testing.assert_allclose(found.shares, expected.shares, rtol=1e-6)
    engine.maintain(background=False)
    for question in QUESTIONS:
        ranked = exact.search(question, vector(question), 10).lexical
        here = engine.search(question, vector(question), 10).lexical
        scores = dict(zip(here.ids.tolist(), here.scores.tolist(), strict=True))
        assert scores == pytest.approx(
            dict(zip(ranked.ids.tolist(), ranked.scores.tolist(), strict=True)), rel=within
        )


def test_scores_are_those_of_bm25(store: RecordStore, engine: MilvusEngine) -> None:
    fill(store)
    engine.update()
    agrees(store, engine, within=1e-3)


def test_counts_stay_exact_over_replacements_and_erasures(store: RecordStore, engine: MilvusEngine) -> None:
    fill(store)
    engine.update()
    change(store)
    engine.update()
    agrees(store, engine)
    assert engine.check() == []


def test_words_are_weighed_again_when_passages_have_become_longer(
    store: RecordStore, engine: MilvusEngine
) -> None:
    put(store, [document("short", "A lamp. A ship.", headings=["", ""])])
    engine.update()
    fill(store)
    engine.update()
    before = engine.lexical.should_rewrite
    engine.maintain(background=False)
    assert (before, engine.lexical.should_rewrite) == (True, False)
    agrees(store, engine, within=1e-3)
    assert engine.change == engine.lexical.change


def test_an_engine_searches_words_that_another_has_written_again(
    store: RecordStore, open_engine: Opener
) -> None:
    first, second = open_engine(), open_engine()
    put(store, [document("short", "A lamp. A ship.", headings=["", ""])])
    fill(store)
    first.update()
    second.update()
    put(store, [document("long", "The lamp of the tower. " + "It shone far over the sea. " * 20)])
    first.update()
    first.maintain(background=False)
    assert second.search("lamp", vector("lamp"), 10).lexical.ids.tolist()


class _Failing(Server):
    """A server that is lost at the n-th call, as for a process that is killed there."""

    def __init__(self, config: MilvusConfig, at: int) -> None:
        super().__init__(config)
        self._calls = count(1)
        self._at = at

    def _call(self, method: str, *given: object, **named: Any) -> Any:
        if next(self._calls) >= self._at:
            raise MilvusFailed("lost")
        return super()._call(method, *given, **named)


def test_an_update_that_ended_at_any_call_is_completed_exactly(
    store: RecordStore, settings: MilvusConfig, open_engine: Opener
) -> None:
    fill(store)
    open_engine().update()
    change(store)
    ended = False
    for at in count(1):
        server = _Failing(settings, at)
        with store.snapshot() as moment:
            words = MilvusWords(server, States(server, Names.of("loccit", moment)), Analyzer("english"))
            try:
                words.refresh()
                since = words.change
                if words.sweeping is not None:
                    words.finish(moment.removed(words.sweeping, since))
                if since < moment.change:
                    words.update(
                        moment.mark,
                        added=moment.added_texts(since, moment.change),
                        removed=moment.removed(since, moment.change),
                    )
                ended = words.sweeping is None
            except MilvusFailed:
                pass
        server.close()
        if ended:
            break
    assert at > 5
    engine = open_engine()
    engine.update()
    assert engine.check() == []
    agrees(store, engine)


@pytest.mark.parametrize("at", range(3, 13))
def test_a_killed_update_is_completed_by_the_next_engine(
    store: RecordStore, settings: MilvusConfig, open_engine: Opener, at: int
) -> None:
    fill(store)
    open_engine().update()
    change(store)
    server = _Failing(settings, at)
    with store.snapshot() as moment:
        words = MilvusWords(server, States(server, Names.of("loccit", moment)), Analyzer("english"))
        try:
            words.refresh()
            words.update(
                moment.mark,
                added=moment.added_texts(words.change, moment.change),
                removed=moment.removed(words.change, moment.change),
            )
        except MilvusFailed:
            pass
    server.close()
    put(store, [document("later", "One more lamp. And a keeper.", headings=["", ""])])
    store.delete("d2")
    embed(store)
    engine = open_engine()
    engine.update()
    assert engine.check() == []
    agrees(store, engine)


def test_a_passage_without_words_is_held(store: RecordStore, engine: MilvusEngine) -> None:
    put(store, [document("signs", "*** --- ... !!! ???", headings=["", ""])])
    engine.update()
    assert engine.check() == []
    store.delete("signs")
    engine.update()
    assert engine.check() == []


def test_a_purge_leaves_no_counts_of_terms_that_are_gone(store: RecordStore, engine: MilvusEngine) -> None:
    fill(store)
    engine.update()
    for number in range(3):
        store.delete(f"d{number}")
    with store.snapshot() as moment:
        change = moment.change
    assert engine.purge(change)
    assert not engine.purge(change + 1)
    server = engine._server
    (terms,) = [name for name in server.names("loccit_") if "_terms_" in name]
    assert server.count(terms) == 0
