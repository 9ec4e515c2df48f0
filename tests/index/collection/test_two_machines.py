"""Two machines on one record in PostgreSQL answer as one machine that has its record in its folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from evaluation import questions
from index.answers import Answer, Hit
from index.collection import Collection
from index.config import EmbeddingConfig, LibraryConfig, VectorsConfig
from index.embedding import WordEmbedder, load_embedder
from index.filters import Comparison
from index.ingest.preparation import Source
from index.library import Library
from index.protocols import Embedder
from tests.sizes import FULL

pytestmark = pytest.mark.shared

DOCUMENTS = 5183 if FULL else 200
BATCH = 100
TOLERANCE = 1e-5


def sources(folder: Path) -> list[Source]:
    """Documents, each of one of three kinds."""
    found = [*questions.sources(folder)][:DOCUMENTS]
    return [replace(one, metadata={"kind": at % 3}) for at, one in enumerate(found)]


def write(machines: Sequence[Collection], documents: Sequence[Source]) -> None:
    """Add documents, replace some and delete some; the machines take turns, and all follow at the end."""
    turns = cycle(machines)

    def put(some: Sequence[Source]) -> None:
        for outcome in next(turns).put_many(some):
            assert not isinstance(outcome, Exception)

    for first in range(0, len(documents), BATCH):
        put(documents[first : first + BATCH])
        next(turns).embed_pending(limit=BATCH)
    for one in documents[::10]:
        put([replace(one, data=one.data[: len(one.data) // 2])])
    for one in documents[5::50]:
        next(turns).editor.delete(one.id)
    next(turns).embed_pending()
    for machine in machines:
        machine.refresh()


@pytest.fixture(
    params=["words", pytest.param("model", marks=[pytest.mark.full, pytest.mark.model])], scope="module"
)
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    if request.param == "words":
        return WordEmbedder()
    return load_embedder(config=EmbeddingConfig(cache=tmp_path_factory.mktemp("models")))


@pytest.fixture
def machines(tmp_path: Path, postgresql_url: str, embedder: Embedder) -> Iterator[list[Collection]]:
    """One machine with SQLite, and two with PostgreSQL."""
    with ExitStack() as stack:

        def machine(name: str, store: str) -> Collection:
            # With an index that is searched in part, machines are equal only if they share it.
            config = LibraryConfig(store=SecretStr(store), vectors=VectorsConfig(kind="flat"))
            library = Library(tmp_path / name, embedder=embedder, config=config)
            return stack.enter_context(library).open("default", create=True)

        yield [machine("alone", ""), machine("one", postgresql_url), machine("other", postgresql_url)]


@pytest.mark.timeout(3600 if FULL else 600)
def test_two_machines_answer_as_one(machines: list[Collection], shared: Path) -> None:
    folder = shared / "data" / "scifact"
    alone, *others = machines
    documents = sources(folder)
    write([alone], documents)
    write(others, documents)
    for number, question in enumerate(questions.load(folder)):
        where = Comparison("eq", "kind", (number % 3,)) if number % 2 else None
        expected, *found = (one.ask(question.text, k=10, where=where) for one in machines)
        assert expected.hits
        for one in found:
            assert_same(one, expected)


def assert_same(answer: Answer, expected: Answer) -> None:
    assert answer.index == expected.index
    assert [_quoted(hit) for hit in answer.hits] == [_quoted(hit) for hit in expected.hits]
    np.testing.assert_allclose(_numbers(answer), _numbers(expected), atol=TOLERANCE, rtol=0)


def _quoted(hit: Hit) -> object:
    """All of a hit but its numbers."""
    evidence = [(one.start, one.end, one.cells) for one in hit.evidence]
    sides = [(one.rank, one.terms) for one in (hit.explain.dense, hit.explain.lexical)]
    return hit.citation, hit.text, hit.metadata, hit.also_at, hit.also_in, evidence, sides


def _numbers(answer: Answer) -> list[float]:
    return [answer.answerability] + [
        number or 0.0
        for hit in answer.hits
        for number in (
            *(hit.score, hit.probability, hit.match),
            *(hit.explain.dense.score, hit.explain.lexical.score, hit.explain.sentence),
            *(one.score for one in hit.evidence),
        )
    ]
