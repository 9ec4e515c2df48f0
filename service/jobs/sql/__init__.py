"""The job store in an SQL database, whichever it is."""

from service.jobs.sql.checking import problems
from service.jobs.sql.item_rows import as_json
from service.jobs.sql.store import SqlJobStore

__all__ = ["SqlJobStore", "as_json", "problems"]
