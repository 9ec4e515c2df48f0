"""The database server: whether it can be used, and who else is connected.

No error repeats its address, for it has a password.
"""

import re
import time
from contextlib import closing

from index.errors import StoreUnavailable
from service.errors import InvalidSettings

LEAST_VERSION = 15
_CLOSING_SECONDS = 2.0
_PAUSE_SECONDS = 0.05
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    # A process adds its number to the name of the program.
    " AND split_part(application_name, ' ', 1)"
    " = split_part(current_setting('application_name'), ' ', 1) AND pid <> pg_backend_pid()"
)


def require_database(url: str, given_as: str = "LOCCIT_STORE") -> None:
    """Connect once to the database at an address of PostgreSQL that has been checked.

    ``given_as`` is the setting or option that has the address, for messages. Raises
    :class:`service.errors.InvalidSettings` if the address, the server or this installation will not do, and
    :class:`index.errors.StoreUnavailable` if the server does not let us in, each with what to do.
    """
    try:
        import psycopg

        from index.postgresql import open_server
    except ImportError as error:
        raise InvalidSettings(
            f"{given_as} needs {error.name}. Run: pip install 'loccit[postgresql]', or leave it out to "
            "keep everything in the data folder."
        ) from None
    try:
        connection = open_server(url).connect()
    except psycopg.ProgrammingError as error:  # a parameter that there is not, or a wrong value of one
        raise InvalidSettings(
            f"{given_as} {_describe_invalid(error)}. `psql` takes the same address."
        ) from None
    except psycopg.Error as error:
        raise StoreUnavailable(
            f"The database of {given_as} cannot be used ({' '.join(str(error).split())}). Check that the "
            "server runs and that its address, user, password and database are right: `psql` takes the same "
            "address."
        ) from None
    with connection:
        version = connection.info.server_version // 10_000
        encoding = connection.info.parameter_status("server_encoding")
    if version < LEAST_VERSION:
        raise InvalidSettings(
            f"The server of {given_as} is PostgreSQL {version}. Upgrade it to {LEAST_VERSION} or newer."
        )
    if encoding != "UTF8":
        raise InvalidSettings(
            f"The database of {given_as} has the encoding {encoding}. Make one with UTF8: createdb "
            "--encoding=UTF8 --template=template0 NAME"
        )


def others_connected(url: str) -> int:
    """Count the connections that other processes of this program have to a database.

    Raises :class:`index.errors.StoreUnavailable`.
    """
    import psycopg

    from index.postgresql import open_server, translate_error

    deadline = time.monotonic() + _CLOSING_SECONDS
    try:
        # One connection for all looks, and none of the pool, which may open a second one when the first is
        # slow: a look would count the others of this process.
        with closing(open_server(url).connect()) as connection:
            while True:
                row = connection.execute(_OTHERS).fetchone()
                count = int(row[0]) if row else 0
                # The server takes a moment to end a connection that was closed just now.
                if not count or time.monotonic() > deadline:
                    return count
                time.sleep(_PAUSE_SECONDS)
    except psycopg.Error as error:
        raise translate_error(error, "the database") from error


def _describe_invalid(error: Exception) -> str:
    """Describe an invalid address, unless the error may repeat a part of its password."""
    unknown = re.search(r'invalid URI query parameter: "\w+"', str(error))
    return f"has an {unknown[0]}" if unknown else "is not understood"
