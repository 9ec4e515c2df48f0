from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from service.faces.api.schemas.evidence import EvidencePack
from service.flows.evidence_packs.documents import carried
from service.flows.evidence_packs.pack import verify_pack
from tests.cli.commands import loccit
from tests.service.flows.evidence_packs.made import quote, signer
from tests.service.http_service import app_of, assert_shape, live

MARS = "Mars has two moons, Phobos and Deimos."
QUESTION = "Which moons has Mars?"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "mars.txt").write_text(MARS)
    loccit(tmp_path, "ingest", str(tmp_path / "docs"))
    return tmp_path


@pytest.fixture
def url(home: Path) -> Iterator[str]:
    """A service with the same document in a data folder of its own."""
    with Library(home / "served", embedder=WordEmbedder()) as library, live(app_of(library)) as http:
        address = str(http.base_url).rstrip("/")
        loccit(home, "ingest", str(home / "docs"), "--server", address)
        yield address


def signed(home: Path, *options: str, name: str = "pack.json", command: str = "ask") -> tuple[Path, Any]:
    file = home / name
    words = QUESTION if command == "ask" else "Mars has three moons, Phobos and Deimos."
    done = loccit(home, "evidence", command, words, "--out", str(file), *options)
    assert f"Wrote {file}" in done.stderr
    pack = json.loads(file.read_text())
    assert_shape(EvidencePack, pack)
    return file, pack


def key_of(pack: Any) -> str:
    return str(pack["evidence"]["key"]["public_key"])


def test_an_answer_is_signed_and_verified_without_any_data(home: Path) -> None:
    file, pack = signed(home)
    assert pack["evidence"]["answer"]["question"] == QUESTION
    assert MARS in [one["quote"] for one in pack["evidence"]["quotes"]]
    shutil.rmtree(home / "data")
    done = loccit(home, "evidence", "verify", str(file))
    assert not (home / "data").exists()
    assert done.stdout.count("holds ") == 2
    assert "unknown" in done.stdout
    assert QUESTION in done.stdout
    assert key_of(pack) in done.stdout


def test_a_text_is_signed_with_its_verdicts(home: Path) -> None:
    _, answer = signed(home)
    cited = answer["evidence"]["quotes"][0]["locator"]
    _, pack = signed(home, "--cites", cited, name="checked.json", command="check")
    verification = pack["evidence"]["verification"]
    assert (verification["text"], verification["cited"]) == (
        "Mars has three moons, Phobos and Deimos.",
        [cited],
    )
    (sentence,) = verification["answer"]["sentences"]
    assert sentence["verdict"]["status"] == "contradicted"
    piped = loccit(home, "evidence", "check", stdin="Mars has three moons, Phobos and Deimos.").stdout
    assert verify_pack(piped.encode()).holds


def test_a_service_and_a_folder_sign_the_same(home: Path, url: str) -> None:
    for command in ("ask", "check"):
        (_, here), (_, there) = (
            signed(home, *options, name=f"{command}{len(options)}.json", command=command)
            for options in ((), ("--server", url))
        )
        assert key_of(here) != key_of(there)
        for pack in (here, there):
            for name in ("created", "key"):
                del pack["evidence"][name]
        assert here["evidence"] == there["evidence"]


@pytest.mark.parametrize("change", [("Phobos", "Europa"), ('"signature": "', '"signature": "0')])
def test_a_changed_file_fails(home: Path, change: tuple[str, str]) -> None:
    file, _ = signed(home)
    file.write_text(file.read_text().replace(*change))
    done = loccit(home, "evidence", "verify", str(file), status=1)
    assert "failed" in done.stdout
    assert "holds" not in done.stdout
    told = json.loads(loccit(home, "evidence", "verify", str(file), "--json", status=1).stdout)
    assert (told["holds"], told["evidence"]) == (False, None)


def test_a_pack_of_another_key_is_refused_where_a_key_is_given(home: Path, url: str) -> None:
    file, pack = signed(home)
    own = ("--data", str(home / "data"))
    for options in (("--public-key", key_of(pack)), ("--public-key", key_of(pack), *own), own):
        assert "unknown" not in loccit(home, "evidence", "verify", str(file), *options).stdout
    for options in (("--public-key", "00" * 32), ("--server", url), ("--public-key", "00" * 32, *own)):
        done = loccit(home, "evidence", "verify", str(file), *options, status=1)
        assert "Another key has signed" in done.stdout
    stranger, _ = signed(home, "--server", url, name="stranger.json")
    assert loccit(home, "evidence", "verify", str(stranger), "--server", url).stdout.count("holds ") == 4


