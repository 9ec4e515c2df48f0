"""Erase documents and collections for callers, as far as possible before they have their reply."""

import logging

from index.errors import LoccitError
from index.history import PurgeState
from service.flows.ingest.background.purging import Purger
from service.state.collections import Collections
from service.state.identity import Principal
from service.state.jobs.erasing import cancelling_jobs
from service.state.jobs.protocols import JobStore

log = logging.getLogger("loccit.service")


class Erasing:
    """Erases, and has the purger remove at once what was erased. Its methods block."""

    def __init__(self, collections: Collections, jobs: JobStore, purger: Purger) -> None:
        self._collections = collections
        self._jobs = jobs
        self._purger = purger

    def purge(self, caller: Principal, name: str, seconds: float) -> PurgeState:
        """Purge what was erased from a collection, for so many seconds at most; not at all for 0.

        Raises nothing, for the erasure is done: what prevents the purge is logged, and it is tried again.
        """
        try:
            collection = self._collections.open(caller, name)
            return self._purger.finish(collection, seconds=seconds) if seconds else collection.purging.state
        except (LoccitError, OSError) as error:
            log.warning("What was erased from the collection %r is not purged yet: %s", name, error)
            return "pending"

    def delete_collection(self, name: str) -> PurgeState:
        """Delete a collection, and cancel the jobs that would fill another one of its name.

        Raises what :meth:`index.library.Library.delete` raises.
        """
        with cancelling_jobs(name, self._jobs):
            self._collections.library.delete(name)
        return self._purger.finish_deleted()
