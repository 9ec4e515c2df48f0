"""Near misses ask for another fact of the same kind, and no document tells it."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from benchmarks import sets
from benchmarks.near_misses import making
from benchmarks.near_misses.exchanging import KINDS, Exchanger, Kind, names_in
from evaluation import questions

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {
    "marlow": "The bridge at Marlow was built in 1832 by William Clark. It is 72 metres long. "
    "Its architect was born in Suffolk, and it was paid for by Thomas Rolt in 1829.",
    "reading": "In Scotland the river Tweed has salmon. Angus Baird was the mayor of Peebles in 1840.",
}
ASKED: dict[Kind, str] = {
    "name": "What did William Clark build at Marlow?",
    "year": "What was built at Marlow in 1832?",
    "number": "Which bridge is 72 metres long?",
    "place": "Which river in Scotland has salmon?",
    "role": "Who was the mayor of Peebles?",
    "negation": "What was built by William Clark?",
    "attribute": "When was the bridge built at Marlow?",
}


@pytest.mark.parametrize("kind", KINDS)
def test_one_fact_is_exchanged_and_always_the_same(kind: Kind) -> None:
    document = "reading" if kind in ("place", "role") else "marlow"
    made = Exchanger(TEXTS).exchange(ASKED[kind], kind, document)
    assert made is not None
    assert made.question != ASKED[kind]
    assert made.question == ASKED[kind].replace(made.gone, made.come)
    assert Exchanger(TEXTS).exchange(ASKED[kind], kind, document) == made


def test_a_fact_that_stands_beside_the_other_words_is_not_exchanged_for() -> None:
    exchanger = Exchanger(TEXTS)
    assert exchanger.may_answer("Who paid for the 72 metres in 1829?", "1829")
    assert not exchanger.may_answer("Who paid for the salmon in 1829?", "1829")


def test_a_word_that_texts_have_in_lower_case_is_no_name_to_exchange() -> None:
    assert names_in("the town of Marlow, and the Bridge.") == ["Bridge", "Marlow"]
    texts = {"a": "He crossed the Bridge there. A bridge is long.", "b": "She met Angus here."}
    assert Exchanger(texts).exchange("Who crossed the Bridge?", "name", "a") is None


def test_questions_by_hand_are_about_documents_of_the_project() -> None:
    read = yaml.safe_load((ROOT / "benchmarks" / "near_misses" / "hand.yaml").read_text(encoding="utf-8"))
    folders = {"corpus": ROOT / "corpus", "own": ROOT / "benchmarks" / "answerability" / "own"}
    assert read.keys() == folders.keys()
    made = [one for name in read for one in making.near_misses(name, {})]
    assert len(made) > 120
    assert all((folders[name] / document).is_file() for name, of in read.items() for document in of)
    assert {one.kind for one in made} == set(KINDS)
    asked = [text for one in made for text in (one.answered.text, one.question)]
    assert all(text.endswith("?") for text in asked)
    assert not {one.answered.text for one in made} & {one.question for one in made}


@pytest.mark.shared
@pytest.mark.processes
def test_there_are_at_least_600_near_misses_and_a_third_of_them_are_the_test() -> None:
    texts = {
        name: {one.id: one.data.decode() for one in questions.sources(making.SETS[name])}
        for name in ("clapnq", "covidqa", "xquad-en", "xquad-zh")
    }
    texts["tatqa"] = {source.id: source.data.decode() for source, _ in making.reports()}
    made = [one for name in making.SETS for one in making.near_misses(name, texts.get(name, {}))]
    assert len(made) >= 600
    assert all(one.is_dev == sets.is_dev(one.document_id) for one in made)
    assert sum(not one.is_dev for one in made) >= len(made) / 3
    kinds = Counter(one.kind for one in made)
    assert min(kinds[kind] for kind in KINDS) >= 40
    assert not {one.document_id for one in made if one.is_dev} & {
        one.document_id for one in made if not one.is_dev
    }
