"""Of twins of several years the one answers that is of the year of the question, wherever it says so."""

from __future__ import annotations

import pytest

from index.collection import Collection
from index.ingest import Source
from index.search.extraction import divide_question, extract_answer
from index.search.headings.editions import AskedEdition

SUBJECTS = [
    ("Mooring fees", "A berth for a dinghy costs {} crowns.", "How much was a berth for a dinghy in {}?"),
    (
        "Staff handbook",
        "Interns receive {} days of leave.",
        "How many days of leave did interns receive in {}?",
    ),
    ("Bibliotheksordnung", "Die Mahngebühr beträgt {} Euro.", "Wie hoch war die Mahngebühr im Jahr {}?"),
    (
        "Règlement du camping",
        "Une caravane paie {} euros par nuit.",
        "Combien paie une caravane par nuit en {} ?",
    ),
]
YEARS = {"2021": "14", "2023": "17", "2025": "19"}
PLACES = {
    "title": ("# {title} {year}\n\n{told}", "{plain}-{at}.md"),
    "name": ("# {title}\n\n{told}", "{plain}-{year}.md"),
    "first line": (
        "# {title}\n\nEdition of {year}, valid for all.\n\n## Section\n\n{told}",
        "{plain}-{at}.md",
    ),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("title", "told", "question"), SUBJECTS, ids=[one[0] for one in SUBJECTS])
def test_the_document_of_the_year_answers(
    collection: Collection, place: str, title: str, told: str, question: str
) -> None:
    text, name = PLACES[place]
    for at, (year, value) in enumerate(YEARS.items()):
        filled = {
            "title": title,
            "year": year,
            "told": told.format(value),
            "at": "abc"[at],
            "plain": title[:5],
        }
        collection.put(Source(name.format(**filled), text.format(**filled).encode()))
    collection.embed_pending()
    for year, value in YEARS.items():
        answer = collection.ask(question.format(year))
        with collection.archive.resolution() as resolution:
            parts = divide_question(question.format(year))
            found = extract_answer(resolution, parts, [answer], most=3, least=0.0)
        assert told.format(value) in found.opening


def test_a_document_that_tells_of_another_year_keeps_its_place(collection: Collection) -> None:
    told = "In 2021 a berth cost 11 crowns, and now it costs 19 crowns."
    collection.put(Source("fees-2025.md", f"# Mooring fees\n\n{told}".encode()))
    collection.put(Source("fees-2021.md", b"# Mooring fees\n\nBerths are let by the harbour master."))
    collection.embed_pending()
    answer = collection.ask("How much did a berth cost in 2021?")
    assert told in answer.hits[0].text


def test_documents_without_a_name_are_no_twins(collection: Collection) -> None:
    told = "A berth for a dinghy costs 19 crowns."
    collection.put(Source("1.txt", f"Printed 2025.\n\n{told}".encode()))
    collection.put(Source("2.txt", b"Printed 2021.\n\nThe harbour master has a cat."))
    collection.embed_pending()
    assert told in collection.ask("How much does a berth for a dinghy cost in 2021?").hits[0].text


@pytest.mark.parametrize(
    ("question", "year"),
    [
        ("What did a berth cost in 2021?", "2021"),
        ("What did the 2021 edition say of berths?", "2021"),
        ("Was galt im Jahr 2021?", "2021"),
        ("What has changed since 2021?", None),
        ("What changed between 2021 and 2023?", None),
        ("What does a berth cost from 1 May 2021?", None),
        ("What did the fees of 2021 include?", "2021"),
        ("What were the rules for 2021 on dogs?", "2021"),
        ("What was the fee in 2021 for adults?", "2021"),
        ("What did members pay for the 2021 season?", "2021"),
        ("Was kosteten in 2021 Liegeplätze?", "2021"),
        ("Quels étaient les tarifs de 2021 ?", "2021"),
        ("Which fee was higher than 10 euros in 2021?", "2021"),
        ("Who paid more than members in 2021?", "2021"),
        ("What does a berth cost as of 2021?", "2021"),
        ("Was zahlte man als Student im Jahr 2021?", "2021"),
        ("Est-ce qu'en 2021 les chiens étaient admis ?", "2021"),
        ("Who lets berths of 2021 kg?", None),
        ("Who runs the hall of 2000 seats?", None),
        ("What does a hall for 2000 people cost?", None),
        ("Is there a discount for 2000 members?", None),
        ("Wer vermietet einen Saal von 2000 Plätzen?", None),
        ("Gibt es Rabatt für 2000 Personen?", None),
        ("Combien coûte une salle de 2000 places ?", None),
        ("Quanto costa una sala di 2000 posti?", None),
        ("Is the fee lower than in 2023?", None),
        ("Are the fees higher than those of 2023?", None),
        ("Are the fees higher than the prices in 2023?", None),
        ("Is the fee the same as in 2023?", None),
        ("Is the fee as high as in 2023?", None),
        ("How much is it compared to the fees of 2023?", None),
        ("Is a berth cheaper than in the year 2023?", None),
        ("Sind die Gebühren höher als im Jahr 2023?", None),
        ("Ist die Gebühr gleich wie in 2023?", None),
        ("Le tarif est-il plus bas qu'en 2023 ?", None),
        ("¿Es el precio más bajo que en 2023?", None),
        ("Who pays £2021?", None),
        ("Who lets berths?", None),
    ],
)
def test_the_year_of_a_question(question: str, year: str | None) -> None:
    found = AskedEdition.of(question)
    assert (found and found.year) == year
