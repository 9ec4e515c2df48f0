import json
import re
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from cli.terminal.ingest_outcome import Outcome
from cli.terminal.output import print_outcome
from service.state.jobs import open_job_store
from service.state.jobs.records import NewItem, new_job_id
from tests.cli.commands import TERMINAL, loccit

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "mars.txt").write_text("Mars has two moons, Phobos and Deimos.")
    (folder / "venus.txt").write_text("Venus has no moon at all.")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    return folder


def test_ingest_ask_list_delete(tmp_path: Path, folder: Path) -> None:
    done = loccit(tmp_path, "ingest", str(folder))
    assert "2 added, 1 skipped; 2 passages embedded" in done.stdout
    assert "photo.jpg: no reader" in done.stdout
    assert "2 unchanged" in loccit(tmp_path, "ingest", str(folder)).stdout

    asked = loccit(tmp_path, "ask", "Which moons does Mars have?", "-k", "1")
    assert "Mars has two moons, Phobos and Deimos." in asked.stdout
    assert "mars.txt@" in asked.stdout
    assert "Probability that these passages answer: 0." in asked.stdout
    same = loccit(tmp_path, "ask", "Which moons does Mars have?", "-k", "1", "--json")
    for passage in json.loads(same.stdout)["passages"]:
        assert f"probability that this passage answers: {passage['probability']:.2f}" in asked.stdout
    year = loccit(tmp_path, "ask", "Which moons does Mars have since 1877?", "-k", "1")
    assert "The nearest sentences mention Mars, but not 1877." in year.stdout
    assert re.findall(r"\b[01]\.\d{3}\b", asked.stdout) == []  # the score is for programs

    answer = json.loads(loccit(tmp_path, "ask", "moons of Mars", "--json").stdout)
    citation = answer["passages"][0]["citation"]
    assert (folder / "mars.txt").read_text()[citation["start"] : citation["end"]] == citation["quote"]

    listed = json.loads(loccit(tmp_path, "list", "--json").stdout)
    assert [(one["name"], one["documents"]) for one in listed] == [("default", 2)]
    assert "venus.txt" in loccit(tmp_path, "list", "-c", "default").stdout

    loccit(tmp_path, "delete", "mars.txt")
    documents = json.loads(loccit(tmp_path, "list", "-c", "default", "--json").stdout)
    assert [one["document_id"] for one in documents] == ["venus.txt"]
    loccit(tmp_path, "delete", "--all", "--yes")
    assert json.loads(loccit(tmp_path, "list", "--json").stdout) == []


