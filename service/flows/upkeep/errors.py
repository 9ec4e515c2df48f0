"""Errors of backup and restore. Only commands raise them, no route does."""

from index.errors import LoccitError


class UpkeepError(LoccitError):
    """Root of these errors. They are no branch of those that routes raise, which routes document."""

    code = "upkeep_failed"


class NoData(UpkeepError):
    """The data folder holds nothing."""


class TargetInUse(UpkeepError):
    """There is something where a backup is to be written, or the place is not fit for one."""


class BackupFailed(UpkeepError):
    """A file could not be read or written."""


class BackupDamaged(UpkeepError):
    """The backup to restore is incomplete, or was changed after it was made."""


class DataNotEmpty(UpkeepError):
    """The data folder holds what a restored backup would replace."""


class SameStore(UpkeepError):
    """A store is to be moved to itself."""


class StoreInUse(UpkeepError):
    """The store to move to holds other data, or was written to after it was moved to."""


class StoredElsewhere(UpkeepError):
    """The state to back up, restore or check is in a database, not in the data folder."""


class NothingShared(UpkeepError):
    """There is no place with files of a database that could belong to another one."""
