from pathlib import Path

import pytest

from index.engine.vectors import FaissIndex
from tests.index.engine.vectors.numbered import DIMENSION, put


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vectors"


@pytest.fixture
def compacted(folder: Path) -> Path:
    index = FaissIndex.open(folder, DIMENSION)
    put(index, 118, range(20))
    index.compact()
    index.close()
    return folder
