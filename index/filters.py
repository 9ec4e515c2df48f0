"""Metadata filters in the grammar of OpenAI's vector stores, validated when they are parsed.

A comparison is ``{"type": "eq", "key": "year", "value": 2020}``, with one of :data:`OPERATORS`;
``{"type": "and" | "or", "filters": [...]}`` combines filters, nested up to ``MAX_DEPTH`` levels.
``ne``, ``nin``, ``ngt`` and ``nlt`` are the exact complements of ``eq``, ``in``, ``gt`` and ``lt``: they also
match documents that lack the key. A list in the metadata matches if one of its members does. Values are
compared with values of the same kind only: numbers with numbers, strings with strings.

A comparison with the key ``printed_page`` selects passages by the numbers that their pages bear. It can be
combined with others by ``and`` alone.
"""

from __future__ import annotations

import hashlib
import operator
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, ClassVar, Literal, get_args

from index.errors import InvalidFilter
from index.naming import CLOSED, stored_id
from index.page_labels import (
    LARGEST,
    PageRange,
    merged_ranges,
    page_number,
    page_ranges,
    shared_ranges,
)
from index.types import Scalar

Kind = Literal["s", "n", "b"]
"""Strings, numbers and booleans."""
Combination = Literal["and", "or"]
COMBINATIONS: tuple[str, ...] = get_args(Combination)
MAX_DEPTH = 8
MAX_VALUES = 1000
_QUERY_COMPARISONS, _QUERY_VALUES = 200, 10_000
"""SQLite combines 500 queries in one at most, PostgreSQL takes 65,535 values."""
_KINDS: Mapping[Kind, str] = {"s": "strings", "n": "numbers", "b": "true or false"}
_ORDERED: tuple[Kind, ...] = ("s", "n")
PRINTED_PAGE = "printed_page"
"""The key of comparisons with the number that a page bears."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A comparison of a document's value with one of the filter, of the same kind.

    This is the only definition of an operator: stores, interfaces and the documentation take it from here.
    """

    name: str
    meaning: str
    """Its meaning, to complete "documents whose metadata are ... ``value``"."""
    holds: Callable[[Any, Any], bool]
    """Whether a value of a document, the first one, matches that of the filter."""
    sign: Literal["=", ">", ">=", "<", "<=", ""] = ""
    """``holds`` as a comparison in SQL, which the indexes of the stores answer."""
    sql: str = ""
    """Without such a sign, ``holds`` as an expression of ``{value}`` and ``{operand}`` that SQLite and
    PostgreSQL both know."""
    kinds: Sequence[Kind] = ("s", "n", "b")
    """The kinds of values that the filter may have."""
    takes_list: bool = False
    """Whether the filter gives a list, one of which suffices. Such an operator has the sign ``=``."""
    is_complement: bool = False
    """Whether it selects the documents of which it does not hold, also those that lack the key."""
    spellings: Sequence[str] = ()
    """Its names in the filters of other products."""


