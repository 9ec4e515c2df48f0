from pathlib import Path

import numpy as np
import pytest

from index.config import SearchConfig
from index.embedding.cosine_scale import cosine_scale
from index.errors import StoreDamaged
from index.search.ranking.candidates import Candidates, RankedCandidates
from index.search.ranking.scoring import FEATURES, Scores, features, load, rank_candidates
from index.search.ranking.second_look import SecondLook, look
from index.sentence_table import SentenceTable
from index.text.analysis import Analyzer
from index.text.sentence_terms import split_sentences
from index.types import Ids, Importance, Ranking, Sentences

ANALYZER = Analyzer()


def importance(**shares: float) -> Importance:
    terms = sorted(zip(ANALYZER.hashes_of(shares), shares.values(), strict=True))
    return Importance(
        np.array([term for term, _ in terms], np.uint32), np.array([share for _, share in terms], np.float32)
    )


def passage(text: str, cosine: float | None = None, *, heading: str = "") -> Sentences:
    """The sentences of a passage, each with this cosine with the question (1, 0), or without vectors."""
    whole = f"{heading}\n{text}" if heading else text
    parts = split_sentences(whole, len(whole) - len(text), ANALYZER.term_hashes)
    if cosine is None:
        return parts
    row = np.array([[cosine, np.sqrt(1 - cosine**2)]], np.float32)
    return Sentences(parts.spans, parts.terms, parts.term_ends, np.repeat(row, len(parts), axis=0))


def candidates(dense: list[float], lexical: list[float] | None = None) -> Candidates:
    ids = np.arange(1, len(dense) + 1)
    words = np.array(lexical or dense, np.float32)
    return Candidates(ids, np.array(dense, np.float32), words, {}, {})


def seen(*passages: Sentences, documents: list[int] | None = None, **shares: float) -> SecondLook:
    keys = np.array(documents or range(len(passages)), np.int64)
    return look(SentenceTable.of(passages), keys, np.array([1.0, 0.0], np.float32), importance(**shares))


def ranking(found: Candidates, second: SecondLook, **settings: int) -> RankedCandidates:
    def looked(ids: Ids) -> SecondLook:
        return second.reorder(np.searchsorted(found.ids, ids))

    return rank_candidates(found, SearchConfig(**settings), looked, is_spelt=False, k=5)


def test_the_scale_of_a_model_s_cosines_moves_sentences_and_not_passages() -> None:
    passages = [passage("Lamps are old. Lamps are made of brass.", 0.8), passage("It was lit at dusk.", 0.86)]
    shares = importance(lamp=0.2, lit=0.4, dusk=0.4)
    table, keys, question = SentenceTable.of(passages), np.arange(2), np.array([1.0, 0.0], np.float32)
    asis, scaled = (
        look(table, keys, question, shares, scale=cosine_scale(model))
        for model in ("all-MiniLM-L6-v2:1:2:fp32", "multilingual-e5-small:1:2:fp32")
    )
    found = candidates([0.82, 0.84])
    for name, column in features(found, asis, dense_weight=0.5).items():
        assert column.tolist() == features(found, scaled, dense_weight=0.5)[name].tolist()
    np.testing.assert_allclose(asis.look(1).meaning, 0.86, atol=1e-3)
    np.testing.assert_allclose(scaled.look(1).meaning, 4.0 * 0.86 - 2.95, atol=1e-3)
    np.testing.assert_allclose(asis.match[1] - scaled.match[1], (0.86 - (4.0 * 0.86 - 2.95)) / 2, atol=1e-3)
    assert scaled.all_sentences()[0].max() == scaled.look(1).meaning.max()


def test_a_passage_that_answers_comes_before_one_that_names_the_subject() -> None:
    names = passage("Lamps are old. Lamps are made of brass.", 0.3)
    answers = passage("The lamp was lit at dusk. It burned oil.", 0.7)
    found = ranking(candidates([0.5, 0.5]), seen(names, answers, lamp=0.2, lit=0.4, dusk=0.4))
    assert found.candidates.ids.tolist() == [2, 1]
    assert 0.0 < found.scores[1] < found.scores[0] < 1.0


def test_a_word_that_all_candidates_have_does_not_tell_them_apart() -> None:
    every = [passage(f"Loccit has {word}.") for word in ("lamps", "oil", "sails", "nets")]
    found = seen(*every, loccit=0.7, oil=0.3)
    assert found.passage[1] - found.passage[0] == pytest.approx(0.3)
    assert found.rare[1] - found.rare[0] > 0.8
    assert found.rare.max() <= 1.0 + 1e-6


