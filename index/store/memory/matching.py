"""Metadata filters, evaluated document by document."""

from __future__ import annotations

from collections.abc import Collection

from index.filters import Comparison, Filter, NameContains, ReadableBy
from index.types import Metadata


def admits(where: Filter, metadata: Metadata, groups: Collection[str]) -> bool:
    """Whether a filter admits a document with this metadata and these groups."""
    if isinstance(where, ReadableBy):
        return where.admits(groups)
    if isinstance(where, NameContains):
        return where.admits(metadata[key] for key in NameContains.KEYS)
    if isinstance(where, Comparison):
        return where.admits(metadata.get(where.key))
    parts = (admits(part, metadata, groups) for part in where.filters)
    return all(parts) if where.combination == "and" else any(parts)
