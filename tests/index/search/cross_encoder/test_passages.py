from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import MULTILINGUAL_MODEL, Models, WordEmbedder
from index.ingest.preparation import Source
from index.search import load_answerability, load_cross_encoder
from index.search.cross_encoder.encoding import Encoder
from index.search.cross_encoder.model import CrossEncoder
from index.search.question import Question
from index.search.ranking.candidates import Candidates, JudgedPassage, RankedCandidates
from index.search.regression import sigmoid
from tests.index.search.cross_encoder.toys import NO, YES, WordRuntime, cross_encoder, tokenizer
from tests.opening import collection_in

MILL = "The mill of Arlow was opened in 1901. The mill of Arlow was sold to Anna Berg. The mill burnt down."
INN = "The inn of Arlow was opened when the mill of Arlow was sold. It has forty rooms."
TABLE = "# Mills\n\n| mill | anna |\n| --- | --- |\n| Arlow | 1934 |\n| Berg | 1950 |\n"
QUESTION = "To whom was the mill of Arlow sold?"


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    judge = cross_encoder("Anna", [MILL, INN, TABLE, QUESTION])
    with collection_in(
        tmp_path / "a", embedder=WordEmbedder(), config=LibraryConfig(), cross_encoder=lambda _: judge
    ) as made:
        made.put(Source("mill.txt", MILL.encode()))
        made.put(Source("inn.txt", INN.encode()))
        made.embed_pending()
        yield made


def test_the_first_passages_are_read_and_it_is_told(collection: Collection) -> None:
    answer = collection.questions.answer(Question.validate(QUESTION))
    assert answer.read == len(answer.hits) == 2
    assert answer.timings_ms["read"] > 0
    of = {hit.citation.document_id: hit for hit in answer.hits}
    assert of["mill.txt"].explain.read == round(float(sigmoid(YES)), 4)
    assert of["inn.txt"].explain.read == round(float(sigmoid(NO)), 4)
    assert answer.features["read"] == YES
    assert answer.features["read_second"] == NO
    assert of["mill.txt"].probability > of["inn.txt"].probability
    lit = of["mill.txt"].evidence[0]
    assert "Anna Berg" in MILL[lit.start : lit.end]


def test_nothing_is_read_where_that_is_not_wanted(tmp_path: Path, collection: Collection) -> None:
    unread = collection.questions.answer(Question(QUESTION, read=False))
    with collection_in(tmp_path / "b", embedder=WordEmbedder(), config=LibraryConfig()) as plain:
        plain.put(Source("mill.txt", MILL.encode()))
        plain.put(Source("inn.txt", INN.encode()))
        plain.embed_pending()
        other = plain.questions.answer(Question(QUESTION))
    assert unread.read == other.read == 0
    assert "read" not in unread.timings_ms
    assert unread.features == other.features
    assert unread.answerability == other.answerability
    assert [hit.evidence for hit in unread.hits] == [hit.evidence for hit in other.hits]
    assert all(hit.explain.read is None for hit in unread.hits)


def test_a_row_of_a_table_is_read_with_its_columns(collection: Collection) -> None:
    collection.put(Source("mills.md", TABLE.encode()))
    collection.embed_pending()
    answer = collection.questions.answer(Question.validate("Which buyer bought the Arlow mill of the mills?"))
    (row,) = [hit for hit in answer.hits if hit.citation.document_id == "mills.md"]
    assert row.explain.read == round(float(sigmoid(YES)), 4)  # the word is in the name of a column alone


def test_a_past_change_is_read_as_it_was(collection: Collection) -> None:
    before = collection.questions.answer(Question.validate(QUESTION))
    collection.put(Source("mill.txt", b"The mill of Arlow was given away."))
    collection.embed_pending()
    now = collection.questions.answer(Question.validate(QUESTION))
    then = collection.questions.answer(Question.validate(QUESTION, as_of=before.index.change))
    assert [hit.explain.read for hit in then.hits] == [hit.explain.read for hit in before.hits]
    assert then.answerability == before.answerability
    assert {hit.explain.read for hit in now.hits} == {round(float(sigmoid(NO)), 4)}


@pytest.mark.parametrize(
    "question",
    [
        "An wen wurde die Mühle von Arlow verkauft?",
        "À qui le moulin d'Arlow a-t-il été vendu ?",
        "Кому продали?",
    ],
)
def test_questions_in_other_languages_are_not_read(collection: Collection, question: str) -> None:
    assert collection.questions.answer(Question.validate(question)).read == 0


