"""What was erased and revoked stays so when the database is brought back to an earlier state."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import LedgerFailed
from index.history import ErasedTags
from index.library import Library, open_ledger
from index.store import open_catalogue
from service.flows.upkeep import Adoption
from service.settings import load_settings
from service.state.identity import Scope, new_key, open_keyring
from tests.patience import eventually
from tests.postgresql import Pair, copy_of, database, dumped, pair, restore
from tests.service.flows.upkeep.conftest import put
from tests.service.flows.upkeep.test_adoption import place
from tests.service.flows.upkeep.test_objects import MOONS, RINGS, Place
from tests.service.http_service import served

pytestmark = pytest.mark.processes
__all__ = ["place"]

KEY = "an-operator-key-of-the-settings"


class Machine:
    """A data folder beside a database and the place that machines share, and the service of it."""

    def __init__(self, data: Path, url: str, place: Place) -> None:
        self.data = data
        self.url = url
        self.config = LibraryConfig(store=SecretStr(url), objects=place.url)

    def library(self) -> Library:
        return Library(self.data, embedder=WordEmbedder(), config=self.config)

    @contextmanager
    def service(self) -> Iterator[TestClient]:
        with self.library() as library, served(library, api_key=KEY) as client:
            client.headers["authorization"] = f"Bearer {KEY}"
            yield client


@pytest.fixture
def url() -> Iterator[str]:
    with database() as found:
        yield found


@pytest.fixture
def machine(tmp_path: Path, url: str, place: Place) -> Machine:
    found = Machine(tmp_path / "machine", url, place)
    with found.library() as library:
        fill(library)
    return found


def fill(library: Library) -> None:
    put(library, "mars.txt", MOONS)
    put(library, "saturn.txt", RINGS)
    put(library, "other.txt", "Venus is hot.", collection="drafts")


def documents(client: TestClient) -> list[str]:
    return [one["document_id"] for one in client.get("/v1/documents?collection=notes").json()["documents"]]


def collections(client: TestClient) -> list[str]:
    return [one["name"] for one in client.get("/v1/collections").json()["collections"]]


def test_what_was_erased_since_a_dump_is_erased_again_before_anything_is_served(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    dump = dumped(machine.url)
    with machine.service() as client:
        assert client.delete("/v1/documents/mars.txt?collection=notes").is_success
        assert client.delete("/v1/collections/drafts").is_success
    restore(machine.url, dump)
    with caplog.at_level(logging.WARNING), machine.service() as client:
        assert documents(client) == ["saturn.txt"]
        assert "drafts" not in collections(client)
    assert "Erased again: 1 versions of documents, 1 collections" in caplog.text
    caplog.clear()
    with machine.service() as client:  # the database has caught up
        assert documents(client) == ["saturn.txt"]
    assert "behind the ledger" not in caplog.text


_BUSY = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'somebody writes' USING ERRCODE = 'lock_not_available'; END $$;
CREATE TRIGGER refused BEFORE UPDATE ON loccit.collections EXECUTE FUNCTION refuse();
"""


def test_a_collection_that_could_not_be_deleted_is_never_deleted_by_a_ledger(
    machine: Machine, tmp_path: Path, place: Place
) -> None:
    dump = dumped(machine.url)
    with psycopg.connect(machine.url, autocommit=True) as connection, machine.service() as client:
        connection.execute(_BUSY)
        refused = client.delete("/v1/collections/drafts")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "collection_busy")
        connection.execute("DROP FUNCTION refuse CASCADE")
    with machine.service() as client:
        assert "drafts" in collections(client)
    restore(machine.url, dump)
    for one in (machine, Machine(tmp_path / "new", machine.url, place)):
        with one.service() as client:
            assert "drafts" in collections(client)
    with machine.service() as client:
        assert client.delete("/v1/collections/drafts").is_success
    restore(machine.url, dump)
    with Machine(tmp_path / "newer", machine.url, place).service() as client:
        assert "drafts" not in collections(client)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_deletion_that_was_cut_off_by_a_crash_is_erased_again_only_if_it_was_done(
    machine: Machine, tmp_path: Path, place: Place, is_deleted: bool
) -> None:
    dump = dumped(machine.url)
    with machine.library() as library:
        catalogue = open_catalogue(machine.data, library.config.store_url, objects=library.config.objects)
        with closing(catalogue.open("drafts")) as store:
            library.ledger.begin_collection(store.tag())
        if is_deleted:
            catalogue.delete("drafts")
        # and killed before the ledger learns of it
    other = Machine(tmp_path / "other", machine.url, place)
    with other.service() as client:
        eventually(lambda: bool(entered(other)) == is_deleted)
        assert ("drafts" not in collections(client)) == is_deleted
    restore(machine.url, dump)
    with machine.service() as client:
        assert ("drafts" not in collections(client)) == is_deleted


