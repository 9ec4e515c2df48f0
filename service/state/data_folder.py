"""Checks of a data folder: its contents, whether a process uses it, and whether it is complete."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from index.durability import write_text_durably
from index.errors import LoccitError
from index.store.sqlite import is_in_use
from service.state.files import CONTENTS
from service.state.inventory import INVENTORY
from service.state.jobs import SPOOL

COLLECTIONS = "collections"
KEYS = "keys.sqlite"
_FOLDERS = (COLLECTIONS, SPOOL, CONTENTS)
_DATABASES = "*.sqlite"
_JOURNALS = "*.sqlite-*"
_LOCK = ".lock"
_UNFINISHED = "restore-unfinished"
STAGED = ".restoring"
REPLACED = ".replaced"
"""Folders of a restore: what is to be put in place, and what was there before."""


class DataInUse(LoccitError):
    """A process has the data folder open."""


class RestoreUnfinished(LoccitError):
    """Restoring a backup was interrupted: the data folder is not complete."""


def databases(data: Path) -> list[Path]:
    """The databases beside the collections: jobs, files and keys."""
    return sorted(data.glob(_DATABASES))


def state(data: Path) -> list[Path]:
    """Everything that a backup has, and that restoring one replaces, where it exists."""
    others = [data / name for name in (*_FOLDERS, INVENTORY)]
    return [*(path for path in others if path.exists()), *databases(data), *data.glob(_JOURNALS)]


def leftovers(data: Path) -> list[Path]:
    """Folders that an interrupted restore left behind."""
    return [path for name in (STAGED, REPLACED) if (path := data / name).exists()]


def is_empty(data: Path) -> bool:
    """Whether the data folder holds no collection, job or key."""
    held = (path for name in _FOLDERS for path in (data / name).glob("*"))
    return not databases(data) and all(path.suffix == _LOCK for path in held)


def require_unused(data: Path) -> None:
    """Raise :class:`DataInUse` while any process has the data folder open."""
    for path in (*data.glob(_DATABASES), *data.glob(f"{COLLECTIONS}/*/*.sqlite")):
        if is_in_use(path):
            raise _in_use(data, path)
    for path in _lock_files(data):
        lock = FileLock(path, is_singleton=False)
        try:
            with lock.acquire(timeout=0):
                pass
        except Timeout as error:
            raise _in_use(data, path) from error


def _lock_files(data: Path) -> Iterator[Path]:
    for folder in ("", COLLECTIONS, f"{COLLECTIONS}/*", f"{COLLECTIONS}/*/leases"):
        yield from data.glob(f"{folder}/*{_LOCK}".lstrip("/"))


def _in_use(data: Path, path: Path) -> DataInUse:
    return DataInUse(
        f"A process has the data folder {data} open ({path.relative_to(data)}). Stop the service and all "
        "commands that use it, and try again."
    )


@dataclass(frozen=True, slots=True)
class Used:
    """List the objects of a data folder in an object store.

    ``folders`` are those of its collections; ``unknown`` are collections that cannot be opened to ask them.
    ``owner`` is the name of its service (:func:`service.state.databases.owner.find_owner`).
    """

    folders: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    owner: str | None = None


def begin_replacing(data: Path, used: Used) -> None:
    """Mark the data folder as incomplete, until :func:`end_replacing`. The mark keeps what it used."""
    state = {"folders": sorted(used.folders), "owner": used.owner}
    write_text_durably(data / _UNFINISHED, json.dumps(state))


def used_before(data: Path) -> Used:
    """The places that the data folder used when an unfinished restore began, if known."""
    try:
        state = json.loads((data / _UNFINISHED).read_text())
    except (FileNotFoundError, ValueError):  # an earlier version left the mark empty
        return Used()
    return Used(set(state["folders"]), owner=state["owner"])


def end_replacing(data: Path) -> None:
    """Remove the mark."""
    (data / _UNFINISHED).unlink()


def is_being_replaced(data: Path) -> bool:
    """True if a restore began to replace the data and did not finish."""
    return (data / _UNFINISHED).exists()


def parts(data: Path) -> list[Path]:
    """The folders that hold what a restore replaces: after an interrupted one, what it moved away, too."""
    return [data, data / REPLACED] if is_being_replaced(data) else [data]


def require_complete(data: Path) -> None:
    """Raise :class:`RestoreUnfinished` for a data folder that a restore left incomplete."""
    if is_being_replaced(data):
        raise RestoreUnfinished(
            f"Restoring a backup into {data} was interrupted, or is going on. If it was interrupted, restore "
            "again, this or another backup."
        )
