"""Files are mapped only where that is asked for: whoever cuts a mapped file short ends its readers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from index.store.sqlite.database.connections import Database


@pytest.mark.parametrize("is_mapped", [False, True])
def test_a_file_is_mapped_only_if_that_was_asked_for(tmp_path: Path, is_mapped: bool) -> None:
    with closing(Database(tmp_path / "a.sqlite", is_mapped=is_mapped)) as database, database.read() as open_:
        (size,) = open_.execute("PRAGMA mmap_size").fetchone() or (0,)
        assert (size > 0) == is_mapped
