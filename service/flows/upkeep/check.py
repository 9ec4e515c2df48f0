"""Check a data folder, and repair what is derived."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from index.config import LibraryConfig
from index.description import Description, find, is_intact
from index.engine import index_problems, open_engine, remove_indexes
from index.errors import Damaged, LoccitError, ObjectsOfAnother, StoreDamaged
from index.history import Ledger
from index.naming import CALIBRATION_FILE
from index.protocols import Catalogue, Originals, RecordStore, Stray
from index.records import Problem
from index.sealed import damaged_lines
from index.search import answerability
from index.store import open_catalogue
from index.store.sqlite import file_damage
from service.errors import KeysLost
from service.flows.upkeep.adoption import places_of_others
from service.flows.upkeep.errors import NoData
from service.flows.upkeep.migration.beside import service_databases
from service.monitoring.audit import AUDIT
from service.state import data_folder
from service.state.data_folder import DataInUse
from service.state.databases.owner import OWNER, prepare as prepare_owner
from service.state.databases.server import others_connected
from service.state.files import FILES, file_problems, has_files, open_file_store, prepare_files
from service.state.identity import KEYS, Marks, find_keys, mark_of, of_other_keys, prepare_keys
from service.state.inventory import CLOSED_BY_SETTINGS
from service.state.jobs import JOBS, has_jobs, job_problems, open_job_store, open_spool
from service.state.jobs.protocols import Spool
from service.state.questions import FILE as UNANSWERED, prepare as prepare_questions
from service.state.stock import LOST, open_inventory, stock_problems

_RESERVE = 512 * 1024 * 1024
"""Bytes of the disk that should be free: the service refuses uploads below."""
_OF_INDEXES = "index_"
_PUT_AGAIN = (
    "Put the same bytes again, or restore the file from a backup: a repair cannot make it. The text and its "
    "citations are not concerned."
)

_MOST_LINES = 20
"""Damaged lines of a log that are told one by one."""
_RESTORE = "Restore a backup."
MISSING_INDEX = "database_index_missing"
IDLE_SECONDS = 600.0
"""Age from which on a file is called unused: a younger one may be that of a write that is under way."""
_ADVICE = {UNANSWERED: "Delete it: it is no part of a backup, and is made anew."}
_PREPARE: Mapping[str, Callable[..., object]] = {
    data_folder.KEYS: prepare_keys,
    FILES: prepare_files,
    OWNER: prepare_owner,
    UNANSWERED: prepare_questions,
}
"""Functions that make the tables of each database, by its name."""

Progress = Callable[[str, int, int], None]
"""Called with the name of a collection, the items checked, and their number."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of a collection; ``collection`` is empty for one of the data folder."""

    collection: str
    problem: Problem


def check(
    data: Path,
    config: LibraryConfig,
    progress: Progress = lambda *_: None,
    *,
    idle_seconds: float = IDLE_SECONDS,
) -> Iterator[Finding]:
    """Check every invariant of a data folder, or of the database of ``config`` and the folder beside it.

    Others may read and write meanwhile: files that belong to nothing are told from an age of ``idle_seconds``
    on. Raises :class:`NoData` when there is nothing, and
    :class:`service.state.data_folder.RestoreUnfinished`.
    """
    data_folder.require_complete(data)
    if not config.store_url and data_folder.is_empty(data):
        raise NoData(f"The data folder {data} holds nothing to check.")
    catalogue = open_catalogue(data, config.store_url, objects=config.objects)
    for name in catalogue.names():
        for problem in _collection_problems(catalogue, name, config, progress):
            yield Finding(name, problem)
        with suppress(LoccitError, OSError):  # which was told
            for problem in unused_originals(catalogue, name, idle_seconds=idle_seconds):
                yield Finding(name, problem)
    yield from _key_findings(catalogue, data, config)
    for folder, owner in places_of_others(data, config):
        message = (
            f"it belongs to the database {owner}: nothing is deleted there. Run `loccit adopt` for a copy."
        )
        yield Finding("", Problem(ObjectsOfAnother.code, folder, message))
    for problem in _problems_beside(data, config):
        yield Finding("", problem)
    for problem in unused_uploads(data, config, idle_seconds=idle_seconds):
        yield Finding("", problem)
    for problem in stock_problems(data, open_inventory(data, config)):
        yield Finding("", problem)


