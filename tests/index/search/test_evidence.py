import math

import numpy as np
import pytest

from index.search.evidence import (
    MOST,
    divide_into_runs,
    judge_sentences,
    select_evidence,
    weigh_read,
)
from index.search.judged import JudgedSentence
from index.search.leads.finding import Leads
from index.search.ranking.second_look import Look
from index.search.tables.asked import Asked
from index.types import Block

SHARES = (0.4, 0.3, 0.2, 0.1)


def seen(*sentences: tuple[int, int, float, set[int]], headings: set[int] = frozenset()) -> Look:  # type: ignore[assignment]
    spans = np.array([one[:2] for one in sentences], np.int32).reshape(-1, 2)
    cosines = np.array([one[2] for one in sentences], np.float32)
    words = [*(one[3] for one in sentences), set(headings)]
    coverage = np.array([sum(SHARES[word] for word in one[3]) for one in sentences], np.float32)
    return Look(spans, cosines, coverage, words, SHARES)


def prose(length: int) -> str:
    return "x" * length


def strengths(*looks: tuple[int, Look]) -> list[float]:
    return [one.strength for one in judge_sentences(looks, prose(400), 0)]


def test_the_best_sentences_come_first_at_their_places_in_the_text() -> None:
    look = seen((0, 10, 0.5, {0}), (11, 20, 0.7, {0, 1, 2}), (21, 30, 0.1, set()))
    found = select_evidence(judge_sentences([(100, look)], prose(200), 50))
    assert [(one.start, one.end) for one in found] == [(111, 120)]
    assert 0.5 < found[0].score < 1.0


def test_nearer_sentences_and_rarer_words_are_stronger() -> None:
    near, far = strengths((0, seen((0, 10, 0.6, {0}), (11, 20, 0.4, {0}))))
    assert near > far
    # Two sentences have word 0, one has word 1, which matters less to the question.
    common, also_common, rare = strengths(
        (0, seen((0, 10, 0.5, {0}), (11, 20, 0.5, {0}), (21, 30, 0.5, {0, 3})))
    )
    assert common == also_common < rare


def test_a_sentence_counts_what_its_heading_names() -> None:
    alone, _ = strengths((0, seen((0, 10, 0.5, {1}), (11, 20, 0.5, {0}))))
    below, _ = strengths((0, seen((0, 10, 0.5, {1}), (11, 20, 0.5, {0}), headings={0})))
    assert below > alone


def test_a_sentence_of_two_passages_is_judged_once() -> None:
    first, second = seen((0, 10, 0.6, {0, 1})), seen((-5, 5, 0.6, {0, 1}), (6, 9, 0.6, {0, 1}))
    found = judge_sentences([(0, first), (5, second)], prose(40), 0)
    assert [(one.start, one.end) for one in found] == [(0, 10), (11, 14)]


def test_there_are_at_most_three_and_none_that_hardly_answers() -> None:
    alike = seen(*((10 * n, 10 * n + 9, 0.6, {0, 1}) for n in range(9)))
    assert len(select_evidence(judge_sentences([(0, alike)], prose(200), 0))) == MOST
    assert select_evidence(judge_sentences([(0, seen((0, 5, 0.1, set())))], prose(20), 0)) == ()
    assert select_evidence([]) == ()


def test_without_vectors_the_words_decide() -> None:
    look = seen((0, 5, float("nan"), {2}), (6, 9, float("nan"), {0, 1}))
    assert select_evidence(judge_sentences([(0, look)], prose(20), 0))[0].start == 6


def test_one_row_is_lit_and_not_the_table() -> None:
    text = "Name: Ada; Born: 1815\nName: Alan; Born: 1912\nName: Grace; Born: 1906"
    spans = [(0, 21), (22, 44), (45, 68)]
    rows = [
        (*span, cosine, {0, *own})
        for span, cosine, own in zip(spans, (0.45, 0.6, 0.45), ((), (1,), ()), strict=True)
    ]
    found = judge_sentences([(0, seen(*rows))], text, 0)
    assert all(one.is_line for one in found)
    assert [(one.start, one.end) for one in select_evidence(found)] == [spans[1]]
    # The same sentences in a paragraph stay together.
    assert len(select_evidence(judge_sentences([(0, seen(*rows))], text.replace("\n", " "), 0))) > 1


def test_a_row_of_a_table_is_lit_alone_unless_another_is_nearly_as_probable() -> None:
    text = "Lamp | brass | 40\nOil | jar | 12\n\nPrices of lamps and oil."
    rows = (0, 17, 0.6, {0, 1}), (18, 32, 0.55, {0, 1}), (34, 58, 0.5, {0, 1})
    table = Block("table", 0, 32)

    def lit(second: float, tables: list[Block]) -> list[int]:
        look = seen(rows[0], (*rows[1][:2], second, {0, 1}), rows[2])
        return [one.start for one in select_evidence(judge_sentences([(0, look)], text, 0, tables))]

    assert lit(0.55, [table]) == [0, 18]
    assert lit(0.5, [table]) == [0]
    assert lit(0.5, []) == [0, 18, 34]


def test_paragraphs_of_one_line_are_not_rows() -> None:
    text = "The lamp was lit at dusk.\n\nIt was old.\n\nNobody came."
    look = seen((0, 25, 0.6, {0}), (27, 38, 0.5, set()), (40, 52, 0.2, set()))
    assert not any(one.is_line for one in judge_sentences([(0, look)], text, 0))


