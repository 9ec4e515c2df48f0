"""PostgreSQL: connections, transactions, migrations, leases and notifications, whatever is stored there."""

from index.postgresql.announcements import notify
from index.postgresql.definitions import definition_problems, restore_indexes
from index.postgresql.failures import translate_error
from index.postgresql.identity import identify
from index.postgresql.leases import AdvisoryLease, AdvisoryLeases
from index.postgresql.locks import IS_FREE, lock_key
from index.postgresql.migrations import Compatible, Migration, migrate
from index.postgresql.notifications import Listener, listeners, listening
from index.postgresql.server import Server, open_server
from index.postgresql.sessions import Row, Session
from index.postgresql.single_statements import SingleStatements
from index.postgresql.transactions import Transaction
from index.postgresql.vacuuming import vacuum

__all__ = [
    "IS_FREE",
    "AdvisoryLease",
    "AdvisoryLeases",
    "Compatible",
    "Listener",
    "Migration",
    "Row",
    "Server",
    "Session",
    "SingleStatements",
    "Transaction",
    "definition_problems",
    "identify",
    "listeners",
    "listening",
    "lock_key",
    "migrate",
    "notify",
    "open_server",
    "restore_indexes",
    "translate_error",
    "vacuum",
]
