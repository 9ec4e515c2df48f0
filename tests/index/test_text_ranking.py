"""Texts that come with a question are ranked as passages of a collection are."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest import Source
from index.library import Library
from index.text_ranking import TextRanker

EMBEDDER = WordEmbedder()
RANKER = TextRanker(EMBEDDER, LibraryConfig())
QUESTION = "When was the lamp lit?"
TEXTS = ["A ship lay in the harbour.", "The lamp was lit at dusk.", "The keeper of the lamp slept."]


def probabilities(texts: list[str], question: str = QUESTION) -> list[float]:
    (vector,) = EMBEDDER.embed_queries([question])
    return RANKER.probabilities(question, texts, vector=vector)


def test_the_probabilities_are_those_of_a_collection_of_the_texts(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=EMBEDDER) as library:
        collection = library.open("default", create=True)
        for number, text in enumerate(TEXTS):
            collection.put(Source(f"{number}.txt", text.encode()))
        collection.embed_pending()
        answer = collection.ask(QUESTION, k=10, near_duplicates="keep")
    expected = {hit.citation.document_id: hit.probability for hit in answer.hits}
    found = probabilities(TEXTS)
    # A collection stores the vectors of sentences as bytes.
    scores = {f"{number}.txt": score for number, score in enumerate(found) if score}
    assert scores == pytest.approx(expected, abs=0.001)
    assert max(found) == found[1]


def test_a_text_has_the_score_of_its_best_passage() -> None:
    long = "\n\n".join(["Nothing of that kind is told in this paragraph. " * 10, TEXTS[1]] * 2)
    scores = probabilities([long, TEXTS[0], TEXTS[2]])
    assert scores[0] == max(scores)


def test_equal_texts_and_equal_passages_have_their_score_each() -> None:
    passage = f"{TEXTS[1]} {'Its keeper came up the stairs each evening. ' * 6}".strip()
    filler = "Words that no one asked for, number one to ten. " * 6
    scores = probabilities([passage, TEXTS[0], passage, f"{passage}\n\n{filler}"])
    assert scores[0] == scores[2] == scores[3] > scores[1]


@pytest.mark.parametrize("nothing", ["", "  \n ", "\x00"])
def test_a_text_without_words_has_no_score(nothing: str) -> None:
    assert probabilities([nothing, TEXTS[1]])[0] == 0.0


def test_no_text_at_all() -> None:
    assert probabilities([]) == []
    assert probabilities([""]) == [0.0]


def test_many_texts_are_all_ranked() -> None:
    texts = [f"Lamp number {number} lay in the harbour." for number in range(150)]
    scores = probabilities([*texts, TEXTS[1]])
    assert max(scores) == scores[-1]
    assert all(scores)


def test_texts_are_cut_before_a_token() -> None:
    assert RANKER.truncate(["one two three", "one", ""], 2) == ["one two ", "one", ""]
