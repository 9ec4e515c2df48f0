import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, environment, loccit


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
    assert "Probability that this answers: 0." in asked.stdout

    answer = json.loads(loccit(tmp_path, "ask", "moons of Mars", "--json").stdout)
    citation = answer["passages"][0]["citation"]
    assert (folder / "mars.txt").read_text()[citation["start"] : citation["end"]] == citation["quote"]

    listed = json.loads(loccit(tmp_path, "list", "--json").stdout)
    assert [(one["name"], one["documents"]) for one in listed] == [("default", 2)]
    assert "venus.txt" in loccit(tmp_path, "list", "-c", "default").stdout

    loccit(tmp_path, "delete", "mars.txt")
    documents = json.loads(loccit(tmp_path, "list", "-c", "default", "--json").stdout)
    assert [one["document_id"] for one in documents] == ["venus.txt"]
    loccit(tmp_path, "delete", "--all")
    assert json.loads(loccit(tmp_path, "list", "--json").stdout) == []


def test_filters_are_json(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", str(folder))
    where = json.dumps({"type": "eq", "key": "document_id", "value": "venus.txt"})
    answer = json.loads(loccit(tmp_path, "ask", "moons", "--filter", where, "--json").stdout)
    assert [one["citation"]["document_id"] for one in answer["passages"]] == ["venus.txt"]
    assert "not JSON" in loccit(tmp_path, "ask", "moons", "--filter", "{", status=2).stderr
    wrong = loccit(tmp_path, "ask", "moons", "--filter", '{"type": "like"}', status=1)
    assert "invalid_filter" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["ask", "anything"], "collection_not_found"),
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


def test_nothing_taken_in_is_a_failure(tmp_path: Path) -> None:
    done = loccit(tmp_path, "ingest", str(tmp_path / "nowhere"), status=1)
    assert "no such file" in done.stdout


def test_deleting_takes_ids_or_the_whole(tmp_path: Path) -> None:
    assert "one of the two" in loccit(tmp_path, "delete", status=2).stderr


def test_the_script_is_the_same_flow(tmp_path: Path, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "scripts/build_index.py", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env=environment(tmp_path),
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert "2 added" in done.stdout


def test_other_settings_are_refused(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", str(folder))
    done = loccit(tmp_path, "ask", "moons", status=1, LOCCIT_CHUNK_MAX_TOKENS="30")
    assert "(collection_mismatch)" in done.stderr


def _documents(store: Path) -> int:
    """How many are committed."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM documents").fetchone()[0])
    except sqlite3.OperationalError:  # it is being made
        return 0


def test_a_killed_ingest_leaves_a_collection_that_opens_and_resumes(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(3000):
        (folder / f"{n:04}.txt").write_text(f"Document {n} speaks of moons. It has number {n} alone.")
    store = tmp_path / "data" / "collections" / "default" / "store.sqlite"
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "ingest", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(tmp_path),
        cwd=ROOT,
    ) as process:
        deadline = time.monotonic() + 60
        # Killed as soon as something was committed, so in the middle of the work.
        while not _documents(store) and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    (before,) = json.loads(loccit(tmp_path, "list", "--json").stdout)
    assert 0 < before["documents"] < 3000
    done = loccit(tmp_path, "ingest", str(folder))
    assert f"{before['documents']} unchanged" in done.stdout
    (after,) = json.loads(loccit(tmp_path, "list", "--json").stdout)
    assert (after["documents"], after["embedded"]) == (3000, after["passages"])
