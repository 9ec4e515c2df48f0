"""Errors of backup and restore. Only commands raise them, no route does."""

from __future__ import annotations

from index.errors import LoccitError


class UpkeepError(LoccitError):
    """Root of these errors. They are no branch of those that routes raise, which routes document."""

    code = "upkeep_failed"


class NoData(UpkeepError):
    """The data folder holds nothing."""

    code = "no_data"


class TargetInUse(UpkeepError):
    """There is something where a backup is to be written, or the place is not fit for one."""

    code = "target_in_use"


class BackupFailed(UpkeepError):
    """A file could not be read or written."""

    code = "backup_failed"


class BackupDamaged(UpkeepError):
    """The backup to restore is incomplete, or was changed after it was made."""

    code = "backup_damaged"


class DataNotEmpty(UpkeepError):
    """The data folder holds what a restored backup would replace."""

    code = "data_not_empty"


class SameStore(UpkeepError):
    """A store is to be moved to itself."""

    code = "same_store"


class StoreInUse(UpkeepError):
    """The store to move to holds other data, or was written to after it was moved to."""

    code = "store_in_use"


class StoredElsewhere(UpkeepError):
    """The state to back up, restore or check is in a database, not in the data folder."""

    code = "stored_elsewhere"


class NothingShared(UpkeepError):
    """There is no place with files of a database that could belong to another one."""

    code = "nothing_shared"
