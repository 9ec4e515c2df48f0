import dataclasses
import logging
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from index.history import Ledger, Retention
from index.ingest.preparation import Source
from index.store import open_catalogue
from service.flows.upkeep import back_up, bundle, restore
from service.flows.upkeep.errors import (
    BackupDamaged,
    BackupFailed,
    DataNotEmpty,
)
from service.settings import Settings
from service.state.data_folder import DataInUse, RestoreUnfinished, state
from service.state.identity import Adjustment, Key, Marks, Person, Scope, SigningKey, open_key_store
from service.state.inventory import Inventory
from service.state.library import open_library as open_with_settings
from tests.log_lines import lines
from tests.service.flows.upkeep.conftest import Opener, answers, files, names, put

MOONS = "Mars has two moons, Phobos and Deimos."
RINGS = "Saturn has rings of ice and dust."
VENUS = "Venus has no moon at all."


@pytest.mark.parametrize("name", ["backup", "backup.tar.gz"])
def test_drill(data: Path, open_library: Opener, tmp_path: Path, name: str) -> None:
    """Back up, go on, lose everything, restore: same answers, citations, erasures; and new documents."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with open_library(ledger=ledger.path) as library:
        put(library, "mars.txt", "Mars has moons.")
        locators = [
            put(library, "mars.txt", MOONS),
            put(library, "saturn.txt", RINGS),
            put(library, "secret.txt", "The secret word is aardvark."),
        ]
        library.open("notes").editor.rename("secret.txt", "hidden.txt")
        before = answers(library, "moons of Mars", "rings of ice")
        back_up(data, tmp_path / name)
        library.open("notes").editor.delete("hidden.txt")
        library.open("notes").editor.prune(Retention(keep_versions=1))
        put(library, "later.txt", VENUS)
        library.open("notes")._engine.dense.compact()  # type: ignore[attr-defined]
    shutil.rmtree(data)
    restored = restore(data, tmp_path / name, ledger=ledger)
    assert (restored.has_ledger, restored.documents, restored.versions) == (True, 1, 2)
    with open_library(ledger=ledger.path) as library:
        notes = library.open("notes")
        assert answers(library, "moons of Mars", "rings of ice") == [
            [one for one in found if not one.startswith("hidden")] for found in before
        ]
        for locator, text in zip(locators, (MOONS, RINGS), strict=False):
            assert notes.archive.cite(locator).quote == text
        assert notes.archive.find_document("secret.txt") is None
        assert notes.archive.find_document("hidden.txt") is None
        assert [one.number for one in notes.archive.versions("mars.txt")] == [2]
        for number in range(12):
            put(library, f"new{number}.txt", f"After the restore came w{number}ord.")
        for number in range(12):
            (best, *_), *_ = answers(library, f"w{number}ord")
            assert best.startswith(f"new{number}.txt@")
            hit = notes.ask(f"w{number}ord", k=1).hits[0]
            assert (hit.explain.dense.rank, hit.explain.lexical.rank) == (1, 1)
        counts = notes.archive.counts()
        assert list(notes._store.problems(notes._following.derivation.embedder.dimension)) == []  # type: ignore[attr-defined]
        assert (counts.documents, counts.passages, counts.embedded) == (14, 14, 14)
    assert b"aardvark" not in b"".join(files(data).values())


def test_what_was_put_again_after_an_erasure_is_kept(
    data: Path, open_library: Opener, tmp_path: Path
) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
        library.open("notes").editor.delete("mars.txt")
        put(library, "mars.txt", MOONS)
        back_up(data, tmp_path / "backup")
    restored = restore(data, tmp_path / "backup", ledger=Ledger(data / "erasures.jsonl"), replace=True)
    assert (restored.documents, restored.versions) == (0, 0)
    with open_library() as library:
        assert library.open("notes").archive.document("mars.txt")


def test_an_erased_collection_stays_erased(data: Path, open_library: Opener, tmp_path: Path) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
        put(library, "law.txt", "Everybody may ask.", collection="laws")
        back_up(data, tmp_path / "backup")
        library.delete("laws")
    ledger = Ledger(data / "erasures.jsonl")
    assert restore(data, tmp_path / "backup", ledger=ledger, replace=True).collections == ["laws"]
    with open_library() as library:
        assert library.names() == ["notes"]
    # Unless it was a mistake, and what was erased is to come back.
    assert restore(data, tmp_path / "backup", ledger=None, replace=True).collections == []
    with open_library() as library:
        assert library.names() == ["laws", "notes"]


@pytest.mark.parametrize("ends", ["killed before it", "refused", "killed after it"])
def test_a_deletion_of_a_collection_is_erased_again_only_if_it_was_done(
    data: Path, open_library: Opener, tmp_path: Path, ends: str
) -> None:
    with open_library() as library:
        put(library, "law.txt", "Everybody may ask.", collection="laws")
    back_up(data, tmp_path / "backup")
    with open_library() as library:
        with closing(open_catalogue(data).open("laws")) as store:
            part = library.ledger.begin_collection(store.tag())
        if ends == "refused":
            library.ledger.end_collection(part, is_erased=False)
        elif ends == "killed after it":
            open_catalogue(data).delete("laws")
    with open_library() as library:  # as a service that starts
        library.ledger.undone()
        library.enter_erasures()
        assert library.ledger.begun() == {}
    restored = restore(data, tmp_path / "backup", ledger=Ledger(data / "erasures.jsonl"), replace=True)
    assert restored.collections == (["laws"] if ends == "killed after it" else [])


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_restore_settles_a_deletion_that_was_cut_off_before_it_replaces_the_data(
    data: Path, open_library: Opener, tmp_path: Path, is_deleted: bool
) -> None:
    """A collection that an older backup lacks is not taken for one that was deleted; one that was, is."""
    ledger = Ledger(data / "erasures.jsonl")
    with open_library() as library:
        put(library, "mars.txt", MOONS)
        back_up(data, tmp_path / "old")
        put(library, "law.txt", "Everybody may ask.", collection="laws")
        back_up(data, tmp_path / "new")
        with closing(open_catalogue(data).open("laws")) as store:
            library.ledger.begin_collection(store.tag())
    if is_deleted:
        open_catalogue(data).delete("laws")
    restored = restore(data, tmp_path / ("new" if is_deleted else "old"), ledger=ledger, replace=True)
    assert restored.collections == (["laws"] if is_deleted else [])
    with open_library() as library:  # as a service that starts
        library.ledger.undone()
        library.enter_erasures()
    again = restore(data, tmp_path / "new", ledger=Ledger(ledger.path), replace=True)
    assert again.collections == (["laws"] if is_deleted else [])


def test_a_deletion_that_was_cut_off_counts_as_not_done_where_all_data_is_lost(
    data: Path, open_library: Opener, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with open_library(ledger=ledger.path) as library:
        put(library, "law.txt", "Everybody may ask.", collection="laws")
        back_up(data, tmp_path / "backup")
        with closing(open_catalogue(data).open("laws")) as store:
            library.ledger.begin_collection(store.tag())
    shutil.rmtree(data)
    assert restore(data, tmp_path / "backup", ledger=ledger).collections == []
    with open_library(ledger=ledger.path) as library:
        library.ledger.undone()
        assert library.ledger.begun() == {}


def test_without_a_ledger_nothing_is_erased_and_that_is_told(
    data: Path, open_library: Opener, tmp_path: Path
) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup")
    restored = restore(tmp_path / "other", tmp_path / "backup", ledger=Ledger(tmp_path / "none.jsonl"))
    assert not restored.has_ledger


def test_a_folder_that_holds_something_is_replaced_only_when_told(
    data: Path, open_library: Opener, tmp_path: Path
) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup")
    with open_library() as library:
        put(library, "later.txt", RINGS)
        put(library, "law.txt", "Everybody may ask.", collection="laws")
    (data / "models").mkdir()
    (data / "jobs.sqlite-wal").write_bytes(b"of another database")
    before = files(data)
    with pytest.raises(DataNotEmpty, match="replaced"):
        restore(data, tmp_path / "backup", ledger=None)
    assert files(data) == before
    restore(data, tmp_path / "backup", ledger=None, replace=True)
    assert names(data) == ["collections", "models"]
    with open_library() as library:
        assert library.names() == ["notes"]
        assert [one.id for one in library.open("notes").archive.documents()] == ["mars.txt"]


def test_a_folder_in_use_is_not_replaced(data: Path, open_library: Opener, tmp_path: Path) -> None:
    library = open_library()
    put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup")
    for replace in (True, False):
        with pytest.raises((DataInUse, DataNotEmpty)):
            restore(data, tmp_path / "backup", ledger=None, replace=replace)
    put(library, "later.txt", RINGS)
    assert answers(library, "rings of ice")
    library.close()
    with FileLock(data / "jobs.lock"), pytest.raises(DataInUse, match=r"jobs\.lock"):
        restore(data, tmp_path / "backup", ledger=None, replace=True)
    restore(data, tmp_path / "backup", ledger=None, replace=True)


def test_a_damaged_backup_changes_nothing(data: Path, open_library: Opener, tmp_path: Path) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup")
    (tmp_path / "backup/collections/notes/store.sqlite").write_bytes(b"damaged")
    before = files(data)
    for source in ("backup", "data", "nothing"):
        with pytest.raises(BackupDamaged):
            restore(data, tmp_path / source, ledger=None, replace=True)
        assert files(data) == before


def test_a_place_that_cannot_be_written_is_told(data: Path, open_library: Opener, tmp_path: Path) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup")
    (tmp_path / "file").write_text("")
    with pytest.raises(BackupFailed):
        restore(tmp_path / "file", tmp_path / "backup", ledger=None)


def test_an_interrupted_restore_is_not_opened_and_can_be_repeated(
    data: Path, open_library: Opener, tmp_path: Path
) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup")
    # As a kill leaves it: the mark, the old state moved away, and a part of the new one.
    (data / "restore-unfinished").touch()
    (data / ".replaced").mkdir()
    (data / "collections").rename(data / ".replaced/collections")
    (data / "collections").mkdir()
    with pytest.raises(RestoreUnfinished, match="restore again"):
        open_with_settings(Settings(data=data, model="words"))
    with pytest.raises(RestoreUnfinished):
        back_up(data, tmp_path / "other")
    restore(data, tmp_path / "backup", ledger=None)
    assert names(data) == ["collections"]
    with open_with_settings(Settings(data=data, model="words")) as library:
        assert library.open("notes").archive.document("mars.txt")


def test_keys_and_jobs_are_restored_with_the_rest(data: Path, open_library: Opener, tmp_path: Path) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
    open_key_store(data).close()
    manifest = back_up(data, tmp_path / "backup")
    restore(tmp_path / "other", tmp_path / "backup", ledger=None)
    assert set(files(tmp_path / "other")) == set(manifest.files)
    assert bundle.read(tmp_path / "backup", None) == manifest


def test_a_collection_can_be_asked_while_it_is_backed_up(
    data: Path, open_library: Opener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = open_library()
    put(library, "mars.txt", MOONS)
    with caplog.at_level(logging.WARNING):
        back_up(data, tmp_path / "backup")
        library.open("notes").put(Source("later.txt", RINGS.encode()))
    assert answers(library, "rings of ice")
    assert lines(caplog) == []


def test_keys_that_were_revoked_since_stay_revoked_and_sessions_end(
    data: Path, open_library: Opener, tmp_path: Path
) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
    with closing(open_key_store(data)) as keys:
        for name in ("one", "two"):
            keys.add(Key(name, name, bytes(32), Scope.READ))
        secrets = {name: keys.secret(name) for name in ("sessions", "citations")}
    back_up(data, tmp_path / "backup")
    with closing(open_key_store(data)) as keys:
        keys.revoke("one", 7.0)
    restore(data, tmp_path / "backup", ledger=None, replace=True)
    with closing(open_key_store(data)) as keys:
        assert [(key.id, key.revoked) for key in keys.all()] == [("one", 7.0), ("two", None)]
        assert keys.secret("citations") == secrets["citations"]
        assert keys.secret("sessions") != secrets["sessions"]  # some of them may have been ended since
    # Keys that cannot be read prevent no restore.
    (data / "keys.sqlite").write_bytes(b"damaged" * 1000)
    restore(data, tmp_path / "backup", ledger=None, replace=True)
    with closing(open_key_store(data)) as keys:
        assert [key.revoked for key in keys.all()] == [None, None]


def test_a_signing_key_that_was_rotated_since_does_not_return_to_use(
    data: Path, open_library: Opener, tmp_path: Path
) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
    old, new = (SigningKey(name, bytes(32), 1.0) for name in ("old", "new"))
    with closing(open_key_store(data)) as keys:
        keys.identify()
        keys.add_signing_key(old, after="")
    back_up(data, tmp_path / "backup")
    with closing(open_key_store(data)) as keys:
        keys.add_signing_key(new, after="old")
    for _ in range(2):
        restore(data, tmp_path / "backup", ledger=None, replace=True)
        with closing(open_key_store(data)) as keys:
            assert keys.signing_keys() == [old, new]
    # Those of another installation stay away.
    with closing(open_key_store(tmp_path / "other")) as keys:
        keys.add_signing_key(SigningKey("strange", bytes(32), 1.0), after="")
    restore(tmp_path / "other", tmp_path / "backup", ledger=None, replace=True)
    with closing(open_key_store(tmp_path / "other")) as keys:
        assert keys.signing_keys() == [old]


def _kill_when_moved(data: Path) -> None:
    """Leave the folder as a kill does that comes after the old state was moved away."""
    (data / "restore-unfinished").touch()
    (data / ".replaced").mkdir()
    for path in state(data):
        path.rename(data / ".replaced" / path.name)


def test_keys_stay_revoked_when_a_restore_is_killed_and_repeated(data: Path, tmp_path: Path) -> None:
    with closing(open_key_store(data)) as keys:
        keys.add(Key("one", "one", bytes(32), Scope.READ))
    back_up(data, tmp_path / "backup")
    with closing(open_key_store(data)) as keys:
        keys.revoke("one", 7.0)
    _kill_when_moved(data)
    restore(data, tmp_path / "backup", ledger=None)
    with closing(open_key_store(data)) as keys:
        assert [key.revoked for key in keys.all()] == [7.0]


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_backup_without_keys_does_not_open_what_only_a_collection_knows_to_be_closed(
    data: Path, open_library: Opener, tmp_path: Path, is_killed: bool
) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup")
    Marks(data).replace("id of the keys")
    (data / "inventory.json").unlink()
    if is_killed:
        _kill_when_moved(data)
    assert restore(data, tmp_path / "backup", ledger=None, replace=True).lacks_keys
    assert Inventory(data).access() == "id of the keys"


def test_groups_that_were_changed_by_hand_since_stay_so(
    data: Path, open_library: Opener, tmp_path: Path
) -> None:
    with open_library() as library:
        put(library, "mars.txt", MOONS)
    ada = Person("sso/1", "https://sso.example.org", "1", "Ada", Scope.READ, frozenset(["staff"]), 1.0, 1.0)
    with closing(open_key_store(data)) as keys:
        keys.identify()
        keys.note_people([ada])
    back_up(data, tmp_path / "backup")
    withdrawn = Adjustment(withdrawn=frozenset(["staff"]))
    with closing(open_key_store(data)) as keys:
        keys.adjust(ada.key, withdrawn)
    restore(data, tmp_path / "backup", ledger=None, replace=True)
    with closing(open_key_store(data)) as keys:
        assert keys.people() == [dataclasses.replace(ada, adjustment=withdrawn)]
