"""The job store in SQLite."""

from service.state.jobs.sqlite.checking import problems
from service.state.jobs.sqlite.copying import PinnedJobs, pinned_jobs
from service.state.jobs.sqlite.store import SqliteJobStore

__all__ = ["PinnedJobs", "SqliteJobStore", "pinned_jobs", "problems"]
