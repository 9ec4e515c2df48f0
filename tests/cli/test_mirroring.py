"""``loccit ingest --mirror``: what it prints, and its exit status."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, environment, loccit
from tests.patience import PATIENCE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.txt").write_text(f"Document {number} tells of moons.")
    return folder


def documents(tmp_path: Path) -> list[str]:
    listed = json.loads(loccit(tmp_path, "list", "-c", "default", "--json").stdout)
    return [one["document_id"] for one in listed]


def test_a_missing_folder_is_refused(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", "--mirror", str(folder))
    folder.rename(tmp_path / "away")
    done = loccit(tmp_path, "ingest", "--mirror", "--yes", str(folder), status=3)
    assert done.stderr.splitlines()[-1] == (
        f"refused: {folder} does not exist: the mirror removed none of its 12 documents. Mount or correct "
        "the folder and run the command again. If it is gone for good, `loccit delete` erases its documents."
    )
    assert len(documents(tmp_path)) == 12


def test_a_large_removal_names_the_option_that_allows_it(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", "--mirror", str(folder))
    for number in range(11):
        (folder / f"{number:02}.txt").unlink()
    (folder / "new.txt").write_text("New moons.")
    done = loccit(tmp_path, "ingest", "--mirror", str(folder), status=3)
    assert "1 added, 1 unchanged" in done.stdout
    assert "11 of the 12 documents" in done.stderr
    assert done.stderr.endswith("If that is meant, add --yes.\n")
    assert len(documents(tmp_path)) == 13
    loccit(tmp_path, "ingest", "--mirror", "--yes", str(folder))
    assert documents(tmp_path) == ["11.txt", "new.txt"]


@pytest.mark.parametrize("option", ["--yes", "--erase"])
def test_options_of_a_mirror_need_one(tmp_path: Path, folder: Path, option: str) -> None:
    assert "--mirror" in loccit(tmp_path, "ingest", option, str(folder), status=2).stderr


def test_a_retired_document_is_listed_cited_and_pruned(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", "--mirror", str(folder))
    asked = loccit(tmp_path, "ask", "Document 7", "-k", "1", "--json").stdout
    locator = json.loads(asked)["passages"][0]["citation"]["locator"]
    assert locator.startswith("07.txt@")
    (folder / "07.txt").unlink()
    assert "1 retired" in loccit(tmp_path, "ingest", "--mirror", str(folder)).stdout
    assert "07.txt" not in documents(tmp_path)
    assert "07.txt" not in loccit(tmp_path, "list", "-c", "default").stdout
    assert "07.txt" in loccit(tmp_path, "list", "-c", "default", "--retired").stdout
    listed = json.loads(loccit(tmp_path, "list", "-c", "default", "--retired", "--json").stdout)
    assert [one["document_id"] for one in listed if one["retired"]] == ["07.txt"]
    cited = loccit(tmp_path, "cite", locator).stdout
    assert "Document 7 tells of moons." in cited
    assert "The document is gone since 20" in cited
    assert "Would erase 0 versions;" in loccit(tmp_path, "prune").stdout
    told = loccit(tmp_path, "prune", "--keep-retired-days", "0").stdout
    assert "07.txt retired since 20" in told
    assert "Would erase 0 versions and 1 retired document;" in told
    loccit(tmp_path, "prune", "--keep-retired-days", "0", "--yes")
    assert "(citation_not_found)" in loccit(tmp_path, "cite", locator, status=1).stderr


def test_a_mirror_erases_at_once_when_it_is_told_to(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", "--mirror", str(folder))
    (folder / "07.txt").unlink()
    assert "1 erased" in loccit(tmp_path, "ingest", "--mirror", "--erase", str(folder)).stdout
    assert "07.txt" not in loccit(tmp_path, "list", "-c", "default", "--retired").stdout


def test_links_that_lead_out_are_counted(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "secret.txt").write_text("The password is swordfish.")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    done = loccit(tmp_path, "ingest", str(folder))
    assert "12 added, 1 skipped, 1 of them links that lead out of the folder; 12 passages" in done.stdout
    assert f"{folder / 'link.txt'}: a link that leads out of the folder\n" in done.stdout
    assert "With --follow" in done.stdout
    assert "1 added, 12 unchanged" in loccit(tmp_path, "ingest", "--follow", str(folder)).stdout


@pytest.mark.processes
@pytest.mark.usefixtures("interruptible")
def test_a_watch_says_that_it_refused_and_goes_on(tmp_path: Path, folder: Path) -> None:
    (folder / "kept.txt").write_text("Kept moons.")
    (folder / "sub").mkdir()
    for file in sorted(folder.glob("[0-9]*.txt")):
        file.rename(folder / "sub" / file.name)
    with (tmp_path / "watch.log").open("w+") as log:
        watch = subprocess.Popen(
            [sys.executable, "-m", "cli", "ingest", "--watch", str(folder)],
            stdout=log,
            stderr=log,
            env=environment(tmp_path, PYTHONUNBUFFERED="1"),
            cwd=ROOT,
        )
        try:
            wait_for("13 added", tmp_path / "watch.log")
            (folder / "sub").rename(tmp_path / "away")
            wait_for("refused: 12 of the 13", tmp_path / "watch.log")
            (folder / "new.txt").write_text("New moons.")
            wait_for("1 added", tmp_path / "watch.log")
        finally:
            watch.send_signal(signal.SIGINT)
            watch.wait(PATIENCE)
    assert len(documents(tmp_path)) == 14


def wait_for(words: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while words not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
