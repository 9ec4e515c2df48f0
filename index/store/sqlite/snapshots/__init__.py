"""The record as it stands after a change: the last one, or an earlier one."""

from index.store.sqlite.snapshots.newest import SqliteSnapshot

__all__ = ["SqliteSnapshot"]
