"""Collections of a database: made, deleted while they are open, and made again."""

import threading
from hashlib import sha256
from pathlib import Path

import pytest

from index.errors import CollectionNotFound, NotSupported, StoreDamaged
from index.postgresql import Server
from index.store import open_catalogue
from index.store.postgresql import PostgresqlCatalogue, PostgresqlStore
from tests.contracts.documents import document, now, put
from tests.patience import PATIENCE, eventually


def schemas(server: Server) -> list[str]:
    with server.read("public") as reading:
        query = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'collection%' ORDER BY nspname"
        return [name for (name,) in reading.rows(query)]


def test_a_collection_keeps_the_description_it_was_made_with(catalogue: PostgresqlCatalogue) -> None:
    assert (catalogue.names(), catalogue.identity("b"), catalogue.description("b")) == ([], None, None)
    assert catalogue.describe("b", {"model": "one"}) == {"model": "one"}
    assert catalogue.describe("b", {"model": "two"}) == {"model": "one"}
    catalogue.describe("a-1", {})
    catalogue.describe("a_1", {})
    assert catalogue.names() == ["a-1", "a_1", "b"]
    assert catalogue.description("b") == {"model": "one"}


def test_several_processes_may_make_one_at_once(server: Server, tmp_path: Path) -> None:
    described = []

    def describe(number: int) -> None:
        one = PostgresqlCatalogue(server, tmp_path)
        described.append(one.describe("a", {"number": number}))
        put(one.open("a"), [document(str(number))])

    threads = [threading.Thread(target=describe, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert described == [described[0]] * 5
    assert now(PostgresqlCatalogue(server, tmp_path).open("a")).counts().documents == 5


def test_those_who_embed_are_counted_and_woken_by_passages(
    server: Server, catalogue: PostgresqlCatalogue, tmp_path: Path
) -> None:
    catalogue.describe("a", {})
    store = catalogue.open("a")
    woken = threading.Event()
    assert catalogue.attendants() == 0
    with PostgresqlCatalogue(server, tmp_path / "other").attending(woken.set):
        eventually(lambda: catalogue.attendants() == 1)
        for store_some in (lambda: put(store, [document("a")]), lambda: give_back(store)):
            woken.clear()
            store_some()
            assert woken.wait(PATIENCE)
    eventually(lambda: catalogue.attendants() == 0)


def give_back(store: PostgresqlStore) -> None:
    with store.lease("embed/one") as lease:
        assert store.claim(9, lease)


def test_one_that_was_deleted_while_it_was_open_takes_no_more(catalogue: PostgresqlCatalogue) -> None:
    catalogue.describe("a", {})
    store = catalogue.open("a")
    put(store, [document("a")])
    folder, identity = catalogue.folder("a"), catalogue.identity("a")
    (folder / "lexical").mkdir(parents=True)
    catalogue.delete("a")
    assert not folder.exists()
    for _ in range(2):  # gone, and made again
        with pytest.raises(CollectionNotFound, match="deleted or replaced"):
            put(store, [document("b")])
        with pytest.raises(CollectionNotFound, match="deleted or replaced"):
            now(store).change()
        with pytest.raises(CollectionNotFound, match="deleted or replaced"):
            store.notice(0)
        catalogue.describe("a", {})
    assert catalogue.identity("a") != identity
    assert catalogue.folder("a") != folder
    assert now(catalogue.open("a")).counts().documents == 0


def test_one_that_is_read_is_dropped_later(
    server: Server, catalogue: PostgresqlCatalogue, tmp_path: Path
) -> None:
    catalogue.describe("a", {})
    store = catalogue.open("a")
    put(store, [document("a")])
    with store.snapshot() as moment:
        catalogue.delete("a")
        assert moment.document("a").passages == 2
        assert len(schemas(server)) == 1
    assert catalogue.names() == []
    PostgresqlCatalogue(server, tmp_path)
    assert schemas(server) == []


def test_one_without_its_tables_is_damaged(server: Server, catalogue: PostgresqlCatalogue) -> None:
    catalogue.describe("a", {})
    store = catalogue.open("a")
    with server.write("public") as writing:
        writing.execute(f"DROP TABLE {schemas(server)[0]}.state")
    with pytest.raises(StoreDamaged, match="does not exist"):
        now(store).change()
    with server.write("public") as writing:
        writing.execute(f"DROP SCHEMA {schemas(server)[0]} CASCADE")
    with pytest.raises(StoreDamaged, match="missing"):
        catalogue.open("a")


def test_a_closed_store_and_a_missing_collection_are_told(catalogue: PostgresqlCatalogue) -> None:
    catalogue.describe("a", {})
    store = catalogue.open("a")
    store.close()
    with pytest.raises(CollectionNotFound, match="closed"):
        now(store).change()
    for call in (catalogue.open, catalogue.delete):
        with pytest.raises(CollectionNotFound, match="no collection"):
            call("b")


def test_originals_are_kept_until_the_collection_is_deleted(catalogue: PostgresqlCatalogue) -> None:
    catalogue.describe("a", {})
    originals = catalogue.originals("a")
    originals.put(b"1" * 32, b"data")
    assert catalogue.originals("a").holds(b"1" * 32)
    catalogue.delete("a")
    with pytest.raises(CollectionNotFound):
        originals.put(b"2" * 32, b"data")


def test_what_is_not_there_yet_is_told(catalogue: PostgresqlCatalogue) -> None:
    catalogue.describe("a", {})
    with pytest.raises(NotSupported, match="back"), catalogue.pin(["a"]):
        pass


def test_an_address_opens_a_catalogue(server: Server, tmp_path: Path) -> None:
    assert open_catalogue(tmp_path, server.url).names() == []


def test_originals_elsewhere_go_with_their_collection(server: Server, tmp_path: Path) -> None:
    place, data = tmp_path / "shared", tmp_path / "data"
    catalogue = open_catalogue(data, server.url, objects=f"file://{place}")
    originals = []
    for name in ("a", "b"):
        catalogue.describe(name, {})
        originals.append(catalogue.originals(name))
        originals[-1].put(sha256(b"1").digest(), b"1")
    tags = [catalogue.open(name).tag().hex() for name in ("a", "b")]
    assert {folder.name for folder in (place / "collections").iterdir()} == set(tags)
    catalogue.delete("a")
    assert [folder.name for folder in (place / "collections").iterdir()] == tags[1:]
    catalogue.describe("a", {})
    assert not catalogue.originals("a").holds(sha256(b"1").digest())
    with pytest.raises(CollectionNotFound):
        originals[0].put(sha256(b"2").digest(), b"2")


def test_originals_that_cannot_be_removed_are_removed_later(server: Server, tmp_path: Path) -> None:
    place = tmp_path / "shared"
    catalogue = open_catalogue(tmp_path / "data", server.url, objects=f"file://{place}")
    catalogue.describe("a", {})
    catalogue.originals("a").put(sha256(b"1").digest(), b"1")
    (folder,) = (place / "collections").iterdir()
    folder.rename(place / "away")
    folder.touch()  # no folder: it cannot be removed
    with pytest.raises(NotADirectoryError):
        catalogue.delete("a")
    assert catalogue.names() == []
    folder.unlink()
    (place / "away").rename(folder)
    open_catalogue(tmp_path / "data", server.url, objects=f"file://{place}")
    assert not list((place / "collections").iterdir())
    assert schemas(server) == []