def test_windows_in_other_languages_are_not_read(collection: Collection) -> None:
    text = "Die Mühle von Arlow wurde an Anna Berg verkauft, und der Müller zog in die Stadt."
    collection.put(Source("arlow.txt", text.encode()))
    collection.embed_pending()
    answer = collection.questions.answer(Question.validate(QUESTION))
    read = {hit.citation.document_id: hit.explain.read for hit in answer.hits}
    assert read["arlow.txt"] is None
    assert read["mill.txt"] is not None
    assert answer.read == 2


class OfAllLanguages(CrossEncoder):
    reads_all_languages = True


class NamedByFingerprint(WordEmbedder):
    """A model of a collection that was made before the name by which it was opened was kept."""

    def __init__(self) -> None:
        super().__init__()
        self.fingerprint = f"{MULTILINGUAL_MODEL}:0:0:fp32"


@pytest.mark.parametrize("is_named", [True, False])
def test_other_languages_are_read_by_what_knows_them(tmp_path: Path, is_named: bool) -> None:
    text, question = "Die Mühle gehört Anna Berg. Der Müller zog fort.", "Wem gehört die Mühle?"
    words = tokenizer([text, question])
    judge = OfAllLanguages("all", Encoder(words), WordRuntime(words.token_to_id("anna")), "fp32")
    asked = []

    def of_model(model: str) -> CrossEncoder:
        asked.append(model)
        return judge

    models = Models(WordEmbedder, name=MULTILINGUAL_MODEL) if is_named else NamedByFingerprint()
    with collection_in(
        tmp_path / "a", embedder=models, config=LibraryConfig(), cross_encoder=of_model
    ) as collection:
        collection.put(Source("mühle.txt", text.encode()))
        collection.embed_pending()
        answer = collection.questions.answer(Question.validate(question))
    assert asked == [MULTILINGUAL_MODEL]
    assert (answer.read, answer.features["read"]) == (1, YES)
    assert answer.answerability == pytest.approx(
        load_answerability(model=MULTILINGUAL_MODEL).probability(answer.features), abs=1e-4
    )
    assert answer.answerability != pytest.approx(load_answerability().probability(answer.features), abs=1e-3)


@pytest.mark.model
def test_questions_in_languages_that_the_weights_do_not_know_are_not_read(tmp_path: Path) -> None:
    judge = load_cross_encoder()
    with collection_in(
        tmp_path / "a", embedder=WordEmbedder(), config=LibraryConfig(), cross_encoder=lambda _: judge
    ) as collection:
        collection.put(Source("mill.txt", MILL.encode()))
        collection.put(Source("ru.txt", "Мельницу в Арлове продали Анне Берг.".encode()))
        collection.embed_pending()
        assert collection.questions.answer(Question.validate("Кому продали мельницу?")).read == 0
        assert collection.questions.answer(Question.validate(QUESTION)).read == 1


@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=12),
    st.dictionaries(st.integers(0, 11), st.floats(-9, 9), max_size=6),
    st.floats(0, 3),
)
def test_only_passages_that_were_judged_change_places_among_themselves(
    scores: list[float], logits: dict[int, float], weight: float
) -> None:
    found = ranked(sorted(scores, reverse=True))
    judged = {id_: JudgedPassage(logit) for id_, logit in logits.items() if id_ < len(scores)}
    moved = found.with_judged(judged, weight)
    before, after = found.candidates.ids.tolist(), moved.candidates.ids.tolist()
    assert sorted(after) == sorted(before)
    assert all(one == other for one, other in zip(before, after, strict=True) if one not in judged)
    assert moved.scores.tolist() == found.scores.tolist()
    assert found.with_judged(judged, 0.0).candidates.ids.tolist() == before


def test_what_answers_comes_before_a_passage_with_a_slightly_better_score() -> None:
    found = ranked([0.6, 0.55, 0.5])
    judged = {0: JudgedPassage(-3.0), 1: JudgedPassage(2.0)}
    assert found.with_judged(judged, 0.5).candidates.ids.tolist() == [1, 0, 2]


def ranked(scores: list[float]) -> RankedCandidates:
    ids, one = np.arange(len(scores)), np.array(scores, np.float32)
    return RankedCandidates(Candidates(ids, one, one, {}, {}), one, None)
