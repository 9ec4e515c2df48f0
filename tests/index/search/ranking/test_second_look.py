from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, strategies as st

from index.search.ranking.second_look import SecondLook, look
from index.sentence_table import SentenceTable
from index.text.analysis import Analyzer
from index.text.sentence_terms import split_sentences
from index.types import Importance, Sentences

ANALYZER = Analyzer()


def importance(**shares: float) -> Importance:
    terms = sorted(zip(ANALYZER.hashes_of(shares), shares.values(), strict=True))
    return Importance(
        np.array([term for term, _ in terms], np.uint32), np.array([share for _, share in terms], np.float32)
    )


def seen(*texts: str, documents: list[int] | None = None, **shares: float) -> SecondLook:
    passages = [split_sentences(text, 0, ANALYZER.term_hashes) for text in texts]
    keys = np.array(documents or range(len(texts)), np.int64)
    return look(SentenceTable.of(passages), keys, np.zeros(2, np.float32), importance(**shares))


@given(st.text(max_size=200), st.text(max_size=50))
def test_sentences_stand_in_the_slice_and_have_its_terms(quote: str, heading: str) -> None:
    text = f"{heading}\n{quote}"
    at = len(heading) + 1
    apart = split_sentences(text, at, ANALYZER.term_hashes)
    assert len(apart.term_ends) == len(apart)
    starts = [0, *apart.term_ends.tolist()]
    for (start, end), first, last in zip(apart.spans.tolist(), starts, starts[1:], strict=False):
        assert apart.terms[first:last].tolist() == ANALYZER.term_hashes(quote[start:end]).tolist()
    assert apart.terms[starts[-1] :].tolist() == ANALYZER.term_hashes(text[:at]).tolist()


def test_the_best_sentence_has_most_of_the_question() -> None:
    spread, together = "The lamp was old. It was lit. Dusk came.", "The lamp was lit at dusk. It was old."
    found = seen(spread, together, lamp=0.5, lit=0.3, dusk=0.2)
    np.testing.assert_allclose(found.sentence, [0.5, 1.0], atol=1e-6)
    np.testing.assert_allclose(found.passage, [1.0, 1.0], atol=1e-6)
    np.testing.assert_allclose(found.look(0).coverage, [0.5, 0.3, 0.2], atol=1e-6)


def test_a_document_is_what_its_passages_have_together() -> None:
    found = seen("The lamp.", "The dusk.", "The lamp.", documents=[7, 7, 9], lamp=0.6, dusk=0.4)
    np.testing.assert_allclose(found.document, [1.0, 1.0, 0.6], atol=1e-6)


def test_words_in_more_sentences_and_shorter_passages_weigh_more() -> None:
    once = "The lamp was old. It was dark. The sea was calm."
    twice = "The lamp was old. The lamp was dark. The sea was calm."
    short = "The lamp was old."
    words = seen(once, twice, short, lamp=1.0).words
    assert words[0] < words[1]
    assert words[0] < words[2]


def test_headings_count_for_the_passage_but_are_no_sentence() -> None:
    apart = split_sentences("Lamps\nThey burn oil.", 6, ANALYZER.term_hashes)
    found = look(SentenceTable.of([apart]), np.array([1]), np.zeros(2, np.float32), importance(lamp=1.0))
    assert found.passage.tolist() == [1.0]
    assert found.sentence.tolist() == [0.0]
    assert found.words[0] > 0.0
    assert found.own_terms == [ANALYZER.term_hashes("They burn oil.").tobytes()]


def test_meaning_is_that_of_the_nearest_sentence() -> None:
    apart = split_sentences("One. Two.", 0, ANALYZER.term_hashes)
    vectors = np.array([[1.0, 0.0], [0.6, 0.8]], np.float32)
    passage = Sentences(apart.spans, apart.terms, apart.term_ends, vectors)
    without = split_sentences("Three.", 0, ANALYZER.term_hashes)
    table = SentenceTable.of([passage, without])
    found = look(table, np.array([1, 2]), np.array([0.0, 1.0], np.float32), importance(one=1.0))
    assert found.meaning[0] == pytest.approx(0.8)
    assert np.isnan(found.meaning[1])


def test_a_question_without_known_terms_and_passages_without_words() -> None:
    found = seen("?!", "The lamp.")
    assert found.sentence.tolist() == found.passage.tolist() == found.words.tolist() == [0.0, 0.0]
    nothing = SentenceTable.of([])
    empty = look(nothing, np.empty(0, np.int64), np.zeros(2, np.float32), importance(lamp=1.0))
    assert len(empty.meaning) == len(empty.all_sentences()[0]) == 0


WORDS = st.sampled_from("lamp lit dusk sea one two".split())
SENTENCES = st.lists(st.lists(WORDS, min_size=1, max_size=4), max_size=4)


@given(st.lists(st.tuples(SENTENCES, st.booleans()), min_size=1, max_size=6), st.randoms())
def test_each_passage_is_seen_as_if_it_were_alone(
    passages: list[tuple[list[list[str]], bool]], random: Random
) -> None:
    apart = []
    for sentences, has_vectors in passages:
        one = split_sentences(
            " ".join(f"{' '.join(words).capitalize()}." for words in sentences), 0, ANALYZER.term_hashes
        )
        vectors = [[random.random(), random.random()] for _ in range(len(one))]
        apart.append(
            replace(one, vectors=np.array(vectors, np.float32).reshape(-1, 2)) if has_vectors else one
        )
    question, shares = np.array([0.6, 0.8], np.float32), importance(lamp=0.5, lit=0.3, dusk=0.2)
    keys = np.arange(len(apart))
    together = look(SentenceTable.of(apart), keys, question, shares)
    order = np.array(random.sample(range(len(apart)), max(1, len(apart) // 2)), np.int64)
    for at, row in enumerate(order.tolist()):
        alone = look(SentenceTable.of([apart[row]]), keys[:1], question, shares)
        for name in ("meaning", "sentence", "passage", "document"):
            found = getattr(together.reorder(order), name)[at]
            np.testing.assert_allclose(found, getattr(alone, name)[0], atol=1e-6)
        found, expected = together.reorder(order).look(at), alone.look(0)
        assert found.spans.tolist() == apart[row].spans.tolist()
        np.testing.assert_allclose(found.meaning, expected.meaning, atol=1e-6)
        np.testing.assert_allclose(found.coverage, expected.coverage, atol=1e-6)
    some = sum(len(apart[row]) for row in order.tolist())
    assert len(together.reorder(order).all_sentences()[0]) == some
    for at, one in enumerate(apart):
        held = SentenceTable.of(apart).passage(at)
        assert held.terms.tolist() == one.terms.tolist()
        np.testing.assert_allclose(held.vectors, one.vectors.reshape(held.vectors.shape), atol=1e-6)
