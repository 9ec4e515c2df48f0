"""What one machine erases leaves the index files of the others, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.library import Library
from index.postgresql import open_server
from tests.patience import eventually
from tests.postgresql import database
from tests.residue import residue

pytestmark = pytest.mark.processes

TEXTS = {
    "kept.txt": "Herons stand in the shallows. Herons wait for fish.",
    "other.txt": "Otters swim in the river. Otters sleep on its banks.",
    "gone.txt": "Zanzibarine lanterns were hidden. Qwertylike lanterns were lit.",
}
WORDS = ["zanzibarin", "qwertylik"]  # as the index stores them


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[list[Library]]:
    with database() as url, closing(open_server(url)):
        config = LibraryConfig(store=SecretStr(url))
        opened = [Library(tmp_path / name, embedder=WordEmbedder(), config=config) for name in ("one", "two")]
        yield opened
        for library in opened:
            library.close()


def purged(collection: Collection) -> bool:
    erasure = collection.purging.pending()
    return erasure is None or collection.purging.run(erasure)


@pytest.mark.parametrize("is_open", [True, False])
def test_the_files_of_other_machines_are_rid_of_it(machines: list[Library], is_open: bool) -> None:
    here, there = machines
    collection = here.open("notes", create=True)
    collection.put_many([Source(id_, text.encode(), name=id_) for id_, text in TEXTS.items()])
    collection.embed_pending()
    other = there.open("notes")
    assert residue(there.data, WORDS)
    if not is_open:
        there.close()
    collection.editor.delete("gone.txt")
    eventually(lambda: purged(collection))
    assert not residue(here.data, WORDS)
    assert residue(there.data, WORDS)
    other = there.open("notes")
    other.refresh()
    assert other.purging.cleanse()
    assert not residue(there.data, WORDS)
    found = {one.citation.document_id for one in other.ask("lanterns").hits}
    assert found == {"kept.txt", "other.txt"}


def test_it_is_done_once(machines: list[Library]) -> None:
    here, there = machines
    collection = here.open("notes", create=True)
    collection.put_many([Source(id_, text.encode(), name=id_) for id_, text in TEXTS.items()])
    other = there.open("notes")
    assert other.purging.cleanse()
    collection.editor.delete("gone.txt")
    eventually(lambda: purged(collection))
    assert other.purging.cleanse()
    collection.put(Source("kept.txt", b"Herons fly.", name="kept.txt"))
    for library in machines:
        library.close()
        again = library.open("notes")
        name = again._engine.lexical.name  # type: ignore[attr-defined]
        assert again.purging.cleanse()
        assert again._engine.lexical.has_removed  # type: ignore[attr-defined]
        assert again._engine.lexical.name == name  # type: ignore[attr-defined]
