"""``loccit propose-questions``, with small documents of several kinds and languages."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import loccit

LIGHTHOUSE = """# The lighthouse at the cape

The lighthouse at the cape was built by masons of Bremen in 1884. A Fresnel lens is a lens
made of rings of glass.

## Lamps

| Lamp | Price | 2022 | 2023 |
| --- | --- | --- | --- |
| Argand | 1577 marks | 40 | 41 |
| Kerosene | 220 marks | 12 | 13 |

## Argand data

- Height: 42 cm
- Burner: brass
- Wick: cotton of Lancashire

## Kerosene data

- Height: 36 cm
- Burner: steel
"""
MAIL = (
    "From: ada@example.org\nTo: keeper@example.org\nSubject: The next delivery of oil\n"
    "Date: Mon, 02 Mar 2026 09:00:00 +0000\nContent-Type: text/plain\n\n"
    "The ship Aurora brings 40 barrels of oil to the harbour on Monday morning.\n"
)
CSV = "Ship,Captain,Crew\nAurora,Anna Berg,12\nBoreas,Bo Lind,9\n"
PAGE = """<html><head><title>Harbour rules</title></head><body><main><h1>Rules of the harbour</h1>
<p>The harbour closes its northern gate at 22:30 on every day of the year except midsummer.</p>
<h2>Fees for visiting boats</h2><p>Each visiting boat pays a fee of 15 crowns for every night of its stay.</p>
</main></body></html>"""


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("harbour")
    folder = home / "docs"
    folder.mkdir()
    files = {"lighthouse.md": LIGHTHOUSE, "oil.eml": MAIL, "ships.csv": CSV, "rules.html": PAGE}
    for name, content in files.items():
        (folder / name).write_text(content)
    loccit(home, "ingest", str(folder))
    return home


@pytest.fixture
def harbour(ingested: Path, tmp_path: Path) -> Path:
    """A folder with documents, and with the data folder that they were ingested into."""
    return shutil.copytree(ingested, tmp_path, dirs_exist_ok=True)


def proposed(folder: Path, name: str = "q.jsonl", *options: str) -> list[dict[str, Any]]:
    """Propose questions into a file of this folder and read them."""
    loccit(folder, "propose-questions", str(folder / name), *options)
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def texts(folder: Path) -> dict[str, str]:
    """The texts of all documents, as they are exported."""
    loccit(folder, "export", str(folder / "export.jsonl"), "--without-originals")
    _, *documents = map(json.loads, (folder / "export.jsonl").read_text().splitlines())
    return {one["document_id"]: one["versions"][-1]["text"] for one in documents}


def test_every_quote_is_the_slice_that_its_locator_names(harbour: Path) -> None:
    rows = [row for row in proposed(harbour) if "quote" in row]
    of_document = texts(harbour)
    assert rows
    for row in rows:
        document_id, _, place = row["locator"].rpartition("@")
        start, end = map(int, place.partition(":")[2].split("-"))
        assert of_document[document_id][start:end] == row["quote"]
        assert row.get("answer", "") in row["quote"]
    found = loccit(harbour, "cite", rows[0]["locator"], "--json")
    assert json.loads(found.stdout)["quote"] == rows[0]["quote"]


def test_questions_of_each_form_name_what_the_document_names(harbour: Path) -> None:
    asked = {row["question"]: row.get("answer") for row in proposed(harbour, "q.jsonl", "--limit", "200")}
    assert asked["When was the lighthouse at the cape built by masons of Bremen?"] == "1884"
    assert "What is a Fresnel lens?" in asked
    assert asked['What is the wick of "Argand data"?'] == "cotton of Lancashire"
    assert "Fees for visiting boats?" in asked
    assert asked.keys() & {
        "What is Argand in 2022?",
        "What is Argand in 2023?",
        "What is the price of Argand?",
    }
    assert asked.keys() & {"What is the captain of Boreas?", "What is the crew of Boreas?"}
    assert not any("From" in question or "Subject" in question for question in asked)


def test_proposals_are_spread_over_kinds(harbour: Path) -> None:
    kinds = Counter(row["kind"] for row in proposed(harbour, "q.jsonl", "--limit", "8") if "kind" in row)
    assert kinds.keys() == {"CSV", "HTML", "Markdown", "mail"}
    assert max(kinds.values()) <= 2


def test_the_same_seed_gives_the_same_questions(harbour: Path) -> None:
    first = proposed(harbour, "a.jsonl", "--limit", "5")
    assert proposed(harbour, "b.jsonl", "--limit", "5") == first
    assert proposed(harbour, "c.jsonl", "--limit", "5", "--seed", "1") != first
    assert len(first) == 5


def test_unanswerable_questions_exchange_a_year_or_a_subject(harbour: Path) -> None:
    rows = [row for row in proposed(harbour, "q.jsonl", "--limit", "100") if row.get("answerable") is False]
    asked = {row["question"] for row in rows}
    # Nothing is said of a wick below "Kerosene data", which has a height and a burner as "Argand data" has.
    assert 'What is the wick of "Kerosene data"?' in asked
    assert asked & {
        f"What is {lamp} in {year}?" for lamp in ("Argand", "Kerosene") for year in ("2021", "2024")
    }
    assert not any("in 2022" in question or "in 2023" in question for question in asked)
    assert all("quote" not in row and row["draft"] for row in rows)
    assert all(" -> " in row["made_from"] for row in rows)


def test_few_unanswerable_questions_are_about_one_subject(tmp_path: Path) -> None:
    lamp = "# The lamps of the old lighthouse at the northern cape of the island\n\n"
    lamp += "The keeper has written down what is known of the two lamps of the old house.\n\n"
    lamp += (
        "## Argand data\n\n- Height: 42 cm\n- Burner: brass\n- Wick: cotton\n- Oil: rape\n- Glass: green\n\n"
    )
    (tmp_path / "a.md").write_text(lamp + "## Kerosene data\n\n- Height: 36 cm\n")
    loccit(tmp_path, "ingest", str(tmp_path / "a.md"))
    rows = [row for row in proposed(tmp_path, "q.jsonl", "--limit", "100") if "made_from" in row]
    assert [row["question"].endswith('of "Kerosene data"?') for row in rows] == [True, True]


def test_what_another_document_has_both_words_of_is_not_called_unanswerable(harbour: Path) -> None:
    (harbour / "notes.txt").write_text("Of all that the page Kerosene data leaves out, the wick is of wool.")
    loccit(harbour, "ingest", str(harbour / "notes.txt"))
    asked = {row["question"] for row in proposed(harbour, "q.jsonl", "--limit", "100")}
    assert 'What is the wick of "Argand data"?' in asked
    assert 'What is the wick of "Kerosene data"?' not in asked


def test_the_subject_of_a_mail_asks_for_its_text_not_its_fields(harbour: Path) -> None:
    rows = {row["question"]: row for row in proposed(harbour, "q.jsonl", "--limit", "100")}
    assert rows["The next delivery of oil?"]["quote"].startswith("The ship Aurora")


def test_eval_reads_what_was_proposed_and_warns(harbour: Path) -> None:
    rows = proposed(harbour)
    done = loccit(harbour, "eval", str(harbour / "q.jsonl"))
    assert f"drafts among the {len(rows)} questions: {len(rows)}" in done.stderr
    assert "span_recall@1" in done.stdout


def test_the_summary_says_what_drafts_are_worth(harbour: Path) -> None:
    told = loccit(harbour, "propose-questions", str(harbour / "q.jsonl")).stdout
    assert "from 4 of 4 documents" in told
    assert 'Reword each as you would ask it and delete its "draft"' in told


def test_a_file_that_exists_stays(harbour: Path) -> None:
    target = harbour / "mine.jsonl"
    target.write_text("corrected")
    done = loccit(harbour, "propose-questions", str(target), status=2)
    assert "exists already" in done.stderr
    assert target.read_text() == "corrected"


def test_a_folder_that_is_not_there_is_told(harbour: Path) -> None:
    done = loccit(harbour, "propose-questions", str(harbour / "nowhere" / "q.jsonl"), status=2)
    assert "There is no folder" in done.stderr


@pytest.mark.parametrize("limit", ["0", "501"])
def test_the_number_of_questions_is_bounded(harbour: Path, limit: str) -> None:
    loccit(harbour, "propose-questions", str(harbour / "q.jsonl"), "--limit", limit, status=2)
    assert not (harbour / "q.jsonl").exists()


def test_documents_with_nothing_to_ask_about_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("lamp = 1\n")
    loccit(tmp_path, "ingest", str(tmp_path / "a.py"))
    done = loccit(tmp_path, "propose-questions", str(tmp_path / "q.jsonl"), status=1)
    assert "(invalid_questions)" in done.stderr
    assert "1 documents were read" in done.stderr
    loccit(tmp_path, "delete", "a.py")
    done = loccit(tmp_path, "propose-questions", str(tmp_path / "q.jsonl"), status=1)
    assert "The collection has no documents" in done.stderr


def test_without_unanswerable_questions_the_summary_says_how_to_add_some(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The ship Aurora brings 40 barrels of oil to the harbour on Monday.")
    loccit(tmp_path, "ingest", str(tmp_path / "a.txt"))
    done = loccit(tmp_path, "propose-questions", str(tmp_path / "q.jsonl"))
    assert '{"question": "...", "answerable": false}' in done.stdout


LANGUAGES = {
    "de": (
        "# Der Leuchtturm am Kap\n\nDer Leuchtturm am Kap wurde 1884 von Maurern aus Bremen errichtet. "
        "Ein Leuchtfeuer ist ein Licht, das Schiffen in der Nacht den Weg zeigt.\n\n"
        "## Technische Angaben\n\n- Höhe: 42 m\n\n| Lampe | Preis | Dauer |\n| --- | --- | --- |\n"
        "| Argand | sehr hoch | 40 |\n| Petroleum | niedrig | 12 |\n",
        {
            "Wann wurde der Leuchtturm am Kap von Maurern aus Bremen errichtet?",
            "Was ist ein Leuchtfeuer?",
            "Was steht bei „Höhe“ in „Technische Angaben“?",
            "Welcher Wert steht bei „Argand“ unter „Dauer“?",
            "Der Leuchtturm am Kap?",
        },
    ),
    "fr": (
        "# Le phare du cap\n\nLe phare du cap a été construit en 1884 par des maçons venus de Brest. "
        "Une lentille de Fresnel est une lentille formée de plusieurs anneaux de verre.\n\n"
        "## Données techniques\n\n- Hauteur : 42 m\n\n| Lampe | Prix | Durée |\n| --- | --- | --- |\n"
        "| Argand | élevé | 40 |\n| Pétrole | bas | 12 |\n",
        {
            "Qu'est-ce qu'une lentille de Fresnel ?",
            "Qu'est-il indiqué à « Hauteur » dans « Données techniques » ?",
            "Quelle est la valeur de « Durée » pour « Pétrole » ?",
            "Le phare du cap a été construit en ___ par des maçons venus …",
            "Le phare du cap ?",
        },
    ),
    "es": (
        "# El faro del cabo\n\nEl faro del cabo fue construido por albañiles de Vigo en 1884. "
        "Una lente de Fresnel es una lente formada por varios anillos de vidrio.\n\n"
        "## Datos técnicos\n\n- Altura: 42 metros\n\n| Lámpara | Precio | Duración |\n| --- | --- | --- |\n"
        "| Argand | alto | 40 |\n| Petróleo | bajo | 12 |\n",
        {
            "¿Cuándo fue construido el faro del cabo por albañiles de Vigo?",
            "¿Qué es una lente de Fresnel?",
            "¿Qué se indica en «Altura» de «Datos técnicos»?",
            "¿Cuál es el valor de «Duración» para «Petróleo»?",
            "¿El faro del cabo?",
        },
    ),
    "sv": (
        "# Fyren vid udden\n\nFyren vid udden byggdes år 1884 av murare från Göteborg och var då landets "
        "högsta fyr, större än alla andra fyrar vid kusten.\n\n"
        "## Tekniska uppgifter\n\n- Höjden: 42 meter\n\n| Lampa | Pris | Tid |\n| --- | --- | --- |\n"
        "| Argand | mycket högt | 40 timmar |\n| Fotogen | ganska lågt | 12 timmar |\n",
        {
            "Fyren vid udden?",
            "Tekniska uppgifter: Höjden?",
            "Argand: Tid?",
            "Fyren vid udden byggdes år ___ av murare från Göteborg …",
        },
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_have_the_words_of_the_documents_language(tmp_path: Path, language: str) -> None:
    text, wanted = LANGUAGES[language]
    (tmp_path / "a.md").write_text(text)
    loccit(tmp_path, "ingest", str(tmp_path / "a.md"))
    asked = {row["question"] for row in proposed(tmp_path)}
    assert wanted - asked == set()
