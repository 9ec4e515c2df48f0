"""Machines that followed a large record, and compacted, at different times answer alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest

from index.config import LibraryConfig, VectorsConfig
from index.description import Description
from index.embedding import WordEmbedder
from index.engine.embedded import EmbeddedEngine
from index.postgresql import open_server
from index.protocols import RecordStore
from index.store import open_catalogue
from index.types import Vectors
from tests.contracts.documents import document
from tests.postgresql import database

PASSAGES = 60_000
REPLACED = 5_000
ROUNDS = 5
QUESTIONS = 200
BATCH = 1_000
CENTRES = 300
DIMENSION = 64
# The inverted file is used above 20,000 passages.
CONFIG = LibraryConfig(vectors=VectorsConfig(recall=0.9))
DESCRIPTION = Description.of_today(WordEmbedder(DIMENSION), CONFIG)

pytestmark = [pytest.mark.full, pytest.mark.processes]


class Machines:
    """A record with many passages, whose vectors form clusters, and machines that follow it."""

    def __init__(self, folder: Path, url: str, stack: ExitStack) -> None:
        self._folder, self._url, self._stack = folder, url, stack
        self._random = np.random.default_rng(7)
        self._centres = self._random.normal(size=(CENTRES, DIMENSION))
        self._objects = (folder / "objects").as_uri()
        open_catalogue(folder, url, objects=self._objects).describe("a", {})
        self.store = self._opened("writer")

    def _opened(self, name: str) -> RecordStore:
        catalogue = open_catalogue(self._folder / name, self._url, objects=self._objects)
        return self._stack.enter_context(closing(catalogue.open("a")))

    def engine(self, name: str) -> EmbeddedEngine:
        engine = EmbeddedEngine(self._folder / name, self._opened(name), DESCRIPTION, CONFIG)
        return self._stack.enter_context(closing(engine))

    def vectors(self, count: int) -> Vectors:
        near = self._centres[self._random.integers(0, CENTRES, count)]
        found = (near + 0.7 * self._random.normal(size=near.shape)).astype(np.float16).astype(np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)  # type: ignore[no-any-return]

    def put(self, first: int, count: int, revision: int) -> None:
        """Store documents of two passages, with their vectors."""
        for start in range(first, first + count, BATCH):
            numbers = range(start, min(start + BATCH, first + count))
            self.store.put(
                [document(f"{n}", f"Word{n} here{revision}. Word{n % 97} there.") for n in numbers]
            )
            with self.store.lease("embed/test") as lease:
                while waiting := self.store.claim(BATCH, lease):
                    self.store.put_vectors([one.key for one in waiting], self.vectors(len(waiting)))


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with database() as url, closing(open_server(url)), ExitStack() as stack:
        yield Machines(tmp_path, url, stack)


def test_they_answer_alike_after_many_replacements(machines: Machines) -> None:
    machines.put(0, PASSAGES // 2, 0)
    engines = {name: machines.engine(name) for name in ("first", "second", "third")}
    made = set()
    for revision in range(1, ROUNDS + 1):
        # Each machine follows the record at its own time, and each is once the first to compact.
        for name, engine in engines.items():
            machines.put(revision * 731, REPLACED // 2 // ROUNDS // len(engines), revision)
            engine.update()
            if name == list(engines)[revision % len(engines)]:
                assert engine.shared is not None
                engine.shared.publish()
                engine.update()
                made.add(engine.dense.manifest)
    engines["new"] = machines.engine("new")
    for engine in engines.values():
        engine.update()
    expected, *others = engines.values()
    assert expected.dense.description.kind == "ivf"
    assert expected.dense.manifest in made
    for vector in machines.vectors(QUESTIONS):
        (mine,) = expected.dense.search(vector, 10)
        for other in others:
            (theirs,) = other.dense.search(vector, 10)
            assert mine.ids.tolist() == theirs.ids.tolist()
            np.testing.assert_allclose(mine.scores, theirs.scores, atol=1e-5)
    for number in range(0, 97, 7):
        words = f"Word{number} here{ROUNDS}"
        mine = expected.lexical.search(words, 20)
        for other in others:
            theirs = other.lexical.search(words, 20)
            assert mine.ids.tolist() == theirs.ids.tolist()
            np.testing.assert_allclose(mine.scores, theirs.scores, atol=1e-5)
