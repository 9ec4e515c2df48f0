"""Erasures as events record them, and the error for a change that cannot be read any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from index.errors import ChangeNotFound, ChangeNotKept
from index.records import Erasure


def erasure_of(change: int, gone: dict[str, float], renamed: Iterable[Sequence[str]]) -> Erasure:
    """Return the erasure up to a change, by the ids of documents and the times of their erasures.

    ``renamed`` has new and former ids, the last renaming first: documents may have been put under ids that
    they had before.
    """
    for document_id, was in renamed:
        if document_id in gone:
            gone[was] = max(gone[document_id], gone.get(was, 0.0))
    return Erasure(change, gone)


def require_change(change: int, last: int) -> None:
    """Raise :class:`index.errors.ChangeNotFound` for a change that has not happened."""
    if not 0 <= change <= last:
        raise ChangeNotFound(f"There is no change {change}; the collection is at change {last}.")


def require_kept(change: int, erased: Sequence[tuple[str, int]]) -> None:
    """Raise :class:`index.errors.ChangeNotKept` if versions (document id, number) of then are erased."""
    if erased:
        named = ", ".join(f"version {number} of {document_id!r}" for document_id, number in erased[:3])
        more = ", and others" if len(erased) > 3 else ""
        raise ChangeNotKept(
            f"The collection cannot answer as of change {change}: what stood in it then is deleted or "
            f"pruned ({named}{more}). Ask as of a later change."
        )
