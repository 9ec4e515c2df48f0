"""Metadata filters, evaluated document by document."""

from __future__ import annotations

import operator
from collections.abc import Collection

from index.filters import Comparison, Filter, Named, ReadableBy
from index.types import Metadata, Scalar

_ORDER = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def admits(where: Filter, metadata: Metadata, groups: Collection[str]) -> bool:
    """Whether a filter admits a document with this metadata and these groups."""
    if isinstance(where, ReadableBy):
        return where.admits(groups)
    if isinstance(where, Named):
        return where.admits(metadata[key] for key in Named.KEYS)
    if not isinstance(where, Comparison):
        parts = (admits(part, metadata, groups) for part in where.filters)
        return all(parts) if where.combination == "and" else any(parts)
    value = metadata.get(where.key)
    members = [] if value is None else [value] if isinstance(value, Scalar) else list(value)
    if order := _ORDER.get(where.operator):
        bound = where.values[0]
        return any(_kind(one) == _kind(bound) and order(one, bound) for one in members)
    equal = any(_kind(one) == _kind(wanted) and one == wanted for one in members for wanted in where.values)
    return equal if where.operator in ("eq", "in") else not equal


def _kind(value: Scalar) -> str:
    """Values of different kinds are never equal: true is not 1."""
    return "boolean" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
