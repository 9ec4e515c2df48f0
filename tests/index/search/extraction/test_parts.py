import pytest

from index.search.extraction.parts import Part, divide_question

ONE = [
    "Who wrote the report?",
    "What is the difference between salt and pepper?",
    "Tell me about the lamp and its keeper.",
    "Wer hat den Turm und das Haus gebaut?",
    "I bought a lamp. How do I clean it?",
    "灯是谁点的?",
    "",
]
SEVERAL = [
    ("Who wrote the report and when was it published?", ["Who wrote the report", "when was it published?"]),
    ("Who lit the lamp, and in which year was the tower built?", None),
    ("Who lit the lamp? When was the tower built?", ["Who lit the lamp?", "When was the tower built?"]),
    ("Wann wurde der Turm gebaut und wer war der Wärter?", None),
    ("Quand la tour fut-elle construite et qui était le gardien ?", None),
    ("¿Cuándo se construyó la torre y quién era el guardián?", None),
    ("谁点了灯？塔是什么时候建的？", ["谁点了灯？", "塔是什么时候建的？"]),
]


@pytest.mark.parametrize("question", ONE)
def test_a_question_that_asks_one_thing_stays_whole(question: str) -> None:
    assert divide_question(question) == (Part(question, question),)


@pytest.mark.parametrize(("question", "expected"), SEVERAL)
def test_a_question_is_divided_where_another_one_begins(question: str, expected: list[str] | None) -> None:
    parts = divide_question(question)
    assert len(parts) == 2
    assert all(part.text in question for part in parts)
    if expected is not None:
        assert [part.text for part in parts] == expected


@pytest.mark.parametrize(
    ("question", "queries"),
    [
        (
            "When and by whom was the band founded?",
            ["When was the band founded?", "by whom was the band founded?"],
        ),
        (
            "Wann und von wem wurde Elm gegründet?",
            ["Wann wurde Elm gegründet?", "von wem wurde Elm gegründet?"],
        ),
        (
            "Who paid for the study, and with how much?",
            ["Who paid for the study", "with how much paid for the study"],
        ),
        ("How long is the bridge and how high?", ["How long is the bridge", "how high is the bridge"]),
        ("Who is the director and since when?", ["Who is the director", "since when is the director"]),
        ("Who pays and when is rent due?", ["Who pays", "when is rent due?"]),
        ("Who won? When did it start?", ["Who won?", "When did it start?"]),
        ("Why? What is the reason for the fee?", ["Why?", "What is the reason for the fee?"]),
    ],
)
def test_a_part_takes_what_it_asks_about_from_the_other(question: str, queries: list[str]) -> None:
    assert [part.query.strip() for part in divide_question(question)] == queries


def test_a_part_that_does_not_say_what_it_asks_about_is_searched_with_the_rest() -> None:
    first, second = divide_question("Who wrote the report, and when?")
    assert first == Part("Who wrote the report", "Who wrote the report")
    assert second == Part("when?", "when wrote the report")


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("What do k1 and b do in BM25?", ["What does k1 do in BM25?", "What does b do in BM25?"]),
        ("What are IVF and HNSW?", ["What is IVF?", "What is HNSW?"]),
        ("what do NFC and the form NFKC mean", ["What does NFC mean?", "What does the form NFKC mean?"]),
    ],
)
def test_a_question_about_two_things_asks_about_each(question: str, parts: list[str]) -> None:
    assert divide_question(question) == tuple(Part(one, one) for one in parts)


@pytest.mark.parametrize(
    "question",
    [
        "How many agreements did Beijing and Tianjin sign?",
        "What did Beijing and Tianjin sign?",
        "What do Beijing and Tianjin share?",
        "What are the differences between salt and pepper?",
    ],
)
def test_what_two_do_together_is_one_question(question: str) -> None:
    assert divide_question(question) == (Part(question, question),)


def test_a_list_of_many_questions_is_not_divided() -> None:
    many = " ".join(f"Who wrote report {number}?" for number in range(5))
    assert divide_question(many) == (Part(many, many),)
