"""Store metadata in an indexed table, and select documents by filters, fast for any number of documents."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from index.filters import Comparison, Compound, Filter, NameContains, ReadableBy, divide_pages, fold_case
from index.store.rows.attributes import rows, select_in_parts
from index.store.sql import groups, printed_pages
from index.store.sql.statements import Selection, Statements
from index.types import Ids, Metadata


def put(statements: Statements, values: Mapping[int, Metadata]) -> None:
    """Replace the attributes of documents (keys)."""
    statements.execute_among("DELETE FROM attributes WHERE {among}", "document", values)
    add(statements, values)


def add(statements: Statements, values: Mapping[int, Metadata]) -> None:
    """Store the attributes of documents (keys) that have none."""
    form = statements.attributes
    statements.add(
        form.table,
        (
            (*form.row(*row), document)
            for document, own in values.items()
            for row in sorted(rows(own), key=repr)
        ),
    )


def drop(statements: Statements, document: int) -> None:
    """Delete the attributes of a document (key)."""
    statements.execute("DELETE FROM attributes WHERE document = ?", (document,))


def select(statements: Statements, where: Filter) -> Ids:
    """Return the keys of the documents that match a filter, ascending.

    Of a filter by printed pages, those that have such a page today.
    """
    pages, others = divide_pages(where)
    if pages is not None:
        found = printed_pages.documents(statements, pages)
        return found if others is None else np.intersect1d(found, select(statements, others))
    if isinstance(where, Compound) and where.is_large:
        return select_in_parts(where, partial(select, statements))
    sql, values = _selection(statements, where)
    return np.unique(np.array([key for (key,) in statements.rows(sql, values)], np.int64))


def condition(statements: Statements, where: Filter, column: str) -> Selection:
    """A condition: a column has a key of a document that matches a filter."""
    is_large = isinstance(where, Compound) and where.is_large
    if is_large or divide_pages(where)[0] is not None:
        return statements.among(column, select(statements, where).tolist())
    sql, values = _selection(statements, where)
    return f"{column} IN ({sql})", values


def _selection(statements: Statements, where: Filter) -> Selection:
    """Select the keys of the documents that match a filter."""
    if isinstance(where, Comparison):
        return _comparison(statements, where)
    if isinstance(where, ReadableBy):
        hidden, values = groups.hidden_from(statements, where)
        return f"SELECT key AS document FROM documents WHERE key NOT IN ({hidden})", values
    if isinstance(where, NameContains):
        return statements.attributes.named(fold_case(where.words))
    word = " INTERSECT " if where.combination == "and" else " UNION "
    parts = [_selection(statements, part) for part in where.filters]
    sql = word.join(f"SELECT document FROM ({part}) AS part" for part, _ in parts)
    return sql, [value for _, values in parts for value in values]


def _comparison(statements: Statements, where: Comparison) -> Selection:
    how, form = where.definition, statements.attributes
    sql, values = form.equal(where) if how.sign == "=" else form.compared(where)
    if how.is_complement:
        sql = f"SELECT key AS document FROM documents EXCEPT SELECT document FROM ({sql}) AS matching"
    return sql, values
