"""The facts that a question names, and which of them the sentence that answers and its neighbours lack."""

from types import SimpleNamespace
from typing import Any

import pytest

from index.search.named import Named, absent_from, compare, nearby
from index.text.analysis import Analyzer

TERMS = Analyzer().terms
ASKED = "How high is Everest?"


def hit(
    text: str,
    lit: str = "",
    *,
    title: str = "",
    section: tuple[str, ...] = (),
    start: int = 0,
    name: str = "a.txt",
) -> Any:
    at = start + text.index(lit)
    evidence = [SimpleNamespace(start=at, end=at + len(lit), score=0.5)] if lit else []
    citation = SimpleNamespace(start=start, title=title, section=section, document_id=name)
    return SimpleNamespace(text=text, citation=citation, evidence=evidence)


def named(question: str, text: str, lit: str = "", **above: Any) -> Named:
    return compare(question, hit(text, lit, **above), TERMS)


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        ("How many agreements did Beijing and Hebei sign?", "Beijing and Tianjin signed six.", ("Hebei",)),
        ("What happened in 1912?", "In 1902 it was converted.", ("1912",)),
        ("Which tower is 85 metres high?", "The tower is 43 metres high.", ("85",)),
        ("Who built it in May 1861?", "It was built in June 1861.", ("May",)),
        ("When was version 2.2.1 released?", "2.2.0 came in June, 2.2.10 in May, 1.2.2.1 never.", ("2.2.1",)),
        ("Which host has 10.20.8.5?", "The printer has 10.20.8.4 and 10.20.8.", ("10.20.8.5",)),
        ("What does the E9 mean?", "E4 means that the pressure is low.", ("E9",)),
        ("What did Karen Spärck Jones write?", "Stephen Robertson wrote it.", ("Karen Spärck Jones",)),
        ("What did Agnes Tolland and Donald Rae do?", "Agnes Tolland built it.", ("Donald Rae",)),
        ("Where is the office in Lyon, France?", "The office in Lyon, Mississippi, is closed.", ("France",)),
        ("Where is the office in Lyon, France?", "The office in France is closed.", ("Lyon",)),
        ("Is it in Lyon, Paris or Brest?", "It is in Lyon, or in Brest.", ("Paris",)),
        ("Wer wohnt in Köln oder in Bonn?", "Sie wohnt in Köln.", ("Bonn",)),
        ("谁在 1924 年收到了标书？", "他在 1915 年收到了标书。", ("1924",)),
    ],
)
def test_names_numbers_and_dates_that_are_exchanged_are_missing(
    question: str, text: str, missing: tuple[str, ...]
) -> None:
    found = named(question, text)
    assert found.missing == missing
    assert found.lacks_name or found.lacks_number


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        ("What do I get after 27 years?", "Keepers of 15 to 40 years get a lamp.", ()),
        ("What may a 34 year old borrow?", "Readers aged 16-40 may borrow ten.", ()),
        ("What is due after 27 weeks?", "Keepers of 15 to 40 years get a lamp.", ("27",)),
        ("What is due after 27 years?", "Readers aged 15-40 years: due in May.", ("27",)),
        ("Can a 27 year old use the sauna?", "The slide is for people from 15 years.", ("27",)),
        ("Can a 27 year old use the slide?", "The slide is for people from 15 years.", ()),
    ],
)
def test_an_amount_is_told_by_a_range_of_the_same(question: str, text: str, missing: tuple[str, ...]) -> None:
    assert named(question, text).missing == missing


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("When was StarPilot 2.2.1 released?", "StarPilot v2.2.1: 4 June."),
        ("How many live in Beijing?", "Beijing has 21 million inhabitants."),
        ("Who invested RMB 2 billion?", "They invested RMB 2,000,000,000."),
        ("What happened to 50 % of them?", "Fifty percent of them left."),
        ("When did the companies of Japan invest?", "The Japanese companies invested in May."),
        ("Is Iran an ally of the United States?", "Iran was a close US ally."),
        ("What did the NDRC decide?", "The National Development and Reform Commission decided it."),
        ("What is the SARS-CoV-2 rate?", "The rate of SARS CoV 2 is low."),
        ("When do we meet in Munich?", "We meet in München at nine."),
        ("Can I take my MacBook home?", "Laptops may be taken home."),
        ("Is the pool open on Sundays?", "The pool is open daily."),
        ("Which plan is for 800 users?", "Team is for up to 1,000 users."),
        ("Where is the office in Lyon, France?", "The office in Lyon is near the river."),
        (
            "Was kostet eine Nacht?",
            "Die Übernachtung kostet 18 Euro.",
        ),  # a noun, though "was" is English, too
        ("How does the March plan end?", "In March the plan ends."),
        ("what does a lighthouse need?", "Nothing that one could name."),
    ],
)
def test_what_is_written_otherwise_is_not_missing(question: str, text: str) -> None:
    found = named(question, text)
    assert found.missing == ()
    assert found == Named(found.present)