def test_filters_are_json(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", str(folder))
    where = json.dumps({"type": "eq", "key": "document_id", "value": "venus.txt"})
    answer = json.loads(loccit(tmp_path, "ask", "moons", "--filter", where, "--json").stdout)
    assert [one["citation"]["document_id"] for one in answer["passages"]] == ["venus.txt"]
    assert "not JSON" in loccit(tmp_path, "ask", "moons", "--filter", "{", status=2).stderr
    wrong = loccit(tmp_path, "ask", "moons", "--filter", '{"type": "like"}', status=1)
    assert "invalid_filter" in wrong.stderr


def test_several_collections_are_asked_at_once(tmp_path: Path, folder: Path) -> None:
    ships = tmp_path / "ships"
    ships.mkdir()
    (ships / "ships.txt").write_text("The ship of Mars left the harbour at dawn.")
    loccit(tmp_path, "ingest", str(folder))
    loccit(tmp_path, "ingest", str(ships), "-c", "ships")
    question = "When did the ship leave the harbour?"
    both = ("-c", "default", "-c", "ships")
    assert "in the collection ships" in loccit(tmp_path, "ask", question, *both).stdout
    assert "in the collection" not in loccit(tmp_path, "ask", question, "-c", "ships").stdout
    told = json.loads(loccit(tmp_path, "ask", question, *both, "--json").stdout)
    assert told["passages"][0]["citation"]["collection"] == "ships"
    assert {one["citation"]["collection"] for one in told["passages"]} == {"default", "ships"}
    every = json.loads(loccit(tmp_path, "ask", question, "-c", "*", "--json").stdout)
    assert [one["name"] for one in every["collections"]] == ["default", "ships"]
    locator = told["passages"][0]["citation"]["locator"]
    assert "harbour" in loccit(tmp_path, "cite", locator, "-c", "ships").stdout
    for wrong in ("1", "May", "2999-01-01"):
        assert "--as-of" in loccit(tmp_path, "ask", question, *both, "--as-of", wrong, status=2).stderr
    now = datetime.now(UTC).isoformat()
    then = json.loads(loccit(tmp_path, "ask", question, *both, "--as-of", now, "--json").stdout)
    assert then["passages"] == told["passages"]
    before = json.loads(loccit(tmp_path, "ask", question, *both, "--as-of", "2001-01-01", "--json").stdout)
    assert before["passages"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["ask", "anything"], "collection_not_found"),
        (["ask", "anything", "-c", "*"], "collection_not_found"),
        (["list", "-c", "nowhere"], "collection_not_found"),
        (["list", "-c", "../.."], "invalid_collection_name"),
        (["delete", "x", "-c", "nowhere"], "collection_not_found"),
    ],
)
def test_errors_are_one_line_with_a_code(tmp_path: Path, arguments: list[str], code: str) -> None:
    done = loccit(tmp_path, *arguments, status=1)
    assert f"({code})" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_question_and_a_wrong_k_are_told(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", str(folder))
    assert "(empty_question)" in loccit(tmp_path, "ask", "?", status=1).stderr
    assert "(invalid_limit)" in loccit(tmp_path, "ask", "moons", "-k", "0", status=1).stderr
    assert "(document_not_found)" in loccit(tmp_path, "delete", "x.txt", status=1).stderr


def test_skipped_files_come_with_advice(tmp_path: Path, folder: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "mars.txt").write_text("Another text on Mars.")
    (other / "huge.txt").write_text("x" * 2000)
    loccit(tmp_path, "ingest", str(folder))
    done = loccit(tmp_path, "ingest", str(other), status=1, LOCCIT_MAX_BODY_BYTES="1024")
    assert f"its id 'mars.txt' is that of {folder / 'mars.txt'}\n" in done.stdout
    assert done.stdout.splitlines()[-2:] == [
        "With --prefix the documents of a folder get ids of their own.",
        "The limit of a file's size is the setting LOCCIT_MAX_BODY_BYTES.",
    ]


def test_errors_come_with_commands_not_with_routes(tmp_path: Path, folder: Path) -> None:
    missing = loccit(tmp_path, "ask", "moons", "-c", "planets", status=1).stderr
    assert "`loccit ingest FOLDER --collection planets`" in missing
    assert "/v1/" not in missing
    loccit(tmp_path, "ingest", str(folder))
    assert "loccit list --collection" in loccit(tmp_path, "delete", "x.txt", status=1).stderr
    assert "loccit verify" in loccit(tmp_path, "cite", "mars.txt@000000000000:0-5", status=1).stderr


def test_nothing_taken_in_is_a_failure(tmp_path: Path) -> None:
    done = loccit(tmp_path, "ingest", str(tmp_path / "nowhere"), status=1)
    assert "no such file" in done.stdout


def test_a_deleted_collection_takes_its_jobs_along(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", str(folder), "-c", "planets")
    with closing(open_job_store(tmp_path / "data")) as jobs:
        for name in ("planets", "moons"):
            jobs.add(new_job_id(), name, [NewItem("url", "https://example.org/")])
        loccit(tmp_path, "delete", "--all", "--yes", "-c", "planets")
        states = {one.collection: one.state for one in jobs.jobs(limit=9)}
    assert states == {"planets": "cancelled", "moons": "queued"}


def test_a_whole_collection_is_deleted_only_with_yes(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", str(folder), "-c", "planets")
    done = loccit(tmp_path, "delete", "--all", "-c", "planets", status=1)
    assert done.stderr == (
        "Nothing was deleted. This would erase the collection planets with 2 documents, for good. "
        "Add --yes to do it.\n"
    )
    assert "mars.txt" in loccit(tmp_path, "list", "-c", "planets").stdout
    loccit(tmp_path, "delete", "--all", "--yes", "-c", "planets")
    assert "(collection_not_found)" in loccit(tmp_path, "list", "-c", "planets", status=1).stderr
    assert "(collection_not_found)" in loccit(tmp_path, "delete", "--all", "-c", "planets", status=1).stderr


def test_a_collection_of_other_settings_is_listed_and_deleted(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", str(folder))
    other = {"LOCCIT_CHUNK_MAX_TOKENS": "30"}
    (listed,) = json.loads(loccit(tmp_path, "list", "--json", **other).stdout)
    assert listed["documents"] == 2
    assert "2 documents" in loccit(tmp_path, "delete", "--all", status=1, **other).stderr
    loccit(tmp_path, "delete", "--all", "--yes", **other)
    assert json.loads(loccit(tmp_path, "list", "--json").stdout) == []


def test_the_version_is_printed(tmp_path: Path) -> None:
    assert loccit(tmp_path, "--version").stdout == f"loccit {version('loccit')}\n"


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        ("ingest", ["DATA", "PASSWORD"]),
        ("prune", ["DATA", "KEEP_RETIRED_DAYS"]),
        ("serve", ["DATA", "HOST", "PORT", "WORKERS"]),
    ],
)
def test_help_names_the_variables_behind_options(tmp_path: Path, command: str, variables: list[str]) -> None:
    printed = loccit(tmp_path, command, "--help").stdout
    assert [name for name in variables if f"LOCCIT_{name}" not in printed] == []


LONG = "notes/" + "a-very-long-name-without-spaces-" * 4 + "end.txt"


@pytest.fixture
def long_name(tmp_path: Path) -> str:
    path = tmp_path / "long" / LONG
    path.parent.mkdir(parents=True)
    path.write_text("Ganymede is the largest moon of Jupiter, " + "and of all the planets " * 20 + "too.")
    loccit(tmp_path, "ingest", str(tmp_path / "long"))
    return LONG


def test_text_in_a_pipe_is_not_wrapped(tmp_path: Path, long_name: str) -> None:
    (row,) = [
        line
        for line in loccit(tmp_path, "list", "-c", "default", COLUMNS="40").stdout.splitlines()
        if "Ganymede" in line or "end.txt" in line
    ]
    assert long_name in row
    asked = loccit(tmp_path, "ask", "Which moon is the largest?", COLUMNS="40").stdout
    assert (tmp_path / "long" / long_name).read_text() in asked.splitlines()


def test_a_terminal_gets_whole_ids_on_several_lines(tmp_path: Path, long_name: str) -> None:
    done = loccit(tmp_path, "list", "-c", "default", **TERMINAL)
    lines = ANSI.sub("", done.stdout).splitlines()
    assert max(map(len, lines)) <= 60
    assert "…" not in done.stdout
    ids = "".join(line.split("│")[1].strip(" ") for line in lines if line.startswith("│"))
    assert ids == long_name


def test_deleting_takes_ids_or_the_whole(tmp_path: Path) -> None:
    assert "Give either document ids, or --all" in loccit(tmp_path, "delete", status=2).stderr


def test_a_collection_keeps_what_it_was_made_with(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", str(folder))
    before = loccit(tmp_path, "ask", "moons").stdout
    assert loccit(tmp_path, "ask", "moons", LOCCIT_CHUNK_MAX_TOKENS="30").stdout == before


def test_controls_of_direction_are_visible_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    name = "invoice\u202efdp.txt"
    (tmp_path / "docs" / name).write_text("The lamp was lit at dusk.")
    loccit(tmp_path, "ingest", str(tmp_path / "docs"))
    wide = {**TERMINAL, "COLUMNS": "200"}
    for command in (["list", "-c", "default"], ["ask", "When was the lamp lit?"]):
        shown = loccit(tmp_path, *command, **wide).stdout
        assert "invoice\\u202efdp.txt" in shown
        assert "\u202e" not in shown
        assert name in loccit(tmp_path, *command).stdout, "a pipe gets the id as it is"


def test_an_ingest_that_embeds_nothing_says_who_does(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcome(Outcome({"added": 1}))
    assert "a running service does it" in capsys.readouterr().out
    print_outcome(Outcome({"unchanged": 1}))
    assert "0 passages embedded" in capsys.readouterr().out


def test_help_names_no_types_of_flags(tmp_path: Path) -> None:
    shown = loccit(tmp_path, "ask", "--help").stdout
    assert "<bool>" not in shown
    assert "--collection NAME" in shown
    assert "\u256d" not in shown  # no boxes


def test_documents_in_force_on_a_day_are_asked(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "old.md").write_text("---\nvalid_to: 2023-12-31\n---\nThe rent of the boat house is 20.\n")
    (folder / "new.md").write_text("---\nvalid_from: 2024-01-01\n---\nThe rent of the boat house is 30.\n")
    loccit(tmp_path, "ingest", str(folder))
    for day, name in (("2023-06-01", "old.md"), ("2024-06-01", "new.md")):
        asked = loccit(tmp_path, "ask", "What is the rent?", "--in-force", day, "--json")
        passages = json.loads(asked.stdout)["passages"]
        assert [one["citation"]["document_id"] for one in passages] == [name]
    assert "--in-force" in loccit(tmp_path, "ask", "What?", "--in-force", "today", status=2).stderr
