"""Everything of an instance goes to another store, and back."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from signal import SIGKILL
from threading import Event
from typing import Any

import psycopg
import pytest

from index.ingest.preparation import Source
from index.postgresql import Compatible, Server, migrate
from index.store.postgresql.schema import COLLECTION
from service.settings import Settings
from service.state.jobs import postgresql as jobs
from service.state.library import open_library
from tests.cli.commands import loccit, process
from tests.crash.fault_points import Point
from tests.index.embedding.tiny import tiny_model
from tests.objects import BUCKET, objects_url
from tests.patience import PATIENCE
from tests.postgresql import PASSWORD
from tests.sizes import FULL

TEXTS = {
    "moons.md": "# Moons\n\nMars has two moons, Phobos and Deimos. Both of them are small and dark.\n",
    "rings.md": "# Rings\n\nSaturn has rings that are made of ice. They are only some metres thick.\n",
    "winds.md": "# Winds\n\nNeptune has the fastest winds of all planets. Storms last there for years.\n",
}


class Instance:
    """A data folder with every kind of data, and commands on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        folder.mkdir()
        with open_library(Settings(data=self.data, model="words")) as library:
            collection = library.open("default", create=True)
            for name, text in TEXTS.items():
                collection.put(Source(name, text.encode(), metadata={"words": len(text.split())}))
            collection.embed_pending()
            collection.put(Source("moons.md", (TEXTS["moons.md"] + "\nPhobos comes closer.").encode()))
            collection.put(Source("gone.md", b"Pluto was called a planet. It is one no more."))
            collection.put(Source("erased.md", b"Nobody must read this sentence any more."))
            collection.embed_pending()
            collection.editor.delete("erased.md")
            collection.editor.retire(["gone.md"])
            library.open("empty", create=True)
        self.key = json.loads(loccit(folder, "keys", "create", "operator", "--json").stdout)

    def run(self, *arguments: str, status: int = 0, **settings: str) -> str:
        done = loccit(self.folder, *arguments, status=status, **settings)
        assert PASSWORD not in done.stdout + done.stderr
        return done.stdout

    def migrate(self, *arguments: str, status: int = 0, **settings: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.run("migrate", *arguments, "--json", status=status, **settings)
        )
        return found

    def exported(self, path: Path, store: str = "", **settings: str) -> bytes:
        self.run("export", str(path), LOCCIT_STORE=store, **settings)
        return path.read_bytes()


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path / "one")


def test_there_and_back(instance: Instance, postgresql_url: str, tmp_path: Path) -> None:
    back = tmp_path / "back" / "data"
    there = instance.migrate("--to", postgresql_url)
    assert there["is_same"]
    found = {one["name"]: one for one in there["collections"]}
    assert found["default"]["documents"] == 4
    assert found["default"]["questions"] > 0
    assert found["default"]["originals"] > 0
    in_database = {"LOCCIT_STORE": postgresql_url}
    assert instance.migrate("--to", str(back), **in_database)["is_same"]
    contents = set()
    for number, settings in enumerate((in_database, {}, {"LOCCIT_DATA": str(back)})):
        contents.add(
            instance.exported(
                tmp_path / str(number),
                settings.get("LOCCIT_STORE", ""),
                **{name: value for name, value in settings.items() if name != "LOCCIT_STORE"},
            )
        )
        assert "operator" in instance.run("keys", "list", **settings)
    assert len(contents) == 1
    assert "No problems" in instance.run("check", LOCCIT_DATA=str(back))


def test_tables_of_a_later_version_are_written_to_and_checked_but_not_copied_from(
    instance: Instance, postgresql_url: str, tmp_path: Path
) -> None:
    fast, in_database = ("--questions", "0"), {"LOCCIT_STORE": postgresql_url}
    instance.migrate("--to", postgresql_url, *fast)
    with closing(Server(postgresql_url)) as later:
        column = "ADD COLUMN later text NOT NULL DEFAULT 'none'"
        for schema, component, migrations, table in (
            ("collection_1", "record", COLLECTION, "documents"),
            ("loccit_service", "jobs", jobs.migrations(), "jobs"),
        ):
            change = Compatible(f"ALTER TABLE {table} {column}")
            migrate(later, schema, component, (*migrations, change))
    with open_library(Settings(data=instance.data, model="words")) as library:
        library.open("default").put(Source("tides.md", b"The moon makes the tides."))
    again = instance.migrate("--to", postgresql_url, *fast)
    assert again["is_same"]
    assert {one["documents"] for one in again["collections"]} == {0, 5}
    assert "No problems" in instance.run("check", **in_database)
    back = loccit(instance.folder, "migrate", "--to", str(tmp_path / "back"), status=1, **in_database)
    assert "it would leave out what came later" in " ".join(back.stderr.split())


