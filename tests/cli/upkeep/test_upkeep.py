"""The restore drill, as an operator does it: with commands, against a service that is running."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.commands import loccit, started
from tests.index.embedding.tiny import tiny_model

TEXTS = {
    "mars.txt": "Mars has two moons, Phobos and Deimos.",
    "saturn.txt": "Saturn has rings of ice and dust.",
    "secret.txt": "The secret word is aardvark.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.processes
def test_drill(tmp_path: Path, folder: Path) -> None:
    """Back up while it is written, lose the data, restore: answers, citations, erasures are as they were."""
    ledger = {"LOCCIT_ERASURE_LEDGER": str(tmp_path / "ledger.jsonl")}
    loccit(tmp_path, "ingest", str(folder), **ledger)
    question = {"question": "Which moons does Mars have?", "k": 3}
    with started(tmp_path, **ledger) as (_, client):
        passages = client.post("/v1/ask", json=question).json()["passages"]
        before = [one for one in passages if one["citation"]["document_id"] != "secret.txt"]
        job = client.post("/v1/ingest", files={"files": ("venus.txt", b"Venus has no moon at all.")}).json()
        done = loccit(tmp_path, "backup", str(tmp_path / "backup.tar"), **ledger)
        assert "default:" in done.stdout
        assert client.delete("/v1/documents/secret.txt").status_code == 200
        assert client.get(f"/v1/jobs/{job['job_id']}").status_code == 200
        refused = loccit(tmp_path, "restore", str(tmp_path / "backup.tar"), "--replace", status=1, **ledger)
        assert "(data_in_use)" in refused.stderr
    shutil.rmtree(tmp_path / "data")
    done = loccit(tmp_path, "restore", str(tmp_path / "backup.tar"), **ledger)
    assert "Erased again, as the ledger says: 1 document, 1 version" in done.stdout
    with started(tmp_path, **ledger) as (_, client):
        after = client.post("/v1/ask", json=question).json()["passages"]
        found = [one["citation"]["locator"] for one in after]
        assert found[: len(before)] == [one["citation"]["locator"] for one in before]
        for one in before:
            cited = client.get(f"/v1/citations/{one['citation']['locator']}").json()
            assert cited["quote"] == one["citation"]["quote"]
        assert client.get("/v1/documents/secret.txt").status_code == 404
        for number in range(12):
            text = f"After the restore came w{number}ord."
            client.put(f"/v1/documents/new{number}.txt", content=text).raise_for_status()
        for number in range(12):
            found = client.post("/v1/ask", json={"question": f"w{number}ord", "k": 1}).json()["passages"]
            assert found[0]["citation"]["document_id"] == f"new{number}.txt"
        assert client.get(f"/v1/jobs/{job['job_id']}").json()["state"] in (
            "running",
            "embedding",
            "done",
            "queued",
        )


def test_errors_say_what_to_do(tmp_path: Path, folder: Path) -> None:
    backup = str(tmp_path / "backup")
    assert "(no_data)" in loccit(tmp_path, "backup", backup, status=1).stderr
    loccit(tmp_path, "ingest", str(folder))
    loccit(tmp_path, "backup", backup)
    assert "(target_in_use)" in loccit(tmp_path, "backup", backup, status=1).stderr
    assert "--replace" in loccit(tmp_path, "restore", backup, status=1).stderr
    done = loccit(tmp_path, "restore", backup, "--replace")
    assert "There is no ledger of erasures at" in done.stdout
    assert "--ledger" in done.stdout
    (tmp_path / "backup" / "manifest.json").unlink()
    assert "(backup_damaged)" in loccit(tmp_path, "restore", backup, "--replace", status=1).stderr


def test_what_was_erased_by_mistake_can_be_brought_back(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", str(folder))
    loccit(tmp_path, "backup", str(tmp_path / "backup"))
    loccit(tmp_path, "delete", "mars.txt")
    loccit(tmp_path, "delete", "--all", "--yes")
    done = loccit(tmp_path, "restore", str(tmp_path / "backup"))
    assert "the collections default" in done.stdout
    assert loccit(tmp_path, "list", "--json").stdout.strip() == "[]"
    done = loccit(tmp_path, "restore", str(tmp_path / "backup"), "--replace", "--bring-back-erased")
    assert "is back" in done.stdout
    assert "mars.txt" in loccit(tmp_path, "list", "-c", "default").stdout


@pytest.mark.processes
def test_check_prints_a_line_for_each_problem_and_repairs(tmp_path: Path, folder: Path) -> None:
    assert "(no_data)" in loccit(tmp_path, "check", status=1).stderr
    loccit(tmp_path, "ingest", str(folder))
    assert loccit(tmp_path, "check").stdout == "No problems.\n"
    (tmp_path / "data/collections/default/lexical/applied.json").write_text("{")
    done = loccit(tmp_path, "check", status=1)
    assert "wrong default: lexical:" in done.stdout
    assert "(index_damaged)" in done.stdout
    assert done.stdout.endswith("1 problems. --repair makes 1 of them good.\n")
    found = json.loads(loccit(tmp_path, "check", "--json", status=1).stdout)
    assert found["problems"][0]["problem"]["code"] == "index_damaged"
    assert "repaired default: lexical:" in loccit(tmp_path, "check", "--repair").stdout
    assert loccit(tmp_path, "check").stdout == "No problems.\n"
    with started(tmp_path):
        assert loccit(tmp_path, "check").stdout == "No problems.\n"
        assert "(data_in_use)" in loccit(tmp_path, "check", "--repair", status=1).stderr


def test_an_upgrade_says_what_it_takes_and_makes_passages_anew(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    text = " ".join(f"Lamp number {number} was lit at dusk." for number in range(20))
    (tmp_path / "docs" / "a.txt").write_text(text)
    loccit(tmp_path, "ingest", str(tmp_path / "docs"))
    assert loccit(tmp_path, "upgrade").stdout == "default: up to date.\n"
    asked = json.loads(loccit(tmp_path, "ask", "lamp", "--json").stdout)
    locator = asked["passages"][0]["citation"]["locator"]
    smaller = {"LOCCIT_CHUNK_MAX_TOKENS": "20", "LOCCIT_CHUNK_OVERLAP_TOKENS": "0"}
    assert "(upgrade available: chunking)" in loccit(tmp_path, "list", **smaller).stdout
    checked = loccit(tmp_path, "check", **smaller).stdout.splitlines()
    assert checked == [
        "No problems.",
        "default: an upgrade is available (chunking): loccit upgrade -c default",
    ]
    planned = loccit(tmp_path, "upgrade", "--plan", **smaller).stdout
    assert planned.splitlines()[0] == "default: another chunking."
    assert re.search(r"about \d+ passages of 1 document: about 1 second, and \d+ MiB of disk", planned)
    assert "upgrade available" in loccit(tmp_path, "list", **smaller).stdout
    done = loccit(tmp_path, "upgrade", **smaller).stdout
    assert done.splitlines()[0] == planned.splitlines()[0]
    assert done.splitlines()[2:] == ["default: upgraded."]
    assert "upgrade available" not in loccit(tmp_path, "list", **smaller).stdout
    assert "upgrade available" in loccit(tmp_path, "list").stdout
    assert "No problems." in loccit(tmp_path, "check").stdout
    again = json.loads(loccit(tmp_path, "ask", "lamp", "--json").stdout)
    assert again["index"]["fingerprint"] != asked["index"]["fingerprint"]
    assert locator in loccit(tmp_path, "cite", locator, "--json").stdout
    assert "nothing is prepared" in loccit(tmp_path, "upgrade", "--cancel").stdout
    assert "--model needs --collection" in loccit(tmp_path, "upgrade", "--model", "words", status=2).stderr


@pytest.mark.model
@pytest.mark.processes
def test_an_upgrade_to_a_model_with_prompts(tmp_path: Path) -> None:
    """As those of E5 are: a model with other prompts is another model."""
    plain = str(tiny_model(tmp_path / "plain"))
    prompts = {"query": "the ", "passage": "was "}
    prompted = str(tiny_model(tmp_path / "prompted", prompts=prompts))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("the lamp was lit . the dog was lit .")
    # As torch runs them: to convert both takes longer than all else here.
    unconverted = {"LOCCIT_BACKEND": "torch", "LOCCIT_PRECISION": "fp32"}
    options = {"LOCCIT_CHUNK_OVERLAP_TOKENS": "4", **unconverted}
    loccit(tmp_path, "ingest", str(tmp_path / "docs"), "--model", plain, **options)
    before = json.loads(loccit(tmp_path, "ask", "the lamp", "--json", **options).stdout)
    done = loccit(tmp_path, "upgrade", "-c", "default", "--model", prompted, **options).stdout
    assert "from the model plain to prompted" in done
    after = json.loads(loccit(tmp_path, "ask", "the lamp", "--json", **options).stdout)
    assert after["index"]["fingerprint"] != before["index"]["fingerprint"]
    scores = [one["passages"][0]["explain"]["dense"]["score"] for one in (before, after)]
    assert scores[0] != pytest.approx(scores[1], abs=1e-4)
    locators = [one["passages"][0]["citation"]["locator"] for one in (before, after)]
    assert locators[0] == locators[1]