def test_quotes_that_were_erased_since_are_named(home: Path) -> None:
    file, pack = signed(home)
    loccit(home, "delete", "mars.txt", "--yes")
    assert loccit(home, "evidence", "verify", str(file)).stdout.count("holds ") == 2
    done = loccit(home, "evidence", "verify", str(file), "--data", str(home / "data"), status=1)
    assert f"{pack['evidence']['quotes'][0]['locator']}: citation_not_found" in done.stdout


def test_invented_words_of_a_stored_document_are_named(home: Path) -> None:
    words = MARS.replace("Phobos", "Europa")
    lie = {**quote(MARS, 0, len(MARS), "mars.txt"), "quote": words}
    lie["quote_sha256"] = sha256(words.encode()).hexdigest()
    file = home / "invented.json"
    file.write_text(json.dumps(signer().sign({"collection": "default", "quotes": [lie]})))
    loccit(home, "evidence", "verify", str(file))
    done = loccit(home, "evidence", "verify", str(file), "--data", str(home / "data"), status=1)
    assert f"{lie['locator']}: other words stand there" in done.stdout


def test_packs_of_a_rotated_key_still_verify(home: Path) -> None:
    file, pack = signed(home)
    made = loccit(home, "evidence", "rotate").stdout.strip()
    _, later = signed(home, name="later.json")
    assert key_of(later) == made != key_of(pack)
    old, new = json.loads(loccit(home, "evidence", "keys", "--json").stdout)["keys"]
    assert (old["public_key"], new["public_key"], new["retired"]) == (key_of(pack), made, None)
    assert old["retired"] == new["created"]
    assert "in use" in loccit(home, "evidence", "keys").stdout.splitlines()[1]
    loccit(home, "evidence", "verify", str(file), "--data", str(home / "data"))
    last = json.loads((home / "data" / "audit.jsonl").read_text().splitlines()[-1])
    assert (last["command"], last["of"]) == ("evidence rotate", new["id"])


def test_a_file_is_never_written_over(home: Path) -> None:
    file, pack = signed(home)
    assert "exists already" in loccit(home, "evidence", "ask", "Who?", "--out", str(file), status=2).stderr
    assert json.loads(file.read_text()) == pack


def test_a_file_cannot_write_on_the_terminal_what_it_likes(tmp_path: Path) -> None:
    said = "Who?\n\x1b[2Jholds      everything \u009b \u202e"
    packs = [
        {"answer": {"question": said}, "collection": said, "loccit": said, "quotes": []},
        {"answer": [said], "collection": {said: 1}, "verification": said, "quotes": []},
    ]
    for content in packs:
        file = tmp_path / "pack.json"
        file.write_text(json.dumps(signer().sign(content)))
        done = loccit(tmp_path, "evidence", "verify", str(file))
        assert all(line.isprintable() for line in done.stdout.splitlines())
        assert done.stdout.count("\nholds") == 1


@pytest.mark.parametrize("name", ["answer.docx", "answer.html"])
def test_a_document_is_verified_with_all_that_it_shows(home: Path, name: str) -> None:
    file = home / name
    loccit(home, "evidence", "ask", QUESTION, "--out", str(file))
    assert loccit(home, "evidence", "verify", str(file)).stdout.count("holds ") == 3
    pack = home / "again.json"
    loccit(home, "evidence", "convert", str(file), "--out", str(pack))
    assert json.loads(pack.read_text())["evidence"]["answer"]["question"] == QUESTION
    again = home / f"again{file.suffix}"
    loccit(home, "evidence", "convert", str(pack), "--out", str(again))
    assert carried(again.read_bytes()) == carried(file.read_bytes())
    again.write_bytes(with_other_words(file))
    done = loccit(home, "evidence", "verify", str(again), status=1)
    assert "may not be what was signed" in done.stdout
    assert done.stdout.count("holds ") == 2


def with_other_words(file: Path) -> bytes:
    """A document that shows other words than it carries."""
    if file.suffix == ".html":
        return file.read_bytes().replace(b"Phobos", b"Europa", 1)
    out = io.BytesIO()
    with ZipFile(file) as old, ZipFile(out, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            is_shown = part == "word/document.xml"
            new.writestr(part, content.replace(b"Phobos", b"Europa") if is_shown else content)
    return out.getvalue()


def test_what_is_not_as_it_was_signed_is_not_converted(home: Path) -> None:
    file, _ = signed(home)
    file.write_text(file.read_text().replace("Phobos", "Europa"))
    done = loccit(home, "evidence", "convert", str(file), "--out", str(home / "new.docx"), status=1)
    assert "not as it was signed" in done.stderr
    assert not (home / "new.docx").exists()
