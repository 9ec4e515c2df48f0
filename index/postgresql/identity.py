"""Which database of which server this is: a copy, restored elsewhere, is another one."""

from index.objects import Owner
from index.postgresql.server import Server

_DATABASE = (
    "SELECT oid::text, datname, has_function_privilege('pg_control_system()', 'EXECUTE')"
    " FROM pg_database WHERE datname = current_database()"
)
_SYSTEM = "SELECT system_identifier::text FROM pg_control_system()"
_WHAT = "the identity of the database"


def identify(server: Server) -> Owner:
    """The database of a server now. Standbys, and one that takes over, are the same; so is a physical copy.

    Raises :class:`index.errors.StoreUnavailable`.
    """
    number, name, may_ask = server.look("pg_catalog", _DATABASE, what=_WHAT) or ("", "", False)
    row = server.look("pg_catalog", _SYSTEM, what=_WHAT) if may_ask else None
    return Owner(str(row[0]) if row else "unknown", str(number), str(name))
