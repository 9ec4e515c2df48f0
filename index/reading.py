"""Reading files in processes of their own, so that no file can take the program down.

A format's library may crash, hang or eat memory on a file that somebody made for that. Whatever it does,
the worker is ended, the file is refused with the reason, and the next file gets a new worker.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import TimeoutError as TookTooLong
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from typing import Protocol

from pebble import ProcessExpired, ProcessPool

from index import readers
from index.config import ReadingConfig
from index.errors import DocumentTooLarge, LoccitError, ReaderFailed
from index.languages import language_of
from index.types import Extract

_LOG = logging.getLogger(__name__)
_SAFE_PATH = "PYTHONSAFEPATH"
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""
_FILES_PER_WORKER = 500
"""A worker is replaced after so many: what a library leaks is given back."""


class Reading(Protocol):
    """Makes text of files. Safe to use from several threads."""

    def read(self, data: bytes, *, name: str, media_type: str | None = None, password: str = "") -> Extract:
        """As :func:`index.readers.read`; also :class:`index.errors.ReaderFailed`."""

    def prepare(self) -> None:
        """Start what the first file would have to wait for; returns at once."""

    def close(self) -> None: ...


class ReadingHere:
    """Reads in this process: for files that are trusted, and tests."""

    def __init__(self, config: ReadingConfig) -> None:
        self._config = config

    def read(self, data: bytes, *, name: str, media_type: str | None = None, password: str = "") -> Extract:
        """As :func:`index.readers.read`."""
        with _nothing_unexpected(name):
            return _read(_File(data, name, media_type, password), self._config)

    def prepare(self) -> None:
        """Nothing has to be started."""

    def close(self) -> None:
        """Nothing is open."""


class ReadingApart:
    """Reads in worker processes with limits on time, memory and output; started when first needed.

    They are forked from a process that does nothing else and has loaded what all readers need.
    """

    def __init__(self, config: ReadingConfig) -> None:
        self._config = config
        self._starting = threading.Lock()
        self._pool: ProcessPool | None = None

    def read(self, data: bytes, *, name: str, media_type: str | None = None, password: str = "") -> Extract:
        """As :func:`index.readers.read`, or :class:`ReaderFailed` when the worker had to be ended."""
        # Asked here first: what no reader is for need not travel.
        readers.reader_version(name, media_type=media_type)
        seconds, memory = self._config.seconds, self._config.memory_bytes
        file = _File(data, name, media_type, password)
        try:
            with _nothing_unexpected(name):
                try:
                    return self._read(file)
                except BrokenProcessPool:  # all workers were gone before any had the file
                    return self._read(file)
        except TookTooLong:
            raise _failed(name, f"reading took longer than {seconds:g} s and was ended") from None
        except MemoryError:
            raise _failed(name, f"reading needs more than {memory // 2**20:,} MiB of memory") from None
        except (ProcessExpired, BrokenProcessPool) as error:
            _LOG.warning("The reader of a file was ended: %r", error)
            raise _failed(name, "the reader crashed on it, or was out of memory") from None

    def _read(self, file: _File) -> Extract:
        work = self._workers().schedule(_read, args=(file, self._config), timeout=self._config.seconds)
        extract: Extract = work.result()
        return extract

    def prepare(self) -> None:
        """See :class:`Reading`."""
        with self._starting:
            _context()

    def _workers(self) -> ProcessPool:
        with self._starting:
            if self._pool is None or not self._pool.active:
                self._stop()
                context = _context()
                self._pool = ProcessPool(
                    max_workers=self._config.processes,
                    max_tasks=_FILES_PER_WORKER,
                    initializer=_limit,
                    initargs=[self._config.memory_bytes, context.get_start_method()],
                    context=context,
                )
            return self._pool

    def close(self) -> None:
        """End the workers."""
        with self._starting:
            self._stop()

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None


def _context() -> BaseContext:
    """How workers are started: by a process that is there to be forked, running when this returns.

    Forking this process would copy locks of its threads in any state.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["index.reading_server"])
    try:
        with _safe_path():
            forkserver.ensure_running()
    except OSError as error:  # its socket is in the folder for temporary files
        _LOG.warning("Each reader of files is started anew, which takes longer: %r", error)
        return multiprocessing.get_context("spawn")
    return context


@contextlib.contextmanager
def _safe_path() -> Iterator[None]:
    """What is started takes no module from the current folder, which may be that of strange documents."""
    if sys.flags.safe_path:  # it does not anyway
        yield
        return
    os.putenv(_SAFE_PATH, "1")
    try:
        yield
    finally:
        os.unsetenv(_SAFE_PATH)


@contextlib.contextmanager
def _nothing_unexpected(name: str) -> Iterator[None]:
    """What a format's library raises by mistake refuses the file, and is logged."""
    try:
        yield
    except (LoccitError, TookTooLong, MemoryError, ProcessExpired, BrokenProcessPool):
        raise
    except Exception as error:
        _LOG.error("The reader of a file failed.", exc_info=error)
        raise _failed(name, "the reader failed on it") from None


def _failed(name: str, reason: str) -> ReaderFailed:
    return ReaderFailed(
        f"{name}: {reason}. The file may be damaged: save it anew with the program that made it, split it, "
        "or raise the limits for readers."
    )


def _limit(memory_bytes: int, start_method: str) -> None:
    """In a worker: no more memory than that beside what the program itself maps, and no life of its own."""
    if sys.platform == "linux" and start_method == "forkserver":
        # Nobody could end it any more, were the server gone.
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    with contextlib.suppress(ValueError, OSError):  # systems without the limit
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    name: str
    media_type: str | None
    password: str = field(repr=False)


def _read(file: _File, config: ReadingConfig) -> Extract:
    extract = readers.read(
        file.data,
        name=file.name,
        media_type=file.media_type,
        password=file.password,
        ocr_languages=config.ocr_languages,
    )
    most = config.max_characters
    if len(extract.text) > most:
        raise DocumentTooLarge(
            f"{file.name}: its text has {len(extract.text):,} characters; at most {most:,} are taken. "
            "Split it."
        )
    if "language" not in extract.metadata and (language := language_of(extract.text)):
        return replace(extract, metadata={**extract.metadata, "language": language})
    return extract
