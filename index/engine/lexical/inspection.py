"""Read a lexical index from its files alone, to check it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tantivy

from index.engine.lexical import applied, checking, segments
from index.records import Mark
from index.text.analysis import Analyzer
from index.types import Ids


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """A lexical index whose files are what was written; ``mark`` identifies the change it has reached."""

    mark: Mark
    searcher: tantivy.Searcher

    @staticmethod
    def read(folder: Path, analyzer: Analyzer) -> IndexFiles | None:
        """Compare all files with their checksums and open them; None if there is no index.

        Raises :class:`index.errors.StoreDamaged`.
        """
        found = applied.read(folder, analyzer.version)
        if found is None:
            return None
        path = folder / found.segments
        with segments.translate_errors("being checked"):
            checking.check_commit(checking.commit_of(path), found.commit)
            checking.check(path)
            return IndexFiles(found.mark, segments.open_folder(path).searcher())

    def ids(self) -> Ids:
        """The passages in it."""
        count = self.searcher.num_docs
        if not count:
            return np.empty(0, np.int64)
        with segments.translate_errors("being checked"):
            hits = self.searcher.search(
                tantivy.Query.all_query(), count, count=False, order_by_field="passage"
            ).hits
        return np.array([id_ for id_, _ in hits], np.int64)
