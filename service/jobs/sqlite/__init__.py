"""The job store in SQLite."""

from service.jobs.sqlite.checking import problems
from service.jobs.sqlite.copying import PinnedJobs, pinned_jobs
from service.jobs.sqlite.store import SqliteJobStore

__all__ = ["PinnedJobs", "SqliteJobStore", "pinned_jobs", "problems"]
