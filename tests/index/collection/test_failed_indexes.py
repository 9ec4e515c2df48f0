"""An index that fails while the collection is open: answers go on, say so, and it is made anew."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from index.answers import Answer
from index.citations.verdicts import Claim
from index.collection import Collection
from index.config import LibraryConfig, VectorsConfig
from index.embedding import WordEmbedder
from index.errors import IndexUnavailable
from index.ingest.preparation import Source
from tests.index.conftest import Opener
from tests.opening import collection_in, held_by_another_process, verifying
from tests.patience import eventually

TEXTS = {
    f"{name}.txt": f"The {name} lives in the {place}. Nobody has seen the {name} for {number} years."
    for number, (name, place) in enumerate(
        {"otter": "river", "heron": "marsh", "newt": "pond", "marten": "forest", "seal": "harbour"}.items()
    )
}
QUESTION = "Where does the heron live?"
BACKGROUND = LibraryConfig(vectors=VectorsConfig(kind="flat", checked_bytes=0))
"""Every file counts as large, and is compared in the background."""


def fill(collection: Collection) -> None:
    for id_, text in TEXTS.items():
        collection.put(Source(id_, text.encode()))
    collection.embed_pending()


def zero(path: Path) -> None:
    """Overwrite a file in place, under those who have it mapped."""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))


def flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        (byte,) = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte ^ 4]))


def shown(answer: Answer) -> list[tuple[str, float]]:
    return [(hit.citation.locator, hit.score) for hit in answer.hits]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "default"


@pytest.fixture
def fresh(tmp_path: Path) -> list[tuple[str, float]]:
    """What a collection that never failed answers."""
    with collection_in(tmp_path / "fresh", embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        fill(collection)
        return shown(collection.ask(QUESTION))


@pytest.fixture
def filled(open_collection: Opener, folder: Path) -> Collection:
    """A collection whose indexes are both on disk, opened again."""
    collection = open_collection()
    fill(collection)
    compact(collection)
    collection.close()
    return open_collection()


def compact(collection: Collection) -> None:
    collection._engine.dense.compact()  # type: ignore[attr-defined]


def is_whole(collection: Collection) -> Callable[[], bool]:
    return lambda: not collection.failures


def damage_words(folder: Path) -> None:
    for suffix in ("idx", "term", "fast"):
        for path in (folder / "lexical").glob(f"segments-*/*.{suffix}"):
            zero(path)


def test_damaged_words_leave_an_answer_by_meaning_and_are_made_anew(
    filled: Collection, folder: Path, fresh: list[tuple[str, float]], caplog: pytest.LogCaptureFixture
) -> None:
    damage_words(folder)
    answer = filled.ask(QUESTION)
    assert answer.index.degraded == ("lexical",)
    assert answer.hits[0].citation.document_id == "heron.txt"
    assert all(hit.explain.lexical.rank is None for hit in answer.hits)
    eventually(is_whole(filled))
    answer = filled.ask(QUESTION)
    assert (answer.index.degraded, shown(answer)) == ((), fresh)
    lines = [one.getMessage() for one in caplog.records if one.name == "loccit.engine"]
    assert "lexical index of the collection 'default' has failed" in lines[0]
    assert "is complete again" in lines[1]
    assert len(lines) == 2


def test_what_is_made_anew_is_there_after_reopening(
    filled: Collection, open_collection: Opener, folder: Path, fresh: list[tuple[str, float]]
) -> None:
    damage_words(folder)
    filled.ask(QUESTION)
    eventually(is_whole(filled))
    filled.close()
    again = open_collection()
    assert (again.failures, shown(again.ask(QUESTION))) == ((), fresh)
    assert again.state.degraded == ()


def test_a_document_is_stored_and_found_although_the_words_fail(
    filled: Collection, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (segments,) = (folder / "lexical").glob("segments-*")
    shutil.rmtree(segments)
    segments.write_text("in the way")
    filled.put(Source("walrus.txt", b"A walrus came ashore in March."))
    filled.embed_pending()
    assert filled.archive.document("walrus.txt").version == 1
    (failure,) = filled.failures
    assert (failure.side, failure.is_searched, filled.unindexed()) == ("lexical", True, 1)
    assert filled.ask("walrus").hits[0].citation.document_id == "walrus.txt"
    assert "from its last state" in caplog.text
    eventually(is_whole(filled))
    assert filled.unindexed() == 0
    best = filled.ask("walrus").hits[0]
    assert (best.citation.document_id, best.explain.lexical.rank) == ("walrus.txt", 1)


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            f"lexical/segments-*/*.{suffix}"
            for suffix in ("term", "idx", "pos", "store", "fast", "fieldnorm")
        ),
        *(f"vectors/base-*.{suffix}" for suffix in ("faiss", "ids.npy", "documents.npy")),
    ],
)
@pytest.mark.parametrize("config", [LibraryConfig(), BACKGROUND], ids=["small", "large"])
def test_damage_of_a_file_is_found_after_opening(
    filled: Collection, open_collection: Opener, folder: Path, pattern: str, config: LibraryConfig
) -> None:
    before = shown(filled.ask(QUESTION))
    filled.close()
    path = min(folder.glob(pattern))
    flip(path)
    collection = open_collection(config)
    engine = collection._engine
    eventually(lambda: not path.exists() or engine.dense.should_compact)  # type: ignore[attr-defined]
    eventually(is_whole(collection))
    assert shown(collection.ask(QUESTION)) == before
    assert collection.embed_pending() == 0  # and what is due of the vectors is written
    assert engine.check() == []
    collection.close()
    assert shown(open_collection().ask(QUESTION)) == before


def test_what_needs_the_words_says_that_they_are_missing(filled: Collection, folder: Path) -> None:
    (segments,) = (folder / "lexical").glob("segments-*")
    damage_words(folder)
    with pytest.raises(IndexUnavailable, match="lexical index has failed"):
        verifying(filled).quote(Claim("Nobody has seen the heron.", ""))
    eventually(is_whole(filled))
    assert verifying(filled).quote(Claim("The heron lives in the marsh.", "")).status == "verified"
    assert not segments.exists()


def test_two_failed_indexes_are_an_error(
    filled: Collection, open_collection: Opener, folder: Path, fresh: list[tuple[str, float]]
) -> None:
    filled.close()
    (path,) = (folder / "vectors").glob("base-*.faiss")
    flip(path)
    with closing(sqlite3.connect(folder / "store.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE embeddings SET vector = x'00'")
    # Neither can be repaired while another process writes.
    with held_by_another_process(folder):
        collection = open_collection()
        assert [one.side for one in collection.failures] == ["dense"]
        damage_words(folder)
        with pytest.raises(IndexUnavailable, match="Both indexes have failed"):
            collection.ask(QUESTION)
    eventually(is_whole(collection))
    assert collection.embed_pending() == len(TEXTS)
    answer = collection.ask(QUESTION)
    assert (answer.index.degraded, shown(answer)) == ((), fresh)


def test_a_check_tells_what_is_wrong(filled: Collection, folder: Path) -> None:
    assert filled._engine.check() == []
    (path,) = (folder / "vectors").glob("base-*.ids.npy")
    flip(path)
    (problem,) = filled._engine.check()
    assert "ids.npy is damaged" in problem


def test_a_closed_collection_repairs_nothing(filled: Collection, folder: Path) -> None:
    with held_by_another_process(folder):
        damage_words(folder)
        assert filled.ask(QUESTION).index.degraded == ("lexical",)
    filled.close()
    filled.close()
