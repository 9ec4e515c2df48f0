"""A library whose documents were replaced and deleted answers as one whose indexes were made anew."""

import random
import shutil
from contextlib import closing
from itertools import accumulate
from pathlib import Path

import pytest

from index.collection import Collection
from index.config import LibraryConfig, VectorsConfig
from index.embedding import WordEmbedder
from index.engine.inspection import remove as remove_indexes
from index.filters import Comparison
from index.ingest.preparation import Source
from tests.agreement import ranked
from tests.opening import collection_in
from tests.sizes import FULL

DOCUMENTS, REPLACED, DELETED = (12_000, 1_000, 200) if FULL else (120, 30, 6)
"""Five passages each: in full 60,000, of which some 6,000 are replaced or deleted."""
BATCH = 500

_RANDOM = random.Random(3)
WORDS = ["".join(_RANDOM.choices("bdfgkmnprtvz", k=7)) for _ in range(4000)]
WEIGHTS = list(accumulate(1 / (5 + place) for place in range(len(WORDS))))
"""Cumulative."""
CONFIG = LibraryConfig(vectors=VectorsConfig(kind="flat"))


def source(rng: random.Random, number: int, most: int) -> Source:
    sentences = (
        " ".join(rng.choices(WORDS, cum_weights=WEIGHTS, k=rng.randint(5, most))).capitalize() + "."
        for _ in range(50)
    )
    sections = [
        f"# {WORDS[number % 50]} {part}\n\n{' '.join(next(sentences) for _ in range(10))}"
        for part in range(5)
    ]
    metadata = {"kind": "sea" if number % 3 else "land"}
    return Source(f"{number}.md", "\n\n".join(sections).encode(), metadata=metadata)


def put(collection: Collection, sources: list[Source]) -> None:
    for first in range(0, len(sources), BATCH):
        for outcome in collection.put_many(sources[first : first + BATCH]):
            assert not isinstance(outcome, Exception)
    collection.embed_pending()


@pytest.mark.timeout(3600 if FULL else 600)
def test_answers_are_those_of_indexes_made_anew(tmp_path: Path) -> None:
    rng = random.Random(1)
    with closing(collection_in(tmp_path / "grown", embedder=WordEmbedder(), config=CONFIG)) as grown:
        put(grown, [source(rng, number, 14) for number in range(DOCUMENTS)])
        replaced = rng.sample(range(DOCUMENTS), REPLACED)
        for first in range(0, REPLACED, max(1, REPLACED // 6)):
            put(grown, [source(rng, number, 24) for number in replaced[first : first + REPLACED // 6]])
        for number in rng.sample(range(DOCUMENTS), DELETED):
            grown.editor.delete(f"{number}.md")
        shutil.copytree(grown.folder, tmp_path / "anew")
        remove_indexes(tmp_path / "anew")
        with closing(collection_in(tmp_path / "anew", embedder=WordEmbedder(), config=CONFIG)) as anew:
            for number in range(40):
                question = " ".join(rng.choices(WORDS, cum_weights=WEIGHTS, k=rng.randint(1, 8)))
                where = Comparison("eq", "kind", ("land",)) if number % 3 == 0 else None
                found = [one.ask(question, k=20, where=where) for one in (grown, anew)]
                assert found[0].hits
                assert ranked(found[0]) == ranked(found[1])
