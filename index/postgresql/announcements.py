"""Announcements of what was committed, sent after the commit, many at a time."""

import logging
import threading
from collections.abc import Callable, Collection

import psycopg

from index.errors import LoccitError
from index.postgresql.transactions import Transaction

_log = logging.getLogger("loccit.store")

Announcement = tuple[str, str]
"""A channel and a payload."""
Send = Callable[[Collection[Announcement]], object]

_PAUSE_SECONDS = 0.02
"""Seconds between two sendings, in which announcements gather. Who follows looks less often than that."""


def notify(transaction: Transaction, channel: str, payload: str = "") -> None:
    """Wake all who listen to a channel, soon after the transaction commits.

    A process that dies in between wakes nobody: whoever listens must also look by itself, now and then.
    """
    transaction.announced.add((channel, payload))


class Announcements:
    """Sends announcements by a thread, which ends when there are no more. Thread-safe.

    Sent within the transaction that they tell of they would make it wait for all others that send any: the
    server lets only one of these commit at a time, in all of its databases, until it is on the disk.
    """

    def __init__(self) -> None:
        self._waiting: set[Announcement] = set()
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, announced: Collection[Announcement], send: Send) -> None:
        """Send announcements soon, each once. An error of ``send`` is logged."""
        if not announced:
            return
        with self._changing:
            self._waiting.update(announced)
            if self._thread is None:
                # No daemon: a command that ends at once tells others of what it has done.
                thread = threading.Thread(target=self._run, args=(send,), name="loccit-announce")
                try:
                    thread.start()
                except RuntimeError:  # no thread is left for now: what was committed is no failure
                    _log.warning("Other processes are told later of what was committed.", exc_info=True)
                else:
                    self._thread = thread

    def close(self, seconds: float) -> None:
        """Wait, for some seconds, until all are sent."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self, send: Send) -> None:
        pause = threading.Event()
        while announced := self._take():
            try:
                send(announced)
            except (LoccitError, psycopg.Error) as error:
                _log.info("Other processes will find by themselves what was committed: %s", error)
            except Exception:
                _log.exception("Other processes were not told of what was committed.")
            pause.wait(_PAUSE_SECONDS)

    def _take(self) -> set[Announcement]:
        """Take those that wait; with none, the thread ends."""
        with self._changing:
            taken, self._waiting = self._waiting, set()
            if not taken:
                self._thread = None
            return taken
