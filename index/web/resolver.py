"""From names of hosts to IP addresses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Protocol

from index.web.addresses import IPAddress
from index.web.errors import FetchFailed, FetchTimedOut


class Resolver(Protocol):
    """Looks names up."""

    def addresses(self, host: str, *, seconds: float) -> Sequence[IPAddress]:
        """All addresses of a host, best first.

        Raises :class:`FetchFailed` for a name that has none, :class:`FetchTimedOut` after ``seconds``.
        """


class SystemResolver:
    """Asks the operating system: ``/etc/hosts``, then DNS."""

    def addresses(self, host: str, *, seconds: float) -> Sequence[IPAddress]:
        lookup = _Lookup(host)
        if seconds > 0:
            lookup.start()
            lookup.join(seconds)
        if seconds <= 0 or lookup.is_alive():
            raise FetchTimedOut(f"{host}: the name could not be looked up in time. Try again later.")
        if not lookup.found:
            raise FetchFailed(f"{host}: there is no host of this name. Check the address for typing errors.")
        return lookup.found


class _Lookup(threading.Thread):
    """A thread of its own, since ``getaddrinfo`` cannot be given a time limit; it ends by the system's."""

    def __init__(self, host: str) -> None:
        super().__init__(name="look-up", daemon=True)
        self._host = host
        self.found: list[IPAddress] = []

    def run(self) -> None:
        try:
            answers = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # no such name, or one that DNS cannot have
            return
        self.found = list(dict.fromkeys(ip_address(address[0]) for *_, address in answers))
