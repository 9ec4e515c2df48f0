"""Vectors as bytes, and back; what happens to those that are damaged."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import StoreDamaged
from index.ingest.preparation import Source
from index.store.rows.vectors import pack, unpack
from tests.contracts.documents import unit
from tests.opening import collection_in
from tests.patience import eventually

QUESTION = "Where does the heron live?"


def test_stored_vectors_come_back() -> None:
    vectors = unit(5)
    found = unpack(pack(vectors), 8)
    np.testing.assert_allclose(found, vectors, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert unpack(pack(np.zeros((1, 8), np.float32)), 8).tolist() == [[0.0] * 8]


def test_vectors_of_before_they_had_a_checksum_are_read() -> None:
    vectors = pack(unit(3))
    np.testing.assert_array_equal(unpack([one[:-4] for one in vectors], 8), unpack(vectors, 8))


def test_every_damaged_bit_of_a_vector_is_noticed() -> None:
    (whole,) = pack(unit(1))
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        with pytest.raises(StoreDamaged):
            unpack([whole, bytes(damaged)], 8)
    for length in set(range(len(whole))) - {16}:
        with pytest.raises(StoreDamaged, match="dimension"):
            unpack([whole[:length]], 8)


def filled(folder: Path) -> Collection:
    collection = collection_in(folder, embedder=WordEmbedder(), config=LibraryConfig())
    for name, place in {"heron": "marsh", "otter": "river", "newt": "pond"}.items():
        collection.put(Source(f"{name}.txt", f"The {name} lives in the {place}.".encode()))
    collection.embed_pending()
    return collection


def shown(collection: Collection) -> list[tuple[str, float]]:
    return [(hit.citation.locator, hit.score) for hit in collection.ask(QUESTION).hits]


@pytest.mark.parametrize("column", ["vector", "sentences"])
def test_damaged_vectors_are_computed_again(
    tmp_path: Path, column: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "default"
    with filled(folder) as collection:
        before = shown(collection)
    shutil.rmtree(folder / "vectors", ignore_errors=True)
    with closing(sqlite3.connect(folder / "store.sqlite", isolation_level=None)) as connection:
        rows = connection.execute(f"SELECT key, {column} FROM embeddings LIMIT 2").fetchall()  # noqa: S608
        for key, blob in rows:
            damaged = bytes([*blob[:-9], blob[-9] ^ 1, *blob[-8:]])
            connection.execute(
                f"UPDATE embeddings SET {column} = ? WHERE key = ?",  # noqa: S608
                (damaged, key),
            )
    with collection_in(folder, embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        if column == "sentences":  # are only read by a question, or by a check
            assert [one for one, _ in shown(collection)] == [one for one, _ in before]
            assert "sentences of passage" in caplog.text
            assert collection._store.drop_damaged_vectors(256) == 2
        eventually(lambda: not collection.failures)
        assert collection.embed_pending() == 2
        assert shown(collection) == before
        assert collection._store.drop_damaged_vectors(256) == 0
