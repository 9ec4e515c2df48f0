"""What other documents say against an answer, while there is time."""

from __future__ import annotations

import time
from pathlib import Path

from index.citations import Locator, locator_of, parse_locator
from index.embedding import WordEmbedder
from index.ingest import Source
from index.library import Library
from service.flows.ask.disagreeing import find_conflicts

TEXTS = {
    "old.txt": "Employees receive 25 days of annual leave. The canteen opens at 11 on every working day.",
    "new.txt": "Employees receive 30 days of annual leave each year.",
}


def test_what_is_not_compared_in_time_is_told(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        collection = library.open("rules", create=True)
        for name, text in TEXTS.items():
            collection.put(Source(name, text.encode(), media_type="text/plain"))
        version = collection.archive.version("old.txt")
        cited = [parse_locator(locator_of(version, 0, version.length))]
        whole = find_conflicts(collection, cited, as_of=None, ends=time.monotonic() + 3600)
        assert (len(whole.conflicts), whole.sentences, whole.is_complete) == (1, 2, True)
        cut = find_conflicts(collection, cited, as_of=None, ends=time.monotonic() - 1)
        assert (cut.sentences, cut.is_complete) == (1, False)
        gone = [Locator("gone.txt", "0" * 64, 0, 5)]
        assert not find_conflicts(collection, gone, as_of=None, ends=time.monotonic() + 3600).is_complete
