"""Questions for what a thing is, and the sentences that say it."""

from pathlib import Path

import pytest

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.search.extraction import first_sentence
from index.search.question.definitions import AskedThing
from tests.opening import collection_in


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What is BM25?", "BM25"),
        ("what is bm25", "bm25"),
        ("What's an embedding?", "embedding"),
        ("What are locators?", "locators"),
        ("Who was Ada Lovelace?", "Ada Lovelace"),
        ("What does RRF mean?", "RRF"),
        ("What does FAISS stand for?", "FAISS"),
        ("What is the meaning of saturation?", "saturation"),
        ("Define reciprocal rank fusion.", "reciprocal rank fusion"),
        ("What is Night on the Moor?", "Night on the Moor"),
        ("What is the Okapi system?", "Okapi system"),
        ("Was ist ein Locator?", "Locator"),
        ("Was ist der Blutkreislauf?", "Blutkreislauf"),
        ("Qu'est-ce qu'un index ?", "index"),
        ("¿Qué es la fotosíntesis?", "fotosíntesis"),
        ("¿Qué es HNSW?", "HNSW"),
        ("Cos'è un locator?", "locator"),
        ("Wat is een index?", "index"),
        ("O que é um índice?", "índice"),
        ("什么是索引？", "索引"),
        ("索引是什么？", "索引"),
        ("What is the price?", None),
        ("What is the capital of France?", None),
        ("What is required?", None),
        ("What is a story by Ada Lovelace?", None),
        ("What is it?", None),
        ("Who was her successor?", None),
        ("What is wrong?", None),
        ("Who is responsible?", None),
        ("what does" + " " * 1990 + "!x", None),
        ("When was BM25 presented?", None),
        ("What do k1 and b do?", None),
        ("What is " + "x" * 80 + "?", None),
    ],
)
def test_the_thing_asked_about_is_read(question: str, name: str | None) -> None:
    thing = AskedThing.of(question)
    assert (thing and thing.name) == name


@pytest.mark.parametrize(
    ("question", "sentence", "kind"),
    [
        ("What is a locator?", "A locator is one line that names a place in a text.", "defines"),
        ("What is a locator?", "Locators are the lines that name places.", "defines"),
        ("What is a locator?", "In this manual, a locator means one line.", "defines"),
        ("What is a locator?", "Text: Locator (also: place mark) is a line.", "defines"),
        ("What is RRF?", "Reciprocal rank fusion (RRF) is a sum of inverse ranks.", "defines"),
        ("What is RRF?", "RRF, a sum of inverse ranks, needs no scale.", "defines"),
        ("What is RRF?", "- **RRF**: a sum of inverse ranks", "defines"),
        ("What is Docker?", "Docker: no such file or directory", "none"),
        ("What is RRF?", "RRF: see above.", "none"),
        ("What is Kafka?", "Kafka - deprecated, see Pulsar.", "none"),
        ("What is Python?", "Python is not the one that we use here.", "tells"),
        ("What is Rust?", "Rust, one of us said, is awful.", "tells"),
        ("What is BM25?", "If you think that it works, BM25 is a joke.", "none"),
        ("What is reciprocal rank fusion?", "Reciprocal-rank fusion denotes a sum.", "defines"),
        ("What is BM25?", "BM25 ranks texts by the words that they share with a question.", "tells"),
        ("What is BM25?", "BM25 has two parameters.", "tells"),
        ("What is BM25?", "BM25 scores have no upper limit.", "none"),
        ("What is BM25?", "The name Okapi BM25 comes from a system.", "none"),
        ("What is BM25?", "- 1994: Robertson presents BM25.", "none"),
        ("What is BM25?", "BM2500 is a motorcycle.", "none"),
        ("Who was Ada Lovelace?", "Ada Lovelace (1815 - 1852) was an English mathematician.", "defines"),
        ("Was ist ein Locator?", "Ein Locator ist eine Zeile.", "defines"),
        ("¿Qué es HNSW?", "HNSW es un grafo.", "defines"),
        ("什么是索引？", "索引是一种数据结构。", "defines"),
    ],
)
def test_a_sentence_says_what_the_thing_is(question: str, sentence: str, kind: str) -> None:
    thing = AskedThing.of(question)
    assert thing is not None
    assert thing.kind(sentence) == kind


HISTORY = """# Weights

Weights in the sense of this handbook came up early.

- **1972:** Spärck proposes the gauge, an idea behind the gauge of today.
- **1994:** The gauge is presented at a conference, and the gauge is praised.
"""
GAUGE = """# The gauge and its use

The gauge sums the readings of a day. It needs no calibration, and it explains each reading. Many have asked
what the gauge would be good for.
"""


def test_the_definition_stands_first(tmp_path: Path) -> None:
    with collection_in(tmp_path, embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        for id_, text in (("history.md", HISTORY), ("gauge.md", GAUGE)):
            collection.put(Source(id_, text.encode()))
        first = first_sentence(collection.ask("What is a gauge?", k=5))
    assert first is not None
    assert first.text == "The gauge sums the readings of a day."
