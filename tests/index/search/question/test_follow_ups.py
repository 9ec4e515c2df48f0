from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, strategies as st

from index.search.question.follow_ups import FollowUpQuestion, resolve, resolve_all

CONVERSATIONS: Sequence[Sequence[tuple[str, str]]] = [
    [
        ("How much does the K40 weigh?", "How much does the K40 weigh?"),
        ("And the K60?", "How much does the K60 weigh?"),
        ("how long is its guarantee?", "how long is the K60's guarantee?"),
        ("does it have a remote control?", "does the K60 have a remote control?"),
    ],
    [
        ("Does the K60 have a timer?", "Does the K60 have a timer?"),
        ("What is the guarantee?", "What is the guarantee?"),
        ("and how much does it weigh?", "and how much does the K60 weigh?"),
    ],
    [
        ("When is the concert in Graz?", "When is the concert in Graz?"),
        ("And in Vienna?", "When is the concert in Vienna?"),
        ("What do we wear there?", "What do we wear in Vienna?"),
        ("and in Graz?", "What do we wear in Graz?"),
    ],
    # The question between does not repeat the place, or the day.
    [
        ("When is the concert in Graz?", "When is the concert in Graz?"),
        ("What do we wear?", "What do we wear?"),
        ("and in Vienna?", "What do we wear in Vienna?"),
    ],
    [
        ("When does the pool open on Monday?",) * 2,
        ("How much is a ticket?",) * 2,
        ("And on Sunday?", "How much is a ticket on Sunday?"),
    ],
    [
        ("Is there a reduction for pensioners in the museum?",) * 2,
        ("And for students?", "Is there a reduction for students in the museum?"),
    ],
    [
        ("How much do pensioners pay for the museum?",) * 2,
        ("And for students?", "How much do students pay for the museum?"),
        ("And children under six?", "How much do children under six pay for the museum?"),
    ],
    [
        ("How many days of leave do part-time staff receive?",) * 2,
        ("And full-time staff?", "How many days of leave do full-time staff receive?"),
    ],
    [
        ("Who signed for Hebei in August 2014?",) * 2,
        ("And in July?", "Who signed for Hebei in July 2014?"),
    ],
    [
        ("Is the shop open in April?",) * 2,
        ("And in May?", "Is the shop open in May?"),
    ],
    # Amounts and times, with their units.
    [
        ("How much is a parcel of 3 kg?",) * 2,
        ("And 5?", "How much is a parcel of 5 kg?"),
        ("And of 12 kg?", "How much is a parcel of 12 kg?"),
    ],
    [
        ("Is the desk open at 5 pm?",) * 2,
        ("And at 8 pm?", "Is the desk open at 8 pm?"),
        ("What about at 17:30?", "Is the desk open at 17:30?"),
    ],
    [
        ("What does the room cost for 2 nights?",) * 2,
        ("And for 3 nights?", "What does the room cost for 3 nights?"),
    ],
    [
        ("When was Corda 4.2 released?",) * 2,
        ("Does it run in a browser?", "Does Corda 4.2 run in a browser?"),
    ],
    # A number with a capital letter.
    [("What does Room 12A cost?",) * 2, ("And 14?", "What does Room 14 cost?")],
    [("When was Corda 4.2B released?",) * 2, ("And 5?", "When was Corda 5 released?")],
    # One letter that is longer when it is a small one.
    [
        ("What does İİİİİİİİ cost in the garden?",) * 2,
        ("And on the balcony?", "What does İİİİİİİİ cost on the balcony?"),
    ],
    # As many words of a date as are asked for, behind an article.
    [
        ("Is the pool open on the 12 May 2024?",) * 2,
        ("And on the 14?", "Is the pool open on the 14 May 2024?"),
        ("And on 15 June?", "Is the pool open on the 15 June 2024?"),
    ],
    # Nouns have a capital.
    [("Gibt es im Mai Konzerte?",) * 2, ("Und im Juni?", "Gibt es im Juni Konzerte?")],
    [
        ("How high is the Eiffel Tower?",) * 2,
        ("who built it?", "who built the Eiffel Tower?"),
    ],
    [
        ("When is the guided tour?",) * 2,
        ("How long does it take?", "How long does the guided tour take?"),
        ("what does it cost?", "what does the guided tour cost?"),
    ],
    [
        ("Was kostet der K40?",) * 2,
        ("Und der K60?", "Was kostet der K60?"),
        ("Hat er eine Fernbedienung?", "Hat der K60 eine Fernbedienung?"),
    ],
    [("Wann ist das Konzert in Wien?",) * 2, ("Und in Graz?", "Wann ist das Konzert in Graz?")],
    [
        ("Gibt es eine Ermäßigung für Rentner?",) * 2,
        ("Und für Studenten?", "Gibt es eine Ermäßigung für Studenten?"),
    ],
    [("Quand est le concert à Vienne ?",) * 2, ("Et à Graz ?", "Quand est le concert à Graz ?")],
    [("¿Cuándo es el concierto en Viena?",) * 2, ("¿Y en Graz?", "¿Cuándo es el concierto en Graz?")],
    [("Quando è il concerto a Vienna?",) * 2, ("E a Graz?", "Quando è il concerto a Graz?")],
    [("Wanneer is het concert in Wenen?",) * 2, ("En in Graz?", "Wanneer is het concert in Graz?")],
    [("Quando é o concerto em Viena?",) * 2, ("E em Graz?", "Quando é o concerto em Graz?")],
]


