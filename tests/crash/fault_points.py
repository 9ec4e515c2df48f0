"""Where a process is killed: at a call of a function of ours, on its return, or before a file operation.

The process watches itself by the hooks that Python has for profilers and audits. A test on every run checks
that the functions have these names still.
"""

from __future__ import annotations

import inspect
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from types import CodeType, FrameType

from index.store.sqlite.migrations import MIGRATIONS


@dataclass(frozen=True, slots=True)
class Point:
    """``when`` is ``call`` or ``return`` of a function, or an audit event; its last path matches ``what``."""

    when: str
    what: str

    def __str__(self) -> str:
        return f"{self.when} {self.what.removeprefix('index.')}"


_STORE = "index.store.sqlite"
_SQL = "index.store.sql"
_VECTORS = "index.engine.vectors"
_LEXICAL = "index.engine.lexical"

IN_A_TRANSACTION = [
    Point("call", f"{_SQL}.texts:put"),
    Point("call", f"{_SQL}.passages:put"),
    Point("call", f"{_SQL}.events:put"),
    Point("call", f"{_SQL}.versions:erase"),
    Point("call", f"{_SQL}.texts:drop_unused"),
    Point("call", f"{_SQL}.retirement:retire"),
    Point("call", f"{_SQL}.passages:put_vectors"),
    Point("call", f"{_SQL}.passages:end_claims"),
]
BETWEEN_RECORD_AND_INDEXES = [
    Point("return", f"{_STORE}.store:SqliteStore.put"),
    Point("return", f"{_STORE}.store:SqliteStore.put_vectors"),
    Point("return", f"{_STORE}.store:SqliteStore.delete"),
    Point("return", f"{_STORE}.store:SqliteStore.claim"),
    Point("call", "index.engine.embedded.engine:LexicalSide.update"),
    Point("call", "index.engine.embedded.engine:DenseSide.update"),
    Point("call", f"{_LEXICAL}.segments:add"),
    Point("call", f"{_LEXICAL}.applied:write"),
    Point("os.rename", "applied.json"),
]
IN_A_COMPACTION = [
    Point("call", f"{_VECTORS}.building:write_base"),
    Point("os.rename", "base-*.faiss"),
    Point("os.rename", "base-*.rows"),
    Point("os.rename", "base-*.ids.npy"),
    Point("os.rename", "base-*.documents.npy"),
    Point("call", f"{_VECTORS}.building:_train"),
    Point("call", f"{_VECTORS}.files:Publication.publish"),
    Point("os.rename", "manifest.json"),
    Point("call", f"{_VECTORS}.dense:FaissIndex._adopt"),
    Point("os.remove", "base-*"),
]
IN_A_REPAIR_OF_WORDS = [
    Point("call", "index.engine.repairs:Repairs.report"),
    Point("call", "index.engine.embedded.engine:LexicalSide.repair"),
    Point("call", f"{_LEXICAL}.bm25:TantivyIndex.publish"),
    Point("call", f"{_LEXICAL}.folder:IndexFolder.delete_others"),
]
IN_A_REPAIR_OF_VECTORS = [
    Point("call", "index.engine.embedded.engine:DenseSide.repair"),
    Point("return", f"{_VECTORS}.dense:FaissIndex.reset"),
]
WHEN_CREATED = [
    Point("call", f"{_STORE}.catalogue:FolderCatalogue._create"),
    Point("os.rename", "collection.json"),
    Point("call", f"{_STORE}.store:SqliteStore.__init__"),
    Point("call", f"{_STORE}.migrations.base:create"),
    Point("call", f"{_STORE}.migrations.migrations:name_store"),
    Point("return", f"{_STORE}.migrations:migrate"),
]
IN_A_BACKUP = [
    Point("return", "service.flows.upkeep.backup:_pin_state"),
    Point("call", "service.flows.upkeep.bundle:BundleWriter._add"),
    Point("call", "service.flows.upkeep.bundle:BundleWriter.finish"),
    Point("os.rename", "backup"),
]
IN_A_RESTORE = [
    Point("call", "service.flows.upkeep.bundle:_read_file"),
    Point("call", "service.flows.upkeep.restore:_make_ready"),
    Point("return", "service.state.data_folder:begin_replacing"),
    Point("os.rename", "collections"),
    Point("call", "service.state.data_folder:end_replacing"),
    Point("return", "service.state.data_folder:end_replacing"),
]
IN_A_REPAIR = [
    Point("call", "service.flows.upkeep.check:_repair_collection"),
    Point("call", f"{_SQL}.upkeep:repair"),
    Point("return", "index.engine:remove_indexes"),
    Point("os.rename", "applied.json"),
]
_STAGING = f"{_SQL}.staging"
IN_AN_UPGRADE = [
    Point("return", f"{_SQL}.upgrading:SqlStaging.begin"),
    Point("call", f"{_STAGING}:put_vectors"),
    Point("return", f"{_STAGING}:rename"),
    Point("call", "index.upgrading.upgrade:Upgrade._clean_up"),
    Point("return", f"{_STAGING}:stage"),
    Point("call", "index.upgrading.work:Work._build_indexes"),
    Point("return", "index.upgrading.work:Work._build_indexes"),
    Point("call", "index.collection.following:Following.follow_exchange"),
    Point("return", f"{_STORE}.upgrading:SqliteStaging.exchange"),
    Point("return", f"{_STAGING}:delete_replaced"),
    Point("return", "index.engine:remove_indexes"),
    Point("os.rename", "collection.json"),
]
_FILES = "service.state.files.store:FileStore"
_JOBS = "service.state.jobs.sqlite:SqliteJobStore"
IN_AN_UPLOAD = [
    Point("return", "service.state.jobs.spool.folder:FolderSpool.sync"),
    Point("return", f"{_FILES}.add"),
    Point("call", f"{_FILES}.add"),
    Point("call", f"{_FILES}.attach"),
    Point("return", f"{_FILES}.attach"),
    Point("return", f"{_JOBS}.add"),
    Point("return", f"{_STORE}.store:SqliteStore.put"),
    Point("call", f"{_JOBS}.settle"),
    Point("return", f"{_JOBS}.settle"),
    Point("call", f"{_FILES}.detach"),
    Point("return", f"{_FILES}.detach"),
    Point("return", f"{_STORE}.store:SqliteStore.delete"),
    Point("return", f"{_FILES}.begin_erasing"),
    Point("return", "index.history.ledger:Ledger.add_files"),
    Point("call", f"{_FILES}.finish_erasing"),
    Point("return", "service.state.jobs.spool.folder:FolderSpool.clear"),
    Point("return", f"{_FILES}.finish_erasing"),
    Point("call", "service.state.files.erasing:FileErasure.erase_documents"),
    Point("return", "service.state.jobs.erasing:JobErasure.erase_documents"),
    Point("return", "service.state.files.erasing:FileErasure.erase_documents"),
]
IN_AN_ERASURE = [
    Point("call", "index.history.ledger:Ledger._append"),
    Point("return", "index.history.ledger:Ledger._append"),
]
IN_A_PURGE = [
    Point("call", "index.history.purging:Purging.run"),
    Point("call", f"{_LEXICAL}.bm25:Rewriter._write_again"),
    Point("return", f"{_LEXICAL}.bm25:Rewriter._write_again"),
    Point("call", f"{_LEXICAL}.segments:delete_unused"),
    Point("call", "index.history.purging:Purging._remove_discarded"),
    Point("return", "index.history.purging:Purging._remove_discarded"),
    Point("return", "index.history.purging:Purging.run"),
]
IN_A_MIGRATION = [
    Point(when, f"{one.__module__}:{one.__qualname__}") for one in MIGRATIONS for when in ("call", "return")
]


