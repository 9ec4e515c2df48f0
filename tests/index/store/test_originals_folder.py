"""What is true of originals in a folder beside the contract."""

import hashlib
from pathlib import Path

import pytest

from index.errors import CollectionNotFound, StoreDamaged
from index.store.originals import folder_originals


@pytest.mark.parametrize("damaged", [b"", b"The lamp was lit at dusK.", b"The lamp was lit", b"\0" * 25])
def test_a_damaged_original_is_not_served(tmp_path: Path, damaged: bytes) -> None:
    data = b"The lamp was lit at dusk."
    sha256 = hashlib.sha256(data).digest()
    originals = folder_originals(tmp_path)
    originals.put(sha256, data)
    with originals.open(sha256) as file:
        assert (file.read(), file.seek(0)) == (data, 0)
    (path,) = (one for one in tmp_path.rglob("*") if one.is_file())
    path.write_bytes(damaged)
    with pytest.raises(StoreDamaged, match="is not what was kept"):
        originals.open(sha256)


def test_the_folder_of_a_deleted_collection_is_not_made_again(tmp_path: Path) -> None:
    data = b"The lamp was lit at dusk."
    originals = folder_originals(tmp_path / "deleted" / "originals")
    with pytest.raises(FileNotFoundError):
        originals.put(hashlib.sha256(data).digest(), data)
    assert not (tmp_path / "deleted").exists()


def test_nothing_is_put_into_a_collection_that_was_deleted(tmp_path: Path) -> None:
    data = b"The lamp was lit at dusk."
    with pytest.raises(CollectionNotFound):
        folder_originals(tmp_path, lambda: False).put(hashlib.sha256(data).digest(), data)
    assert not list(tmp_path.iterdir())


def test_a_stray_keeps_its_name_in_a_subfolder(tmp_path: Path) -> None:
    originals = folder_originals(tmp_path)
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "cd.0123.new").write_bytes(b"12345")
    (found,) = originals.strays(set())
    assert (found.sha256, found.size) == (None, 5)
    originals.remove_strays([found])
    assert not list((tmp_path / "ab").iterdir())
