"""Run readers in worker processes, so that no file can crash or block the program.

A malicious or broken file can make a parser crash, hang or use up memory. Then its worker is killed, the file
is refused with the reason, and the next file gets a new worker.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from concurrent.futures import TimeoutError as TimedOut
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from typing import Protocol

from pebble import ProcessExpired

from index.config import ReadingConfig
from index.errors import DocumentTooLarge, LoccitError, ReaderFailed, ReadersUnavailable
from index.readers import formats
from index.readers.languages import detect_language
from index.readers.page_image import PageImage
from index.readers.statistics import ReaderStatistics, ReadingCounts
from index.readers.workers import UNAVAILABLE, GaveWay, Workers
from index.types import Extract, Figure

_LOG = logging.getLogger(__name__)
_MIB = 2**20
_SMALL = _MIB
"""Most bytes of a file that is read among the quick ones."""
_SECONDS = 10.0
_SECONDS_PER_MIB = 25.0
"""The time limit of a file grows with its size, up to the configured one."""
_PROGRAM_SECONDS = 30.0
"""More time for a file that another program has to read, which has to start."""
_DRAWING_SECONDS = 20.0
_DRAWING_PROCESSES = 2


class Readers(Protocol):
    """Runs the readers of all formats. Thread-safe."""

    def read(self, data: bytes, *, name: str, media_type: str | None = None, password: str = "") -> Extract:
        """Extract the text of a file, and detect its language if the file does not declare it.

        Raises what :func:`index.readers.read` does, :class:`index.errors.ReaderFailed`, and
        :class:`index.errors.ReadersUnavailable` if the file was given to no reader.
        """

    def draw(self, data: bytes, *, name: str, page: int, width: int, part: Figure | None = None) -> PageImage:
        """Draw a page of a PDF file, or a part of it, ``width`` pixels wide.

        Raises what :func:`index.readers.pdf.drawing.draw_page` does, and the same two.
        """

    def prepare(self) -> None:
        """Start what the first file would have to wait for; returns at once."""

    def statistics(self) -> ReaderStatistics:
        """Count the files read so far."""

    def close(self) -> None:
        """Release processes and files."""


class InProcessReaders:
    """Runs readers in the calling process: for trusted files, and tests."""

    def __init__(self, config: ReadingConfig) -> None:
        self._config = config
        self._counts = ReadingCounts(processes=0)

    def read(self, data: bytes, *, name: str, media_type: str | None = None, password: str = "") -> Extract:
        """See :meth:`Readers.read`."""
        with _unexpected_errors_refuse(name), self._counts.counting():
            return _read(_File(data, name, media_type, password), self._config)

    def draw(self, data: bytes, *, name: str, page: int, width: int, part: Figure | None = None) -> PageImage:
        """See :meth:`Readers.draw`."""
        with _unexpected_errors_refuse(name):
            return _draw(data, name, page, width, part)

    def prepare(self) -> None:
        """Do nothing: there is nothing to start."""

    def statistics(self) -> ReaderStatistics:
        """See :meth:`Readers.statistics`."""
        return self._counts.read()

    def close(self) -> None:
        """Do nothing: there is nothing to release."""


def _do_nothing() -> None:
    """Do nothing: the call by which a reader process shows that it takes calls."""


class IsolatedReaders:
    """Runs readers in worker processes, with limits on time, memory and length of the text.

    There are three groups of workers, so that no small file waits for a large one and no page to be drawn
    for a file: the second reads large files and those that turn out to take long, the third draws pages.
    A file takes long after ``quick_seconds``, or after half a second if others wait. Of the files that wait,
    each is due when its time limit would be over, had it been read at once: a small one passes larger ones
    that came shortly before it. Workers start when they are first needed.
    """

    def __init__(self, config: ReadingConfig) -> None:
        self._config = config
        self._quick = Workers(config.processes, megabytes=config.megabytes)
        self._long = Workers(config.processes, megabytes=config.megabytes)
        self._drawing = Workers(min(config.processes, _DRAWING_PROCESSES), megabytes=config.megabytes)
        self._counts = ReadingCounts(processes=2 * config.processes)

    def read(self, data: bytes, *, name: str, media_type: str | None = None, password: str = "") -> Extract:
        """See :meth:`Readers.read`. Raises :class:`ReaderFailed` if the worker was killed or crashed."""
        # Refuse unknown formats here, without sending the file to a worker.
        formats.reader_version(name, media_type=media_type)
        file = _File(data, name, media_type, password)
        with self._failures_refuse(name, "reading") as limit, self._counts.counting():
            limit.seconds = self._seconds(file)
            try:
                return self._read(file, limit.seconds)
            except BrokenProcessPool:  # the workers died before one of them took the file
                return self._read(file, limit.seconds)

    def draw(self, data: bytes, *, name: str, page: int, width: int, part: Figure | None = None) -> PageImage:
        """See :meth:`Readers.draw`. Raises :class:`ReaderFailed` if the worker was killed or crashed."""
        with self._failures_refuse(name, "drawing a page") as limit:
            limit.seconds = min(self._config.seconds, _DRAWING_SECONDS)
            return self._drawing.run(_draw, data, name, page, width, part, seconds=limit.seconds)

    @contextlib.contextmanager
    def _failures_refuse(self, name: str, work: str) -> Iterator[_TimeLimit]:
        """Raise :class:`ReaderFailed` with the reason where a worker was killed or crashed.

        Raise :class:`ReadersUnavailable` where none has taken the file, and none takes anything else.
        """
        limit = _TimeLimit(self._config.seconds)
        try:
            with _unexpected_errors_refuse(name):
                yield limit
        except TimedOut:
            raise _failed(name, f"{work} took longer than {limit.seconds:g} s and was stopped") from None
        except MemoryError:
            megabytes = self._config.megabytes
            raise _failed(name, f"{work} needs more than {megabytes:,} MiB of memory") from None
        except ProcessExpired as error:
            _LOG.warning("A reader process died: %r", error)
            raise _failed(name, "the reader crashed on it, or ran out of memory") from None
        except BrokenProcessPool as error:  # none has taken the file
            if self._takes_calls():
                _LOG.warning("Reader processes died while they received a file: %r", error)
                raise _failed(name, "the reader crashed on it, or ran out of memory") from None
            _LOG.error("The reader processes take no files: %r", error)
            raise ReadersUnavailable(UNAVAILABLE) from error

    def _takes_calls(self) -> bool:
        """Whether a reader process takes a call without a file: if so, the file is at fault."""
        try:
            self._quick.run(_do_nothing, seconds=_SECONDS)
        except (BrokenProcessPool, ProcessExpired, ReadersUnavailable, TimedOut):
            return False
        return True

    def _read(self, file: _File, seconds: float) -> Extract:
        quick_seconds = self._config.quick_seconds
        if len(file.data) <= _SMALL and not self._takes_long(file):
            try:
                return self._quick.run(
                    _read,
                    file,
                    self._config,
                    seconds=min(seconds, quick_seconds),
                    due=seconds,
                    gives_way=True,
                )
            except GaveWay:
                pass
            except TimedOut:
                if seconds <= quick_seconds:
                    raise
        return self._long.run(_read, file, self._config, seconds=seconds)

    def _seconds(self, file: _File) -> float:
        """The time limit for a file: a small one must not take as long as a large one."""
        if self._needs_ocr(file):
            return self._config.seconds
        by_size = _SECONDS + _SECONDS_PER_MIB * len(file.data) / _MIB
        return min(self._config.seconds, by_size + _PROGRAM_SECONDS * self._takes_long(file))

    def _needs_ocr(self, file: _File) -> bool:
        """Whether pages may have to be recognised, which takes seconds for each."""
        return bool(self._config.ocr_languages) and formats.is_pdf(file.name, media_type=file.media_type)

    def _takes_long(self, file: _File) -> bool:
        """Whether not to try a file among the quick ones: another program has to read it."""
        return self._needs_ocr(file) or formats.is_old_office(file.name, media_type=file.media_type)

    def prepare(self) -> None:
        """Start the fork server."""
        self._quick.prepare()

    def statistics(self) -> ReaderStatistics:
        """See :meth:`Readers.statistics`."""
        return self._counts.read()

    def close(self) -> None:
        """Stop the workers."""
        self._quick.close()
        self._long.close()
        self._drawing.close()


@contextlib.contextmanager
def _unexpected_errors_refuse(name: str) -> Iterator[None]:
    """Log an unexpected error of a reader, and raise :class:`ReaderFailed` instead."""
    try:
        yield
    except (LoccitError, TimedOut, MemoryError, ProcessExpired, BrokenProcessPool):
        raise
    except Exception as error:
        _LOG.error("The reader of a file failed.", exc_info=error)
        raise _failed(name, "the reader failed on it") from None


def _failed(name: str, reason: str) -> ReaderFailed:
    return ReaderFailed(
        f"{name}: {reason}. The file may be damaged: save it again with the program that made it, split it, "
        "or raise the limits for readers."
    )


@dataclass(slots=True)
class _TimeLimit:
    seconds: float


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    name: str
    media_type: str | None
    password: str = field(repr=False)


def _read(file: _File, config: ReadingConfig) -> Extract:
    extract = formats.read(
        file.data,
        name=file.name,
        media_type=file.media_type,
        password=file.password,
        ocr=config.ocr,
        libreoffice=config.libreoffice,
    )
    limit = config.max_characters
    if len(extract.text) > limit:
        raise DocumentTooLarge(
            f"{file.name}: its text has {len(extract.text):,} characters; at most {limit:,} are taken. "
            "Split it."
        )
    if "language" not in extract.metadata and (language := detect_language(extract.text)):
        return replace(extract, metadata={**extract.metadata, "language": language})
    return extract


def _draw(data: bytes, name: str, page: int, width: int, part: Figure | None) -> PageImage:
    from index.readers.pdf.drawing import draw_page

    return draw_page(data, name=name, page=page, width=width, part=part)
