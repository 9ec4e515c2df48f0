"""Translate errors of PostgreSQL and of its connections into those of the package."""

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout, TooManyRequests

from index.errors import CollectionBusy, DiskFull, LoccitError, StoreDamaged, StoreUnavailable

_BUSY = (errors.LockNotAvailable, errors.QueryCanceled, errors.SerializationFailure, errors.DeadlockDetected)
_DAMAGED = (errors.DataCorrupted, errors.IndexCorrupted, errors.IoError, errors.UndefinedFile)
_FORBIDDEN = (errors.InsufficientPrivilege, errors.InvalidAuthorizationSpecification)
_ABSENT = ("08", "25006", "25P03", "53", "57P")
"""Beginnings of the codes for a server that is gone, full of work, being started, or only a copy, and
for a transaction that it has ended because it paused for too long."""
_PLAN_CHECK = "RevalidateCachedQuery"
"""The function of the server that looks whether a prepared statement can still be used."""


def translate_error(error: psycopg.Error, what: str) -> LoccitError:
    """Translate an error; ``what`` names what was read or written."""
    if (busy := _describe_busy(error, what)) is not None:
        return CollectionBusy(busy)
    if isinstance(error, errors.DiskFull):
        return DiskFull(f"The disk of PostgreSQL is full: {what} is as before. Free some of it, try again.")
    if isinstance(error, _FORBIDDEN):
        return StoreUnavailable(
            f"PostgreSQL refuses access to {what} ({reason(error)}). Check its address, and grant the "
            "role all rights in its database."
        )
    if not isinstance(error, _DAMAGED) and is_absence(error):
        return StoreUnavailable(
            f"PostgreSQL, which stores {what}, cannot be reached, or its connection broke ({reason(error)}). "
            "What was acknowledged is stored. Check that it runs and that its address is right; try again."
        )
    return StoreDamaged(
        f"PostgreSQL could not read or write {what} ({reason(error)}). Look at the log of the server; if its "
        "files are damaged, restore a backup."
    )


def _describe_busy(error: psycopg.Error, what: str) -> str | None:
    """The message for an error after which it is enough to try again, None for another one."""
    if isinstance(error, _BUSY):
        return f"{what} is being written by another process. Try again in a moment."
    if is_outdated(error):
        return f"{what} was migrated a moment ago. Try again."
    if isinstance(error, PoolTimeout):
        return (
            f"PostgreSQL answers, but all connections of this process are in use: {what} has to wait. Try "
            "again in a moment."
        )
    return None


def is_absence(error: psycopg.Error) -> bool:
    """Whether an error says that there is no server to do the work, or that its connection broke."""
    if isinstance(error, (PoolTimeout, TooManyRequests)):
        return True
    if error.sqlstate is None:
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    return error.sqlstate.startswith(_ABSENT)


def is_outdated(error: psycopg.Error) -> bool:
    """Whether a statement was prepared before columns got other types, and is to be prepared again."""
    # The server gives many errors this code. Their texts are in its language.
    return isinstance(error, errors.FeatureNotSupported) and error.diag.source_function == _PLAN_CHECK


def reason(error: psycopg.Error) -> str:
    """Return what an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
