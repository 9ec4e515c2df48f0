"""Find documents and passages by the numbers that their pages bear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from index.page_labels import PageRange, merged_ranges, pages_in
from index.store.rows.documents import page_count
from index.store.sql.statements import Statements
from index.store.sql.versions import WAS_LIVE
from index.types import Ids

_LABELLED = "SELECT v.key, v.document, v.page_labels FROM versions v WHERE v.page_labels <> '' AND "
_LIVE = "{0}.removed IS NULL"


def documents(statements: Statements, ranges: Sequence[PageRange]) -> Ids:
    """Return the keys of the documents whose newest version has a page in these ranges, ascending."""
    merged = merged_ranges(ranges)
    query = (
        "SELECT v.document, v.page_labels, v.pages FROM versions v JOIN documents d ON d.version = v.key"
        " WHERE v.page_labels <> ''"
    )
    found = [
        document
        for document, labels, packed in statements.rows(query)
        if (pages := pages_in(labels, merged)) and _has_any(pages, 1, page_count(packed))
    ]
    return np.unique(np.array(found, np.int64))


def passages(statements: Statements, ranges: Sequence[PageRange], within: Ids | None, at: int | None) -> Ids:
    """Return the live passages on pages in these ranges, ascending, of some documents (keys) or of all.

    They are those of today, or ``at`` a change.
    """
    merged = merged_ranges(ranges)
    live, moment = (_LIVE, ()) if at is None else (WAS_LIVE, (at, at))
    rows = statements.rows(_LABELLED + live.format("v"), moment)
    keys = None if within is None else frozenset(within.tolist())
    pages = {
        key: found
        for key, document, labels in rows
        if (keys is None or document in keys) and (found := pages_in(labels, merged))
    }
    placed = statements.rows_among(
        f"SELECT p.id, p.version, p.first_page, p.last_page FROM passages p WHERE {live.format('p')}"
        " AND p.first_page IS NOT NULL AND {among}",
        "p.version",
        pages,
        moment,
    )
    return np.unique(
        np.array([id_ for id_, version, *on in placed if _has_any(pages[version], *on)], np.int64)
    )


def _has_any(pages: Iterable[tuple[int, int]], first: int, last: int) -> bool:
    return any(one <= last and other >= first for one, other in pages)
