"""Metadata filters in the grammar of OpenAI's vector stores, validated when they are parsed.

A comparison is ``{"type": "eq", "key": "year", "value": 2020}`` with one of ``eq ne gt gte lt lte in
nin``; ``{"type": "and" | "or", "filters": [...]}`` combines filters, nested up to ``MAX_DEPTH`` levels.
``ne`` and ``nin`` are the exact complements of ``eq`` and ``in``: they also match documents that lack the
key. A list in the metadata matches if one of its members does. Order comparisons match only values of the
same type: numbers with numbers, strings with strings.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast, get_args

from index.errors import InvalidFilter
from index.types import Scalar

Operator = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]
Combination = Literal["and", "or"]
OPERATORS: tuple[str, ...] = get_args(Operator)
COMBINATIONS: tuple[str, ...] = get_args(Combination)
MAX_DEPTH = 8
MAX_VALUES = 1000


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compare the value of one key with one value, or for ``in`` and ``nin`` with several."""

    operator: Operator
    key: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Compound:
    """Combine several filters: all or any must match."""

    combination: Combination
    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class ReadableBy:
    """Admit documents that have no groups, or share one with these. No request can contain it."""

    groups: frozenset[str]

    def admits(self, groups: Collection[str]) -> bool:
        """Whether it admits a document with these groups."""
        return not groups or not self.groups.isdisjoint(groups)

    def within(self, where: Filter | None) -> Filter:
        """A filter that admits what both this and ``where`` admit."""
        return self if where is None else Compound("and", (where, self))


@dataclass(frozen=True, slots=True)
class Named:
    """Admit documents with some words in their id, title or media type. No request can contain it.

    Case does not matter, nor does the composition of characters.
    """

    words: str

    KEYS: ClassVar = ("document_id", "title", "media_type")

    def admits(self, values: Iterable[object]) -> bool:
        """Whether it admits a document with these values of its keys."""
        return any(is_named(str(value), folded(self.words)) for value in values)


Filter = Comparison | Compound | ReadableBy | Named


def folded(text: str) -> str:
    """A text for comparisons without regard to case."""
    return unicodedata.normalize("NFKC", text).casefold()


def is_named(value: str, words: str) -> bool:
    """Whether a value contains words that are folded."""
    return words in folded(value)


def parse_filter(value: object, *, depth: int = 1) -> Filter:
    """Parse and validate a filter from JSON.

    Raises :class:`InvalidFilter`, whose message names the wrong part.
    """
    if not isinstance(value, Mapping):
        raise InvalidFilter(f"A filter is an object with a type, not {type(value).__name__}.")
    if depth > MAX_DEPTH:
        raise InvalidFilter(f"The filter is nested more than {MAX_DEPTH} deep. Flatten it.")
    kind = value.get("type")
    if kind in COMBINATIONS:
        return _compound(value, depth)
    if kind in OPERATORS:
        return _comparison(value)
    raise InvalidFilter(
        f"Unknown filter type {kind!r}. Use one of {', '.join(OPERATORS)}, or combine filters with "
        f"{' or '.join(COMBINATIONS)}."
    )


def _check_keys(value: Mapping[str, Any], *names: str) -> None:
    if missing := [name for name in names if name not in value]:
        raise InvalidFilter(f"The filter {value.get('type')!r} lacks {missing[0]!r}.")
    if unknown := sorted(set(map(str, value)) - {"type", *names}):
        raise InvalidFilter(f"The filter {value.get('type')!r} has no {unknown[0]!r}; it takes {names}.")


def _compound(value: Mapping[str, Any], depth: int) -> Compound:
    _check_keys(value, "filters")
    filters = value["filters"]
    if not isinstance(filters, list) or not filters or len(filters) > MAX_VALUES:
        raise InvalidFilter(f"{value['type']!r} takes a list of 1 to {MAX_VALUES} filters under 'filters'.")
    return Compound(value["type"], tuple(parse_filter(part, depth=depth + 1) for part in filters))


def _comparison(value: Mapping[str, Any]) -> Comparison:
    _check_keys(value, "key", "value")
    operator, key, operand = cast("Operator", value["type"]), value["key"], value["value"]
    if not isinstance(key, str) or not key:
        raise InvalidFilter(f"The key of filter {operator!r} is a metadata name, not {key!r}.")
    if operator in ("in", "nin"):
        if not isinstance(operand, list) or len(operand) > MAX_VALUES:
            raise InvalidFilter(f"The value of {operator!r} is a list of at most {MAX_VALUES} values.")
        return Comparison(operator, key, tuple(_scalar(operator, part) for part in operand))
    scalar = _scalar(operator, operand)
    if operator in ("gt", "gte", "lt", "lte") and isinstance(scalar, bool):
        raise InvalidFilter(f"{operator!r} compares numbers or strings, not true and false.")
    return Comparison(operator, key, (scalar,))


def _scalar(operator: str, value: object) -> Scalar:
    if isinstance(value, str | int | float | bool) and value == value:  # noqa: PLR0124 -- NaN is not itself
        return value
    raise InvalidFilter(f"{operator!r} takes strings, numbers, true or false, not {value!r}.")
