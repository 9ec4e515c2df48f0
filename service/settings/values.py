"""Values that are written as text in settings: lists, networks, keys, origins, addresses, rate limits."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, SecretStr

_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")
_SCHEMES = ("postgresql", "postgres")
_HOSTS = re.compile(r"[\w.:%\[\],-]*", re.ASCII)
_USER = re.compile(r"(?:[^\s/?#\[\]@:%]|%[0-9A-Fa-f]{2})*(?::(?:[^\s/?#\[\]@:%]|%[0-9A-Fa-f]{2})*)?")
_FORM = (
    "Write it like postgresql://user:password@host:5432/database, or with several hosts: host1,host2. In the "
    "password, write characters other than letters, digits, - . _ as % and two hexadecimal digits: %40 for @."
)
_RATE = re.compile(r"([1-9][0-9]{0,6})(?::([1-9][0-9]{0,5}))?")


def split_list(value: str) -> tuple[str, ...]:
    """The parts of a comma-separated list that are not empty."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def is_origin(written: str) -> bool:
    """Whether this is an origin, as browsers write it in the Origin header."""
    return _ORIGIN.fullmatch(written) is not None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Requests a minute on average, and how many may come at once."""

    per_minute: int
    burst: int

    @staticmethod
    def parse(written: str) -> RateLimit | None:
        """Read ``600:50``, or ``600`` with a burst of a tenth; None for an empty string.

        Raises a ValueError that says what is wrong.
        """
        if not written:
            return None
        match = _RATE.fullmatch(written)
        if match is None:
            raise ValueError(
                f"{written!r} is not a rate limit. Write requests a minute and the burst, such as 600:50."
            )
        per_minute = int(match[1])
        return RateLimit(per_minute, int(match[2] or max(1, per_minute // 10)))


def _check_networks(networks: str) -> str:
    for network in split_list(networks):
        ip_network(network)  # raises a ValueError that names the problem
    return networks


def _check_rate(rate: str) -> str:
    RateLimit.parse(rate)  # raises a ValueError that says what is wrong
    return rate


def _check_origins(origins: str) -> str:
    for origin in split_list(origins):
        if origin != "*" and not is_origin(origin):
            raise ValueError(f"{origin!r} is not an origin. Write it like https://www.example.org.")
    return origins


def _check_public_address(url: str) -> str:
    parts = urlsplit(url)
    is_address = parts.scheme in ("http", "https") and parts.netloc
    if url and (not is_address or parts.query or parts.fragment):
        raise ValueError(f"{url!r} is not a web address. Write it like https://docs.example.org.")
    return url.rstrip("/")


def _check_endpoint(url: str) -> str:
    parts = urlsplit(url)
    is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    if url and (not is_address or set(url) & set(" @?#")):
        raise ValueError("is not a web address. Write it like http://127.0.0.1:11434/v1.")
    return url


def _check_api_key(key: SecretStr | None) -> SecretStr | None:
    if key is not None and not key.get_secret_value():
        raise ValueError("is empty. Unset it to serve without a key, or give one.")
    return _check_visible(key)


def _check_visible(key: SecretStr | None) -> SecretStr | None:
    value = key.get_secret_value() if key else ""
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("has characters that no HTTP header can carry. Use visible ASCII.")
    return key


def _check_json_object(parameters: str) -> str:
    if not isinstance(json.loads(parameters, parse_constant=_refuse_constant), dict):
        raise ValueError("is not a JSON object.")  # noqa: TRY004 -- pydantic takes no TypeError
    return parameters


def _refuse_constant(name: str) -> None:
    raise ValueError(f"has {name}, which is not JSON.")


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


def _check_database(store: SecretStr) -> SecretStr:
    validate_address(store.get_secret_value())
    return store


Networks = Annotated[str, AfterValidator(_check_networks)]
Origins = Annotated[str, AfterValidator(_check_origins)]
Rate = Annotated[str, AfterValidator(_check_rate)]
PublicAddress = Annotated[str, AfterValidator(_check_public_address)]
EndpointAddress = Annotated[str, AfterValidator(_check_endpoint)]
ApiKey = Annotated[SecretStr | None, AfterValidator(_check_api_key)]
VisibleKey = Annotated[SecretStr | None, AfterValidator(_check_visible)]
JsonObject = Annotated[str, AfterValidator(_check_json_object)]
DatabaseAddress = Annotated[SecretStr, AfterValidator(_check_database)]
