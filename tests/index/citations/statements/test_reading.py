from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from index.citations.statements.judging import Judgement, judge, statements
from index.citations.statements.reading import Sentences, judge_read, load_reading
from index.citations.statements.sources import Source
from index.embedding import WordEmbedder
from index.protocols import ClaimReading
from index.text import Analyzer

TERMS = Analyzer().terms
HARBOUR = (
    "The harbour was built in 1850. The lamp was lit by old Samuel Osgood each evening. He died at sea. "
    "Fish was sold on the quay. The bridge was opened in the spring of 1912 by Queen Mary. Nobody was hurt."
)
PARAPHRASE = "Samuel Osgood kept the lamp burning in the evening."


class WordReader:
    """Says that texts with a certain word support every claim, and that others do not."""

    fingerprint = "toy:1"

    def __init__(self, word: str, room: int = 1000) -> None:
        self._word, self._room = word, room
        self.texts: list[str] = []

    def count(self, text: str, /) -> int:
        return len(text.split())

    def room(self, claim: str) -> int:
        return self._room - self.count(claim)

    def read(self, claim: str, texts: Sequence[str]) -> list[ClaimReading]:
        self.texts += texts
        found = (self._word in text for text in texts)
        return [
            ClaimReading(0.98, 0.01, 0.01, 2.0) if one else ClaimReading(0.01, 0.01, 0.98, -2.0)
            for one in found
        ]


def read(claim: str, model: WordReader, *, supported_from: float = 0.5, text: str = HARBOUR) -> Judgement:
    embedder = WordEmbedder()
    (statement,) = statements([claim], TERMS, embedder)
    return judge_read(statement, [Source(text, "", TERMS, embedder)], model, supported_from=supported_from)


def judge_compared(claim: str, text: str) -> Judgement:
    embedder = WordEmbedder()
    (statement,) = statements([claim], TERMS, embedder)
    return judge(statement, [Source(text, "", TERMS, embedder)])


def test_what_the_model_reads_decides_beside_the_words() -> None:
    yes, no = read(PARAPHRASE, WordReader("Osgood")), read(PARAPHRASE, WordReader("nowhere"))
    assert yes.probability > no.probability + 0.2
    least = (yes.probability + no.probability) / 2
    supported = read(PARAPHRASE, WordReader("Osgood"), supported_from=least)
    assert supported.status == "supported"
    assert "Samuel Osgood" in HARBOUR[supported.start : supported.end]
    assert read(PARAPHRASE, WordReader("nowhere"), supported_from=least).status == "unsupported"


@pytest.mark.parametrize("least", [0.0, 1.0])
def test_the_caller_sets_from_which_probability_a_claim_is_supported(least: float) -> None:
    claim = "Fish was sold on the quay."
    expected = "unsupported" if least else "supported"
    assert read(claim, WordReader("Fish"), supported_from=least).status == expected
    embedder = WordEmbedder()
    (statement,) = statements([claim], TERMS, embedder)
    compared = judge(statement, [Source(HARBOUR, "", TERMS, embedder)], supported_from=least)
    assert compared.status == expected


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        ("The bridge was opened in the spring of 1921 by Queen Mary.", "contradicted"),
        ("The bridge was not opened in the spring of 1912 by Queen Mary.", "contradicted"),
        ("The bridge was opened in the spring of 1850 by Queen Mary.", "unsupported"),
    ],
)
def test_another_fact_in_the_same_words_is_not_read_away(claim: str, status: str) -> None:
    found = read(claim, WordReader("bridge"), supported_from=0.0)
    assert found.status in {status, "contradicted"}
    assert found.status != "supported"


def test_likely_sentences_are_read_alone_with_their_neighbours_and_together() -> None:
    model = WordReader("Osgood")
    read(PARAPHRASE, model)
    lamp = "The lamp was lit by old Samuel Osgood each evening."
    near, together, alone = model.texts[0], model.texts[-3], model.texts[-2]
    assert near == f"The harbour was built in 1850. {lamp} He died at sea."
    assert lamp in together
    assert alone == lamp


def test_no_sentence_is_read_twice_with_its_neighbours() -> None:
    model = WordReader("Osgood")
    read(PARAPHRASE, model)
    near = [sentence for text in model.texts[:-3] for sentence in text.split(". ")]
    assert near
    assert len(set(near)) > 2 / 3 * len(near)  # but as a neighbour


def test_what_a_source_says_literally_is_not_read() -> None:
    model = WordReader("nowhere")
    said = "The lamp was lit by old Samuel Osgood each evening."
    assert read(said, model).status == "supported"
    assert model.texts == []
    assert read(said, model, supported_from=1.0).status == "unsupported"
    assert model.texts
    model.texts.clear()
    read("By old Samuel Osgood the lamp was lit.", model)
    assert model.texts


@pytest.mark.parametrize(
    "said",
    [
        "It is a myth that staff have 27 days of leave.",
        "If staff have 27 days of leave.",
        "Do staff have 27 days of leave?",
        "The union demands that staff have 27 days of leave.",
        "The old rule that staff have 27 days of leave was abolished in 2020.",
    ],
)
def test_a_sentence_that_holds_a_claim_and_more_is_read(said: str) -> None:
    model = WordReader("nowhere")
    found = read("Staff have 27 days of leave.", model, text=said)
    assert said in model.texts
    assert found.probability < judge_compared("Staff have 27 days of leave.", said).probability


def test_likely_sentences_alone_are_embedded_and_each_alone() -> None:
    sentences = [f"The keeper of tower {number} counts {number} ships." for number in range(60)]
    text = " ".join([*sentences, HARBOUR])
    embedder = WordEmbedder()
    claims = statements([PARAPHRASE, "The keeper counts nine ships."], TERMS, embedder)
    whole, source = Source(text, "", TERMS, embedder), Source(text, "", TERMS, embedder)
    (first,) = Sentences(claims[0], [source]).cosines
    assert 0 < np.count_nonzero(first) <= len(source.alone) < len(source.spans) / 2
    assert (
        text[slice(*source.spans[int(first.argmax())])]
        == "The lamp was lit by old Samuel Osgood each evening."
    )
    Sentences(claims[1], [whole]).cosines  # noqa: B018 -- what was asked before changes nothing
    assert np.array_equal(Sentences(claims[0], [whole]).cosines[0], first)


def test_what_is_read_fits_the_model() -> None:
    model = WordReader("Osgood", room=22)
    read(PARAPHRASE, model)
    room = model.room(PARAPHRASE)
    assert model.texts
    assert all(model.count(text) <= room for text in model.texts)


def test_claims_and_sources_in_other_languages_are_compared_and_not_read() -> None:
    model = WordReader("Lampe")
    text = "Die Lampe im Nordturm wurde jeden Abend von Samuel Osgood angezündet, und sie brannte lange."
    assert read(text, model, text=text).status == "supported"
    assert model.texts == []


def test_the_weights_say_what_they_are_of() -> None:
    told = load_reading().provenance
    assert told["command"] == "python -m benchmarks.fitting.reading"
    assert str(told["read_by"]).startswith("loccit_cross_encoder:")
