"""Copy a record row for row into another, whichever databases have them."""

from index.store.sql.copying.source import SqlSource
from index.store.sql.copying.target import SqlTarget

__all__ = ["SqlSource", "SqlTarget"]
