"""The address of the database that a setting gives. No error repeats it, for it has a password."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qsl, urlsplit

from index.errors import StoreUnavailable
from service.errors import InvalidSettings

LEAST_VERSION = 15
_CLOSING_SECONDS = 2.0
_PAUSE_SECONDS = 0.05
_SCHEMES = ("postgresql", "postgres")
_HOSTS = re.compile(r"[\w.:%\[\],-]*", re.ASCII)
_USER = re.compile(r"(?:[^\s/?#\[\]@:%]|%[0-9A-Fa-f]{2})*(?::(?:[^\s/?#\[\]@:%]|%[0-9A-Fa-f]{2})*)?")
_FORM = (
    "Write it like postgresql://user:password@host:5432/database, or with several hosts: host1,host2. In the "
    "password, write characters other than letters, digits, - . _ as % and two hexadecimal digits: %40 for @."
)


def checked_address(url: str) -> str:
    """Return an address of PostgreSQL, or an empty one. Raises a ValueError, which does not repeat it."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        options = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
    except ValueError:
        raise ValueError(f"is not an address of PostgreSQL. {_FORM}") from None
    userinfo, _, hosts = parts.netloc.rpartition("@")
    is_plain = parts.scheme in _SCHEMES and not parts.fragment and parts.path.count("/") <= 1
    if not is_plain or not (_USER.fullmatch(userinfo) and _HOSTS.fullmatch(hosts)):
        raise ValueError(f"is not an address of PostgreSQL. {_FORM}")
    if not hosts and not any(name in ("host", "hostaddr", "service") for name, _ in options):
        raise ValueError(f"names no host. {_FORM}")
    return url


def require_database(url: str, given_as: str = "LOCCIT_STORE") -> None:
    """Connect once to the database at an address that :func:`checked_address` has returned.

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
        raise InvalidSettings(f"{given_as} {_about(error)}. `psql` takes the same address.") from None
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
    """How many connections other processes of this program have to the database at an address.

    Raises :class:`index.errors.StoreUnavailable`.
    """
    from index.postgresql import open_server

    deadline = time.monotonic() + _CLOSING_SECONDS
    while True:
        row = open_server(url).look(
            "public",
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            # A process adds its number to the name of the program.
            " AND split_part(application_name, ' ', 1)"
            " = split_part(current_setting('application_name'), ' ', 1) AND pid <> pg_backend_pid()",
        )
        count = int(row[0]) if row else 0
        # The server takes a moment to end a connection that was closed just now.
        if not count or time.monotonic() > deadline:
            return count
        time.sleep(_PAUSE_SECONDS)


def _about(error: Exception) -> str:
    """What is wrong with an address, unless the error may repeat a part of its password."""
    unknown = re.search(r'invalid URI query parameter: "\w+"', str(error))
    return f"has an {unknown[0]}" if unknown else "is not understood"
