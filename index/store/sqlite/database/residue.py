"""Overwrite what SQLite leaves of deleted rows inside pages that are in use.

With ``secure_delete``, SQLite overwrites deleted rows and freed pages. When it moves rows to other pages,
to balance a tree, copies of them may stay in the unused part of the page that they came from, and these are
not overwritten when the rows are deleted. Here the unused part of every page is overwritten, through SQLite
itself (https://www.sqlite.org/dbpage.html), while readers and writers go on.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

Transaction = Callable[[], AbstractContextManager[sqlite3.Connection]]

_PAGES = 1000
"""Pages that one transaction reads, or overwrites."""
_FIRST_HEADER = 100
"""Bytes of page 1 before its tree's header."""
_INTERIOR, _LEAF = (2, 5), (10, 13)
"""Page types (https://www.sqlite.org/fileformat2.html#b_tree_pages)."""


def can_overwrite(connection: sqlite3.Connection) -> bool:
    """Whether this build of SQLite lets pages be written."""
    found = connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'sqlite_dbpage'").fetchone()
    return found is not None


def overwrite(reading: Transaction, writing: Transaction) -> int:
    """Zero the unused part of all pages in use; returns how many pages had something there.

    A row that was deleted before the call is nowhere in these pages afterwards. Both arguments open a
    transaction; each holds it for about :data:`_PAGES` pages.
    """
    with reading() as connection:
        pages = sorted(_pages_in_use(connection))
    unclean: list[int] = []
    for part in _parts(pages):
        with reading() as connection:
            # A page may have another purpose by now; it is looked at again before it is written.
            unclean += [number for number in part if _unused_span(_page(connection, number), number)]
    for part in _parts(unclean):
        with writing() as connection:
            in_use = _pages_in_use(connection)
            for number in part:
                if number in in_use:
                    _zero(connection, number)
    return len(unclean)


def _parts(pages: Sequence[int]) -> Iterator[Sequence[int]]:
    return (pages[at : at + _PAGES] for at in range(0, len(pages), _PAGES))


def _pages_in_use(connection: sqlite3.Connection) -> set[int]:
    """The numbers of all pages of trees. Reads the interior pages and one leaf of each tree."""
    roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 0").fetchall()
    return {number for (root,) in [(1,), *roots] for number in _tree(connection, root)}


def _tree(connection: sqlite3.Connection, root: int) -> Iterator[int]:
    """All leaves of a tree have the same depth: of each level but the last all pages are read."""
    level: list[int] = [root]
    while level:
        yield from level
        if _page(connection, level[0])[_header(level[0])] not in _INTERIOR:
            return
        level = [child for number in level for child in _children(_page(connection, number), number)]


def _children(page: bytes, number: int) -> Iterable[int]:
    header = _header(number)
    for cell in range(_count(page, header)):
        pointer = header + 12 + 2 * cell
        at = int.from_bytes(page[pointer : pointer + 2], "big")
        yield int.from_bytes(page[at : at + 4], "big")
    yield int.from_bytes(page[header + 8 : header + 12], "big")


def _unused_span(page: bytes, number: int) -> tuple[int, int] | None:
    """The span between cell pointers and cells; None if it is zeros, or the page is none of a tree."""
    header = _header(number)
    if page[header] not in (*_INTERIOR, *_LEAF):
        return None
    start = header + (12 if page[header] in _INTERIOR else 8) + 2 * _count(page, header)
    end = int.from_bytes(page[header + 5 : header + 7], "big") or 65_536
    return (start, end) if start < end <= len(page) and page.count(0, start, end) < end - start else None


def _zero(connection: sqlite3.Connection, number: int) -> None:
    page = _page(connection, number)
    if span := _unused_span(page, number):
        start, end = span
        clean = page[:start] + bytes(end - start) + page[end:]
        connection.execute("UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?", (clean, number))


def _header(number: int) -> int:
    return _FIRST_HEADER if number == 1 else 0


def _count(page: bytes, header: int) -> int:
    return int.from_bytes(page[header + 3 : header + 5], "big")


def _page(connection: sqlite3.Connection, number: int) -> bytes:
    row = connection.execute("SELECT data FROM sqlite_dbpage WHERE pgno = ?", (number,)).fetchone()
    return bytes(row[0]) if row else bytes(_FIRST_HEADER + 12)
