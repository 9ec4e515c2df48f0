"""Words of a question that are written like function words of another language."""

from __future__ import annotations

import numpy as np
import pytest

from index.search.question.homographs import Homographs
from index.search.ranking.second_look import SecondLook, look
from index.sentence_table import SentenceTable
from index.text.analysis import Analyzer
from index.text.languages import alphabetic_languages, language_of_question
from index.text.sentence_terms import split_sentences
from index.types import Importance

ANALYZER = Analyzer()
PASSAGES = {
    "english": "The harbour {} was of interest to them and they have written about it.",
    "german": "Der Hafen {} und das Dorf ist nach dem Sturm mit einem Turm bei der Küste.",
    "french": "Le port {} est dans la ville et les pêcheurs avec leurs bateaux sont au phare.",
    "spanish": "El puerto {} es de los pescadores y las barcas con sus redes están en el faro.",
    "italian": "Il porto {} è della città e gli scafi sono nella rada con una rete di pesca.",
    "portuguese": "O porto {} é dos pescadores e as redes também são da vila com uma barca.",
    "dutch": "De haven {} is van het dorp en een boot wordt met de netten naar zee gebracht.",
}
QUESTIONS = {
    "english": "What did they have to do with the harbour and the {}?",
    "german": "Welche der Häfen haben mit dem {} nach der Küste zu tun?",
    "french": "Quels sont les ports avec le {} dans la ville et au phare?",
    "spanish": "¿Cuáles son los puertos con el {} en la costa y las barcas?",
    "italian": "Quali sono gli scafi con il {} nella rada e della città?",
    "portuguese": "Quais são os portos com o {} da vila e dos pescadores?",
    "dutch": "Welke van de havens hebben het {} met een boot naar zee?",
}
LANGUAGES = {one.name: one for one in alphabetic_languages()}


def alike(own: str, other: str) -> list[str]:
    """Function words of one language that may be content words in another."""
    known = LANGUAGES[own].asking | LANGUAGES["english"].asking
    terms = {term for word in known for term in ANALYZER.terms(word)}
    return sorted(
        word
        for word in LANGUAGES[other].functions
        if len(word) > 2 and word.isascii() and word not in known and not terms & set(ANALYZER.terms(word))
    )


CASES = [
    (own, other, word)
    for own in QUESTIONS
    for other in PASSAGES
    if own != other
    for word in alike(own, other)[:4]
]


def seen(question: str, *texts: str, documents: tuple[int, ...] = ()) -> SecondLook:
    terms = ANALYZER.term_hashes(" ".join(ANALYZER.question_terms(question)))
    importance = Importance(terms, np.full(len(terms), 1 / len(terms), np.float32))
    table = SentenceTable.of([split_sentences(text, 0, ANALYZER.term_hashes) for text in texts])
    keys = np.array(documents or range(len(texts)), np.int64)
    homographs = Homographs.of(question, terms, ANALYZER)
    return look(table, keys, np.zeros(2, np.float32), importance, homographs)


def has(found: SecondLook, at: int, word: str) -> bool:
    return found.look(at).terms.issuperset(ANALYZER.hashes(word))


@pytest.mark.parametrize(("own", "other", "word"), CASES)
def test_a_content_word_is_not_found_by_a_function_word(own: str, other: str, word: str) -> None:
    question = QUESTIONS[own].format(word)
    if language_of_question(question).name != own:
        pytest.fail("the question must be clearly in its language")
    found = seen(question, PASSAGES[own].format(word), PASSAGES[other].format(word))
    assert has(found, 0, word)
    assert not has(found, 1, word)


@pytest.mark.parametrize(
    ("question", "word", "language"),
    [
        ("When did Martin Thoma die?", "die", "german"),
        ("When has he died?", "died", "german"),
        ("Which war did they win?", "war", "german"),
        ("Who were his sons?", "sons", "french"),
        ("Who poured the wine?", "pour", "french"),
        ("Which men come to the fair?", "come", "italian"),
        ("Where is the hat?", "hat", "german"),
        ("Who is the man with the sails?", "man", "german"),
    ],
)
def test_the_verb_is_not_the_article(question: str, word: str, language: str) -> None:
    own, other = PASSAGES["english"].format(word), PASSAGES[language].format(ANALYZER.terms(word)[0])
    found = seen(question, own, other)
    assert has(found, 0, word) == (ANALYZER.terms(word)[0] in ANALYZER.question_terms(question))
    assert not has(found, 1, word)


def test_a_formula_is_in_the_language_of_its_document() -> None:
    texts = (
        PASSAGES["german"].format("die"),
        "die f: X, g: Y",
        "die casting",
        PASSAGES["english"].format("x"),
    )
    found = seen("When did the mould die?", *texts, documents=(1, 1, 2, 2))
    assert [has(found, at, "die") for at in range(3)] == [False, False, True]


def test_a_word_that_is_found_nowhere_else_weighs_most() -> None:
    words = ("thoma", "die")
    terms = dict(zip(words, ANALYZER.hashes_of(words), strict=True))
    order = sorted(terms, key=terms.__getitem__)
    shares = {"thoma": 0.9, "die": 0.1}
    importance = Importance(
        np.array([terms[word] for word in order], np.uint32),
        np.array([shares[word] for word in order], np.float32),
    )
    question = "When did Thoma die?"
    table = SentenceTable.of(
        [split_sentences("Die Karte ist von Thoma und der Schule.", 0, ANALYZER.term_hashes)]
    )
    homographs = Homographs.of(question, importance.terms, ANALYZER)
    found = look(table, np.zeros(1, np.int64), np.zeros(2, np.float32), importance, homographs)
    assert found.sentence.tolist() == pytest.approx([0.5])


@pytest.mark.parametrize(
    "question",
    ["What is BM25?", "Wie hoch ist der Turm?", "die Kosten der Schule", "1577", "灯塔在哪里？", ""],
)
def test_most_questions_have_none(question: str) -> None:
    terms = ANALYZER.term_hashes(" ".join(ANALYZER.question_terms(question)))
    assert Homographs.of(question, terms, ANALYZER) is None
