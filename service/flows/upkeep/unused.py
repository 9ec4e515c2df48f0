"""Find and remove files that belong to nothing: those of writes and uploads that were refused or aborted.

Bytes are durable before the record names them, so that a write that fails after that leaves its file.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from index.config import LibraryConfig
from index.errors import Damaged
from index.protocols import Catalogue, Stray
from index.records import Problem
from service.state.databases.owner import OWNER
from service.state.files import FILES, has_files, open_file_store
from service.state.jobs import JOBS, has_jobs, open_job_store, open_spool
from service.state.jobs.protocols import Spool
from service.state.stock import open_inventory

UNUSED_FILES = "file_unused"
UNUSED_UPLOADS = "upload_unused"
CODES = frozenset({UNUSED_FILES, UNUSED_UPLOADS})
IDLE_SECONDS = 600.0
"""Age from which on a file is called unused: a younger one may be that of a write that is under way."""
_MESSAGE = (
    "belong to nothing: what sent them was refused or aborted. The service deletes them within a day, and "
    "--repair does at once."
)


def unused_originals(catalogue: Catalogue, name: str, *, idle_seconds: float) -> Iterator[Problem]:
    """Tell of files among the originals of a collection that no version was read from."""
    if found := _strays(catalogue, name, idle_seconds):
        size = sum(one.size for one in found)
        message = f"{len(found):,} files, {size:,} bytes, {_MESSAGE}"
        yield Problem(UNUSED_FILES, "originals", message, is_repairable=True)


def remove_unused_originals(catalogue: Catalogue, name: str) -> None:
    """Remove them. Nothing else may use the data."""
    found = _strays(catalogue, name, idle_seconds=0.0)
    if found:
        catalogue.originals(name).remove_strays(found)


def unused_uploads(data: Path, config: LibraryConfig, *, idle_seconds: float) -> Iterator[Problem]:
    """Tell of uploads and files that no job and no file names."""
    with ExitStack() as stack:
        for spool, ids in _spools(data, config, stack):
            if found := spool.unknown(ids, idle_seconds=idle_seconds):
                message = f"the files of {len(found):,} uploads, {sum(found.values()):,} bytes, {_MESSAGE}"
                yield Problem(UNUSED_UPLOADS, "uploads", message, is_repairable=True)


def remove_unused_uploads(data: Path, config: LibraryConfig) -> None:
    """Remove them. Nothing else may use the data."""
    with ExitStack() as stack:
        for spool, ids in _spools(data, config, stack):
            spool.clear_unknown(ids, idle_seconds=0.0)


def _strays(catalogue: Catalogue, name: str, idle_seconds: float) -> list[Stray]:
    limit = time.time() - idle_seconds
    originals = catalogue.originals(name)
    if not originals.claim():
        return []  # what another database needs is not known here
    with closing(catalogue.open(name)) as store, store.snapshot() as moment:
        keep = moment.all_originals()
    return [one for one in originals.strays(keep) if one.written <= limit]


def _is_empty(path: Path) -> bool:
    return path.exists() and not path.stat().st_size


def _spools(data: Path, config: LibraryConfig, stack: ExitStack) -> Iterator[tuple[Spool, set[str]]]:
    """The spools of uploads and of files, each with the ids of those whose files it has to keep.

    Not where those who own their files were lost.
    """
    store, objects = config.store_url, config.objects
    if not store and any(_is_empty(data / name) for name in (OWNER, JOBS, FILES)):
        return  # to open one would fill it, and others tell that it was lost
    lost = open_inventory(data, config).losses()
    try:
        if has_jobs(data, store=store) and JOBS not in lost:
            jobs = stack.enter_context(closing(open_job_store(data, store=store)))
            yield open_spool(data, store=store, objects=objects), jobs.ids()
        if has_files(data, store=store) and FILES not in lost:
            files = stack.enter_context(closing(open_file_store(data, store=store, objects=objects)))
            yield files.spool, files.ids()
    except Damaged:
        return  # which is told with that of the other databases
