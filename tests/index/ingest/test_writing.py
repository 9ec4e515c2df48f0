"""The order in which a document is prepared and committed."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Preparation, Source
from index.ingest.writing import DocumentWriter
from index.readers import InProcessReaders
from tests.opening import store_in


def test_texts_are_analysed_before_the_turn_to_write(tmp_path: Path) -> None:
    config, happened = LibraryConfig(), []

    @contextmanager
    def writing() -> Iterator[None]:
        happened.append("lease")
        yield
        happened.append("committed")

    with closing(store_in(tmp_path)) as store:
        preparation = Preparation(WordEmbedder(), InProcessReaders(config.reading), config)
        writer = DocumentWriter(store, None, lambda: preparation, writing, indexing=happened.extend)
        source = Source("a.md", b"# Lamps\n\nThe lamp was lit at dusk.\n\n## Oil\n\nIt burns.")
        assert [one.status for one in writer.put_many([source])] == ["added"]  # type: ignore[union-attr]
        with store.snapshot() as moment:
            indexed = [one.text for one in moment.added_texts(0, moment.change)]
        assert happened == [*indexed, "lease", "committed"]
        assert len(indexed) == 2
        writer.put_many([source])
        assert len(happened) == 4


def test_a_writer_that_lost_its_right_stores_nothing(tmp_path: Path) -> None:
    config, happened = LibraryConfig(), []

    @contextmanager
    def writing() -> Iterator[None]:
        happened.append("lease")
        yield

    def refuse() -> None:
        happened.append("asked")
        raise PermissionError

    with closing(store_in(tmp_path)) as store:
        preparation = Preparation(WordEmbedder(), InProcessReaders(config.reading), config)
        writer = DocumentWriter(store, None, lambda: preparation, writing, indexing=list)
        source = Source("a.md", b"The lamp was lit at dusk.")
        with pytest.raises(PermissionError):
            writer.put_many([source], refuse)
        with store.snapshot() as moment:
            assert moment.find_document("a.md") is None
        assert happened == ["lease", "asked"]
        writer.put_many([source], lambda: happened.append("confirmed"))
        assert happened[2:] == ["lease", "confirmed"]
