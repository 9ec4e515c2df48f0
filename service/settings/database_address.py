"""The address of a PostgreSQL database, as a setting or an option gives it."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

_SCHEMES = ("postgresql", "postgres")
_HOSTS = re.compile(r"[\w.:%\[\],-]*", re.ASCII)
_USER = re.compile(r"(?:[^\s/?#\[\]@:%]|%[0-9A-Fa-f]{2})*(?::(?:[^\s/?#\[\]@:%]|%[0-9A-Fa-f]{2})*)?")
_FORM = (
    "Write it like postgresql://user:password@host:5432/database, or with several hosts: host1,host2. In the "
    "password, write characters other than letters, digits, - . _ as % and two hexadecimal digits: %40 for @."
)


def validate_address(url: str) -> str:
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
