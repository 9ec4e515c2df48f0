"""Answers depend on the record alone: engines that followed it in different steps answer alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest

from index.config import LibraryConfig, VectorsConfig
from index.description import Description
from index.embedding import WordEmbedder
from index.engine import open_engine
from index.engine.embedded import EmbeddedEngine
from index.filters import parse_filter
from index.protocols import Engine, RecordStore
from index.types import Ranking
from tests.contracts.documents import document, pending, put

_RANDOM = random.Random(11)
WORDS = ["".join(_RANDOM.choices("bdfgkmnprtvz", k=6)) for _ in range(60)]
WEIGHTS = [1 / (1 + place) for place in range(60)]
KINDS = ("sea", "land")
EMBEDDER = WordEmbedder()
CONFIG = LibraryConfig(vectors=VectorsConfig(kind="flat"))
CHANGES = 10
TOLERANCE = 1e-5


class History:
    """Makes random changes of a record."""

    def __init__(self, store: RecordStore, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)
        self.documents: set[str] = set()

    def words(self, most: int) -> str:
        return " ".join(self.random.choices(WORDS, WEIGHTS, k=self.random.randint(4, most)))

    def change(self) -> None:
        """Add and replace some documents, or delete some, mostly those with more words."""
        if self.documents and self.random.random() < 0.3:
            gone = sorted(self.documents)[-self.random.randint(1, 3) :]
            for id_ in gone:
                self.store.delete(id_)
            self.documents -= set(gone)
            return
        for _ in range(self.random.randint(1, 12)):
            number = self.random.randrange(40)
            metadata = {"kind": KINDS[number % 2]}
            id_ = f"{number:02}"
            put(self.store, [document(id_, self.words(6 + 4 * number), metadata=metadata, headings=["", ""])])
            self.documents.add(id_)

    def embed(self) -> None:
        waiting = pending(self.store)
        vectors = EMBEDDER.embed_passages([one.text for one in waiting])
        self.store.put_vectors([one.key for one in waiting], vectors)


class Replica:
    """An engine in a folder of its own, which may be opened again."""

    def __init__(self, folder: Path, store: RecordStore) -> None:
        self._folder, self._store = folder, store
        self.engine = self._opened()

    def _opened(self) -> EmbeddedEngine:
        description = Description.of_today(EMBEDDER, CONFIG)
        engine = open_engine(self._folder, self._store, description, CONFIG)
        assert isinstance(engine, EmbeddedEngine)
        return engine

    def update(self) -> None:
        self.engine.update()

    def reopen(self) -> None:
        self.close()
        self.engine = self._opened()
        self.engine.update()

    def compact(self) -> None:
        self.engine.update()
        self.engine.dense.compact()

    def purge(self) -> None:
        self.engine.update()
        assert self.engine.purge(self.engine.change)

    def close(self) -> None:
        self.engine.close()


STEPS = {
    "at once": ("update",),
    "in batches": ("", "", "update"),
    "opened again": ("", "reopen", "update"),
    "compacted": ("update", "compact", "", "compact"),
    "purged": ("", "update", "purge"),
}
"""What each replica does after one change and another, at random."""


@pytest.fixture(params=range(2))
def replicas(
    request: pytest.FixtureRequest, store: RecordStore, tmp_path: Path
) -> Iterator[dict[str, Replica]]:
    """Replicas that followed a record, each in its own way, and one that is opened at the end."""
    history = History(store, request.param)
    with ExitStack() as stack:

        def replica(name: str) -> Replica:
            return stack.enter_context(closing(Replica(tmp_path / name, store)))

        found = {name: replica(name) for name in STEPS}
        for _ in range(CHANGES):
            history.change()
            if history.random.random() < 0.5:
                history.embed()
            for name, steps in STEPS.items():
                if step := history.random.choice(steps):
                    getattr(found[name], step)()
        found["made anew"] = replica("made anew")
        for one in found.values():
            one.update()
        yield found


def assert_same(one: Ranking, other: Ranking) -> None:
    assert one.ids.tolist() == other.ids.tolist()
    np.testing.assert_allclose(one.scores, other.scores, atol=TOLERANCE, rtol=0)


def compare(engine: Engine, other: Engine, question: str, n: int, kind: str | None) -> None:
    vector = EMBEDDER.embed_queries([question])[0]
    where = parse_filter({"type": "eq", "key": "kind", "value": kind}) if kind else None
    context = [(WORDS[5], 0.2)]
    mine, theirs = (one.search(question, vector, n, where=where, context=context) for one in (engine, other))
    assert_same(mine.dense, theirs.dense)
    assert_same(mine.lexical, theirs.lexical)
    ids = [one.search_words(question, n, where=where).tolist() for one in (engine, other)]
    assert ids[0] == ids[1]
    np.testing.assert_allclose(
        engine.scores(vector, mine.lexical.ids), other.scores(vector, mine.lexical.ids), atol=TOLERANCE
    )
    importance, others = engine.importance(question, context), other.importance(question, context)
    assert importance.terms.tolist() == others.terms.tolist()
    np.testing.assert_allclose(importance.shares, others.shares, atol=TOLERANCE)


def test_replicas_answer_alike(replicas: dict[str, Replica]) -> None:
    rng = random.Random(5)
    expected = replicas["made anew"].engine
    for _ in range(25):
        question = " ".join(rng.choices(WORDS, WEIGHTS, k=rng.randint(1, 7)))
        n, kind = rng.choice([3, 10, 200]), rng.choice([None, *KINDS])
        for name in STEPS:
            compare(replicas[name].engine, expected, question, n, kind)