_COMPARISONS = (
    Operator("eq", "equal to `value`", operator.eq, "=", spellings=("=", "==", "is")),
    Operator(
        "ne", "not equal to `value`", operator.eq, "=", is_complement=True, spellings=("≠", "!=", "is not")
    ),
    Operator("gt", "greater than `value`", operator.gt, ">", kinds=_ORDERED, spellings=(">", "after")),
    Operator("gte", "at least `value`", operator.ge, ">=", kinds=_ORDERED, spellings=("≥", ">=")),
    Operator("lt", "less than `value`", operator.lt, "<", kinds=_ORDERED, spellings=("<", "before")),
    Operator("lte", "at most `value`", operator.le, "<=", kinds=_ORDERED, spellings=("≤", "<=")),
    Operator(
        "ngt",
        "not greater than `value`, or absent",
        operator.gt,
        ">",
        kinds=_ORDERED,
        is_complement=True,
        spellings=("≯",),
    ),
    Operator(
        "nlt",
        "not less than `value`, or absent",
        operator.lt,
        "<",
        kinds=_ORDERED,
        is_complement=True,
        spellings=("≮",),
    ),
    Operator("in", "in the list `value`", operator.eq, "=", takes_list=True, spellings=("in",)),
    Operator(
        "nin",
        "not in the list `value`",
        operator.eq,
        "=",
        takes_list=True,
        is_complement=True,
        spellings=("not in", "nin"),
    ),
)
OPERATORS: Mapping[str, Operator] = {one.name: one for one in _COMPARISONS}
"""The operators of comparisons, by name."""
_BOUNDS: Mapping[str, tuple[int | None, int | None]] = {
    ">": (1, None),
    ">=": (0, None),
    "<": (None, -1),
    "<=": (None, 0),
}
"""The numbers that satisfy a comparison, by its sign: first and last, relative to its value."""
_OF_PAGES = tuple(one.name for one in _COMPARISONS if not one.is_complement)
"""Operators for the numbers of pages."""
SPELLINGS: Mapping[str, Operator] = {
    spelling: one for one in OPERATORS.values() for spelling in one.spellings
}
"""The operators by their names in other products."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compare the value of one key with one value, or for ``in`` and ``nin`` with several."""

    operator: str
    key: str
    values: tuple[Scalar, ...]

    @property
    def definition(self) -> Operator:
        """The operator of the comparison."""
        return OPERATORS[self.operator]

    def admits(self, value: Scalar | Sequence[Scalar] | None) -> bool:
        """Whether it admits a document with this value of its key; None without one."""
        members = [] if value is None else [value] if isinstance(value, Scalar) else value
        how = self.definition
        holds = any(
            kind_of(member) == kind_of(operand) and how.holds(member, operand)
            for member in members
            for operand in self.values
        )
        return holds != how.is_complement


@dataclass(frozen=True, slots=True)
class Compound:
    """Combine several filters: all or any must match."""

    combination: Combination
    filters: tuple[Filter, ...]

    @property
    def is_large(self) -> bool:
        """Whether it has more comparisons or values than one query of a database may have."""
        comparisons = list(self._comparisons())
        return len(comparisons) > _QUERY_COMPARISONS or sum(comparisons) > _QUERY_VALUES

    def halves(self) -> tuple[Filter, ...]:
        """Two filters to combine in the same way, or the only one that there is."""
        half = len(self.filters) // 2
        if not half:
            return self.filters
        return tuple(Compound(self.combination, part) for part in (self.filters[:half], self.filters[half:]))

    def _comparisons(self) -> Iterator[int]:
        """The number of values of each comparison in it."""
        for part in self.filters:
            if isinstance(part, Compound):
                yield from part._comparisons()
            else:
                yield len(part.values) if isinstance(part, Comparison) else 1


def veiled(group: str) -> str:
    """A group in what is kept of an erased document: a hash, by which only who knows the name finds it.

    No group has such a name, for it has a comma.
    """
    return "," + hashlib.blake2b(group.encode(), digest_size=16, person=b"loccit group").hexdigest()


@lru_cache(maxsize=256)
def _with_veiled(groups: frozenset[str]) -> frozenset[str]:
    groups = frozenset(group for group in groups if not group.startswith(CLOSED))  # nobody is in these
    return groups | {veiled(group) for group in groups}


@dataclass(frozen=True, slots=True)
class ReadableBy:
    """Admit documents that have no groups, or share one with these. No request can contain it."""

    groups: frozenset[str]

    def admits(self, groups: Collection[str]) -> bool:
        """Whether it admits a document with these groups."""
        return not groups or not _with_veiled(self.groups).isdisjoint(groups)

    @property
    def stored(self) -> list[str]:
        """The groups as a record has them: of documents by their names, of erased ones veiled."""
        return sorted(_with_veiled(self.groups))

    def within(self, where: Filter | None) -> Filter:
        """A filter that admits what both this and ``where`` admit."""
        return self if where is None else Compound("and", (where, self))


@dataclass(frozen=True, slots=True)
class NameContains:
    """Admit documents with some words in their id, title or media type. No request can contain it.

    Case does not matter, nor does the composition of characters.
    """

    words: str

    KEYS: ClassVar = ("document_id", "title", "media_type")

    def admits(self, values: Iterable[object]) -> bool:
        """Whether it admits a document with these values of its keys."""
        return any(is_named(str(value), fold_case(self.words)) for value in values)


Filter = Comparison | Compound | ReadableBy | NameContains


