"""One machine makes the base of vectors, and words, and the others adopt them."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import psycopg
import pytest

from index.config import LibraryConfig, VectorsConfig
from index.description import Description
from index.embedding import WordEmbedder
from index.engine.embedded import EmbeddedEngine
from index.engine.shared_base import SharedBase
from index.errors import CollectionBusy
from index.postgresql import open_server
from index.protocols import RecordStore
from index.store import open_catalogue
from tests.contracts.documents import document, pending
from tests.contracts.test_same_answers import WEIGHTS, WORDS, compare
from tests.patience import eventually
from tests.postgresql import database

pytestmark = pytest.mark.processes

EMBEDDER = WordEmbedder()
CONFIG = LibraryConfig(vectors=VectorsConfig(kind="ivf"))
DESCRIPTION = Description.of_today(EMBEDDER, CONFIG)
DOCUMENTS = 60
"""Of two passages."""


class Machines:
    """One record, and engines on several machines that follow it."""

    def __init__(self, folder: Path, url: str, stack: ExitStack) -> None:
        self.folder, self.url, self._stack = folder, url, stack
        self.objects = folder / "objects"
        self._random = random.Random(3)
        open_catalogue(folder / "first", url, objects=self.objects.as_uri()).describe("a", {})
        self.store = self.opened("first")

    def opened(self, name: str) -> RecordStore:
        catalogue = open_catalogue(self.folder / name, self.url, objects=self.objects.as_uri())
        return self._stack.enter_context(closing(catalogue.open("a")))

    def engine(self, name: str, config: LibraryConfig = CONFIG) -> EmbeddedEngine:
        engine = EmbeddedEngine(self.folder / name, self.opened(name), DESCRIPTION, config)
        return self._stack.enter_context(closing(engine))

    def put(self, *numbers: int) -> None:
        def words() -> str:
            return " ".join(self._random.choices(WORDS, WEIGHTS, k=30))

        metadata = {"kind": "sea"}
        self.store.put([document(f"{number:03}", words(), metadata=metadata) for number in numbers])
        waiting = pending(self.store)
        vectors = EMBEDDER.embed_passages([one.text for one in waiting])
        self.store.put_vectors([one.key for one in waiting], vectors)

    def published(self) -> set[str]:
        """The names of the files in the shared place: the hashes of their bytes."""
        return {path.name for path in self.objects.glob("collections/*/bases/*")}


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with database() as url, closing(open_server(url)), ExitStack() as stack:
        made = Machines(tmp_path, url, stack)
        made.put(*range(DOCUMENTS))
        yield made


def share_words(engine: EmbeddedEngine) -> None:
    """Publish a base, and the words after it."""
    publish(engine)
    engine.maintain(background=False)


def segments(machines: Machines, name: str) -> set[str]:
    """The files of words of a machine, whose names no two machines give alike."""
    return {path.name for path in (machines.folder / name / "lexical").glob("segments-*/*.store")}


def shared(engine: EmbeddedEngine) -> SharedBase:
    assert engine.shared is not None
    return engine.shared


def publish(engine: EmbeddedEngine) -> None:
    """Make a base of what the engine has, and use it."""
    engine.update()
    shared(engine).publish()
    engine.update()


def assert_alike(*engines: EmbeddedEngine) -> None:
    rng = random.Random(5)
    for _ in range(10):
        question = " ".join(rng.choices(WORDS, WEIGHTS, k=rng.randint(1, 7)))
        for other in engines[1:]:
            compare(engines[0], other, question, rng.choice([3, 20]), rng.choice([None, "sea"]))


def test_all_machines_use_the_base_that_one_has_made(machines: Machines) -> None:
    maker, follower = machines.engine("maker"), machines.engine("follower")
    follower.update()
    publish(maker)
    assert maker.dense.description.kind == "ivf"
    machines.put(*range(0, DOCUMENTS, 7), DOCUMENTS)
    late = machines.engine("late")
    for engine in (maker, follower, late):
        engine.update()
        assert engine.dense.manifest == maker.dense.manifest is not None
        assert engine.change == machines.store.notice(0).change
    assert_alike(maker, follower, late)
    publish(follower)
    again = machines.engine("late")
    for engine in (maker, late, again):
        engine.update()
        assert engine.dense.manifest == follower.dense.manifest
    assert_alike(follower, maker, late, again)
    with machines.store.snapshot() as moment:
        assert len(late.dense) == moment.counts().embedded


def test_a_base_is_used_from_the_change_on_that_published_it(machines: Machines) -> None:
    maker, follower = machines.engine("maker"), machines.engine("follower")
    publish(maker)
    follower.update()
    used = follower.dense.manifest
    with machines.store.snapshot(lasting=True) as before:
        publish(maker)
        assert not shared(follower).follow(before)
        assert follower.dense.manifest == used != maker.dense.manifest
    follower.update()
    assert follower.dense.manifest == maker.dense.manifest


def test_a_base_of_one_machine_is_published_once(machines: Machines) -> None:
    maker, other = machines.engine("maker"), machines.engine("other")
    for engine in (maker, other):
        engine.update()
        engine.dense.compact()  # as before machines shared a place
    with shared_turn(machines):
        maker.maintain(background=False)
        assert not machines.published()
    maker.maintain(background=False)
    found = machines.published()
    assert len(found) == 4  # vectors, candidates, ids, documents
    other.maintain(background=False)
    assert machines.published() == found
    for engine in (maker, other):
        engine.update()
        engine.maintain(background=False)
    assert len(machines.published() - found) == 8  # words: six files and two lists
    assert found < machines.published()
    assert other.dense.manifest == maker.dense.manifest


def shared_turn(machines: Machines) -> ExitStack:
    bases = machines.opened("third").bases()
    assert bases is not None
    with ExitStack() as stack:
        stack.enter_context(bases.turn())
        return stack.pop_all()


def files_of(manifest: str | None) -> set[str]:
    assert manifest is not None
    return {file["sha256"] for file in json.loads(manifest)["files"].values()}


def test_two_bases_are_kept(machines: Machines) -> None:
    maker = machines.engine("maker")
    seen: list[set[str]] = []
    for number in range(4):
        machines.put(number)
        publish(maker)
        seen.append(files_of(maker.dense.manifest))
        assert machines.published() == set().union(*seen[-2:])


def test_a_base_that_grew_is_fetched_without_what_is_here(machines: Machines) -> None:
    maker, follower = machines.engine("maker"), machines.engine("follower")
    publish(maker)
    follower.update()
    (before,) = (machines.folder / "follower" / "vectors").glob("base-*.rows")
    opened = before.stat().st_ino
    for path in machines.objects.glob("collections/*/bases/*"):
        path.write_bytes(b"nobody reads this again")
    there = machines.published()
    machines.put(DOCUMENTS)
    publish(maker)
    assert there < machines.published()
    follower.update()
    assert follower.dense.manifest == maker.dense.manifest
    assert before.stat().st_ino == opened
    assert_alike(maker, follower)


@pytest.mark.parametrize("damage", ["flipped", "missing"])
def test_a_damaged_base_is_left_out_and_replaced(
    machines: Machines, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    maker = machines.engine("maker")
    publish(maker)
    for path in machines.objects.glob("collections/*/bases/*"):
        if damage == "missing":
            path.unlink()
        else:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
    late = machines.engine("late")
    with caplog.at_level(logging.WARNING):
        late.update()
    assert [one for one in caplog.messages if "cannot be used" in one]
    with machines.store.snapshot() as moment:
        assert len(late.dense) == moment.counts().embedded
        assert late.change == moment.change
    late.dense.reset()
    late.update()
    late.maintain(background=False)
    late.update()
    maker.update()
    third = machines.engine("third")
    third.update()
    assert third.dense.manifest == late.dense.manifest == maker.dense.manifest is not None
    assert_alike(late, maker, third)


def test_a_machine_goes_on_alone_where_nothing_can_be_shared(
    machines: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    maker = machines.engine("maker")
    maker.update()
    maker.dense.compact()
    machines.put(DOCUMENTS)
    maker.update()
    machines.objects.write_text("in the way")
    maker.maintain(background=False)
    assert [one for one in caplog.messages if "could not be shared" in one]
    assert maker.dense.description.beside == 0
    assert not shared(maker).is_due


def test_files_that_are_damaged_here_are_fetched_again(machines: Machines) -> None:
    maker = machines.engine("maker")
    publish(maker)
    late = machines.engine("late")
    late.update()
    late.close()
    for path in (machines.folder / "late" / "vectors").glob("base-*"):
        path.write_bytes(b"damaged")
    again = machines.engine("late")
    assert again.dense.manifest is None
    again.update()
    assert again.dense.manifest == maker.dense.manifest
    assert_alike(maker, again)


@pytest.mark.parametrize("kind", ["flat", "ivf"])
def test_an_erasure_leaves_no_vector_in_the_shared_place(machines: Machines, kind: str) -> None:
    config = LibraryConfig(vectors=VectorsConfig(kind=kind))  # type: ignore[arg-type]
    maker, other = machines.engine("maker", config), machines.engine("other", config)
    publish(maker)
    machines.put(1)
    publish(maker)  # the first one is kept
    other.update()
    with machines.store.snapshot() as moment:
        passages = moment.added_vectors(0, moment.change, DESCRIPTION.dimension)
        key = moment.document("003").key
        vectors = np.concatenate([found[documents == key] for _, documents, found in passages])
    erased = [
        vector.astype(precision).tobytes() for vector in vectors for precision in (np.float16, np.float32)
    ]
    assert found_in(machines.objects, erased)
    machines.store.delete("003")
    change = machines.store.notice(0).change
    with shared_turn(machines):
        assert not maker.purge(change)
    assert maker.purge(change)
    assert not found_in(machines.objects, erased)
    assert not found_in(machines.folder / "maker", erased)
    other.update()
    assert other.dense.manifest == maker.dense.manifest
    assert shared(other).tidy(change)
    assert not found_in(machines.folder / "other", erased)
    assert_alike(maker, other)


def test_no_machine_brings_erased_vectors_back_into_the_shared_place(machines: Machines) -> None:
    maker, other = machines.engine("maker"), machines.engine("other")
    publish(maker)
    other.update()
    with machines.store.snapshot() as moment:
        passages = moment.added_vectors(0, moment.change, DESCRIPTION.dimension)
        key = moment.document("003").key
        vectors = np.concatenate([found[documents == key] for _, documents, found in passages])
    erased = [one.astype(kind).tobytes() for one in vectors for kind in (np.float16, np.float32)]
    machines.store.delete("003")
    change = machines.store.notice(0).change
    other.update()
    assert maker.purge(change)
    assert not found_in(machines.objects, erased)
    shared(other).publish()  # as where it cannot fetch the base of the purge
    assert not found_in(machines.objects, erased)
    machines.store.delete("004")
    publish(maker)  # it grew since the purge
    other.update()
    assert shared(other).cleanse(change)
    assert not found_in(machines.folder / "other" / "vectors", erased)


def found_in(folder: Path, parts: list[bytes]) -> bool:
    return any(part in path.read_bytes() for path in folder.rglob("*") if path.is_file() for part in parts)


def test_an_upgraded_record_takes_no_base_of_the_one_before(machines: Machines) -> None:
    bases = machines.store.bases()
    assert bases is not None
    with pytest.raises(CollectionBusy, match="upgraded"):
        bases.publish("form", 5, '{"files": {}}', [])


def test_a_machine_that_starts_empty_takes_the_words_of_another(machines: Machines) -> None:
    maker = machines.engine("maker")
    share_words(maker)
    made, before = segments(machines, "maker"), machines.published()
    maker.maintain(background=False)
    assert machines.published() == before  # published once
    machines.put(*range(0, DOCUMENTS, 7), DOCUMENTS)
    late, again = machines.engine("late"), machines.engine("again")
    late.update()
    assert segments(machines, "late") > made
    share_words(late)
    assert machines.published() & before  # the files of segments that are the same
    again.update()
    assert segments(machines, "again") == segments(machines, "late")
    maker.update()
    assert segments(machines, "maker") != segments(machines, "late")  # it goes on with its own
    assert_alike(maker, late, again)
    with machines.store.snapshot() as moment:
        assert len(late.lexical) == len(again.lexical) == moment.counts().passages


def test_words_that_were_published_are_not_read_again(machines: Machines) -> None:
    maker = machines.engine("maker")
    share_words(maker)
    published = [machines.folder / "maker" / "lexical" / name for name in segments(machines, "maker")]
    for path in (machines.folder / "maker" / "lexical").glob("segments-*/*.store"):
        assert path.name in {one.name for one in published}
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)  # whoever reads it finds that it is damaged
    before = machines.published()
    machines.put(DOCUMENTS)
    share_words(maker)
    assert machines.published() > before
    late = machines.engine("late")
    late.update()
    assert segments(machines, "late") == segments(machines, "maker")
    assert len(late.lexical) == len(maker.lexical)


@pytest.mark.parametrize("damage", ["flipped", "missing"])
def test_damaged_words_are_left_out_and_replaced(
    machines: Machines, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    maker = machines.engine("maker")
    share_words(maker)
    for path in machines.objects.glob("collections/*/bases/*"):
        if damage == "missing":
            path.unlink()
        else:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
    late = machines.engine("late")
    late.update()
    assert [one for one in caplog.messages if one.startswith("The words") and "cannot be used" in one]
    assert not segments(machines, "late") & segments(machines, "maker")
    share_words(late)
    third = machines.engine("third")
    for engine in (maker, third):
        engine.update()
        assert engine.dense.manifest == late.dense.manifest is not None
    assert segments(machines, "third") == segments(machines, "late")
    assert_alike(maker, late, third)


def test_words_that_are_damaged_here_are_fetched_again(machines: Machines) -> None:
    maker = machines.engine("maker")
    share_words(maker)
    with closing(machines.engine("late")) as late:
        late.update()
    for path in (machines.folder / "late" / "lexical").glob("segments-*/*.store"):
        path.write_bytes(b"damaged")
    again = machines.engine("late")
    again.update()
    assert segments(machines, "late") == segments(machines, "maker")
    assert_alike(maker, again)


def test_words_are_not_published_while_another_machine_does_or_the_place_is_away(
    machines: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    maker = machines.engine("maker")
    publish(maker)
    before = machines.published()
    with shared_turn(machines):
        maker.maintain(background=False)
    assert machines.published() == before
    machines.objects.rename(machines.folder / "away")
    machines.objects.write_text("in the way")
    maker.maintain(background=False)
    assert [one for one in caplog.messages if "could not be shared" in one]
    assert not list((machines.folder / "maker" / "lexical").glob("shared*"))


def test_an_erasure_leaves_no_word_in_the_shared_place(machines: Machines) -> None:
    machines.store.put([document("erased", "Quagga quagga quagga.")])
    maker, other = machines.engine("maker"), machines.engine("other")
    share_words(maker)
    machines.put(1)
    share_words(maker)  # the first ones are kept
    other.update()
    left = machines.folder / "other" / "lexical" / "shared"  # as by a process that was killed
    left.mkdir()
    (left / "words").write_bytes(b"quagga")
    assert segments(machines, "other") == segments(machines, "maker")
    assert found_in(machines.objects, [b"quagga"])
    machines.store.delete("erased")
    change = machines.store.notice(0).change
    with shared_turn(machines):
        assert not maker.purge(change)
    assert maker.purge(change)
    assert not found_in(machines.objects, [b"quagga"])
    assert not found_in(machines.folder / "maker", [b"quagga"])
    late = machines.engine("late")
    late.update()
    assert segments(machines, "late") == segments(machines, "maker")  # those that were published instead
    other.update()
    assert other.cleanse(change)
    assert not found_in(machines.folder / "other", [b"quagga"])
    assert_alike(maker, other, late)


def purge(machines: Machines, engine: EmbeddedEngine) -> int:
    """Purge on one machine what was erased; returns the change of the erasure."""
    erasure = machines.store.unpurged()
    assert erasure is not None
    eventually(lambda: engine.purge(erasure.change))
    assert machines.store.purge(erasure)
    return erasure.change


def test_a_machine_that_was_off_shares_nothing_that_was_purged_meanwhile(machines: Machines) -> None:
    machines.store.put([document("erased", "Quagga quagga quagga.")])
    maker = machines.engine("maker")
    share_words(maker)
    with closing(machines.engine("other")) as other:
        other.update()
    machines.store.delete("erased")
    change = purge(machines, maker)
    publish(maker)
    other = machines.engine("other")
    before = machines.published()
    other.update()
    other.maintain(background=False)
    assert machines.published() == before
    assert other.cleanse(change)
    other.maintain(background=False)
    assert machines.published() > before
    assert not found_in(machines.folder, [b"quagga"])


def test_a_base_of_passages_that_were_erased_is_not_published(machines: Machines) -> None:
    maker = machines.engine("maker")
    publish(maker)
    before = machines.published()
    machines.store.delete("003")
    with pytest.raises(CollectionBusy, match="erased"):
        shared(maker).publish()  # it has not followed yet
    assert machines.published() == before
    publish(maker)
    assert machines.published() > before


def test_a_machine_that_stood_still_while_another_purged_publishes_nothing(
    machines: Machines, tmp_path: Path
) -> None:
    machines.store.put([document("erased", "Quagga quagga quagga.")])
    maker, bases = machines.engine("maker"), machines.opened("other").bases()
    share_words(maker)
    assert bases is not None
    file = tmp_path / "words"
    file.write_bytes(b"quagga")

    def files() -> Iterator[tuple[str, Path]]:
        yield "0" * 64, file
        with psycopg.connect(machines.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_locks JOIN pg_database d ON d.oid = database"
                " WHERE locktype = 'advisory' AND datname = current_database()"
            )
        machines.store.delete("erased")
        purge(machines, maker)
        yield "1" * 64, file

    with bases.turn(), pytest.raises(CollectionBusy, match="lost"):
        bases.publish("form", 0, '{"files": {}}', files())
    assert not found_in(machines.objects, [b"quagga"])
    share_words(maker)
    assert not found_in(machines.objects, [b"quagga"])
