"""The whole path with the real model: the sample corpus, and the first user's own document."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.answers import Answer
from index.collection import Collection
from index.embedding import load_embedder
from index.library import Library
from index.protocols import Embedder
from index.search.extraction import first_sentence
from index.sources import FolderIngest
from service.faces.pages.asking import suggestions

pytestmark = pytest.mark.model

CORPUS = Path(__file__).resolve().parents[1] / "corpus"


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder()


@pytest.fixture(scope="module")
def library(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library(tmp_path_factory.mktemp("data"), embedder=embedder) as library:
        yield library


def ingested(library: Library, name: str, path: Path) -> Collection:
    collection = library.open(name, create=True)
    report = FolderIngest(collection).run([path])
    assert not report.skipped
    return collection


def assert_law(collection: Collection, answer: Answer) -> None:
    for hit in answer.hits:
        cited = hit.citation
        version, text = collection.archive.text(cited.document_id)
        assert text[cited.start : cited.end] == cited.quote == hit.text
        assert version.text_sha256.hex() == cited.text_sha256
        assert collection.archive.cite(cited.locator) == cited


@pytest.fixture(scope="module")
def corpus(library: Library) -> Collection:
    return ingested(library, "corpus", CORPUS)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (
            "What is Loccit?",
            "Loccit is a program that answers questions from your own documents, on your own machine.",
        ),
        ("Is it free?", "Loccit is free and open source."),
        (
            "How do I install Loccit?",
            "To install Loccit, clone its repository and run make run, or build its Docker image.",
        ),
        (
            "Can it summarise a document?",
            "Loccit does not write answers, and it does not summarise, translate or rewrite: what it shows "
            "are words of your documents.",
        ),
        ("Do I need a GPU?", "Two processors are enough, and no graphics card (GPU) is needed."),
        ("What is BM25?", "BM25 ranks texts by the words that they share with a question."),
        ("What is RRF?", "Reciprocal rank fusion (RRF) looks at ranks alone."),
        ("What is HNSW?", "HNSW stands for hierarchical navigable small world."),
        (
            "What is FAISS?",
            "FAISS is an open-source library for finding the vectors nearest to a query vector.",
        ),
    ],
)
def test_what_a_thing_is_stands_first(corpus: Collection, question: str, sentence: str) -> None:
    first = first_sentence(corpus.ask(question, k=5))
    assert first is not None
    assert first.text == sentence


@pytest.mark.parametrize(
    ("question", "document_id"),
    [
        ("Which file formats can I add?", "loccit.md"),
        ("Is my data sent anywhere?", "loccit.md"),
        ("Why are texts cut into passages?", "chunking.md"),
        ("What does the parameter b control?", "bm25.md"),
        ("How many bytes does a vector take?", "faiss-indexes.md"),
        ("How is similarity of two texts measured?", "embeddings.md"),
        ("How can a citation be checked?", "citations.md"),
        ("Who first led the leading group?", "bth-agreements.md"),
    ],
)
def test_newcomers_find_the_right_page(corpus: Collection, question: str, document_id: str) -> None:
    answer = corpus.ask(question)
    assert answer.hits[0].citation.document_id == document_id
    assert_law(corpus, answer)


def test_the_questions_that_the_first_page_suggests_are_answered(corpus: Collection) -> None:
    known = json.loads(Path(suggestions.__file__).with_suffix(".json").read_text())
    questions = [one.question for one in suggestions.shipped_drafts(corpus.archive)]
    assert questions == [one["question"] for one in known.values()]
    for document_id, one in known.items():
        answer = corpus.ask(one["question"])
        assert answer.hits[0].citation.document_id == document_id
        assert answer.answerability > 0.8


@pytest.mark.shared
def test_the_first_user_finds_every_quote(library: Library, shared: Path) -> None:
    (document,) = (shared / "seed").glob("*.txt")
    collection = ingested(library, "seed", document)
    lines = (shared / "seed" / "questions.jsonl").read_text().splitlines()
    answerable = [one for one in map(json.loads, lines) if one.get("quote")]
    ranks = []
    for one in answerable:
        answer = collection.ask(one["question"], k=3)
        assert_law(collection, answer)
        ranks.append(next((hit.rank for hit in answer.hits if one["quote"] in hit.text), 0))
    assert len(ranks) == 25
    assert 0 not in ranks
    assert ranks.count(1) >= 23