def test_originals_that_no_other_machine_has_are_told(
    instance: Instance, postgresql_url: str, tmp_path: Path
) -> None:
    options = ("migrate", "--to", postgresql_url, "--questions", "0")
    assert "Originals go into the data folder" in instance.run(*options, "--dry-run")
    assert "originals are in the data folder" in instance.run(*options)
    shared = instance.run("migrate", "--to", str(tmp_path / "other"), "--questions", "0")
    assert "originals are in the data folder" not in shared


@pytest.mark.parametrize("deleted", ["the source", "the target"])
def test_either_can_be_deleted_where_both_have_one_place_for_originals(
    instance: Instance, postgresql_url: str, tmp_path: Path, deleted: str
) -> None:
    place = {"LOCCIT_OBJECTS": (tmp_path / "objects").as_uri()}
    written = tmp_path / "late.md"
    written.write_text("# Late\n\nThe original of this text goes to the place for originals.\n")
    instance.run("ingest", str(written), **place)
    source, target = {}, {"LOCCIT_STORE": postgresql_url}
    for _ in range(2):  # the second time nothing is left to copy
        assert instance.migrate("--to", postgresql_url, **place)["is_same"]
    gone, kept = (source, target) if deleted == "the source" else (target, source)
    instance.run("delete", "--collection", "default", "--all", "--yes", **gone, **place)
    assert "No problems" in instance.run("check", **kept, **place)


@pytest.mark.parametrize(("option", "other"), [("--from", "--to"), ("--to", "--from")])
@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.0.0.1:1?sslmod=require"])
def test_what_is_wrong_with_an_address_names_the_option_that_has_it(
    tmp_path: Path, option: str, other: str, host: str
) -> None:
    (tmp_path / "data").mkdir()
    address = f"postgresql://loccit:{PASSWORD}@{host.replace('?', '/loccit?')}"
    done = loccit(tmp_path, "migrate", option, address, other, str(tmp_path / "data"), status=1)
    assert f"of {option}" in done.stderr or f"{option} has" in done.stderr
    assert PASSWORD not in done.stderr


def test_what_is_written_meanwhile_is_moved_the_next_time(
    instance: Instance, postgresql_url: str, tmp_path: Path
) -> None:
    with open_library(Settings(data=instance.data, model="words")) as library:
        collection = library.open("default")
        written = Event()

        def write() -> None:
            for number in range(25):
                collection.put(
                    Source(f"{number}.txt", f"The document {number} came while others go.".encode())
                )
                written.set()
            collection.editor.delete("3.txt")
            collection.embed_pending()

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            written.wait(PATIENCE)
            first = instance.migrate("--to", postgresql_url, "--questions", "0")
            writing.result()
    assert first["is_same"]
    again = instance.migrate("--to", postgresql_url)
    assert again["is_same"]
    (found,) = (one for one in again["collections"] if one["name"] == "default")
    assert found["documents"] == 4 + 24
    assert found["questions"] > 0
    contents = [instance.exported(tmp_path / "a"), instance.exported(tmp_path / "b", postgresql_url)]
    assert contents[0] == contents[1]


POINTS = [
    Point("return", "index.store.sql.copying.target:SqlTarget.put_documents"),
    Point("return", "index.copying.record_copy:RecordCopy._next_names"),
    Point("return", "index.store.sql.copying.target:SqlTarget.finish"),
    Point("call", "service.flows.upkeep.migration.migration:CollectionMove._copy_calibration"),
    Point("return", "service.flows.upkeep.migration.beside:_replace_rows"),
    Point("return", "index.store.postgresql.catalogue:PostgresqlCatalogue.publish"),
]
_KILLED = """
from cli.main import main
from tests.crash.fault_points import Point, kill_at
kill_at(Point({when!r}, {what!r}), time={time})
main()
"""


@pytest.mark.processes
def test_killed_and_started_again_it_goes_on(instance: Instance, postgresql_url: str, tmp_path: Path) -> None:
    command = ("migrate", "--to", postgresql_url, "--questions", "0")
    for point in POINTS if FULL else [POINTS[2], POINTS[4]]:
        code = _KILLED.format(when=point.when, what=point.what, time=1)
        process(instance.folder, "-c", code, *command, status=-SIGKILL)
        if point != POINTS[-1]:
            assert "default" not in instance.run("list", LOCCIT_STORE=postgresql_url)
    assert instance.migrate(*command[1:])["is_same"]
    contents = [instance.exported(tmp_path / "a"), instance.exported(tmp_path / "b", postgresql_url)]
    assert contents[0] == contents[1]


