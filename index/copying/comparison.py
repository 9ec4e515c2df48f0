"""Compare two records row by row."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from index.protocols.copying import LOGS, RecordState, Row, RowSource

_TABLES = (
    "documents", "versions", "aliases", "document_groups", "texts", "text_blocks", "passages", "embeddings",
    "originals", "names", *LOGS,
)  # fmt: skip
_HASHED = {"text_blocks": "texts", "embeddings": "vectors"}
_MOST = 20
_CHUNK = 5000
_ITS_OWN = frozenset({"epoch", "purged"})
"""What a copy has of its own."""

Progress = Callable[[int, int], None]
"""Called with (rows compared, rows in all)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between two records, and its place."""

    what: str
    place: str


@dataclass(slots=True)
class Comparison:
    """The result of a comparison. ``hashes`` are SHA-256 over all texts and all vectors of the source."""

    rows: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)


def compare(source: RowSource, target: RowSource, progress: Progress = lambda *_: None) -> Comparison:
    """Compare all rows of two records; lists the first differences of each table and counts the others."""
    found = Comparison()
    _compare_states(source.state, target.state, found)
    total = sum(source.size(table) for table in _TABLES)
    done = 0
    for table in _TABLES:
        hashed = hashlib.sha256()
        count = wrong = 0
        for key, own, other in _merge(source.rows_in_order(table), target.rows_in_order(table)):
            count += own is not None
            if own is not None and table in _HASHED:
                for value in own:
                    hashed.update(value if isinstance(value, bytes) else repr(value).encode())
            if own != other:
                wrong += 1
                if wrong <= _MOST:
                    found.differences.append(Difference(_difference(own, other), f"{table} {_name_of(key)}"))
            if count % _CHUNK == 0:
                progress(done + count, total)
        if wrong > _MOST:
            found.differences.append(Difference(f"{wrong - _MOST} more rows are different", table))
        done += count
        found.rows[table] = count
        if table in _HASHED:
            found.hashes[_HASHED[table]] = hashed.hexdigest()
    progress(total, total)
    return found


def _compare_states(own: RecordState, other: RecordState, found: Comparison) -> None:
    for one in fields(RecordState):
        first, second = getattr(own, one.name), getattr(other, one.name)
        if one.name not in _ITS_OWN and first != second:
            found.differences.append(Difference(f"{first!r} became {second!r}", f"state {one.name}"))


def _merge(
    first: Iterator[tuple[Row, Row]], second: Iterator[tuple[Row, Row]]
) -> Iterator[tuple[Row, Row | None, Row | None]]:
    """Pair the rows of two ordered streams by their keys; None where one has no such row."""
    own, other = next(first, None), next(second, None)
    while own is not None or other is not None:
        if other is None or (own is not None and own[0] < other[0]):
            assert own is not None  # noqa: S101 -- one of both is there
            yield own[0], own[1], None
            own = next(first, None)
        elif own is None or other[0] < own[0]:
            yield other[0], None, other[1]
            other = next(second, None)
        else:
            yield own[0], own[1], other[1]
            own, other = next(first, None), next(second, None)


def _difference(own: Row | None, other: Row | None) -> str:
    if other is None:
        return "the row is missing in the target"
    return "the row is in the target alone" if own is None else "the row is different in the target"


def _name_of(key: Sequence[Any]) -> str:
    return " ".join(part.hex() if isinstance(part, bytes) else str(part) for part in key)