ALL = [
    *(IN_A_TRANSACTION + BETWEEN_RECORD_AND_INDEXES + IN_A_COMPACTION + IN_A_PURGE + IN_AN_ERASURE),
    *(IN_A_REPAIR_OF_WORDS + IN_A_REPAIR_OF_VECTORS + IN_A_REPAIR + WHEN_CREATED),
    *(IN_A_BACKUP + IN_A_RESTORE + IN_AN_UPGRADE + IN_A_MIGRATION + IN_AN_UPLOAD),
]


def kill_at(point: Point, *, time: int) -> None:
    """Kill this process when it comes to a point for the ``time``-th time, from 1."""
    if point.when in ("call", "return"):
        _watch_calls(point, time)
    else:
        _watch_files(point, time)


def _watch_calls(point: Point, time: int) -> None:
    code, reached = code_of(point.what), _counting(time)

    def profile(frame: FrameType, event: str, argument: object) -> None:
        if frame.f_code is code and event == point.when:
            reached()

    threading.setprofile(profile)
    sys.setprofile(profile)


def code_of(name: str) -> CodeType:
    """The code of a function that a point names. Raises ImportError, AttributeError if there is none."""
    module, _, path = name.partition(":")
    found: object = import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    assert callable(found)
    function = inspect.unwrap(found)
    code = function.__code__
    assert isinstance(code, CodeType)
    return code


def _watch_files(point: Point, time: int) -> None:
    reached = _counting(time)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == point.when:
            paths = [one for one in arguments if isinstance(one, str | os.PathLike)]
            if fnmatch(Path(paths[-1]).name, point.what):
                reached()

    sys.addaudithook(hook)


def _counting(time: int) -> Callable[[], None]:
    left = time

    def reached() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached
