"""What is true of originals in a folder beside the contract."""

import hashlib
from pathlib import Path

import pytest

from index.errors import StoreDamaged
from index.store.originals import FolderOriginals


@pytest.mark.parametrize("damaged", [b"", b"The lamp was lit at dusK.", b"The lamp was lit", b"\0" * 25])
def test_a_damaged_original_is_not_served(tmp_path: Path, damaged: bytes) -> None:
    data = b"The lamp was lit at dusk."
    sha256 = hashlib.sha256(data).digest()
    originals = FolderOriginals(tmp_path)
    originals.put(sha256, data)
    with originals.open(sha256) as file:
        assert (file.read(), file.seek(0)) == (data, 0)
    (path,) = (one for one in tmp_path.rglob("*") if one.is_file())
    path.write_bytes(damaged)
    with pytest.raises(StoreDamaged, match="is not what was kept"):
        originals.open(sha256)
