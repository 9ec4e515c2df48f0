"""Copy a record row for row: the statements that stores with the same tables share."""

from index.store.rows.copying.dialect import Dialect
from index.store.rows.copying.source import SqlSource
from index.store.rows.copying.target import SqlTarget

__all__ = ["Dialect", "SqlSource", "SqlTarget"]