def test_a_target_that_was_tampered_with_is_found(instance: Instance, postgresql_url: str) -> None:
    instance.migrate("--to", postgresql_url, "--questions", "0")
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("UPDATE collection_1.embeddings SET vector = set_byte(vector, 0, 77)")
    again = instance.migrate("--to", postgresql_url, status=1)
    assert not again["is_same"]
    found = {one["place"].split()[0] for one in again["collections"][0]["differences"]}
    assert "embeddings" in found
    assert "different default: embeddings" in instance.run("migrate", "--to", postgresql_url, status=1)


def test_a_dry_run_changes_nothing(instance: Instance, postgresql_url: str) -> None:
    planned = instance.migrate("--to", postgresql_url, "--dry-run")
    assert planned["beside"]["keys"] == 1
    (default, empty) = planned["collections"]
    assert (default["name"], default["documents"], default["state"]) == ("default", 4, "new")
    assert empty["documents"] == 0
    assert default["bytes"] > 0
    assert "default" not in instance.run("list", LOCCIT_STORE=postgresql_url)
    assert "default: 4 documents" in instance.run("migrate", "--to", postgresql_url, "--dry-run")


@pytest.mark.parametrize("options", [("--dry-run",), ("--questions", "0")])
def test_objects_that_cannot_be_used_are_told_before_anything_is_moved(
    instance: Instance, postgresql_url: str, options: tuple[str, ...]
) -> None:
    command = ("migrate", "--to", postgresql_url, *options)
    url = objects_url()
    wrong = {"LOCCIT_OBJECTS": url, "AWS_SECRET_ACCESS_KEY": "wrong"}
    missing = {"LOCCIT_OBJECTS": url.replace(f"s3://{BUCKET}/", "s3://no-such-bucket/")}
    for settings in (wrong, missing):
        told = loccit(instance.folder, *command, status=1, **settings).stderr
        assert "(objects_unavailable)" in told
    assert "no-such-bucket" in told
    with psycopg.connect(postgresql_url) as connection:
        made = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'collection_1'").fetchone()
    assert made is None
    assert "default: 4" in instance.run("migrate", *command[1:3], "--dry-run", LOCCIT_OBJECTS=objects_url())


def models_in(*folders: Path) -> list[Path]:
    """Those of the data folders that have converted models."""
    return [one for one in folders if (one / "models").exists()]


@pytest.mark.model
def test_a_model_is_converted_where_it_is_needed_next(tmp_path: Path) -> None:
    model = {"LOCCIT_MODEL": str(tiny_model(tmp_path / "tiny")), "LOCCIT_CHUNK_OVERLAP_TOKENS": "4"}
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("the lamp was lit . the dog was lit . a lamp was the sea .")
    loccit(tmp_path, "ingest", str(tmp_path / "docs"), **model)
    data, own, one, two = (tmp_path / name for name in ("data", "own", "one", "two"))
    settings = {"LOCCIT_DATA": str(own), **model}
    told = loccit(tmp_path, "migrate", "--from", str(data), "--to", str(one), "--json", **settings).stdout
    assert json.loads(told)["collections"][0]["questions"] > 0
    assert models_in(data, own, one) == [data]
    shutil.rmtree(data / "models")
    loccit(tmp_path, "migrate", "--from", str(data), "--to", str(two), **settings)
    assert models_in(data, own, two) == [two]


def test_other_targets_are_refused(instance: Instance, postgresql_url: str, tmp_path: Path) -> None:
    other = Instance(tmp_path / "other")
    there = str(other.data)
    refused = loccit(instance.folder, "migrate", "--to", there, status=1)
    assert "(store_in_use)" in refused.stderr
    same = loccit(instance.folder, "migrate", "--to", str(instance.data), status=1)
    assert "(same_store)" in same.stderr
    instance.migrate("--to", postgresql_url, "--questions", "0")
    instance.run("delete", "rings.md", "--yes", LOCCIT_STORE=postgresql_url)
    refused = loccit(instance.folder, "migrate", "--to", postgresql_url, status=1)
    assert "(store_in_use)" in refused.stderr
    assert PASSWORD not in refused.stderr
    missing = loccit(instance.folder, "migrate", "--from", str(tmp_path / "none"), "--to", there, status=1)
    assert "(no_data)" in missing.stderr
    wrong = loccit(instance.folder, "migrate", "--to", f"mysql://a:{PASSWORD}@b/c", status=1)
    assert "(invalid_request)" in wrong.stderr
    assert PASSWORD not in wrong.stderr
