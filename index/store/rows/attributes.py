"""The attributes of a document that filters compare: typed values by key."""

from collections.abc import Callable
from functools import reduce

import numpy as np

from index.filters import Comparison, Compound, Filter, Kind, kind_of
from index.provenance import EDITED
from index.types import Ids, Metadata, Scalar

LARGEST = 2**63 - 1


def select_in_parts(where: Compound, select: Callable[[Filter], Ids]) -> Ids:
    """Return the keys, ascending, that match a filter too large for one query, by those of its parts."""
    combine = np.intersect1d if where.combination == "and" else np.union1d
    return reduce(combine, [select(part) for part in where.halves()])


def typed_value(value: Scalar) -> tuple[Kind, str | int | float]:
    """Return the kind of a value, and the value as it is stored."""
    if isinstance(value, str):
        return kind_of(value), value
    if isinstance(value, bool):
        return kind_of(value), int(value)
    # SQLite integers have 64 bits; larger numbers are stored as the nearest float.
    return kind_of(value), float(value) if abs(value) > LARGEST else value


def condition(where: Comparison, column: str, place: str) -> tuple[str, int]:
    """Write the condition of a comparison in SQL, and how many places for its value it has."""
    how = where.definition
    sql = how.sql or f"{{value}} {how.sign} {{operand}}"
    return sql.format(value=column, operand=place), sql.count("{operand}")


def rows(values: Metadata) -> set[tuple[str, Kind, str | int | float]]:
    """Return the rows of these values: key, kind and value, one for each member of a list."""
    return {
        (key, *typed_value(member))
        for key, value in values.items()
        for member in ([value] if isinstance(value, Scalar) else value)
    }


def attributes_of(id_: str, title: str, source: str, media_type: str, metadata: Metadata) -> Metadata:
    """Return the attributes of a document that filters compare."""
    own = {"document_id": id_, "title": title, "source": source, "media_type": media_type}
    return {key: value for key, value in {**metadata, **own}.items() if key != EDITED}