@pytest.mark.parametrize("turns", CONVERSATIONS)
def test_what_a_follow_up_refers_to_is_put_in(turns: Sequence[tuple[str, str]]) -> None:
    assert resolve_all([asked for asked, _ in turns]) == [meant for _, meant in turns]


@pytest.mark.parametrize(
    ("earlier", "question", "text", "new"),
    [
        (
            "Is there a reduction for pensioners?",
            "And for students?",
            "Is there a reduction for students?",
            "students",
        ),
        ("When is the concert in Vienna?", "And in Graz?", "When is the concert in Graz?", "Graz"),
        ("Do full-time staff get leave?", "And part-time staff?", "Do part-time staff get leave?", "part"),
        # What takes the place of what is not known, but it is told.
        ("How much is the entrance?", "And for students?", "", "students"),
        # A range may have a number or a day, and a price is told in many words.
        ("Is a parcel of 3 kg allowed?", "And of 5 kg?", "Is a parcel of 5 kg allowed?", ""),
        ("What is the price of the tour?", "And the duration?", "What is the duration of the tour?", ""),
    ],
)
def test_what_is_asked_about_instead_is_told(earlier: str, question: str, text: str, new: str) -> None:
    assert resolve(question, [earlier]) == FollowUpQuestion(text, new)


@pytest.mark.parametrize(
    ("earlier", "question"),
    [
        ([], "And in Graz?"),
        # A thing without a name was spoken of since.
        (["What does the K60 weigh?", "Is there a museum?"], "when does it open?"),
        (["Is the K40 better than the K60?"], "what does it cost?"),
        # "It" refers to nothing, or to what the question names itself.
        (["How much does the K60 weigh?"], "Is it possible to hang up a coat?"),
        (["How much does the K60 weigh?"], "And who was it?"),
        (["How much does the K60 weigh?"], "Corda's heaters and its pumps?"),
        (["How much does the K60 weigh?"], "Is it dangerous to carry alone?"),
        (["How much does the K60 weigh?"], "If I lose money, can I claim it?"),
        (["How much does the K60 weigh?"], "Does the museum have a lift and is it open?"),
        # Which pier is meant is told behind it.
        (["When is the pier in Tveit open?"], "what is its phone number?"),
        # Of another gender.
        (["Was kostet der K60?"], "Ist es warm?"),
        # Where a noun ends cannot be told from the verb behind it.
        (["Does a shed need permission?"], "And a greenhouse?"),
        (["When is the concert in Graz?"], "Who plays the violin?"),
        (["When is the concert in Graz?"], "And how long?"),
        (["When is the concert in Graz?"], "x" * 400),
        # The month is a part of a name.
        (["Is the office in May Street open?"], "And in June?"),
    ],
)
def test_what_is_not_sure_is_not_put_in(earlier: Sequence[str], question: str) -> None:
    assert resolve(question, earlier) is None


_WORDS = (
    "and what does is in on at for the a of it its there cost open garden balcony Room Gate Corda K60 May "
    "June August 2014 12 14th 3 kg 5pm Vienna und der im Mai kostet et à la le il y en"
).split()
_MADE = st.text("aAbstSTiIİıſßẞ0127'’-.,:", min_size=1, max_size=6)
_NUMBERED = st.from_regex(r"[0-9]{1,2}(\.[0-9])?[A-Za-zİſß]", fullmatch=True)
_PART = st.sampled_from([*_WORDS, *map(str.capitalize, _WORDS), *map(str.upper, _WORDS)]) | _MADE | _NUMBERED
_GAP = st.sampled_from([" ", " ", " ", "  ", "/", ", ", "? "])
_TEXT = st.lists(st.tuples(_PART, _GAP), max_size=10).map(lambda all_: "".join([a + b for a, b in all_]))


@given(_TEXT | _TEXT.map("And {}".format), st.lists(_TEXT | _TEXT.map("What does {}".format), max_size=3))
@example("And 9?", ["Where is Gate 7B?"])
@example("And 12?", ["When does Bus 10E leave?"])
@example("And 14?", ["Is it open on the/12 May?"])
@example("Ist er da?", ["Was kostet der/K60?"])
def test_no_text_is_a_failure(question: str, earlier: list[str]) -> None:
    resolve(question, earlier)
    resolve_all([*earlier, question])