def _key_findings(catalogue: Catalogue, data: Path, config: LibraryConfig) -> Iterator[Finding]:
    """Find out whether the keys that the data was under are there. Those of the settings are not known."""
    try:
        found = find_keys(data, store=config.store_url)
        Marks(data, config.store_url, config.objects).require_keys(found, asks_for_keys=True)
    except KeysLost as error:
        yield Finding("", Problem(error.code, KEYS if not config.store_url else "keys", error.message))
        return
    own = mark_of(found, asks_for_keys=True)
    for name in catalogue.names():
        with suppress(LoccitError), closing(catalogue.open(name)) as store:
            if store.access_mark() not in ("", CLOSED_BY_SETTINGS, own):
                yield Finding(name, Problem(KeysLost.code, "store", of_other_keys(name, own)))


def _problems_beside(data: Path, config: LibraryConfig) -> Iterator[Problem]:
    objects, store = config.objects, config.store_url
    if store:
        for database in service_databases(data, config):
            yield from database.problems()
    for place, found in (
        ("jobs", job_problems(data, objects, store=store)),
        ("files", file_problems(data, objects, store=store)),
    ):
        try:
            yield from found
        except StoreDamaged as error:
            yield Problem(error.code, place, error.message)
    if not store:
        yield from _database_problems(data)
    if config.erasure_ledger is not None:
        yield from Ledger(config.erasure_ledger).problems()
    yield from _audit_problems(data)
    yield from _folder_problems(data)


def outdated_collections(data: Path, config: LibraryConfig) -> dict[str, list[str]]:
    """The collections that an upgrade would change although their models stay, and what it would change."""
    catalogue = open_catalogue(data, config.store_url, objects=config.objects)
    found = {}
    for name in catalogue.names():
        with suppress(LoccitError):
            description = find(catalogue, name)
            if description and (differences := description.differences(config)):
                found[name] = differences
    return found


def require_unused(data: Path, config: LibraryConfig) -> None:
    """Raise :class:`DataInUse` while any process has the data folder, or the database of ``config``, open."""
    if not config.store_url:
        data_folder.require_unused(data)
    elif count := others_connected(config.store_url):
        raise DataInUse(
            f"Other processes use the database ({count} of their connections are open). Stop the services on "
            "all machines and all commands that use it, and try again."
        )


def repair(data: Path, config: LibraryConfig, findings: list[Finding]) -> None:
    """Make good what is repairable of these findings. Documents, texts and passages are never changed.

    Raises :class:`DataInUse` while a process has the data folder open; ask :func:`require_unused` before
    anything opens a database.
    """
    if not config.store_url:
        data_folder.require_unused(data)
    catalogue = open_catalogue(data, config.store_url, objects=config.objects)
    repairable = [one for one in findings if one.problem.is_repairable]
    for name in sorted({one.collection for one in repairable if one.collection}):
        codes = {one.problem.code for one in repairable if one.collection == name}
        if codes & CODES:
            remove_unused_originals(catalogue, name)
        if codes - CODES:
            _repair_collection(catalogue, name, config, codes - CODES)
    if any(one.problem.code in CODES and not one.collection for one in repairable):
        remove_unused_uploads(data, config)
    if config.store_url and any(
        one.problem.code == MISSING_INDEX for one in repairable if not one.collection
    ):
        for database in service_databases(data, config):
            database.restore_indexes()
    for path in data_folder.leftovers(data):
        shutil.rmtree(path)
    if lost := [one.problem.place for one in repairable if one.problem.code == LOST]:
        open_inventory(data, config).accept(lost)


def _repair_collection(catalogue: Catalogue, name: str, config: LibraryConfig, codes: set[str]) -> None:
    description = Description.parse(name, catalogue.description(name) or {})
    dimension = description.dimension
    with closing(catalogue.open(name)) as store, store.lease("write", seconds=config.lock_seconds):
        # Before the record begins another epoch, for indexes elsewhere are found by it.
        remove_indexes(catalogue.folder(name), store, config)
        if any(not code.startswith(_OF_INDEXES) for code in codes):
            store.repair(dimension)
        with store.snapshot() as moment:
            generation = moment.generation
        engine = open_engine(catalogue.folder(name), store, description, config, generation=generation)
        with closing(engine):
            engine.update()
            engine.maintain(background=False)


