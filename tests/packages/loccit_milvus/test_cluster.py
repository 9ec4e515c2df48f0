"""A Milvus cluster of which a query node is killed while questions are asked."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from loccit_milvus import MilvusConfig

from index.collection import Collection
from index.embedding import WordEmbedder
from index.errors import IndexUnavailable
from index.ingest.preparation import Source
from index.library import Library
from tests.packages.loccit_milvus import servers as milvus
from tests.packages.loccit_milvus.cluster import cluster

pytestmark = [pytest.mark.full, pytest.mark.slow]

_RANDOM = random.Random(7)
WORDS = ["".join(_RANDOM.choices("bdfgkmnprtvz", k=6)) for _ in range(800)]
DOCUMENTS = 400
QUESTIONS = [" ".join(_RANDOM.choices(WORDS, k=5)) for _ in range(100)]
ROUNDS = 30
"""How often all questions are asked after the kill."""


def found(collection: Collection, question: str) -> set[str]:
    """The locators of an answer. Raises :class:`index.errors.IndexUnavailable`."""
    return {hit.citation.locator for hit in collection.ask(question, k=10).hits}


@pytest.mark.timeout(1800)
def test_searches_go_on_when_a_query_node_is_killed(tmp_path: Path) -> None:
    with cluster(["query-1", "query-2"]) as servers:
        engine = MilvusConfig(uri=servers.uri, words="none", replicas=2)
        config = milvus.library_config(engine)
        with Library(tmp_path, embedder=WordEmbedder(), config=config) as library:
            collection = library.open("default", create=True)
            texts = [" ".join(_RANDOM.choices(WORDS, k=30)) for _ in range(DOCUMENTS)]
            collection.put_many([Source(f"{at}.txt", one.encode()) for at, one in enumerate(texts)])
            collection.embed_pending()
            before = [found(collection, question) for question in QUESTIONS]
            assert all(before)
            servers.kill("query-2")
            failed, kept = 0, []
            for _ in range(ROUNDS):
                for question, expected in zip(QUESTIONS, before, strict=True):
                    try:
                        kept.append(len(found(collection, question) & expected) / len(expected))
                    except IndexUnavailable:
                        failed += 1
            assert sum(kept) / len(kept) > 0.99
            assert failed <= 0.01 * ROUNDS * len(QUESTIONS)
