"""The job store in an SQL database, whichever it is."""

from service.state.jobs.sql.item_rows import as_json, get_all
from service.state.jobs.sql.job_rows import change, settle
from service.state.jobs.sql.store import SqlJobStore, problems

__all__ = ["SqlJobStore", "as_json", "change", "get_all", "problems", "settle"]
