"""The record as it stands after a change: the last one, or an earlier one."""

from index.store.sql.snapshots.newest import SqlSnapshot
from index.store.sql.snapshots.past import SqlPast
from index.store.sql.snapshots.reads import Reads

__all__ = ["Reads", "SqlPast", "SqlSnapshot"]