@pytest.mark.parametrize("gap", [" ", "\n", "\n\n"])
def test_a_label_and_its_value_belong_together(gap: str) -> None:
    text = f"Date of birth:{gap}10 December 1815\nLondon is a city."
    value, other = text.index("10"), text.index("London")
    look = seen((0, 14, 0.5, {0, 1}), (value, other - 1, 0.3, set()), (other, len(text), 0.1, set()))
    found = judge_sentences([(0, look)], text, 0)
    assert [(one.start, one.end) for one in found] == [(0, other - 1), (other, len(text))]
    assert found[0].strength > found[1].strength


def test_an_introduction_does_not_take_the_first_item_with_it() -> None:
    text = "You need:\n- a lamp\n- oil"
    look = seen((0, 9, 0.4, set()), (10, 18, 0.5, {0}), (19, 24, 0.5, {1}))
    assert len(judge_sentences([(0, look)], text, 0)) == 3


def test_a_run_has_the_neighbours_that_answer_too() -> None:
    strong, weak = 0.0, -6.0
    sentences = [
        JudgedSentence(10 * n, 10 * n + 9, by)
        for n, by in enumerate((weak, strong, strong - 0.5, weak, strong - 1))
    ]
    found = divide_into_runs(sentences, 1)
    assert [(one.start, one.end) for one in found] == [(10, 29), (40, 49), (0, 9), (30, 39)]
    assert found[0].probability == pytest.approx(0.5)


def test_runs_of_lower_passages_are_less_probable() -> None:
    (first,), (fifth,) = (divide_into_runs([JudgedSentence(0, 9, 0.0)], rank) for rank in (1, 5))
    assert math.isclose(first.probability, 0.5)
    assert fifth.probability < 0.2
    assert divide_into_runs([], 1) == []


TITLES = (
    "Opening hours of the museum",
    "2 Results and discussion",
    "What does the museum cost?",
    "Öffnungszeiten",
    "博物馆的开放时间",
)
BODY = "Visitors come from ten until five."


def lit_in(text: str, *words: set[int]) -> list[str]:
    """The evidence in a text whose paragraphs have these words of the question, the best first."""
    spans, at = [], 0
    for part in text.split("\n\n"):
        at = text.index(part, at)
        spans.append((at, at + len(part)))
        at += len(part)
    look = seen(*((*span, 0.5, own) for span, own in zip(spans, words, strict=True)))
    return [text[one.start : one.end] for one in select_evidence(judge_sentences([(0, look)], text, 0))]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("more", ["", "Handbook\n\n"])
def test_a_line_above_text_is_no_answer_but_names_what_the_text_is_about(title: str, more: str) -> None:
    before: list[set[int]] = [{2}] if more else []
    text = f"{more}{title}\n\n{BODY}\n\nThe harbour is near."
    found = lit_in(text, *before, {0, 1}, set(), set())
    assert found[0] == BODY
    assert title not in found


@pytest.mark.parametrize("title", TITLES)
def test_a_line_names_what_all_text_below_is_about(title: str) -> None:
    text = f"{title}\n\nIt has two floors.\n\n{BODY}"
    assert lit_in(text, {0, 1}, set(), {2})[0] == BODY


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("rest", ["", "\n\nAnother title", "\n\nAnna Berg, keeper of the lamps"])
def test_a_line_without_text_below_is_shown_as_it_is(title: str, rest: str) -> None:
    found = lit_in(f"{title}{rest}", {0, 1}, *([set()] if rest else []))
    assert found[0] == title


@pytest.mark.parametrize(
    "line",
    [
        "hybrid = alpha * dense",
        "score  =  1.2",
        "if a < b",
        "lamp | wick",
        "It opens at ten.",
        "Hours: ten to five;",
        "- ten to five",
        "3) ten to five",
    ],
)
def test_a_sentence_an_item_and_a_formula_are_no_headings(line: str) -> None:
    assert lit_in(f"{line}\n\n{BODY}", {0, 1}, set())[0] == line


def test_a_line_of_a_table_is_no_heading() -> None:
    text = f"Hours of the museum\n\n{BODY}"
    look = seen((0, 19, 0.5, {0, 1}), (21, len(text), 0.5, set()))
    table = Block("table", 0, 19)
    found = judge_sentences([(0, look)], text, 0, (table,))
    assert [one.start for one in found] == [0, 21]


def test_what_the_cross_encoder_says_decides_between_sentences_that_are_near() -> None:
    judged = [JudgedSentence(0, 10, 1.0), JudgedSentence(11, 20, 0.8), JudgedSentence(21, 30, 0.9)]
    assert weigh_read(judged, []) == judged
    read = weigh_read(judged, [(0, 10, -5.0), (11, 20, 4.0)])
    assert [(one.start, one.end) for one in read] == [(0, 10), (11, 20), (21, 30)]
    first, second, outside = (one.strength for one in read)
    assert second > outside > first


def test_a_question_of_the_text_gives_its_words_to_its_answer_and_is_none() -> None:
    text = "How old must I be?\nEighteen. Bring a card.\n\nIt is free."
    spans = [(0, 18), (19, 28), (29, 42), (44, 55)]
    look = seen(
        *(
            (*span, cosine, words)
            for span, cosine, words in zip(
                spans, (0.9, 0.1, 0.1, 0.1), ({0, 1}, set(), set(), set()), strict=True
            )
        )
    )
    asked = Asked.of("How old must I be?", (), lambda _: ())
    found = judge_sentences([(0, look)], text, 0, leads=Leads.of(asked))
    answer, later, elsewhere = found
    assert [(one.start, one.end) for one in found] == spans[1:]
    assert answer.strength > later.strength > elsewhere.strength
    assert len(judge_sentences([(0, look)], text, 0)) == len(spans)