def entered(machine: Machine) -> frozenset[bytes]:
    """The collections that a machine itself has entered."""
    return (open_ledger(machine.data, machine.config).read() or ErasedTags()).collections


def test_a_machine_with_another_path_does_not_enter_its_ledger_again(
    machine: Machine, tmp_path: Path, place: Place
) -> None:
    with machine.service() as client:
        assert client.delete("/v1/documents/mars.txt?collection=notes").is_success
    with machine.service():
        pass
    machine.data.rename(tmp_path / "moved")  # as a container that is made anew finds its volume
    with Machine(tmp_path / "moved", machine.url, place).library() as library:
        assert library.ledger.undone() is None


def test_another_machine_knows_what_was_erased_through_this_one(
    machine: Machine, tmp_path: Path, place: Place
) -> None:
    dump = dumped(machine.url)
    with machine.library() as library:
        library.open("notes").editor.delete("mars.txt")
    restore(machine.url, dump)
    with Machine(tmp_path / "new", machine.url, place).service() as client:
        assert documents(client) == ["saturn.txt"]


def keeps_questions(url: str) -> bool:
    """Whether the tables of a service that are made behind its start are there."""
    with psycopg.connect(url) as connection:
        (found,) = connection.execute("SELECT to_regclass('loccit_service.questions')").fetchone() or (None,)
    return found is not None


def test_a_key_that_was_revoked_since_a_dump_is_revoked_again(machine: Machine) -> None:
    settings = load_settings(data=machine.data, api_key=KEY)
    with closing(open_keyring(machine.data, settings, machine.config)) as keyring:
        secret, key = new_key("visitor", Scope.READ)
        keyring.add(key)
    with machine.service() as client:
        eventually(lambda: keeps_questions(machine.url))  # else pg_restore finds tables that it does not know
        dump = dumped(machine.url)
        assert client.get("/v1/collections", headers={"authorization": f"Bearer {secret}"}).is_success
    with closing(open_keyring(machine.data, settings, machine.config)) as keyring:
        keyring.revoke(key.id)
    restore(machine.url, dump)
    with machine.service() as client:
        refused = client.get("/v1/collections", headers={"authorization": f"Bearer {secret}"})
        assert refused.status_code == 401


@pytest.mark.parametrize("away", ["file://{folder}/mars.txt", "s3://gone/x?endpoint_url=http://127.0.0.1:9"])
def test_a_service_that_cannot_read_the_ledger_refuses(tmp_path: Path, url: str, away: str) -> None:
    (tmp_path / "mars.txt").write_text("no folder")
    machine = Machine(tmp_path / "machine", url, Place(away.format(folder=tmp_path)))
    with pytest.raises(LedgerFailed, match="Bring that back"), machine.service():
        pass


def test_a_copy_that_is_adopted_and_its_original_erase_nothing_of_each_other(
    machine: Machine, tmp_path: Path, place: Place
) -> None:
    with copy_of(machine.url) as address:
        copy = Machine(tmp_path / "copy", address, place)
        with machine.library() as library:
            library.open("notes").editor.delete("mars.txt")
        Adoption(copy.data, copy.config).separate()
        with copy.service() as client:
            assert documents(client) == ["mars.txt", "saturn.txt"]
            assert client.delete("/v1/documents/saturn.txt?collection=notes").is_success
        with machine.service() as client:
            assert documents(client) == ["saturn.txt"]


def test_a_copy_that_is_not_adopted_erases_what_its_original_has_erased(
    machine: Machine, tmp_path: Path, place: Place
) -> None:
    with copy_of(machine.url) as address:
        with machine.library() as library:
            library.open("notes").editor.delete("mars.txt")
        with Machine(tmp_path / "copy", address, place).service() as client:
            assert documents(client) == ["saturn.txt"]
            assert client.delete("/v1/documents/saturn.txt?collection=notes").is_success
    with machine.service() as client:
        assert documents(client) == ["saturn.txt"]


@pytest.fixture
def servers() -> Iterator[Pair]:
    with pair() as found:
        yield found


def test_a_service_goes_on_after_a_failover_and_erases_again(
    tmp_path: Path, servers: Pair, place: Place
) -> None:
    machine = Machine(tmp_path / "machine", servers.url, place)
    with machine.library() as library:
        fill(library)
    with machine.service() as client:
        servers.wait_for_standby()
        servers.set_replay(paused=True)
        assert client.delete("/v1/documents/mars.txt?collection=notes").is_success
        servers.kill_primary()
        servers.promote()
        eventually(lambda: client.get("/v1/documents?collection=notes").is_success)
        eventually(lambda: documents(client) == ["saturn.txt"])
