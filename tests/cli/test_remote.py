"""Commands that speak to a running service: they print what the same commands print of a data folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import Result

from cli import instances
from index import answers
from index.citations.formats import FORMATS
from index.embedding import WordEmbedder
from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.cli.commands import ROOT, loccit, process
from tests.log_lines import lines
from tests.packaging.test_packaging import BLOCK
from tests.service.flows.answer.writing.stand_in import stand_in
from tests.service.http_service import app_of, live

MARS = "Mars has two moons, Phobos and Deimos."
HEAVY = ("torch", "openvino", "transformers", "sentence_transformers", "faiss", "tantivy", "fastapi", "lxml")
"""What only a process needs that answers itself."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_documents(tmp_path)


def write_documents(home: Path) -> Path:
    folder = home / "docs"
    folder.mkdir()
    (folder / "mars.txt").write_text(MARS)
    (folder / "deep").mkdir()
    (folder / "deep" / "venus.txt").write_text("Venus has no moon at all.")
    (folder / "deep" / "venus.txt.meta.json").write_text('{"title": "Venus", "metadata": {"year": 1761}}')
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    (folder / "empty.txt").write_text("")
    (folder / ".hidden.txt").write_text("Not this.")
    return folder


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A service with an empty data folder of its own."""
    with Library(tmp_path / "served", embedder=WordEmbedder()) as library, live(app_of(library)) as http:
        yield str(http.base_url).rstrip("/")


@pytest.fixture
def filled(tmp_path: Path, folder: Path, url: str) -> str:
    """The service, and a data folder, with the same documents."""
    loccit(tmp_path, "ingest", str(folder))
    loccit(tmp_path, "ingest", str(folder), "--server", url)
    return url


def without_clocks(printed: str) -> str:
    printed = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", printed)
    printed = re.sub(r'"timings_ms": \{[^}]*\}', '"timings_ms": {}', printed)
    return re.sub(r"in [\d.]+ s", "in S s", printed)


def test_ingest_finds_and_tells_the_same_files(tmp_path: Path, folder: Path, url: str) -> None:
    here = loccit(tmp_path, "ingest", str(folder))
    there = loccit(tmp_path, "ingest", str(folder), "--server", url)
    assert "2 added, 2 skipped; 2 passages embedded" in there.stdout
    assert sorted(without_clocks(there.stdout).splitlines()) == sorted(
        without_clocks(here.stdout).splitlines()
    )
    assert "2 unchanged" in loccit(tmp_path, "ingest", str(folder), LOCCIT_URL=url).stdout
    listed = loccit(tmp_path, "list", "-c", "default", "--json", LOCCIT_URL=url).stdout
    (venus, _) = json.loads(listed)
    assert (venus["document_id"], venus["title"]) == ("deep/venus.txt", "Venus")
    assert venus["metadata"] == {"year": 1761}


def test_ingest_has_the_options_that_hold_for_a_service(tmp_path: Path, folder: Path, url: str) -> None:
    remote = ("--server", url, "-c", "planets")
    loccit(tmp_path, "ingest", str(folder), "--prefix", "solar", "--exclude", "deep/", *remote)
    listed = json.loads(loccit(tmp_path, "list", "--json", *remote).stdout)
    assert [one["document_id"] for one in listed] == ["solar/mars.txt"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "mars.txt").write_text("Another text.")
    done = loccit(tmp_path, "ingest", str(folder), str(other), *remote)
    assert f"its id 'mars.txt' is that of {folder / 'mars.txt'}" in done.stdout
    assert "With --prefix" in done.stdout
    empty = loccit(tmp_path, "ingest", str(folder / "empty.txt"), *remote, status=1)
    assert "1 skipped" in empty.stdout
    missing = loccit(tmp_path, "ingest", str(tmp_path / "nowhere"), *remote, status=1)
    assert "no such file" in missing.stdout
    refused = loccit(tmp_path, "ingest", str(folder), "--mirror", *remote, status=2)
    assert "--mirror" in refused.stderr


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """A folder with a data folder, a service with the same documents, and a locator of one of them."""
    home = tmp_path_factory.mktemp("both")
    docs = write_documents(home)
    with Library(home / "served", embedder=WordEmbedder()) as library, live(app_of(library)) as http:
        url = str(http.base_url).rstrip("/")
        loccit(home, "ingest", str(docs))
        loccit(home, "ingest", str(docs), "--server", url)
        answer = json.loads(loccit(home, "ask", "moons of Mars", "--json").stdout)
        yield home, url, answer["passages"][0]["citation"]["locator"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["ask", "Which moons does Mars have?"], 0),
        (["ask", "moons", "--filter", '{"type": "eq", "key": "year", "value": 1761}', "--json"], 0),
        (["ask", "moons", "-k", "1", "--extent", "sentences"], 0),
        (["ask", "moons", "-c", "*", "--json"], 0),
        (["ask", "xyzzy", "--filter", '{"type": "eq", "key": "year", "value": 3}'], 0),
        (["cite", "LOCATOR"], 0),
        (["cite", "LOCATOR", "--json"], 0),
        (["cite", "LOCATOR", "--format", "bibtex"], 0),
        (["cite", "LOCATOR", "--format", "csl_json"], 0),
        (["verify", MARS], 0),
        (["verify", "Mars has three moons, Phobos and Deimos.", "--document", "mars.txt"], 1),
        (["verify", MARS, "Jupiter is the largest of all."], 1),
        (["verify", MARS, "Venus has no moon at all.", "--json"], 0),
        (["verify", "Mars has three moons, Phobos and Deimos [1].", "--answer", "--cites", "LOCATOR"], 1),
        (["verify", MARS, "--answer", "--json"], 0),
        (["list", "-c", "default"], 0),
        (["list", "-c", "default", "--retired", "--json"], 0),
        (["changes"], 0),
        (["changes", "--since", "1", "--json"], 0),
        (["delete", "--all"], 1),
    ],
    ids=lambda one: " ".join(one)[:50] if isinstance(one, list) else "",
)
def test_a_command_prints_the_same_of_both(
    both: tuple[Path, str, str], arguments: list[str], status: int
) -> None:
    home, url, locator = both
    named = [locator if one == "LOCATOR" else one for one in arguments]
    here = loccit(home, *named, status=status, LOCCIT_PUBLIC_URL=url)
    there = loccit(home, *named, "--server", url, status=status)
    assert same(there) == same(here)
    assert here.stdout or here.stderr


def test_documents_are_deleted(tmp_path: Path, filled: str) -> None:
    gone = ("delete", "mars.txt", "deep/venus.txt")
    assert same(loccit(tmp_path, *gone, "--server", filled)) == same(loccit(tmp_path, *gone))
    missing = loccit(tmp_path, "delete", "mars.txt", "--server", filled, status=1)
    assert "(document_not_found)" in missing.stderr


def same(done: Result) -> tuple[str, str]:
    """What was printed, without what differs from one collection to another."""
    printed = without_clocks(done.stdout)
    printed = re.sub(r'"(fingerprint|change)": ("[^"]*"|\d+)', r'"\1": X', printed)
    printed = re.sub(r" *\d+  TIME", "N  TIME", printed)
    return printed, done.stderr


def test_collections_are_listed_and_deleted(tmp_path: Path, filled: str) -> None:
    here, there = (
        json.loads(loccit(tmp_path, "list", "--json", "--server", one).stdout) for one in ("", filled)
    )
    for listed in (here, there):
        listed[0].pop("change")
    assert there == here
    assert "words" in loccit(tmp_path, "list", "--server", filled).stdout
    done = loccit(tmp_path, "delete", "--all", "--yes", "--server", filled)
    assert done.stderr == "Deleted the collection default.\n"
    gone = loccit(tmp_path, "ask", "moons", "--server", filled, status=1)
    assert "(collection_not_found)" in gone.stderr
    assert len(gone.stderr.splitlines()) == 1


def test_a_diff_is_printed(tmp_path: Path, folder: Path, filled: str) -> None:
    (folder / "mars.txt").write_text("Mars has three moons, Phobos and Deimos.")
    loccit(tmp_path, "ingest", str(folder / "mars.txt"))
    loccit(tmp_path, "ingest", str(folder / "mars.txt"), "--server", filled)
    here = loccit(tmp_path, "diff", "mars.txt", "1")
    there = loccit(tmp_path, "diff", "mars.txt", "1", "2", "--server", filled)
    assert without_clocks(there.stdout) == without_clocks(here.stdout)
    lines = here.stdout.splitlines()
    assert lines[0].startswith("--- mars.txt version 1 ")
    assert lines[-2:] == [
        "-Mars has [-two-] moons, Phobos and Deimos.",
        "+Mars has {+three+} moons, Phobos and Deimos.",
    ]
    assert "@@ 0-38 0-40 @@" in lines
    equal = loccit(tmp_path, "diff", "mars.txt", "2", "2")
    assert "The texts are the same." in equal.stdout
    assert json.loads(loccit(tmp_path, "diff", "mars.txt", "1", "--json").stdout)["new"]["version"] == 2
    assert "(version_not_found)" in loccit(tmp_path, "diff", "mars.txt", "9", status=1).stderr


def test_changes_tell_what_became_of_citations(tmp_path: Path, folder: Path, filled: str) -> None:
    locator = json.loads(loccit(tmp_path, "ask", "moons of Mars", "--json").stdout)["passages"][0]["citation"]
    cited = tmp_path / "citations.txt"
    cited.write_text(f"\n{locator['locator']}\n")
    (folder / "mars.txt").write_text("Mars has three moons, Phobos and Deimos.")
    for place in ("", filled):
        loccit(tmp_path, "ingest", str(folder / "mars.txt"), "--server", place)
        told = loccit(tmp_path, "changes", "--citations", str(cited), "--server", place).stdout
        assert "replaced  mars.txt" in told
        assert "changed: The document has other words there today." in told
        assert "[-two-]{+three+}" in told
        assert "There are more: loccit changes --since" in loccit(tmp_path, "changes", "--limit", "1").stdout


def test_a_follow_up_question_has_the_conversation_before_it(tmp_path: Path, filled: str) -> None:
    turns = tmp_path / "turns.json"
    for planet, expected in (("Venus", "Venus has no moon"), ("Mars", MARS)):
        said = [{"role": "user", "text": f"Tell me of {planet}"}, {"role": "assistant", "text": f"{planet}."}]
        turns.write_text(json.dumps(said))
        for place in ("", filled):
            options = ("--turns", str(turns), "-k", "1", "--server", place)
            assert expected in loccit(tmp_path, "ask", "and its moon?", *options).stdout
            lines = f"Tell me of {planet}\nand its moon?\n"
            told = loccit(tmp_path, "chat", "-k", "1", "--server", place, stdin=lines).stdout
            assert expected in told.split("Probability")[1]
    for wrong in ('{"role": "user"}', '[{"role": "system", "text": "a"}]', "no JSON"):
        turns.write_text(wrong)
        done = loccit(tmp_path, "ask", "moon?", "--turns", str(turns), status=2)
        assert "--turns" in done.stderr


@pytest.mark.parametrize("remote", [False, True])
def test_quotes_are_verified_line_by_line(tmp_path: Path, filled: str, *, remote: bool) -> None:
    place = filled if remote else ""
    lines = f"{MARS}\n\n  Venus has one moon at all.  \n"
    done = loccit(tmp_path, "verify", "-", "--lines", "--server", place, status=1, stdin=lines)
    assert [line.split("  ")[0] for line in done.stdout.splitlines() if line[0] != " "][:2] == [
        "verified",
        "altered",
    ]
    assert "[-one-]{+no+}" in done.stdout
    whole = loccit(tmp_path, "verify", "-", "--json", "--server", place, stdin=MARS)
    assert json.loads(whole.stdout)["status"] == "verified"
    piped = loccit(tmp_path, "verify", "--lines", "--server", place, status=1, stdin=lines)
    assert piped.stdout == done.stdout
    for stdin in ("\n", ""):
        assert "no quote" in loccit(tmp_path, "verify", "--lines", status=2, stdin=stdin).stderr
        assert "no quote" in loccit(tmp_path, "verify", status=2, stdin=stdin).stderr
    echoed = loccit(tmp_path, "verify", "--server", place, stdin=f"{MARS}\n")
    assert echoed.stdout.startswith("verified")
    answer = loccit(tmp_path, "verify", "--answer", "--server", place, stdin=f"{MARS}\n")
    assert answer.stdout.startswith("supported")
    refused = loccit(tmp_path, "verify", MARS, MARS, "--answer", status=2).stderr
    assert "one answer" in refused


def test_a_conversation_in_the_terminal(tmp_path: Path, filled: str) -> None:
    lines = "Has Venus no moon at all?\n1\n9\n\n?\nAnd which two moons has Mars?\nWho wrote the treaty?\n1\n"
    done = loccit(tmp_path, "chat", "-k", "1", stdin=lines)
    assert "Venus has no moon at all. [1]\n\n[1] deep/venus.txt@" in done.stdout
    assert done.stdout.count("These words stand there today.") == 2
    assert f"{MARS} [1]\n\n[1] mars.txt@" in done.stdout
    _, declined = done.stdout.split("The documents do not say.\nThese passages come nearest:\n")
    assert declined.startswith(f"{MARS} [1]\n\n[1] mars.txt@")
    assert "no citation 9" in done.stderr
    assert "error: The question has no words" in done.stderr
    there = loccit(tmp_path, "chat", "-k", "1", "--server", filled, stdin=lines)
    assert (there.stdout, there.stderr) == (done.stdout, done.stderr)
    assert "do not say" in loccit(tmp_path, "chat", stdin="²\n").stdout


def test_a_key_that_may_only_ask_shows_citations_in_a_conversation(tmp_path: Path) -> None:
    with (
        Library(tmp_path / "served", embedder=WordEmbedder()) as library,
        live(app := app_of(library, api_key="sesame")) as http,
    ):
        put = http.put(
            "/v1/documents/mars.txt?wait=true",
            json={"text": MARS},
            headers={"Authorization": "Bearer sesame"},
        )
        assert put.status_code == 201
        token, key = new_key("a page", Scope.ASK, KeyOptions())
        app.state.runtime.keyring.add(key)
        asked = loccit(
            tmp_path,
            "chat",
            "--server",
            str(http.base_url),
            "--key",
            token,
            stdin="Which moons has Mars?\n1\n",
        )
    assert asked.stderr == ""
    assert "These words stand there today." in asked.stdout


def test_what_a_model_wrote_and_no_document_says_is_marked(tmp_path: Path) -> None:
    with (
        stand_in("Mars has three moons, Phobos and Deimos [1].") as model,
        Library(tmp_path / "served", embedder=WordEmbedder()) as library,
        live(app_of(library, writer_url=model.url, writer_model="small")) as http,
    ):
        http.put("/v1/documents/mars.txt?wait=true", json={"text": MARS})
        done = loccit(tmp_path, "chat", "--server", str(http.base_url), stdin="Which moons has Mars?\n")
    assert "Mars has three moons, Phobos and Deimos [1]." in done.stdout
    (marked,) = [line for line in done.stdout.splitlines() if line.startswith("contradicted  ")]
    assert "'three' in the answer, 'two' in the source" in marked


def test_what_could_not_be_checked_is_told_in_a_conversation(tmp_path: Path) -> None:
    with (
        stand_in("Mars has two moons, Phobos and", finish="length") as model,
        Library(tmp_path / "served", embedder=WordEmbedder()) as library,
        live(app_of(library, writer_url=model.url, writer_model="small")) as http,
    ):
        http.put("/v1/documents/mars.txt?wait=true", json={"text": MARS})
        done = loccit(tmp_path, "chat", "--server", str(http.base_url), stdin="Which moons has Mars?\n")
    assert "unchecked  Mars has two moons, Phobos and: The text breaks off" in done.stdout


def test_what_no_request_can_carry_is_one_error(tmp_path: Path) -> None:
    server = ("--server", "http://127.0.0.1:1")
    for command in (
        ("list", *server, "--key", "schlüssel"),
        ("delete", "../collections/default", "--yes", *server),
        ("diff", "../a.txt", "1", *server),
        ("list", "--server", "http://[::1"),
    ):
        assert "error (invalid_argument)" in loccit(tmp_path, *command, status=1).stderr


def test_a_key_is_sent(tmp_path: Path) -> None:
    with (
        Library(tmp_path / "served", embedder=WordEmbedder()) as library,
        live(app_of(library, api_key="sesame")) as http,
    ):
        url = str(http.base_url)
        refused = loccit(tmp_path, "list", "--server", url, status=1)
        assert "(unauthorized)" in refused.stderr
        assert loccit(tmp_path, "list", "--server", url, "--key", "sesame", "--json").stdout == "[]\n"
        assert loccit(tmp_path, "list", "--json", LOCCIT_URL=url, LOCCIT_KEY="sesame").stdout == "[]\n"


def test_a_service_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = loccit(tmp_path, "list", "--server", "http://127.0.0.1:1", status=1)
    assert "(connection_failed)" in done.stderr
    assert "Is the service running there?" in done.stderr
    assert "(invalid_url)" in loccit(tmp_path, "list", "--server", "localhost:8000", status=1).stderr
    both = loccit(tmp_path, "ask", "Who?", "--server", "http://127.0.0.1:1", "--data", "d", status=2)
    assert "--data or --server" in both.stderr


def test_variables_of_commands_are_no_misspelt_settings(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loccit(tmp_path, "ingest", str(folder), LOCCIT_PASSWORD="", LOCCIT_KEY="k", LOCCIT_URL="")
    assert lines(caplog) == []


@pytest.mark.processes
def test_commands_that_speak_to_a_service_load_no_model_and_no_index(
    tmp_path: Path, folder: Path, filled: str
) -> None:
    script = f"""
