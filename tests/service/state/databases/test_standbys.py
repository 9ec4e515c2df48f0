"""Reads go on from a standby while no host takes writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import ChangeNotReached, StoreUnavailable
from index.ingest import Source
from index.library import Library
from index.postgresql import open_server
from index.search import Question
from tests.patience import eventually
from tests.postgresql import Pair, pair
from tests.service.http_service import assert_error, served

pytestmark = pytest.mark.processes

MARS, VENUS, PLUTO = "Mars has two moons.", "Venus has no moons.", "Pluto has the moon Charon."


@pytest.fixture
def servers() -> Iterator[Pair]:
    with pair() as found, closing(open_server(found.url)):
        yield found


def opened(folder: Path, url: str) -> Library:
    return Library(folder, embedder=WordEmbedder(), config=LibraryConfig(store=SecretStr(url)))


def found(client: TestClient, question: str) -> list[str]:
    reply = client.post("/v1/ask", json={"question": question})
    assert reply.status_code == 200, reply.text
    return [one["citation"]["document_id"] for one in reply.json()["passages"]]


def test_reads_go_on_while_the_leader_is_away(tmp_path: Path, servers: Pair) -> None:
    with opened(tmp_path, servers.url) as library:
        collection = library.open("default", create=True)
        for name, text in (("mars.txt", MARS), ("venus.txt", VENUS)):
            collection.put(Source(name, text.encode()))
        collection.embed_pending()
        with served(library) as client:
            passage = client.post("/v1/ask", json={"question": "moons of Mars"}).json()["passages"][0]
            links = passage["citation"]["links"]
            servers.wait_for_standby()
            servers.kill_primary()
            for _ in range(2):
                assert found(client, "moons of Mars")[0] == "mars.txt"
                assert client.get("/v1/documents/venus.txt").json()["document_id"] == "venus.txt"
                assert client.get(links["text"]).text == MARS
                locator = passage["citation"]["locator"]
                assert client.get(f"/v1/citations/{locator}").json()["quote"] == MARS
                verified = client.post("/v1/verify", json={"citations": [locator], "quotes": [MARS]})
                assert verified.status_code == 200, verified.text
            assert_error(client.delete("/v1/documents/mars.txt"), 503, "store_unavailable")
            servers.promote()
            eventually(lambda: client.delete("/v1/documents/mars.txt").status_code == 200)
            eventually(lambda: "mars.txt" not in found(client, "moons of Mars"))


def test_a_standby_that_lags_shows_what_it_has(tmp_path: Path, servers: Pair) -> None:
    with opened(tmp_path, servers.url) as library:
        collection = library.open("default", create=True)
        collection.put(Source("mars.txt", MARS.encode()))
        servers.wait_for_standby()
        servers.set_replay(paused=True)
        collection.put(Source("pluto.txt", PLUTO.encode()))
        servers.wait_for_standby("receive")

        def answered() -> set[str]:
            hits = collection.ask("moons of Mars and Pluto").hits
            assert all(hit.text in (MARS, PLUTO) for hit in hits)
            return {hit.citation.document_id for hit in hits}

        assert answered() == {"mars.txt", "pluto.txt"}
        servers.kill_primary()
        assert answered() == {"mars.txt"}
        newest = replace(Question.validate("moons of Pluto"), at_least_change=collection.reached)
        with pytest.raises(ChangeNotReached, match=r"reached change 1 here, and change 2 is asked for"):
            collection.questions.answer(newest)
        assert collection.archive.find_document("pluto.txt") is None
        servers.set_replay(paused=False)
        eventually(lambda: answered() == {"mars.txt", "pluto.txt"})


def test_a_standby_without_an_erasure_answers_nothing(tmp_path: Path, servers: Pair) -> None:
    with opened(tmp_path, servers.url) as library:
        collection = library.open("default", create=True)
        for name, text in (("mars.txt", MARS), ("venus.txt", VENUS)):
            collection.put(Source(name, text.encode()))
        servers.wait_for_standby()
        servers.set_replay(paused=True)
        collection.editor.delete("mars.txt")
        servers.wait_for_standby("receive")
        servers.kill_primary()
        for read in (
            lambda: collection.ask("moons of Mars"),
            lambda: collection.archive.document("mars.txt"),
        ):
            with pytest.raises(StoreUnavailable, match="has not erased yet"):
                read()
        servers.set_replay(paused=False)
        eventually(lambda: is_there(collection, "venus.txt"))
        assert not is_there(collection, "mars.txt")
        assert [hit.citation.document_id for hit in collection.ask("moons of Mars").hits] == ["venus.txt"]


def is_there(collection: Collection, document_id: str) -> bool:
    try:
        return collection.archive.find_document(document_id) is not None
    except StoreUnavailable:
        return False
