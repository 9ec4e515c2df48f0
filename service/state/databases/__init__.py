"""The SQL that the service's own stores share: keys, jobs, uploaded files, unanswered questions.

Each of these stores is written once, in SQL that every database here understands, with a question mark for
each value. A store's tables are declared for each database, beside the store.
"""

from service.state.databases.protocols import Connection, Cursor, Database

__all__ = ["Connection", "Cursor", "Database"]
