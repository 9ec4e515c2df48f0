"""What every store of originals does."""

import hashlib
from pathlib import Path

import pytest

from index.errors import CollectionBusy
from index.protocols import Originals
from index.store.originals import LayeredOriginals, StoredOriginals, folder_originals
from tests.objects import bucket_at, objects_url


@pytest.fixture(params=["folder", "bucket", "layered"])
def originals(tmp_path: Path, request: pytest.FixtureRequest) -> Originals:
    if request.param == "bucket":
        return StoredOriginals(bucket_at(objects_url()).below("one"))
    folder = folder_originals(tmp_path / "originals")
    return (
        LayeredOriginals(folder_originals(tmp_path / "shared"), folder)
        if request.param == "layered"
        else folder
    )


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def put(originals: Originals, data: bytes) -> bytes:
    originals.put(sha(data), data)
    return sha(data)


def test_bytes_are_kept_by_their_hash(originals: Originals) -> None:
    one, none = put(originals, b"one"), put(originals, b"")
    assert originals.holds(one)
    assert not originals.holds(sha(b"two"))
    with originals.open(one) as file:
        assert file.read() == b"one"
        file.seek(1)
        assert file.read(1) == b"n"
    with originals.open(none) as file:
        assert file.read() == b""


def test_bytes_may_be_put_again(originals: Originals) -> None:
    put(originals, b"one")
    one = put(originals, b"one")
    assert originals.sweep({one}) == 0
    with originals.open(one) as file:
        assert file.read() == b"one"


def test_what_is_not_kept_cannot_be_opened(originals: Originals) -> None:
    with pytest.raises(FileNotFoundError):
        originals.open(sha(b"one"))


def test_a_sweep_removes_all_but_what_it_is_told_to_keep(originals: Originals) -> None:
    assert originals.sweep(set()) == 0
    one, two = put(originals, b"one"), put(originals, b"two")
    assert originals.sweep({one}) == 1
    assert originals.holds(one)
    assert not originals.holds(two)
    put(originals, b"two")
    assert originals.holds(two)


def test_a_sweep_removes_nothing_once_its_lease_is_lost(originals: Originals) -> None:
    one = put(originals, b"one")

    def lost() -> None:
        raise CollectionBusy("The lease is lost.")

    with pytest.raises(CollectionBusy):
        originals.sweep(set(), lost)
    assert originals.holds(one)


@pytest.mark.processes
@pytest.mark.parametrize("has_folder", [False, True])
def test_an_upload_of_what_is_kept_is_aborted_alone(tmp_path: Path, has_folder: bool) -> None:
    # A process ended while it sent a large original that is kept already, here or in the data folder.
    bucket = bucket_at(objects_url()).below("left")
    originals: Originals = StoredOriginals(bucket)
    if has_folder:
        folder = folder_originals(tmp_path / "originals")
        one = put(folder, b"one")
        originals = LayeredOriginals(originals, folder)
    else:
        one = put(originals, b"one")
    bucket.begin(one.hex())
    assert originals.sweep({one}) == 1
    assert originals.holds(one)
    assert not list(bucket.unfinished())
    assert originals.sweep({one}) == 0


def test_files_that_are_not_ours_are_swept_once(tmp_path: Path) -> None:
    folder = tmp_path / "originals"
    originals = folder_originals(folder)
    one = put(originals, b"one")
    for name in (".snapshot/x", "a/bc", "abc/d", f"{one.hex()[:2]}/{one.hex()[2:]}.0.new"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    assert originals.sweep({one}) == 4
    assert originals.sweep({one}) == 0
    assert originals.holds(one)
