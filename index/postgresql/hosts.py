"""The hosts of an address: which of several is tried first."""

from collections.abc import Mapping
from typing import Any

from psycopg import conninfo

_NAMED = ("host", "hostaddr", "port")
_PORT = "5432"


def has_several_hosts(given: Mapping[str, Any]) -> bool:
    """Whether the parameters of an address name several hosts."""
    return any("," in str(given.get(name, "")) for name in _NAMED)


def with_last(info: str, host: str, port: int) -> str:
    """Return an address whose hosts are tried in another order: this one, if it is among them, last.

    A host that hangs delays all those after it.
    """
    given = conninfo.conninfo_to_dict(info)
    lists = {name: str(given[name]).split(",") for name in _NAMED if given.get(name)}
    count = max(map(len, lists.values()), default=1)
    columns = {name: found * count if len(found) == 1 else found for name, found in lists.items()}
    hosts = columns.get("host") or columns.get("hostaddr") or [""]
    ports = columns.get("port") or [_PORT] * count
    order = sorted(range(count), key=lambda at: (hosts[at], ports[at] or _PORT) == (host, str(port)))
    others = {name: ",".join(found[at] for at in order) for name, found in columns.items()}
    return conninfo.make_conninfo(info, **others)