def test_headings_complete_a_sentence() -> None:
    found = seen(passage("It burns oil.", heading="Lamp"), passage("It burns oil."), lamp=0.5, oil=0.5)
    np.testing.assert_allclose(found.sentence, [0.5, 0.5])
    np.testing.assert_allclose(found.titled, [1.0, 0.5])
    np.testing.assert_allclose(found.heading, [0.5, 0.0])


def test_other_candidates_of_the_document_count() -> None:
    texts = [passage("The lamp."), passage("The oil."), passage("The dusk."), passage("The lamp.")]
    second = seen(*texts, documents=[7, 7, 7, 9], lamp=0.6, oil=0.4)
    of = features(candidates([0.4, 0.3, 0.2, 0.4]), second, dense_weight=0.45)
    assert of["other"][1] == of["other"][2] == of["base"][0]
    assert of["other"][0] == of["base"][1]
    assert of["other"][3] == of["best_three"][3] == 0.0
    assert of["best_three"][0] == pytest.approx(of["base"][:3].mean())
    np.testing.assert_allclose(of["elsewhere"], [0.4, 0.6, 1.0, 0.0], atol=1e-6)


def test_words_count_for_less_where_hardly_any_of_the_question_s_are_found() -> None:
    texts = [passage("The lamp.", 0.2), passage("The oil.", 0.6)]

    def balanced(share: float, *, is_spelt: bool = False) -> Scores:
        second = seen(*texts, lamp=share)
        found = features(candidates([0.2, 0.6]), second, dense_weight=0.4, is_spelt=is_spelt)
        np.testing.assert_allclose(found["base"], [0.6, 0.4], atol=1e-6)
        return found["balanced"]

    np.testing.assert_allclose(balanced(0.3), [0.6, 0.4], atol=1e-6)
    np.testing.assert_allclose(balanced(0.15), [0.15, 0.85], atol=1e-6)
    np.testing.assert_allclose(balanced(0.15, is_spelt=True), [0.6, 0.4], atol=1e-6)


def test_a_passage_without_a_vector_is_ranked_by_its_words() -> None:
    with_vector = passage("The sea was calm.", 0.2)
    without = passage("The lamp was lit.")
    second = seen(with_vector, without, lamp=0.5, lit=0.5)
    found = ranking(candidates([0.2, np.nan], [0.0, 3.0]), second)
    assert found.candidates.ids.tolist() == [2, 1]
    of = features(candidates([0.2, np.nan], [0.0, 3.0]), second, dense_weight=0.45)
    assert all(np.isfinite(values).all() for values in of.values())


def test_every_weight_has_its_feature() -> None:
    found = features(
        candidates([0.4, 0.3]), seen(passage("One."), passage("Two."), one=1.0), dense_weight=0.45
    )
    assert tuple(found) == FEATURES
    assert load().weights.keys() <= found.keys()
    assert load().provenance["questions"]


def test_without_a_second_look_the_first_ranking_stays() -> None:
    found = ranking(candidates([0.4, 0.9]), seen(passage("One."), passage("Two.")), second_look=0)
    assert found.second_look is None
    assert found.candidates.ids.tolist() == [2, 1]


def test_nothing_found_is_ranked() -> None:
    nothing = Candidates.of(Ranking.empty(), Ranking.empty(), lambda ids: np.empty(len(ids), np.float32))
    assert len(ranking(nothing, seen())) == 0


@pytest.mark.parametrize("content", ["{", "{}", '{"weights": {"gut": 1}, "intercept": 0, "provenance": {}}'])
def test_damaged_weights_are_refused_by_name(tmp_path: Path, content: str) -> None:
    (path := tmp_path / "scoring.json").write_text(content)
    with pytest.raises(StoreDamaged, match=r"scoring\.json"):
        load(path)


def test_the_order_is_that_of_the_scores() -> None:
    texts = [passage(text, cosine) for text, cosine in (("The sea.", 0.1), ("The lamp.", 0.5), ("Oil.", 0.3))]
    found = ranking(candidates([0.1, 0.5, 0.3]), seen(*texts, lamp=0.5, oil=0.5))
    assert (np.diff(found.scores) <= 0).all()
    assert found.second_look is not None
    np.testing.assert_allclose(found.second_look.meaning, sorted(found.second_look.meaning, reverse=True))
    assert found.features is not None
    assert found.features.shape == (len(FEATURES), 3)
    np.testing.assert_allclose(found.features[FEATURES.index("nearest")], [1.0, 0.5, 0.0], atol=1e-6)
