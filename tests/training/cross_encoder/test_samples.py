from __future__ import annotations

import random
from functools import cache

import pytest

from tests.training.cross_encoder.toys import encoder, pairs, sampler
from training.cross_encoder.encoding import UNKNOWN, batch
from training.cross_encoder.pairs import words
from training.cross_encoder.samples import KINDS, Sample, Sampler
from training.cross_encoder.windows import split


@cache
def shared() -> Sampler:
    return sampler()


def made(kind: str) -> list[tuple[int, Sample]]:
    rows = [row for row, pair in enumerate(pairs()) if pair.answer]
    found = [(row, shared().sample(row, random.Random(f"{row}{n}"), kind)) for row in rows for n in range(8)]
    return [(row, one) for row, one in found if one]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_made_and_labelled(kind: str) -> None:
    found = made(kind)
    assert found
    for row, one in found:
        answer = pairs()[row].passage[slice(*pairs()[row].answer or (0, 0))]
        assert one.answers is (kind == "answers")
        assert [one.text[slice(*at)] for at in one.sentences] == [one.text[a:b] for a, b in split(one.text)]
        if kind == "answers":
            assert one.span is not None
            assert one.text[slice(*one.span)] == answer
            assert one.answering is not None
            (number,) = one.answering
            assert one.sentences[number][0] <= one.span[0] < one.span[1] <= one.sentences[number][1]
        else:
            assert (one.span, one.answering) == (None, ())


@pytest.mark.parametrize("kind", ["group", "words", "cut"])
def test_no_other_window_tells_the_answer(kind: str) -> None:
    for row, one in made(kind):
        answer = pairs()[row].passage[slice(*pairs()[row].answer or (0, 0))]
        assert words(answer) not in words(f"{one.head} {one.text}")


@pytest.mark.parametrize("kind", ["exchanged", "predicate", "title", "word", "asked"])
def test_an_exchanged_question_is_another_and_reads_the_window_that_answered(kind: str) -> None:
    for row, one in made(kind):
        pair = pairs()[row]
        assert words(one.question) != words(pair.question)
        assert words(pair.passage[slice(*pair.answer or (0, 0))]) in words(one.text)


def test_an_unanswerable_pair_has_no_answer() -> None:
    row = next(row for row, pair in enumerate(pairs()) if not pair.answerable)
    found = [shared().sample(row, random.Random(n)) for n in range(30)]
    assert {one.answers for one in found if one} == {False}
    assert "marked" in {one.kind for one in found if one}


def test_a_single_sentence_is_set_among_others_and_stays_the_one_that_answers() -> None:
    row = next(row for row, pair in enumerate(pairs()) if pair.id == "bird0")
    counts = set()
    for n in range(60):
        one = shared().sample(row, random.Random(n), "answers")
        assert one is not None
        assert one.answering is not None
        (number,) = one.answering
        assert one.text[slice(*one.sentences[number])] == pairs()[row].passage
        counts.add(len(one.sentences))
    assert len(counts) >= 1


def test_a_claim_is_for_the_claims_head_alone() -> None:
    row = next(row for row, pair in enumerate(pairs()) if pair.set_name == "claims")
    one = shared().sample(row, random.Random(0))
    assert one is not None
    assert (one.answers, one.claim, one.kind) == (None, 0, "supports")


def test_tokens_of_the_answer_are_those_of_its_words() -> None:
    texts = [text for pair in pairs() for text in (pair.passage, pair.question)]
    coder = encoder(texts)
    for row, one in made("answers"):
        encoded = coder.encode(one)
        pair = pairs()[row]
        answer = coder.encode(Sample(pair.passage[slice(*pair.answer or (0, 0))], "", "", (), "", "", None))
        assert encoded.ids[encoded.start : encoded.end + 1] == answer.ids[1 : answer.ids.index(3)]
        assert encoded.sentence_of[encoded.start] == (one.answering or (-1,))[0]
        assert encoded.sentence_of[0] == encoded.sentence_of[-1] == -1
        assert len(encoded.ids) == len(encoded.types) == len(encoded.sentence_of) <= coder.max_tokens


def test_labels_that_are_not_known_are_not_trained_on() -> None:
    coder = encoder()
    base = Sample("q", "", "One here. Two here.", ((0, 9), (10, 19)), "answers", "x", True)
    unknown, wrong = (
        coder.encode(base),
        coder.encode(Sample("q", "", "No.", ((0, 3),), "cut", "x", False, ())),
    )
    assert (unknown.start, unknown.sentence_labels) == (UNKNOWN, [UNKNOWN, UNKNOWN])
    assert (wrong.start, wrong.end, wrong.sentence_labels) == (0, 0, [0])
    padded = batch([unknown, wrong])
    assert padded.sentence_labels.tolist() == [[UNKNOWN, UNKNOWN], [0, UNKNOWN]]
    assert padded.ids.shape[1] % 16 == 0


def test_a_window_too_long_is_cut_and_never_points_beyond() -> None:
    coder = encoder(max_tokens=12)
    text = "word " * 30 + "end"
    one = Sample("q", "", text, ((0, len(text)),), "answers", "x", True, (0,), (len(text) - 3, len(text)))
    encoded = coder.encode(one)
    assert len(encoded.ids) == 12
    assert encoded.start == encoded.end == UNKNOWN
