"""The first and the last trip of timetables, on other days and in other languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest import Source
from index.search.tables.timetables import minutes_of
from index.text.days import days_of
from tests.index.search.tables.test_computing import computed
from tests.opening import collection_in

OUT = [
    ["Days", "Quay Town dep.", "Holm arr.", "Holm dep.", "Rona arr."],
    ["Mon to Fri", "06:40", "07:30", "07:40", "08:15"],
    ["Daily", "10:30", "11:20", "11:30", "12:05"],
    ["Daily except Wed", "14:15", "15:05", "-", "-"],
    ["Fri, Sat", "22:10", "23:00", "23:10", "23:45"],
    ["Sun", "16:45", "17:35", "17:45", "18:20"],
]
BACK = [
    ["Days", "Rona dep.", "Holm arr.", "Holm dep.", "Quay Town arr."],
    ["Mon to Fri", "08:55", "09:30", "09:35", "10:25"],
    ["Daily", "12:15", "12:50", "13:00", "13:50"],
    ["Sun", "-", "-", "20:20", "21:10"],
    ["Fri, Sat", "23:55", "00:30", "00:35", "01:25"],
]
SHUTTLE = [
    ["Departure", "Destination", "Platform"],
    ["5.50 am", "Hallam", "2"],
    ["7.15 am", "Airport", "1"],
    ["9.40 pm", "Hallam", "2"],
    ["11.05 pm", "Airport", "4"],
]
BAHN = [
    ["Tage", "ab Hafen", "an Insel Juist"],
    ["täglich", "9.30", "11.00"],
    ["Mo–Fr", "6.45", "8.15"],
    ["Sa, So", "18.20", "19.50"],
]
NAVETTE = [
    ["Jours", "Départ Gare", "Arrivée Plage"],
    ["lundi à vendredi", "7h10", "7h35"],
    ["samedi et dimanche", "9h05", "9h30"],
    ["tous les jours", "20h40", "21h05"],
]


@pytest.mark.parametrize(
    ("rows", "question", "value"),
    [
        (OUT, "When does the first boat from Quay Town leave on a Tuesday?", "06:40"),
        (OUT, "When is the first ferry from Quay Town on Saturday?", "10:30"),
        (OUT, "first boat on sunday from quay town", "10:30"),
        (OUT, "What time is the last ferry from Quay Town to Rona on Sundays?", "16:45"),
        (OUT, "When does the last ferry from Quay Town to Rona arrive on a Sunday?", "18:20"),
        (OUT, "When does the last boat from Holm leave on Wednesday?", "11:30"),
        (OUT, "When does the last boat from Quay Town reach Holm on Thursdays?", "15:05"),
        (OUT, "When does the second last ferry from Quay Town leave on Fridays?", "14:15"),
        (OUT, "When does the first ferry leave?", None),
        (OUT, "When does the first ferry to Rona leave?", "06:40"),
        (OUT, "When does the first ferry from Rona leave?", None),
        (OUT, "When does the last ferry from Quay Town take bicycles?", None),
        (OUT, "What does the first ferry from Quay Town cost?", None),
        (OUT, "How much is the last ferry from Quay Town?", None),
        (OUT, "How long does the first ferry from Quay Town to Rona take?", None),
        (BACK, "When does the last ferry from Rona arrive in Quay Town on a Monday?", "13:50"),
        (BACK, "When does the last ferry from Rona arrive in Quay Town on a Saturday?", "01:25"),
        (BACK, "When does the first ferry from Quay Town leave?", None),
        (BACK, "When does the last ferry from Holm leave on Sunday?", "20:20"),
        (SHUTTLE, "When is the first bus to Hallam?", "5.50 am"),
        (SHUTTLE, "When does the last bus to the airport leave?", "11.05 pm"),
        (SHUTTLE, "When does the last bus to Hallam leave on Sunday?", None),
        (SHUTTLE, "When does the last bus to Melton leave?", None),
        (BAHN, "Wann fährt das erste Schiff am Montag ab Hafen?", "6.45"),
        (BAHN, "Wann fährt die letzte Fähre am Sonntag nach Insel Juist?", "18.20"),
        (BAHN, "Wann kommt die letzte Fähre am Dienstag in Insel Juist an?", "11.00"),
        (NAVETTE, "À quelle heure part la première navette du samedi ?", "9h05"),
        (NAVETTE, "À quelle heure part la première navette de la Gare le samedi ?", "9h05"),
        (NAVETTE, "À quelle heure part la dernière navette de la Gare le mardi ?", "20h40"),
    ],
)
def test_the_first_and_the_last_trip(rows: list[list[str]], question: str, value: str | None) -> None:
    found, text = computed("Times", rows, question)
    assert (found.value if found else None) == value
    for row, column in found.used if found else ():
        assert text[slice(*row.cells[column])]


def test_the_line_above_the_rows_tells_their_days() -> None:
    working = [["Monday to Friday"], ["7", "05:50"], ["9", "23:10"]]
    rows = [["Bus", "Leaves"], *working, ["Sunday"], ["7", "08:20"], ["9", "20:15"]]
    asked = {"When is the last bus on Sunday?": "20:15", "When is the first bus on Friday?": "05:50"}
    for question, value in asked.items():
        found, _ = computed("Stop: Mill Lane", rows, question)
        assert found is not None
        assert found.value == value


PRICED = [["Ferry", "{}"], ["Lunga", "5.50"], ["Skerra", "7.20"], ["Holm", "4.10"]]


def headed(rows: list[list[str]], *names: str) -> list[list[str]]:
    """The rows below other names of columns."""
    return [list(names), *rows[1:]]


@pytest.mark.parametrize(
    "name", ["Adult", "Fare (£)", "Preis", "Preis ab €", "Prix", "Tarif dès", "Precio", "EUR"]
)
@pytest.mark.parametrize(
    "question",
    [
        "When does the first ferry leave?",
        "When does the last ferry to Skerra leave?",
        "What is the price for an adult on the first ferry?",
        "Wann fährt die erste Fähre?",
        "À quelle heure part le premier bateau ?",
    ],
)
def test_prices_are_no_times(name: str, question: str) -> None:
    found, _ = computed("Ferries", headed(PRICED, "Ferry", name), question)
    assert found is None or not found.value


@pytest.mark.parametrize(
    "name",
    ["dep", "Dep.", "Departs", "Leaves", "Abfahrt", "Départ", "Salida", "Time", "Uhrzeit", "Heure", "Hora"],
)
@pytest.mark.parametrize(
    "cells", [["9.30", "17.30", "6.45"], ["09:30", "17:30", "06:45"], ["9h30", "17h30", "6h45"]]
)
def test_a_column_of_departures_may_have_points(name: str, cells: list[str]) -> None:
    rows = [["Ferry", name, "Fare"], *([row, cell, "5.50"] for row, cell in zip("ABC", cells, strict=True))]
    for question, value in (("When does the first ferry leave?", cells[2]), ("Last ferry?", cells[1])):
        found, _ = computed("Ferries", rows, question)
        assert found is not None
        assert found.value == value


def test_a_column_with_more_than_59_minutes_has_no_times() -> None:
    rows = [["Ferry", "From"], ["Lunga", "5.50"], ["Skerra", "12.75"]]
    assert computed("Ferries", rows, "When does the first ferry leave?")[0] is None


def test_places_alone_head_times_with_points() -> None:
    rows = [["Lunga", "Skerra", "Adult"], ["6.45", "7.30", "5.50"], ["9.30", "10.15", "5.50"]]
    asked = {
        "When does the last ferry from Lunga leave?": "9.30",
        "When does the last ferry from Lunga arrive in Skerra?": "10.15",
        "When does the last ferry from Skerra leave?": None,
        "What does the first ferry cost for an adult?": None,
    }
    for question, value in asked.items():
        found, _ = computed("Ferries", rows, question)
        assert (found.value if found else None) == value


@pytest.mark.parametrize(
    ("before", "leaves"),
    [
        ("Check-in", "Dep."),
        ("Gate closes", "Departs"),
        ("Gates open", "Leaves"),
        ("Boarding", "Departure"),
        ("Check-in ab", "Abfahrt"),
        ("Einlass", "Abfahrt"),
        ("Embarquement", "Départ"),
        ("Embarque", "Salida"),
        ("Bell", "Dep."),
        ("Check-in", "Lunga"),
        ("Boarding from", "Lunga"),
    ],
)
def test_what_is_before_the_departure_is_none(before: str, leaves: str) -> None:
    times = [("05:30", "06:00", "06:50"), ("21:30", "22:00", "22:50")]
    rows = [["Ferry", before, leaves, "Skerra"], *(["K", *some] for some in times)]
    questions = {
        "When does the first ferry to Skerra leave?": "06:00",
        "When does the last ferry to Skerra arrive?": "22:50",
        "When does the first ferry from Skerra leave?": None,
    }
    for question, value in questions.items():
        found, _ = computed("Ferries", rows, question)
        assert (found.value if found else None) == value


@pytest.mark.parametrize(
    "name", ["Duration", "Journey time", "Dauer", "Fahrzeit", "Durée", "Duración", "Takes", "Adult"]
)
@pytest.mark.parametrize("cells", [("0:50", "0:45"), ("0h50", "0h45"), ("1:10", "1:10")])
def test_lengths_behind_the_times_are_no_stop(name: str, cells: tuple[str, str]) -> None:
    times = [("06:40", "07:30"), ("22:15", "23:00")]
    rows = [["Lunga", "Skerra", name], *([*some, length] for some, length in zip(times, cells, strict=True))]
    for question, value in (
        ("When does the first ferry from Lunga leave?", "06:40"),
        ("When does the first ferry from Skerra leave?", None),
        ("When does the last ferry to Skerra arrive?", "23:00"),
    ):
        found, _ = computed("Ferries", rows, question)
        assert (found.value if found else None) == value


MORNING = ["03:50", "05:10", "12:00", "22:40"]
NIGHT = ["05:10", "12:00", "23:10", "00:20", "01:30"]


@pytest.mark.parametrize(
    ("times", "first", "last"),
    [
        (MORNING, "03:50", "22:40"),
        (MORNING[::-1], "03:50", "22:40"),
        (NIGHT, "05:10", "01:30"),
        (["3.50 am", "11.15 am", "9.40 pm"], "3.50 am", "9.40 pm"),
        (["5.10 am", "9.40 pm", "12.20 am"], "5.10 am", "12.20 am"),
        (["6h10", "18h00", "0h20"], "6h10", "0h20"),
        (["0:20 Uhr", "6:10 Uhr", "18:00 Uhr"], "0:20 Uhr", "18:00 Uhr"),
    ],
)
def test_a_trip_after_midnight_is_of_the_day_before_if_the_rows_run_over_it(
    times: list[str], first: str, last: str
) -> None:
    rows = [["Bus", "Leaves"], *(["7", time] for time in times)]
    for question, value in (("When is the first bus?", first), ("When is the last bus?", last)):
        found, _ = computed("Stop: Mill Lane", rows, question)
        assert found is not None
        assert found.value == value


def test_trips_after_midnight_of_other_days() -> None:
    week = [["Bus", "Days", "Leaves"], ["7", "Mon–Fri", "05:10"], ["7", "Mon–Fri", "23:10"]]
    early = [*week, ["7", "Sat", "03:50"], ["7", "Sat", "22:00"]]
    late = [*week, ["7", "Fri, Sat", "00:30"]]
    names = ["Lunga dep.", "Holm dep.", "Skerra arr."]
    times = [["06:00", "06:40", "07:00"], ["23:50", "00:30", "00:50"], ["09:00", "09:40", "10:00"]]
    stopping = [names, *times]
    for rows, question, value in (
        (early, "When is the first bus?", "03:50"),
        (early, "When is the first bus on Saturday?", "03:50"),
        (early, "When is the last bus?", "23:10"),
        (late, "When is the first bus?", "05:10"),
        (late, "When is the last bus?", "00:30"),
        (stopping, "When does the first ferry from Holm leave?", "06:40"),
        (stopping, "When does the last ferry from Holm leave?", "00:30"),
    ):
        found, _ = computed("Times", rows, question)
        assert found is not None
        assert found.value == value


def test_a_month_is_no_day_of_a_trip() -> None:
    months = [["Feb", "Daily", "06:40"], ["Mar", "Mon–Fri", "05:10"], ["Apr", "Mon–Sat", "05:50"]]
    rows = [["Month", "Days", "Leaves"], *months]
    asked = {"When is the first bus on Friday?": "05:10", "When is the first bus on Sunday?": "06:40"}
    for question, value in asked.items():
        found, _ = computed("Stop: Mill Lane", rows, question)
        assert found is not None
        assert found.value == value


@pytest.mark.parametrize(
    ("text", "beside", "days"),
    [
        ("Mar", ["Jan", "Feb", "Mar"], []),
        ("mar.", ["janv.", "févr.", "mar.", "avr."], []),
        ("MAR", ["ENE", "FEB", "MAR"], []),
        ("Mar", ["Month", "March", "Mar"], []),
        ("mar", ["mar", "Mai"], []),
        ("Mar", ["lun", "Mar", "mer", "jeu", "ven", "sam", "dim"], [2]),
        ("mar.", ["Jours", "mar.", "Départ"], [2]),
        ("mar", [], [2]),
        ("mardi", ["janvier"], [2]),
    ],
)
def test_mar_is_a_month_beside_months(text: str, beside: list[str], days: list[int]) -> None:
    assert sorted(days_of(text, beside) or ()) == days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon–Fri (except Wed), Sat", [1, 2, 4, 5, 6]),
        ("Mon–Fri [except Wed], Sat", [1, 2, 4, 5, 6]),
        ("Mon–Fri (not Wed, Thu) + Sun", [1, 2, 5, 7]),
        ("Mon to Fri except Wed, Sat", [1, 2, 4, 5, 6]),
        ("Mon to Fri except Wed, and Sat", [1, 2, 4, 5, 6]),
        ("Mon to Fri, not Sat, Sun", [1, 2, 3, 4, 5]),
        ("Daily except Wed, Thu", [1, 2, 5, 6, 7]),
        ("Daily (except Wed), Sat", [1, 2, 4, 5, 6, 7]),
        ("(except Wed) Mon–Fri", [1, 2, 4, 5]),
        ("except Wed, Thu", []),
        ("Mo–Fr (außer Mi), Sa", [1, 2, 4, 5, 6]),
        ("lundi à vendredi (sauf mercredi), samedi", [1, 2, 4, 5, 6]),
        ("Mon to weekend", [1, 2, 3, 4, 5, 6, 7]),
        ("Thu–weekend", [4, 5, 6, 7]),
        ("Freitag bis Wochenende", [5, 6, 7]),
        ("vendredi au week-end", [5, 6, 7]),
        ("weekend to Tue", [1, 2, 6, 7]),
        ("weekdays to Sat", [1, 2, 3, 4, 5, 6]),
        ("weekdays – Mon to Fri", [1, 2, 3, 4, 5]),
        ("Sun to weekend", []),
        ("Mon to daily", []),
        ("Mon to weekend except Wed", [1, 2, 4, 5, 6, 7]),
        ("Mon to Fri", [1, 2, 3, 4, 5]),
        ("Mon–Sat", [1, 2, 3, 4, 5, 6]),
        ("Daily except Wed", [1, 2, 4, 5, 6, 7]),
        ("Friday to Monday", [1, 5, 6, 7]),
        ("weekends", [6, 7]),
        ("Mo.–Fr.", [1, 2, 3, 4, 5]),
        ("täglich außer sonntags", [1, 2, 3, 4, 5, 6]),
        ("du lundi au jeudi", [1, 2, 3, 4]),
        ("tous les jours sauf le mardi", [1, 3, 4, 5, 6, 7]),
        ("Monday morning", []),
        ("Adult", []),
        ("-", []),
        ("", []),
    ],
)
def test_the_days_of_a_cell(text: str, days: list[int]) -> None:
    assert sorted(days_of(text) or ()) == days


@pytest.mark.parametrize(
    ("cell", "minutes"),
    [
        ("9.30", 570),
        ("05:50", 350),
        ("23.10 Uhr", 1390),
        ("7 pm", 1140),
        ("7.15 p.m.", 1155),
        ("12:05 am", 5),
        ("14h", 840),
        ("6:40 a", 400),
        ("13 pm", None),
        ("18", None),
        ("£9.50", None),
        ("25:00", None),
    ],
)
def test_the_minutes_of_a_cell(cell: str, minutes: int | None) -> None:
    assert minutes_of(cell) == minutes


def test_the_passage_with_the_trip_answers_most_probably(tmp_path: Path) -> None:
    table = "\n".join(" | ".join(row).join(("| ", " |")) for row in [OUT[0], ["---"] * 5, *OUT[1:]])
    note = "The bus waits for the last ferry from Quay Town to Rona, but not long. " * 4
    text = f"# Ferries\n\n## Buses\n\n{note}\n\n## Times\n\n{table}\n"
    with collection_in(tmp_path, embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        collection.put(Source(id="ferries.md", data=text.encode()))
        collection.embed_pending()
        answer = collection.ask("When is the last ferry from Quay Town to Rona on Sunday?")
    best = max(answer.hits, key=lambda hit: hit.probability)
    assert answer.reading is not None
    assert answer.reading.value == "16:45"
    assert any(lit.answering for lit in best.evidence)
