"""What is due after many passages were removed."""

from contextlib import closing
from pathlib import Path

import pytest

from index.config import LibraryConfig
from index.description import Description
from index.embedding import WordEmbedder
from index.engine.embedded import EmbeddedEngine
from index.store.sqlite import SqliteStore
from tests.contracts.documents import document
from tests.patience import eventually

CONFIG = LibraryConfig()
DESCRIPTION = Description.of_today(WordEmbedder(), CONFIG)
COUNT = 1500
"""Documents of two passages."""


@pytest.mark.parametrize("background", [False, True])
def test_removed_passages_leave_the_files(tmp_path: Path, background: bool) -> None:
    with closing(SqliteStore(tmp_path / "store.sqlite")) as store:
        store.put([document(f"d{number}", "Common here. Common there.") for number in range(COUNT)])
        with closing(EmbeddedEngine(tmp_path / "engine", store, DESCRIPTION, CONFIG)) as engine:
            engine.update()
            store.put([document("rare", "Rare here. Common there.")])
            store.retire([f"d{number}" for number in range(COUNT // 2)])
            engine.update()
            with closing(EmbeddedEngine(tmp_path / "fresh", store, DESCRIPTION, CONFIG)) as fresh:
                fresh.update()
                expected = fresh.importance("rare common").shares
            assert engine.importance("rare common").shares.tolist() == expected.tolist()
            assert engine.lexical.has_removed
            engine.maintain(background=background)
            eventually(lambda: not engine.lexical.has_removed)
            eventually(lambda: not engine.lexical.should_rewrite)
            assert engine.importance("rare common").shares.tolist() == expected.tolist()
            assert len(engine.lexical) == 2 * (COUNT - COUNT // 2 + 1)
            assert engine.check() == []
