"""What filters compare of a document: typed values by key."""

from __future__ import annotations

from index.types import Metadata, Scalar

LARGEST = 2**63 - 1
COMPARE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
"""SQL for the operators of filters that compare an order."""


def typed(value: Scalar) -> tuple[str, str | int | float]:
    """Return the kind of a value (``s`` string, ``n`` number, ``b`` boolean), and it as it is stored."""
    if isinstance(value, bool):
        return "b", int(value)
    if isinstance(value, str):
        return "s", value
    # SQLite integers have 64 bits; larger numbers are stored as the nearest float.
    return "n", float(value) if abs(value) > LARGEST else value


def rows(values: Metadata) -> set[tuple[str, str, str | int | float]]:
    """Return the rows of these values: key, kind and value, one for each member of a list."""
    return {
        (key, *typed(member))
        for key, value in values.items()
        for member in ([value] if isinstance(value, Scalar) else value)
    }


def attributes_of(id_: str, title: str, source: str, media_type: str, metadata: Metadata) -> Metadata:
    """Return what filters compare of a document."""
    own = {"document_id": id_, "title": title, "source": source, "media_type": media_type}
    return {**metadata, **own}
