"""What a question asks of a record in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray
from pydantic import SecretStr

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import CollectionNotFound
from index.filters import parse_filter
from index.ingest import Source
from index.library import Library
from index.postgresql import open_server
from index.protocols import RecordChanged
from index.store.postgresql import PostgresqlCatalogue, PostgresqlStore
from tests.contracts.documents import OTHER, document, live_ids, now, put
from tests.postgresql import database, end_connections, logged

SENTENCES = [
    f"Moon {n} of planet {n % 7} has {n * n} craters. It turns around in {n} days." for n in range(60)
]
QUESTIONS = [f"How many craters has moon {n} of planet {n % 7}?" for n in range(6)]


@pytest.fixture
def url() -> Iterator[str]:
    with database() as found, closing(open_server(found)):
        yield found


@pytest.fixture
def store(catalogue: PostgresqlCatalogue) -> PostgresqlStore:
    catalogue.describe("a", {})
    return catalogue.open("a")


def opened(folder: Path, url: str = "", **given: object) -> Library:
    config = LibraryConfig(store=SecretStr(url))
    return Library(folder, embedder=WordEmbedder(), config=config, **given)  # type: ignore[arg-type]


def fill(library: Library) -> None:
    collection = library.open("a", create=True)
    collection.put_many(
        [
            Source(f"{n}.txt", " ".join(SENTENCES[n : n + 20]).encode(), metadata={"even": n % 2 == 0})
            for n in range(40)
        ]
    )
    collection.embed_pending()


def test_a_question_takes_three_statements_and_one_when_it_is_cached(tmp_path: Path, url: str) -> None:
    with opened(tmp_path, url) as library, logged(url) as since:
        fill(library)
        for n, question in enumerate(QUESTIONS):
            library.open("a").put(Source(f"new{n}.txt", b"A change, after which nothing is cached."))
            library.open("a").embed_pending()
            since()
            library.open_cached("a").ask(question)
            sent = since()
            library.open_cached("a").ask(question)
            again = since()
        # Each connection that was opened has been used before. After a change one more looks for documents
        # that supersede others.
        assert len(sent) == 3, "\n".join(sent)
        assert len(again) == 1, again


def whole_states_read(url: str) -> int:
    """How often the table of the state, most of whose rows are dead, was read to its end so far."""
    end_connections(url)  # which counts what they did
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'state'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_question_finds_the_state_by_its_key(tmp_path: Path, url: str) -> None:
    with opened(tmp_path, url) as library:
        fill(library)
        collection = library.open("a")
        before = whole_states_read(url)
        for question in QUESTIONS:
            assert collection.ask(question).hits
        assert whole_states_read(url) == before


def test_answers_are_those_of_a_data_folder(tmp_path: Path, url: str) -> None:
    where = parse_filter({"type": "eq", "key": "even", "value": True})
    with opened(tmp_path / "one") as folder, opened(tmp_path / "two", url) as shared:
        for library in (folder, shared):
            fill(library)
        for question in QUESTIONS:
            for given in ({}, {"where": where}, {"extent": "sentences"}, {"extent": "section", "k": 9}):
                one, two = (library.open("a").ask(question, **given) for library in (folder, shared))  # type: ignore[arg-type]
                assert one.hits
                assert (one.hits, one.answerability) == (two.hits, two.answerability)
                assert [hit.provenance for hit in one.hits] == [hit.provenance for hit in two.hits]
            seen = [library.open("a").restrict_to({"moons"}).ask(question) for library in (folder, shared)]
            assert seen[0].hits == seen[1].hits


def test_a_brief_view_sees_one_change(store: PostgresqlStore) -> None:
    put(store, [document("a")])
    ids = np.array(live_ids(store))
    with store.brief_snapshot() as moment:
        change = moment.change
        assert [one.version.document_id for one in moment.places(ids)] == ["a", "a"]
        put(store, [document("b")])
        assert moment.change == change
        with pytest.raises(RecordChanged):
            moment.document("b")
    with store.brief_snapshot() as moment:
        assert [one.version.document_id for one in moment.places(np.array(live_ids(store)))] == [
            "a",
            "a",
            "b",
            "b",
        ]
        assert moment.change == change + 1
        assert moment.counts() == now(store).counts()


def test_what_is_read_ahead_is_what_is_asked_for(store: PostgresqlStore) -> None:
    long, longer = document("long", "Many words. " * 4000), document("longer", "Many words. " * 20_000)
    put(store, [document("a"), document("b", OTHER), long, longer, document("again"), document("c")])
    ids = np.append(live_ids(store)[::-1], 99)
    for _ in range(2):  # from the database, then from memory
        with store.brief_snapshot() as moment, store.snapshot() as other:
            assert moment.places(ids) == other.places(ids)
            assert moment.passages(ids) == other.passages(ids)
            texts = {one.version.text_sha256 for one in moment.places(ids)}
            assert moment.whole_texts(texts) == other.whole_texts(texts)
            assert [moment.text(sha, 4, 9) for sha in texts] == [other.text(sha, 4, 9) for sha in texts]
            assert moment.generation == other.generation
        store.forget()


def test_collections_are_read_in_turn_over_one_connection(catalogue: PostgresqlCatalogue) -> None:
    stores = {}
    for name in ("a", "b"):
        catalogue.describe(name, {})
        stores[name] = catalogue.open(name)
        put(stores[name], [document(f"of {name}")])
    ids = np.array([1, 2])
    for _ in range(8):  # statements are prepared meanwhile
        for name, store in stores.items():
            store.forget()
            with store.brief_snapshot() as moment:
                assert {one.version.document_id for one in moment.places(ids)} == {f"of {name}"}


def test_what_another_process_erased_is_not_shown_from_memory(
    catalogue: PostgresqlCatalogue, store: PostgresqlStore
) -> None:
    put(store, [document("a")])
    ids = np.array(live_ids(store))
    with store.brief_snapshot() as moment:
        (sha,) = {one.version.text_sha256 for one in moment.places(ids)}
        assert moment.whole_texts([sha])
    catalogue.open("a").delete("a")
    with store.brief_snapshot() as moment:
        assert moment.places(ids) == []
        assert moment.whole_texts([sha]) == {}


class Committing:
    """A reranker during whose work another process erases a document."""

    name = fingerprint = "committing"

    def __init__(self) -> None:
        self.other: Library | None = None

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.other is not None:
            self.other.open("a").editor.delete("5.txt")
            self.other = None
        return np.linspace(1, 0, len(texts), dtype=np.float32)


def test_a_question_during_which_something_is_erased_is_asked_again(tmp_path: Path, url: str) -> None:
    reranker = Committing()
    with (
        opened(tmp_path / "one", url, reranker=lambda: reranker) as one,
        opened(tmp_path / "two", url) as two,
    ):
        fill(two)
        asked = one.open("a")
        reranker.other = two
        found = asked.ask(QUESTIONS[5], k=30, extent="section")
        assert reranker.other is None
        assert found.hits
        assert "5.txt" not in {hit.citation.document_id for hit in found.hits}


class Disturbing:
    """A reranker by whose first call the record has changed, and by whose second all connections broke."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.library: Library | None = None
        self.calls = 0

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        self.calls += 1
        if self.calls == 1:
            assert self.library is not None
            self.library.open("a").put(Source("late.txt", b"It came while a question was answered."))
        if self.calls == 2:
            end_connections(self._url)
        return np.linspace(1, 0, len(passages), dtype=np.float32)


def test_a_question_whose_connection_breaks_is_asked_again(tmp_path: Path, url: str) -> None:
    reranker = Disturbing(url)
    with opened(tmp_path, url, reranker=lambda: reranker) as library, opened(tmp_path / "b", url) as other:
        fill(other)
        reranker.library = other
        collection = library.open("a")
        assert collection.ask(QUESTIONS[5], k=30, extent="section").hits
        assert reranker.calls == 3


def test_a_collection_that_another_process_deleted_is_not_asked(tmp_path: Path, url: str) -> None:
    with opened(tmp_path / "one", url) as one, opened(tmp_path / "two", url) as two:
        fill(one)
        assert one.open_cached("a").ask(QUESTIONS[0]).hits
        two.delete("a")
        with pytest.raises(CollectionNotFound):
            one.open_cached("a").ask(QUESTIONS[0])
        two.open("a", create=True).put(Source("new.txt", b"Rings of Saturn."))
        with pytest.raises(CollectionNotFound):
            one.open_cached("a").ask("rings")
        assert [hit.citation.document_id for hit in one.open("a").ask("rings").hits] == ["new.txt"]
        assert [hit.citation.document_id for hit in one.open_cached("a").ask("rings").hits] == ["new.txt"]
