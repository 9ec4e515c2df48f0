"""Back up a data folder while others write it."""

from collections.abc import Callable, Mapping, Set
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from index.errors import StoreDamaged
from index.protocols import Catalogue
from index.store import open_catalogue
from index.store.sqlite import pin_database
from service.flows.upkeep.bundle import BundleWriter, Progress
from service.flows.upkeep.errors import BackupFailed, NoData, TargetInUse
from service.flows.upkeep.manifest import Manifest
from service.state import data_folder
from service.state.files import FILES, copy_files
from service.state.identity import Marks, find_keys, mark_of
from service.state.inventory import Inventory
from service.state.jobs import JOBS, SPOOL, pin_jobs

_ATTEMPTS = 500
"""How often the state to copy may turn out to be too old, because files of jobs went meanwhile."""

Copies = Mapping[str, Callable[[Path], None]]


def back_up(data: Path, target: Path, progress: Progress = lambda _: None, *, objects: str = "") -> Manifest:
    """Write a backup of collections, jobs, uploaded files and keys to a new folder or tar file.

    Everything is as it was at one moment, at most some milliseconds apart: first the jobs, then the
    collections, so that a job whose documents are stored already finds them unchanged. Indexes and converted
    models are derived and not part of it. ``objects`` is the address of the place of originals and uploads,
    which are copied from there. Raises :class:`NoData`, :class:`TargetInUse`,
    :class:`BackupFailed`, :class:`index.errors.StoreDamaged`, and :class:`service.errors.KeysLost` for data
    whose keys are not there: a backup that looks whole would take the place of one that has them.
    """
    data_folder.require_complete(data)
    if data_folder.is_empty(data):
        raise NoData(f"The data folder {data} holds nothing to back up.")
    if target.resolve().is_relative_to(data.resolve()):
        raise TargetInUse(f"{target} is in the data folder. A backup must outlive it: choose another disk.")
    found = find_keys(data)
    Marks(data, objects=objects).require_keys(found, asks_for_keys=True)
    catalogue = open_catalogue(data, objects=objects)
    with BundleWriter(target, progress) as bundle, ExitStack() as stack:
        with bundle.part() as folder:
            copies = _pin_state(data, catalogue, folder, stack, objects)
            copy_files(data, folder, objects)
            for path in data_folder.databases(data):
                if path.name not in (JOBS, FILES):
                    stack.enter_context(pin_database(path)).copy(folder / path.name)
            Inventory(data).copy_to(folder)
        counts = {}
        for name, copy in copies.items():
            with bundle.part() as folder:
                copy(folder / data_folder.COLLECTIONS / name)
                counts[name] = _collection_counts(folder, name, mark_of(found, asks_for_keys=False))
        made = datetime.now(UTC).isoformat(timespec="seconds")
        return bundle.finish(Manifest(made, f"loccit {version('loccit')}", counts))


def _pin_state(data: Path, catalogue: Catalogue, folder: Path, stack: ExitStack, objects: str) -> Copies:
    """Keep the state of the collections, in ``stack``, and copy the jobs of the same moment."""
    before: Set[tuple[str, str]] = frozenset()
    for _ in range(_ATTEMPTS):
        with ExitStack() as attempt:
            jobs = attempt.enter_context(pin_jobs(data, objects))
            copies = attempt.enter_context(catalogue.pin(catalogue.names()))
            missing = jobs.copy(folder / JOBS, folder / SPOOL)
            if not missing:
                stack.push(attempt.pop_all())
                return copies
        if lost := before & missing:
            job, name = min(lost)
            raise StoreDamaged(
                f"Files of {data / SPOOL} that jobs wait for are missing, {job}/{name} for instance. "
                "Check the data; cancel these jobs, or wait until they are done."
            )
        before = missing
    raise BackupFailed(
        "Jobs end faster than the files that they wait for can be copied. Try again when less is ingested."
    )


def _collection_counts(folder: Path, name: str, mark: str) -> dict[str, int]:
    """The size of a collection that was copied, which can be opened, then.

    Originals are copied after the record was pinned: those of later documents are removed. The copy knows
    that it is under keys, if it is: ``mark`` is the access mark of one that no service has opened since.
    """
    catalogue = open_catalogue(folder)
    catalogue.guard = lambda _, found: found or mark
    with closing(catalogue.open(name)) as store, store.snapshot() as moment:
        counts = moment.counts()
        catalogue.originals(name).sweep(moment.all_originals())
    return {"documents": counts.documents, "passages": counts.passages, "change": counts.change}
