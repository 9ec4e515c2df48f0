"""A restored copy of a database beside the original, both with the same place for originals and uploads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import ObjectsOfAnother, StoreDamaged
from index.library import Library
from service.flows.ingest.background.purging import open_purger
from service.flows.upkeep import Adoption, check
from service.flows.upkeep.errors import NothingShared
from service.state.files import CONTENTS
from service.state.jobs import open_job_store, open_spool
from service.state.jobs.records import NewItem
from tests.postgresql import copy_of, database
from tests.service.flows.upkeep.conftest import put
from tests.service.flows.upkeep.test_objects import MOONS, RINGS, Place, original, sha
from tests.service.state.jobs.spooling import spool_file
from tests.sizes import variants

pytestmark = pytest.mark.processes

LATER = "Neptune is windy."


class Service:
    """A data folder beside a database, and the place that both services use."""

    def __init__(self, data: Path, url: str, place: Place) -> None:
        self.data = data
        self.config = LibraryConfig(store=SecretStr(url), objects=place.url)

    def library(self) -> Library:
        return Library(self.data, embedder=WordEmbedder(), config=self.config)

    def delete(self, library: Library, name: str) -> str:
        """Erase a document; returns how far its purge came."""
        library.open("notes").editor.delete(name)
        with open_purger(library) as purger:
            return purger.finish(library.open("notes"), seconds=0)

    def adoption(self) -> Adoption:
        return Adoption(self.data, self.config)

    def codes(self) -> list[str]:
        return [one.problem.code for one in check(self.data, self.config)]


@pytest.fixture(params=variants("bucket", "folder"))
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    from tests.objects import objects_url

    return Place(objects_url() if request.param == "bucket" else f"file://{tmp_path / 'shared'}")


@pytest.fixture
def production(tmp_path: Path, place: Place) -> Iterator[Service]:
    with database() as url:
        service = Service(tmp_path / "production", url, place)
        with service.library() as library:
            put(library, "mars.txt", MOONS)
            put(library, "saturn.txt", RINGS)
            with closing(open_job_store(service.data, store=url)) as jobs:
                spool = open_spool(service.data, store=url, objects=place.url)
                name, size = spool_file(spool, "job", 1, b"waits")
                jobs.add("job", "notes", [NewItem("file", "waits.txt", name, size)])
            assert library.open("notes").purging.claim()
        yield service


@pytest.fixture
def copy(tmp_path: Path, production: Service, place: Place) -> Iterator[Service]:
    with copy_of(production.config.store_url) as url:
        yield Service(tmp_path / "copy", url, place)


def test_a_copy_deletes_nothing_of_the_original(production: Service, copy: Service, place: Place) -> None:
    with production.library() as library:
        put(library, "neptune.txt", LATER)
        with copy.library() as copied:
            assert copy.delete(copied, "mars.txt") == "pending"
            with pytest.raises(ObjectsOfAnother, match="nothing is deleted there"):
                copied.open("notes").purging.sweep()
            clear_uploads(copy)
            copied.delete("notes")
        assert {sha(MOONS), sha(RINGS), sha(LATER)} <= place.names()
        assert original(library, "mars.txt") == MOONS.encode()
        assert has_upload(production)
        assert production.codes() == []
        assert production.delete(library, "mars.txt") == "done"
    assert sha(MOONS) not in place.names()


def test_a_copy_that_was_adopted_has_places_of_its_own(
    production: Service, copy: Service, place: Place
) -> None:
    assert set(copy.codes()) == {"objects_of_another"}
    done = copy.adoption().separate()
    assert (done.originals, done.missing) == (2, [])
    assert copy.codes() == []
    assert copy.adoption().separate().folders == []
    with production.library() as library, copy.library() as copied:
        put(copied, "neptune.txt", LATER)
        assert copy.delete(copied, "mars.txt") == "done"
        clear_uploads(copy)
        assert not has_upload(copy)
        assert original(copied, "saturn.txt") == RINGS.encode()
        assert original(library, "mars.txt") == MOONS.encode()
        assert production.delete(library, "saturn.txt") == "done"
        assert original(copied, "saturn.txt") == RINGS.encode()
    assert has_upload(production)
    assert production.codes() == []
    assert copy.codes() == ["upload_missing"]  # which was removed here, and only here


def test_a_copy_that_takes_over_is_the_one_that_deletes(
    production: Service, copy: Service, place: Place
) -> None:
    assert len(copy.adoption().take_over().folders) == 3
    assert copy.codes() == []
    with production.library() as library, copy.library() as copied:
        assert production.delete(library, "saturn.txt") == "pending"
        assert {sha(MOONS), sha(RINGS)} <= place.names()
        assert copy.delete(copied, "mars.txt") == "done"
    assert sha(MOONS) not in place.names()
    assert set(production.codes()) >= {"objects_of_another"}


def test_a_write_that_the_database_refuses_leaves_nothing_for_good(production: Service, place: Place) -> None:
    with psycopg.connect(production.config.store_url) as connection:
        connection.execute("ALTER TABLE collection_1.documents ADD CHECK (id <> 'refused.txt')")
    before = place.names()
    with production.library() as library:
        for number in range(3):
            with pytest.raises(StoreDamaged):
                put(library, "refused.txt", f"{LATER} {number}")
        assert len(place.names() - before) == 3
        found = list(check(production.data, production.config, idle_seconds=-60))
        assert [one.problem.code for one in found] == ["file_unused"]
        assert "3 files" in found[0].problem.message
        assert library.open("notes").purging.sweep(idle_seconds=-60) == 3
    assert place.names() == before
    assert list(check(production.data, production.config, idle_seconds=-60)) == []


def test_an_adoption_that_was_interrupted_goes_on(production: Service, copy: Service, place: Place) -> None:
    def interrupt(_: str, done: int, total: int) -> None:
        if done < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Adoption(copy.data, copy.config, interrupt).separate()
    copied = [path for path in place.names() if path == sha(MOONS)]
    assert copied
    assert copy.adoption().separate().missing == []
    assert copy.codes() == production.codes() == []


def test_only_a_database_can_be_adopted(data: Path, place: Place) -> None:
    with pytest.raises(NothingShared, match="loccit backup"):
        Adoption(data, LibraryConfig(objects=place.url))


def clear_uploads(service: Service) -> None:
    for folder in ("spool", CONTENTS):
        spool = open_spool(
            service.data, store=service.config.store_url, objects=service.config.objects, folder=folder
        )
        spool.clear("job")
        spool.clear_unknown(set(), idle_seconds=-60)


def has_upload(service: Service) -> bool:
    spool = open_spool(service.data, store=service.config.store_url, objects=service.config.objects)
    try:
        with spool.open("job", "000001") as file:
            return file.read() == b"waits"
    except FileNotFoundError:
        return False
