"""Recognise tables that only lay out a page and hold no data."""

from lxml import etree


def is_layout_table(table: etree._Element, *, row: str, cell: str) -> bool:
    """Whether a table only arranges paragraphs: it has one column, or other tables in it.

    ``row`` and ``cell`` are the tags of its rows and cells.
    """
    if next(table.iterdescendants(table.tag), None) is not None:
        return True
    return all(len(list(one.iterchildren(cell))) <= 1 for one in table.iterdescendants(row))
