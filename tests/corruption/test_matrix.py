"""Damage to every file of a collection is refused with what to do, or repaired and logged, never silent."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from index.collection import Collection
from index.config import LibraryConfig, VectorsConfig
from index.embedding import WordEmbedder
from index.errors import LoccitError
from index.ingest.preparation import Source
from tests.corruption.damages import Damage, drawn
from tests.log_lines import lines
from tests.opening import collection_in
from tests.patience import eventually
from tests.sizes import FULL

DOCUMENTS, QUESTIONS, DAMAGES = (4000, 60, 200) if FULL else (12, 12, 24)
SENTENCES = 25
"""Of a document, which make some five passages."""
CONFIG = LibraryConfig(vectors=VectorsConfig(kind="flat", threads=1))
STORE = "store.sqlite"
NOT_COVERED = {
    "documents": {"source", "media_type", "metadata", "given", "created", "updated"},
    "versions": {"title", "source_sha256", "reader", "created", "replaced", "layout"},
    "passages": {"section", "first_page", "last_page", "tokens"},
    "aliases": {"id", "document"},
    "names": {"document_id", "digits", "text_sha256", "version"},
    "attributes": {"key", "kind", "value", "document"},
    "events": {"change", "document_id", "kind", "was", "version", "created"},
    "erased": {"document", "document_id", "version", "added", "removed"},
    "removals": {"change", "passage"},
    "changes": {"token"},
    "meta": {"value"},
    "originals": {"size"},
    "sqlite_sequence": {"seq"},
}
"""Columns of the record that no hash covers (docs/index-format.md): their damage may be silent."""

Answers = list[list[tuple[str, str, float]]]


def text_of(number: int, edition: int) -> str:
    words = ["amber", "basalt", "cobalt", "dolomite", "emerald", "feldspar", "garnet", "hematite"]
    lines = [
        f"Sample {number}.{line} of edition {edition} holds {words[(number + line) % 8]} "
        f"and {words[(number * line) % 8]} from shaft {number * 31 % 97}."
        for line in range(SENTENCES)
    ]
    return f"# Report {number}\n\n" + "\n\n".join(
        " ".join(lines[at : at + 5]) for at in range(0, SENTENCES, 5)
    )


def questions() -> list[str]:
    return [f"What does sample {7 * number % DOCUMENTS}.{number % 9} hold?" for number in range(QUESTIONS)]


def put(collection: Collection, numbers: range, edition: int) -> None:
    collection.put_many([Source(f"{number}.md", text_of(number, edition).encode()) for number in numbers])


def asked(collection: Collection) -> Answers:
    return [
        [(hit.citation.locator, hit.text, hit.score) for hit in collection.ask(question).hits]
        for question in questions()
    ]


def opened(folder: Path) -> Collection:
    return collection_in(folder, embedder=WordEmbedder(), config=CONFIG)


def settle(collection: Collection) -> None:
    """Wait until what has failed is repaired and every passage has its vector."""
    eventually(lambda: not collection.failures, seconds=300)
    while collection.state.embedded < 1:
        collection.embed_pending()
    eventually(lambda: not collection.failures, seconds=300)


@dataclass(frozen=True, slots=True)
class Pristine:
    """A collection's folder, the folder as it was earlier, and what both answer."""

    folder: Path
    older: Path
    answers: Answers
    answers_of_older: Answers


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Pristine:
    base = tmp_path_factory.mktemp("corruption")
    folder, older = base / "default", base / "older"
    first = 3 * DOCUMENTS // 4
    with opened(folder) as collection:
        put(collection, range(first), 1)
        put(collection, range(0, first, 3), 2)
        collection.editor.delete("1.md")
        settle(collection)
    # So that no segment has removed passages.
    for name in ("lexical", "vectors"):
        shutil.rmtree(folder / name, ignore_errors=True)
    with opened(folder) as collection:
        collection._engine.dense.compact()
        before = asked(collection)
    shutil.copytree(folder, older)
    with opened(folder) as collection:
        put(collection, range(first, DOCUMENTS), 1)
        settle(collection)
        collection._engine.dense.compact()
        after = asked(collection)
    return Pristine(folder, older, after, before)


def assert_tells_what_to_do(error: LoccitError) -> None:
    assert any(words in error.message for words in ("estore", "elete", "uilt with", "gain")), error.message


def rows_of(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The content of a record: the rows of each table."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        connection.text_factory = bytes
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            (table := name.decode()): [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
            for (name,) in names
        }


def assert_is_harmless(path: Path, whole: Path) -> None:
    """The damage is in unused space, or in columns that nothing covers."""
    found, expected = rows_of(path), rows_of(whole)
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert len(found[table]) == len(rows), table
        for one, other in zip(found[table], rows, strict=True):
            differing = {column for column, value in other.items() if one[column] != value}
            assert differing <= NOT_COVERED.get(table, set()), (table, differing)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "loccit")
    return caplog


def judged(damage: Damage, folder: Path, pristine: Pristine, log: pytest.LogCaptureFixture) -> str:
    """What became of a damage: refused, repaired, found by a check, or harmless. Fails if it was silent."""
    try:
        with opened(folder) as collection:
            asked(collection)  # may find what opening did not
            settle(collection)
            answers = asked(collection)
            for document in collection.archive.documents(limit=10**6):
                for version in collection.archive.versions(document.id):
                    collection.archive.original(document.id, version.number)[1].close()
            problems = [*collection._engine.check(), *collection._store.problems(256)]
    except LoccitError as error:
        assert_tells_what_to_do(error)
        return "refused"
    if problems:
        assert damage.file == STORE, problems
        return "found by a check"
    expected = pristine.answers
    if damage.file == STORE and damage.kind == "older":
        expected = pristine.answers_of_older
    assert answers == expected
    if lines(log):
        return "repaired"
    if damage.file == STORE:
        assert_is_harmless(folder / STORE, pristine.folder / STORE)
        return "harmless"
    if damage.file.startswith("vectors/base-"):
        # Files of the base before stay until the next one, for processes that still read them.
        assert Path(damage.file).name not in (folder / "vectors" / "manifest.json").read_text()
        return "harmless"
    if damage.file == "collection.json":
        whole = json.loads((pristine.folder / damage.file).read_text())
        assert json.loads((folder / damage.file).read_text()) == whole
        return "harmless"
    pytest.fail("it was silent")


def test_without_damage_nothing_is_logged(
    pristine: Pristine, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    for whole, answers in ((pristine.folder, pristine.answers), (pristine.older, pristine.answers_of_older)):
        folder = tmp_path / whole.name
        shutil.copytree(whole, folder)
        with opened(folder) as collection:
            assert asked(collection) == answers
        assert lines(log) == []


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
def test_no_damage_is_silent(pristine: Pristine, tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    results: dict[str, list[str]] = {}
    for number, damage in enumerate(drawn(pristine.folder, pristine.older, DAMAGES, often=STORE)):
        folder = tmp_path / str(number) / "default"
        shutil.copytree(pristine.folder, folder)
        log.clear()
        if not damage.apply(folder, pristine.older):
            continue
        try:
            result = judged(damage, folder, pristine, log)
        except BaseException as error:
            error.add_note(f"{damage}; log: {lines(log)}")
            raise
        results.setdefault(result, []).append(str(damage))
        shutil.rmtree(folder)
    assert {"refused", "repaired"} <= results.keys()
    for result, those in sorted(results.items()):
        print(f"{result}: {len(those)}")  # noqa: T201 -- what a full run reports