def test_neighbours_headings_and_title_have_what_the_sentence_refers_to() -> None:
    text = "It is cold there. It is 8,849 m high. Many have climbed it. Everest is a name that many know."
    assert named(ASKED, text, "It is 8,849 m high.").lacks_name
    assert not named(ASKED, text, "Many have climbed it.").lacks_name
    assert not named(ASKED, text, "It is 8,849 m high.", title="Everest").lacks_name
    assert not named(ASKED, text, "It is 8,849 m high.", section=("Asia", "Mount Everest")).lacks_name


@pytest.mark.parametrize("name", ["fees-2025.html", "fees_2025", "guides/2025/fees.md", "Fees of 2025.docx"])
def test_the_name_of_a_document_tells_the_year_of_an_edition(name: str) -> None:
    asked = "What does the grey bin cost in {}?"
    assert named(asked.format(2025), "The grey bin costs 169.", name=name).missing == ()
    assert named(asked.format(2024), "The grey bin costs 169.", name=name).missing == ("2024",)
    assert named(asked.format(2025), "The grey bin costs 169.", name="fees-20251.html").missing == ("2025",)


def test_the_rest_of_the_passage_tells_a_name_from_one_that_is_nowhere() -> None:
    text = "Everest is in Asia. Kangchenjunga is in Asia, too. It is steep. It is 8,586 m high. It is cold."
    near = named(ASKED, text, "It is 8,586 m high.")
    assert (near.lacks_name, near.lacks_name_far) == (True, False)
    far = named("How high is Elbrus?", text, "It is 8,586 m high.")
    assert (far.lacks_name, far.lacks_name_far) == (True, True)
    assert (far.present, far.missing) == ((), ("Elbrus",))


def test_a_row_is_compared_with_its_table() -> None:
    text = (
        "Mountain\tEverest\tElbrus\nHeight\t8849\t5642\nFirst climbed\t1953\t1874\nRange\tHimalaya\tCaucasus"
    )
    assert nearby(hit(text, "Range\tHimalaya\tCaucasus")) == text
    assert not named(ASKED, text, "Range\tHimalaya\tCaucasus").lacks_name


def test_a_small_number_may_count_what_is_asked_for() -> None:
    found = named("What are two examples of drugs?", "Aspirin and ibuprofen are drugs.")
    assert (found.lacks_count, found.lacks_number, found.missing) == (True, False, ("two",))


def test_offsets_are_those_of_the_document() -> None:
    text = "One is here. Everest is high. Two is there."
    assert nearby(hit(text, "Everest is high.", start=1000)) == text
    assert nearby(hit(text, "One is here.", start=1000)) == "One is here. Everest is high."


@pytest.mark.parametrize(
    ("question", "text", "absent"),
    [
        ("How high is Elbrus?", "The mountain is in Asia, and it is very high.", ["Elbrus"]),
        ("What is the capital of Austria?", "Die Hauptstadt von Österreich ist Wien, und sie ist groß.", []),
        ("Dear Ms. Smith, how high is it?", "The mountain is in Asia, and it is very high.", []),
        ("Hi Loccit, how high is Elbrus?", "The mountain is in Asia, and it is very high.", ["Elbrus"]),
    ],
)
def test_a_name_that_a_document_has_nowhere(question: str, text: str, absent: list[str]) -> None:
    citation = SimpleNamespace(start=0, title="", section=(), document_id="a")
    one: Any = SimpleNamespace(text=text, citation=citation, evidence=[])
    assert absent_from(question, one, lambda: text, TERMS) == absent


@pytest.mark.parametrize(
    ("question", "text", "lit", "missing"),
    [
        (
            "Is the bar open on Sunday?",
            "The pool is open daily. The bar is new.",
            "The bar is new.",
            "Sunday",
        ),
        (
            "Is my MacBook replaced?",
            "Laptops are new. Phones are replaced.",
            "Phones are replaced.",
            "MacBook",
        ),
        ("Is it for 15 people?", "Up to 20 people swim. It is new.", "It is new.", "15"),
    ],
)
def test_what_covers_a_fact_must_be_in_the_sentence_that_answers(
    question: str, text: str, lit: str, missing: str
) -> None:
    assert named(question, text, lit).missing == (missing,)
