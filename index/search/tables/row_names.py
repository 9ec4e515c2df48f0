"""Find the names of a table's rows, and the row that a question names by a part of its name.

The first cell may be a code, as in "K-120; Fjord 480 touring kayak; 17900": people ask by the name beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from index.patterns import lazy_pattern
from index.search.question.contrasts import Contrasts
from index.search.tables.asked import Asked
from index.text.languages import language_of_question
from index.text.letter_case import fold_case

_WORD = lazy_pattern(r"\p{L}[\p{L}\p{M}'’]*")
_IS_NAME = lazy_pattern(r"(?<![\w-])\p{L}[\p{L}\p{M}'’]{2,}(?![\d_])")
"""A word that is no part of a code."""
_LEAST_NAMED = 0.75
"""Least share of a column's cells that have words, if they are names."""
_TAIL = lazy_pattern(
    r"[,(/:]|\s[-–—]\s|\s(?:for|of|with|without|in|per|from|to|by|at|on|de|du|del|des|pour|avec|à|con|para|für|mit|ohne|"
    r"von|aus|zu[mr]?|im|am)\s|\s\d.*"
)
"""The beginning of what follows the thing that a name names: "Bag for a kayak", "Trailer 750 kg"."""
_DESIGNATION = lazy_pattern(r"(?<![\w.,-])\p{L}*\d+\p{L}?(?![\w]|[.,]\d)")


def name_column(rows: Sequence[Mapping[int, str]]) -> int | None:
    """The column with the names of rows, which are given as their cells by column; None if no cell is one.

    It is the first one, unless that has codes or numbers and another one has words that differ in each row.
    """
    first = min((min(row) for row in rows if row), default=None)
    columns = sorted({at for row in rows for at in row})
    return next((at for at in columns if _has_names([row.get(at, "") for row in rows])), first)


def _has_names(cells: Sequence[str]) -> bool:
    named = sum(is_name(cell) for cell in cells)
    return named >= _LEAST_NAMED * len(cells) and len({fold_case(cell) for cell in cells}) == len(cells)


def is_name(cell: str) -> bool:
    """Whether a cell has a word that is no part of a code, unlike "K-120" and "12"."""
    return _IS_NAME.search(cell) is not None


def names_only(asked: Asked, name: str, others: Iterable[str], columns: Sequence[str]) -> bool:
    """Whether a question names a row by words of its ``name`` that no other name of the table has together.

    They have its thing ("drysuit" of "Tern drysuit") or what it is called ("Fjord 480", "Skarv"): "kayak"
    alone is not "Kayak trolley". ``columns`` are the names of the columns, whose words name no row.
    """
    contrasts, told = Contrasts.of(asked.text), asked.words(name)
    if contrasts and any(one.stands_in(name, is_row=True) == "other" for one in contrasts.named):
        return False  # "tyre with rim", "Tyre without rim"
    if told and told <= asked.terms:
        return True
    common = (told & asked.terms) - asked.idle - asked.words("\n".join(columns))
    if not common or not _is_enough(asked, name, common):
        return False
    return not any(common <= asked.words(other) for other in others)


def _is_enough(asked: Asked, name: str, common: frozenset[int]) -> bool:
    head = _WORD.findall(_main_part(name))[-1:]
    if head and asked.words(head[0]) & common:
        return True
    numbers = {*_DESIGNATION.findall(fold_case(name))} & {*_DESIGNATION.findall(fold_case(asked.text))}
    if numbers and common - asked.words(" ".join(numbers)):
        return True
    if language_of_question(asked.text).name == "german":
        return False  # all nouns have capitals
    words = asked.text.split()
    proper = {found for word in words[1:] for found in _WORD.findall(word) if found[:1].isupper()}
    return bool(asked.words(" ".join(proper & {*_WORD.findall(name)})) & common)


def _main_part(name: str) -> str:
    """The words of a name that end with what it names."""
    tail = _TAIL.search(name, 1)
    return name[: tail.start()] if tail is not None else name
