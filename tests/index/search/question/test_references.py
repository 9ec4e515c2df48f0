import pytest

from index.search.question.references import references

ALONE = [
    "How is it created?",
    "Where was he born?",
    "Who were its performers?",
    "Are those the only steps?",
    "What else does it need?",
    "Wann wurde er geboren?",
    "Où est-il né ?",
    "¿Cuándo firmaron ellos?",
    "他什么时候出生的？",
]
_TO = ("to rent a boat", "to leave early", "to cross the lake")
EXPLETIVE = [
    *(
        f"{ask} {to}?"
        for to in _TO
        for ask in ("Is it possible", "is it safe", "Is it necessary", "How long does it take")
    ),
    *(f"{ask} does it cost {to}?" for to in _TO for ask in ("what", "How much")),
    "What does it cost if I lose my key?",
    "What does it mean to be late?",
    "How much did it cost to repair the roof?",
]
REFERRING = [
    *(
        f"{ask}?"
        for ask in (
            "Is it possible",
            "is it safe",
            "Is it necessary",
            "How long does it take",
            "what does it mean",
        )
    ),
    *(
        f"{ask} does it cost{whom}?"
        for ask in ("what", "How much", "And what")
        for whom in ("", " for an adult", " for children", " per night", " on Sundays", " with breakfast")
    ),
]
CONTINUES = [
    "And in Hebei?",
    "What about Tianjin?",
    "Tell me more.",
    "Und in Hebei?",
    "Et à Paris ?",
    "¿Y en Hebei?",
    "那河北呢？",
]
STANDS_ALONE = [
    "What is BM25?",
    "Who heads the expert advisory committee?",
    "How long does it take to reset a router?",
    "Is there a limit of passages?",
    "What time is it in Beijing?",
    "How many agreements did Beijing and Tianjin sign in August 2014?",
    "Wie viele Menschen gibt es in Hebei?",
    "Können Sie mir sagen, wo der Vertrag liegt?",
    "Y a-t-il un accord sur la pêche ?",
    "En quelle année le traité a été signé ?",
    "¿En qué año se firmó el tratado?",
    "土耳其的首都是哪里？",
    "其他城市有哪些？",
    "Какая столица у Франции?",
]


@pytest.mark.parametrize("question", ALONE)
def test_a_pronoun_with_nothing_before_it_refers_to_what_was_said(question: str) -> None:
    assert references(question).alone
    assert references(question).is_dependent


@pytest.mark.parametrize("question", REFERRING)
def test_a_pronoun_refers_where_nothing_follows_that_it_stands_for(question: str) -> None:
    assert references(question).alone


@pytest.mark.parametrize("question", EXPLETIVE)
def test_a_pronoun_may_stand_for_what_follows(question: str) -> None:
    found = references(question)
    assert (found.alone, found.inside) == (False, False)


@pytest.mark.parametrize("question", CONTINUES)
def test_one_more_question_continues_those_before_it(question: str) -> None:
    assert references(question).continues


@pytest.mark.parametrize("question", STANDS_ALONE)
def test_other_questions_stand_alone(question: str) -> None:
    assert not references(question).is_dependent


@pytest.mark.parametrize(
    "question",
    [
        "What did Xi Jinping propose when he visited Tianjin?",
        "How large is the area and how many people live there?",
        "What was the sample size in this study?",
    ],
)
def test_a_pronoun_may_stand_for_something_in_the_question(question: str) -> None:
    found = references(question)
    assert (found.alone, found.inside, found.is_dependent) == (False, True, False)


def test_words_that_only_ask_say_nothing() -> None:
    assert references("Why?").words == 0
    assert references("Why?").is_dependent
    assert references("Who heads the committee?").words == 2
