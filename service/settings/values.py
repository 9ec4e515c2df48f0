"""Values that are written as text in settings: lists, networks, keys, origins, rate limits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network

_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")
_RATE = re.compile(r"([1-9][0-9]{0,6})(?::([1-9][0-9]{0,5}))?")


def split_list(value: str) -> tuple[str, ...]:
    """The parts of a comma-separated list that are not empty."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def require_networks(value: str) -> None:
    """Raise the ValueError that names the problem of an entry in a list of networks."""
    for network in split_list(value):
        ip_network(network)


def require_visible(key: str) -> None:
    """Raise ValueError for a key that cannot be sent in a header."""
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("has characters that no HTTP header can carry. Use visible ASCII.")


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
