"""Look up the IP addresses of host names, with a time limit."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Protocol

from index.sources.web.addresses import IPAddress
from index.sources.web.errors import FetchFailed, FetchTimedOut


class Resolver(Protocol):
    """Looks up the IP addresses of host names."""

    def addresses(self, host: str, *, seconds: float) -> Sequence[IPAddress]:
        """All addresses of a host, in order of preference.

        Raises :class:`FetchFailed` if it has none, and :class:`FetchTimedOut` after ``seconds``.
        """


class SystemResolver:
    """Looks names up as the operating system does: in ``/etc/hosts``, then by DNS."""

    def addresses(self, host: str, *, seconds: float) -> Sequence[IPAddress]:
        lookup = _Lookup(host)
        if seconds > 0:
            lookup.start()
            lookup.join(seconds)
        if seconds <= 0 or lookup.is_alive():
            raise FetchTimedOut(f"{host}: the name could not be looked up in time. Try again later.")
        if not lookup.found:
            raise FetchFailed(f"{host}: there is no host of this name. Check the address for typos.")
        return lookup.found


class _Lookup(threading.Thread):
    """Runs ``getaddrinfo``, which has no time limit of its own, in a thread."""

    def __init__(self, host: str) -> None:
        super().__init__(name="loccit-look-up", daemon=True)
        self._host = host
        self.found: list[IPAddress] = []

    def run(self) -> None:
        try:
            answers = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # no such name, or one that DNS cannot have
            return
        self.found = list(dict.fromkeys(ip_address(address[0]) for *_, address in answers))
