from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from index.answers import Answer
from index.embedding import WordEmbedder
from index.ingest import Source
from index.library import Library
from index.search import merge_answers


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    """An answer with two passages."""
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        collection = library.open("default", create=True)
        for name, text in (("a.txt", "A lamp was lit."), ("b.txt", "The lamp burns oil.")):
            collection.put(Source(name, text.encode()))
        collection.embed_pending()
        found = collection.ask("Which lamp was lit?")
        assert len(found.hits) == 2
        return found


def scored(answer: Answer, answerability: float, *scores: float) -> Answer:
    hits = (replace(hit, score=score) for hit, score in zip(answer.hits, scores, strict=True))
    return replace(answer, answerability=answerability, hits=tuple(hits))


def order(answer: Answer) -> list[tuple[str, str]]:
    return [(hit.citation.collection, hit.citation.document_id) for hit in answer.hits]


def test_a_passage_is_weighed_by_its_score_and_by_how_well_its_collection_answers(answer: Answer) -> None:
    first, second = (hit.citation.document_id for hit in answer.hits)
    unlike = {"good": scored(answer, 0.9, 0.6, 0.5), "bad": scored(answer, 0.1, 0.8, 0.7)}
    merged = merge_answers(unlike, k=3)
    assert order(merged) == [("good", first), ("good", second), ("bad", first)]
    alike = {"good": scored(answer, 0.5, 0.6, 0.5), "other": scored(answer, 0.5, 0.8, 0.1)}
    assert [name for name, _ in order(merge_answers(alike, k=4))] == ["other", "good", "good", "other"]
    assert [hit.rank for hit in merged.hits] == [1, 2, 3]
    assert all(0 < hit.score < 1 for hit in merged.hits)


def test_the_answer_is_that_of_the_collection_that_answers_best(answer: Answer) -> None:
    other = replace(scored(answer, 0.3, 0.6, 0.5), missing=("1901",), read=2, read_by="reader")
    merged = merge_answers({"worse": other, "better": scored(answer, 0.7, 0.6, 0.5)}, k=2)
    assert (merged.answerability, merged.missing, merged.read, merged.read_by) == (0.7, (), 2, "reader")
    assert [(one.collection, one.answerability) for one in merged.searched] == [
        ("worse", 0.3),
        ("better", 0.7),
    ]
    spent = 2 * answer.timings_ms["total"]
    assert merged.timings_ms["total"] == pytest.approx(spent)


def test_scores_at_the_ends_can_be_weighed(answer: Answer) -> None:
    merged = merge_answers({"a": scored(answer, 0.0, 1.0, 0.0), "b": scored(answer, 1.0, 1.0, 0.0)}, k=4)
    assert next(iter(order(merged)))[0] == "b"