def _collection_problems(
    catalogue: Catalogue, name: str, config: LibraryConfig, progress: Progress
) -> Iterator[Problem]:
    try:
        description = catalogue.description(name)
        if description is None:
            yield Problem(
                "description_missing", "collection.json", "it is missing. Restore it from a backup."
            )
            return
        if not is_intact(description):
            message = "its fingerprint is not that of its fields. Restore it from a backup."
            yield Problem("description_damaged", "collection.json", message)
        try:
            parsed = Description.parse(name, description)
        except StoreDamaged as error:
            yield Problem("description_damaged", "collection.json", error.message)
            return
        yield from _calibration_problems(catalogue.folder(name))
        with closing(catalogue.open(name)) as store:
            damaged = False
            for problem in store.problems(parsed.dimension, lambda done, total: progress(name, done, total)):
                damaged |= problem.code == StoreDamaged.code
                yield problem
            if damaged:
                return  # what its rows say cannot be trusted, and nothing be compared with them
            yield from _original_problems(catalogue.originals(name), store)
            yield from index_problems(catalogue.folder(name), store, parsed, config)
    except LoccitError as error:
        yield Problem(error.code, "store", error.message)


def _calibration_problems(folder: Path) -> Iterator[Problem]:
    try:
        answerability.load([folder])
    except StoreDamaged as error:
        yield Problem("calibration_damaged", CALIBRATION_FILE, error.message)


def _original_problems(originals: Originals, store: RecordStore) -> Iterator[Problem]:
    """Open the bytes of every document, which compares them with their hashes."""
    with store.snapshot(lasting=True) as moment:
        for sha256 in sorted(moment.all_originals()):
            place = f"original {sha256.hex()}"
            documents = [one.id for one in moment.documents_of_source(sha256)]
            of = f"of {' and '.join(map(repr, documents))}" if documents else "of an earlier version"
            try:
                originals.open(sha256).close()
            except OSError as error:
                message = f"the bytes {of} cannot be read ({error.strerror}). {_PUT_AGAIN}"
                yield Problem("original_missing", place, message)
            except StoreDamaged:
                message = f"the bytes {of} are not what was put. Delete the file. {_PUT_AGAIN}"
                yield Problem("original_damaged", place, message)


def _database_problems(data: Path) -> Iterator[Problem]:
    """Compare each database beside the collections, but for the jobs, with itself and with its definition."""
    for path in (*data_folder.databases(data), *data.glob(UNANSWERED)):
        if path.name == JOBS:
            continue
        prepare = _PREPARE.get(path.name)
        if damage := file_damage(path, None if prepare is None else partial(prepare, path=path)):
            yield Problem("database_damaged", path.name, f"{damage}. {_ADVICE.get(path.name, _RESTORE)}")


def _audit_problems(data: Path) -> Iterator[Problem]:
    for path in sorted(data.glob(f"{AUDIT}*")):
        with path.open("rb") as file:
            for number in itertools.islice(damaged_lines(file), _MOST_LINES):
                message = "it is not what was written, or was cut off. Nothing reads it: keep it as it is."
                yield Problem("audit_damaged", f"{path.name}, line {number}", message)


def _folder_problems(data: Path) -> Iterator[Problem]:
    free = shutil.disk_usage(data).free
    if free < _RESERVE:
        message = f"{free // 2**20} MiB of the disk are free, less than {_RESERVE // 2**20}. Make room."
        yield Problem("disk_almost_full", "disk", message)
    for path in data_folder.leftovers(data):
        message = "it was left by a restore that was interrupted. Repair it: it is deleted."
        yield Problem("left_over", path.name, message, is_repairable=True)


# Find and remove files that belong to nothing: those of writes and uploads that were refused or aborted.
#
# Bytes are durable before the record names them, so that a write that fails after that leaves its file.


UNUSED_FILES = "file_unused"
UNUSED_UPLOADS = "upload_unused"
CODES = frozenset({UNUSED_FILES, UNUSED_UPLOADS})
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