def divide_pages(where: Filter | None) -> tuple[tuple[PageRange, ...] | None, Filter | None]:
    """The printed pages that a filter asks for, None for any, and what it asks of documents."""
    if where is None:
        return None, None
    parts = list(_conjuncts(where))
    asked = [one for one in parts if isinstance(one, Comparison) and one.key == PRINTED_PAGE]
    if not asked:
        return None, where
    others = tuple(one for one in parts if one not in asked)
    ranges = reduce(shared_ranges, [merged_ranges(_ranges(one)) for one in asked])
    return tuple(ranges), Compound("and", others) if others else None


def _ranges(how: Comparison) -> list[PageRange]:
    """The numbers of pages that satisfy a comparison."""
    sign, values = how.definition.sign, [str(value) for value in how.values]
    if sign == "=":
        return [one for value in values for one in page_ranges(value)]
    first, last = _BOUNDS[sign]
    return [
        one._replace(
            first=0 if first is None else one.first + first, last=LARGEST if last is None else one.last + last
        )
        for one in map(page_number, values)
        if one
    ]


def _asks_for_pages(where: Filter) -> bool:
    return any(isinstance(one, Comparison) and one.key == PRINTED_PAGE for one in _conjuncts(where))


def _conjuncts(where: Filter) -> Iterator[Filter]:
    """The filters that all must match."""
    if isinstance(where, Compound) and where.combination == "and":
        for part in where.filters:
            yield from _conjuncts(part)
    else:
        yield where


def kind_of(value: Scalar) -> Kind:
    """The kind of a value. Values of two kinds are never equal: true is not 1."""
    return "b" if isinstance(value, bool) else "s" if isinstance(value, str) else "n"


def fold_case(text: str) -> str:
    """Fold case, for comparisons that ignore it."""
    return unicodedata.normalize("NFKC", text).casefold()


def is_named(value: str, words: str) -> bool:
    """Whether a value contains words, which are folded."""
    return words in fold_case(value)


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
    if isinstance(kind, str) and kind in OPERATORS:
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
    found = Compound(value["type"], tuple(parse_filter(part, depth=depth + 1) for part in filters))
    if found.combination == "or" and any(map(_asks_for_pages, found.filters)):
        raise InvalidFilter(
            f"{PRINTED_PAGE!r} cannot be a part of 'or'. Give several pages as the list of 'in', or ask once "
            "for each of the filters."
        )
    return found


def _comparison(value: Mapping[str, Any]) -> Comparison:
    _check_keys(value, "key", "value")
    how, key, operand = OPERATORS[value["type"]], value["key"], value["value"]
    if not isinstance(key, str) or not key:
        raise InvalidFilter(f"The key of filter {how.name!r} is a metadata name, not {key!r}.")
    if key == PRINTED_PAGE and how.is_complement:
        raise InvalidFilter(
            f"{PRINTED_PAGE!r} takes the types {', '.join(_OF_PAGES)}, not {how.name!r}: pages without a "
            "number never match."
        )
    if not how.takes_list:
        return Comparison(how.name, key, (_operand(how, key, operand),))
    if not isinstance(operand, list) or len(operand) > MAX_VALUES:
        raise InvalidFilter(f"The value of {how.name!r} is a list of at most {MAX_VALUES} values.")
    return Comparison(how.name, key, tuple(_operand(how, key, part) for part in operand))


def _operand(how: Operator, key: str, value: object) -> Scalar:
    if key == PRINTED_PAGE:
        return _page_operand(how, value)
    if isinstance(value, Scalar) and value == value and kind_of(value) in how.kinds:  # noqa: PLR0124 -- NaN is not itself
        return stored_id(value) if key == "document_id" and isinstance(value, str) else value
    raise InvalidFilter(f"{how.name!r} takes {', '.join(_KINDS[kind] for kind in how.kinds)}, not {value!r}.")


def _page_operand(how: Operator, value: object) -> str:
    given = value
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_whole = 0 <= value < LARGEST and value == int(value)
        given = str(int(value)) if is_whole else value  # JSON of some programs has only floats
    meaning = page_ranges if how.sign == "=" else page_number
    if isinstance(given, str) and meaning(given := given.strip()):
        return given
    ranges = " or a range such as '210-220'," if how.sign == "=" else ""
    raise InvalidFilter(
        f"{how.name!r} takes the number that a printed page bears, such as '217', 'xii' or 'A-3',{ranges} "
        f"not {value!r}."
    )
