"""Jobs that survive a restart, and their files.

``open_job_store`` and ``open_spool`` choose the implementations of :mod:`service.state.jobs.protocols`.
Nothing else constructs one, so that another database or object store is added here and in files of its own.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from index.objects import OwnedFolder, open_bucket, parse_objects
from index.records import Problem
from service.state.databases.owner import folder_of, service_owner
from service.state.jobs.protocols import Spool
from service.state.jobs.spool.bucket import BucketSpool
from service.state.jobs.spool.folder import FolderSpool
from service.state.jobs.spool.shared import LayeredSpool, OwnedSpool
from service.state.jobs.sql import SqlJobStore, problems as row_problems
from service.state.jobs.sqlite import PinnedJobs, SqliteJobStore, pinned_jobs, problems

JOBS = "jobs.sqlite"
SPOOL = "spool"
"""Names in a data folder."""


def open_job_store(data: Path, *, store: str = "") -> SqlJobStore:
    """Open the job store of a data folder, or that at a URL of PostgreSQL; create it when there is none."""
    service_owner(data, store)
    if not store:
        return SqliteJobStore(data / JOBS)
    from service.state.jobs.postgresql import PostgresqlJobStore

    return PostgresqlJobStore(store)


def has_jobs(data: Path, *, store: str = "") -> bool:
    """True if there may be jobs. Creates no store."""
    return bool(store) or (data / JOBS).exists()


def open_spool(
    data: Path,
    *,
    store: str = "",
    max_bytes: int = 0,
    folder: str = SPOOL,
    objects: str = "",
    keeps_unknown: bool = False,
) -> Spool:
    """Open the spool of a data folder, or of the database at the URL ``store`` and the folder beside it.

    ``max_bytes`` bounds all files in it together; 0 means no bound. ``folder`` is the name of another one in
    the data folder. With ``objects``, the address of another place (:func:`index.objects.parse_objects`), new
    files are there, in a folder of this service alone, and those of the data folder are found, too.
    ``keeps_unknown``: files of jobs that nobody knows stay, because the jobs were lost.
    Raises :class:`index.errors.ObjectsUnavailable`.
    """
    place = parse_objects(objects)
    owner = service_owner(data, store) if place or store else ""
    within = _folder_of_owner(owner, folder)
    # The data folder beside a database may be that of another service, whose files these are not.
    keeps: dict[str, Any] = {"max_bytes": max_bytes, "keeps_unknown": keeps_unknown}
    own = FolderSpool(data / (within if store else folder), **keeps)
    if place is None:
        return own
    return LayeredSpool(open_shared_spool(store, objects, owner, folder, **keeps), own)


def open_shared_spool(store: str, objects: str, owner: str, folder: str = SPOOL, **keeps: Any) -> Spool:
    """Open the spool of a service in a place for objects; ``keeps`` are options of the implementations.

    ``owner`` is the name of the service (:func:`service.state.databases.owner.service_owner`). What another
    database owns is not deleted. Raises :class:`index.errors.ObjectsUnavailable`.
    """
    place, within = parse_objects(objects), _folder_of_owner(owner, folder)
    assert place is not None  # noqa: S101 -- by the caller
    shared: Spool = (
        FolderSpool(place / within, **keeps)
        if isinstance(place, Path)
        else BucketSpool(open_bucket(place).below(within), **keeps)
    )
    owned = owned_folder(store, objects, owner, folder)
    return shared if owned is None else OwnedSpool(shared, owned)


def owned_folder(store: str, objects: str, owner: str, folder: str = SPOOL) -> OwnedFolder | None:
    """The mark of who may delete the uploads and files of a service in a shared place.

    None for a data folder, which is not checked. ``owner`` is the name of the service in the database at the
    URL ``store``.
    """
    place = parse_objects(objects)
    if place is None or not store:
        return None
    from index.postgresql import identify, open_server

    server = open_server(store)
    return OwnedFolder(place, folder_of(owner) if owner else folder, lambda: identify(server))


def _folder_of_owner(owner: str, folder: str) -> str:
    """The folder of the files of an owner. Not within ``folder``: a service without a name sweeps that."""
    return f"{folder_of(owner)}/{folder}" if owner else folder


def pin_jobs(data: Path, objects: str = "") -> AbstractContextManager[PinnedJobs]:
    """Keep the state of the jobs of a data folder, to copy it while they go on."""
    return pinned_jobs(data / JOBS, open_spool(data, objects=objects if has_jobs(data) else ""))


def job_problems(data: Path, objects: str = "", *, store: str = "") -> Iterator[Problem]:
    """Yield what is wrong with the jobs of a data folder, or of the database at a URL, and their files."""
    if not has_jobs(data, store=store):
        return
    spool = open_spool(data, store=store, objects=objects)
    if not store:
        yield from problems(data / JOBS, spool)
        return
    with closing(open_job_store(data, store=store)) as jobs:
        yield from row_problems(jobs.database.read, spool)


__all__ = [
    "JOBS",
    "SPOOL",
    "PinnedJobs",
    "has_jobs",
    "job_problems",
    "open_job_store",
    "open_shared_spool",
    "open_spool",
    "owned_folder",
    "pin_jobs",
]