import sys
sys.path.insert(0, {str(ROOT / "clients" / "python" / "src")!r})
sys.modules.update(dict.fromkeys({HEAVY!r}))  # none of them can be imported
from cli.main import app
app(sys.argv[1:], standalone_mode=False)
assert not {{"index.library", "index.collection", "service.settings"}} & sys.modules.keys()
"""
    for arguments in (
        ["ask", "moons of Mars"],
        ["verify", MARS],
        ["ingest", str(folder)],
        ["list"],
        ["changes"],
        ["evidence", "ask", "moons of Mars"],
        ["evidence", "keys"],
        ["delete", "mars.txt"],
    ):
        process(tmp_path, "-c", script, *arguments, LOCCIT_URL=filled)


@pytest.mark.processes
def test_without_its_package_a_command_says_what_to_install(tmp_path: Path) -> None:
    script = BLOCK.format(blocked={"loccit_client"}) + "from cli.main import main; main()"
    done = process(tmp_path, "-c", script, "list", "--server", "http://127.0.0.1:1", status=1)
    assert "error (client_missing)" in done.stderr
    assert "pip install clients/python" in done.stderr
    assert "[]" in process(tmp_path, "-c", script, "list", "--json").stdout


def test_the_words_of_options_are_those_of_the_library() -> None:
    assert get_args(instances.Extent) == get_args(answers.Extent)
    assert get_args(instances.NearDuplicates) == get_args(answers.NearDuplicates)
    assert set(get_args(instances.Format)) == set(FORMATS)
