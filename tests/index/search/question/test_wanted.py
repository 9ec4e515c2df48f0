import pytest

from index.search.evidence import prefer_holding, select_evidence
from index.search.judged import JudgedSentence
from index.search.question.wanted import HOLDS, Wanted

HELD = "On August 6, 2014, and 7 August, a signing ceremony for the agreements between both cities was held."
SIGNED = "Both mayors signed six cooperation agreements."


@pytest.mark.parametrize(
    ("question", "holds", "leads"),
    [
        ("How many agreements did both sign in August 2014?", SIGNED, HELD),
        ("How much did it cost?", "It cost RMB 2 billion.", "The cost was shared."),
        ("What percentage of them left?", "Of them 12 % left.", "Some of them left in 1998."),
        ("How long is the bridge?", "It is 72 metres long.", "The bridge is long."),
        ("When was the tower built?", "It was built in 1819.", "The tower was built of granite."),
        ("In which month did it open in 1819?", "It opened in May.", "It opened in 1819."),
        ("Who kept the lamp?", "The lamp was kept by Samuel Osgood.", "The lamp was kept well."),
        ("Who followed Samuel Osgood?", "After him came Hannah.", "Then Samuel Osgood left."),
        ("Wie viele Leute wohnen dort?", "Dort wohnen 300 Leute.", "Dort wohnen viele Leute."),
        ("Which agreements were signed?", SIGNED + "\n\n- on parks", HELD),
        ("Wann wurde er gebaut?", "Er wurde 1819 gebaut.", "Er wurde aus Granit gebaut."),
        ("How many people wait for a plot?", "There are 63 on the list.", "Of 118 plots, 112 are let."),
        ("How many of the plots are let?", "Of 118 plots, 112 are let.", "Of the plots most are let."),
        ("How many guests can the hall hold?", "The 2 halls hold 80 people.", "There are 2 halls."),
        ("How many cherries are in a box?", "A box has 60.", "Take three boxes."),
    ],
)
def test_a_sentence_holds_what_is_asked_for(question: str, holds: str, leads: str) -> None:
    wanted = Wanted.of(question)
    assert wanted is not None
    assert wanted.is_in(holds, 0, len(holds.partition("\n")[0]))
    assert not wanted.is_in(leads, 0, len(leads))


@pytest.mark.parametrize(
    ("question", "measured", "other"),
    [
        ("At what temperature is it baked?", "Bake it at 230 °C.", "Baking takes 40 minutes."),
        ("How long does it take?", "It takes 2 to 3 hours.", "It takes 3 eggs."),
        ("How heavy is it?", "It weighs 5.8 kg.", "It has 5.8 litres."),
        ("How much does it weigh?", "Its weight: 20 pounds.", "It costs $20."),
        ("How much does it cost?", "The price is €1,290.", "It has 12 legs."),
        ("How much did they pay?", "They paid RMB 2 billion.", "They paid 2 billion."),
        ("What is the price?", "It is sold for 300 euros.", "It has 300 parts."),
        ("How high is it?", "It is 72 metres high.", "It has 7 floors."),
        ("What percentage left?", "Of them 12 % left.", "12 left."),
        ("Wie lange dauert es?", "Es dauert 3 Stunden.", "Es hat 3 Teile."),
        ("Wie lange gilt es?", "Es gilt 1 Jahr.", "Es hat 1 Teil."),
    ],
)
def test_a_measure_has_its_unit(question: str, measured: str, other: str) -> None:
    wanted = Wanted.of(question)
    assert wanted is not None
    assert wanted.is_measured(measured)
    assert not wanted.is_measured(other)
    text = f"{other} {measured}"
    judged = [JudgedSentence(0, len(other), 0.0), JudgedSentence(len(other) + 1, len(text), -1.0)]
    first, second = (one.strength for one in prefer_holding(judged, text, 0, wanted))
    assert second > HOLDS["number"] - 1.0
    assert first == (HOLDS["number"] if wanted.is_in(other, 0, len(other)) else 0.0)


def test_a_unit_is_looked_for_in_bounded_time() -> None:
    wanted = Wanted.of("How long is it?")
    assert wanted is not None
    for text in ("1" * 200_000, "1.," * 60_000, "1 to " * 40_000, "1" + " " * 200_000):
        assert not wanted.is_measured(text)


@pytest.mark.parametrize(
    "question", ["How many are there?", "How old is it?", "When did it cost more?", "Who?"]
)
def test_other_numbers_need_no_unit(question: str) -> None:
    wanted = Wanted.of(question)
    assert wanted is not None
    assert not wanted.is_measured("It was 12 m long, and 3 hours old, at 20 °C and for 5 euros.")


@pytest.mark.parametrize(
    "question", ["Why is it cold?", "What is BM25?", "Where is the tower?", "", "灯塔？"]
)
def test_other_questions_want_nothing_that_is_told_by_its_form(question: str) -> None:
    assert Wanted.of(question) is None


def test_one_that_only_leads_to_the_answer_gives_way() -> None:
    text = f"{HELD} {SIGNED}"
    wanted = Wanted.of("How many agreements did both sign in August 2014?")
    assert wanted is not None
    leading = JudgedSentence(7, 7 + len(HELD), -1.0)
    holding = JudgedSentence(8 + len(HELD), 7 + len(text), -1.8)
    first = select_evidence([leading, holding])[0]
    assert (first.start, first.end) == (leading.start, leading.end)
    judged = prefer_holding([leading, holding], text, 7, wanted)
    assert select_evidence(judged)[0].start == holding.start
    far = holding._replace(strength=-6.0)
    assert prefer_holding([leading, far], text, 7, wanted) == [leading, far]
    row = holding._replace(is_row=True)
    assert prefer_holding([leading, row], text, 7, wanted) == [leading, row]


@pytest.mark.parametrize(
    ("question", "sentence", "is_other"),
    [
        ("How many people wait for a plot?", "Of 118 plots, 112 are let.", True),
        ("How many people wait for a plot?", "Of the 118 plots, 112 are let.", True),
        ("How many people wait for a plot?", "The list has 63 names.", False),
        ("How many people wait for a plot?", "Of 118 plots, 112 are let, and 63 people wait.", False),
        ("How many people wait for a plot?", "Plots are let for a year.", False),
        ("How many people sleep in two rooms?", "Two rooms sleep four.", False),
        ("How many plots are let?", "Of 118 plots, 112 are let.", False),
        ("How much is a plot?", "There are 118 plots.", False),
    ],
)
def test_numbers_that_count_something_else_of_the_question(
    question: str, sentence: str, is_other: bool
) -> None:
    wanted = Wanted.of(question)
    assert wanted is not None
    assert wanted.counts_other(sentence) == is_other


def test_a_sentence_that_counts_something_else_is_not_the_best() -> None:
    text = "Of 118 plots, 112 are let. There are 63 people on the list."
    judged = [JudgedSentence(0, 26, 1.0, False, False), JudgedSentence(27, 59, -0.5, False, False)]
    wanted = Wanted.of("How many people wait for a plot?")
    assert wanted is not None
    first, second = prefer_holding(judged, text, 0, wanted)
    assert first.strength < second.strength
