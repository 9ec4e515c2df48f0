"""Network connections to given addresses only, with a deadline and a limit on bytes."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Protocol

import httpcore2

from index.sources.web.addresses import IPAddress
from index.sources.web.errors import FetchFailed, FetchTimedOut


class TooMuchSent(Exception):
    """A server sent more bytes than the limit of a connection."""


class Deadline:
    """The time by which a fetch must end, ``seconds`` from now."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    @property
    def left(self) -> float:
        """Seconds left, at least 0."""
        return max(self._end - self._clock(), 0.0)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Stop the clock while the block runs."""
        began = self._clock()
        try:
            yield
        finally:
            self._end += self._clock() - began


class PinnedNetwork(httpcore2.NetworkBackend):
    """Connects to the given addresses only; host names are not looked up again.

    httpcore2 takes the Host header and the TLS server name from the request, so certificates are checked
    against the host name. ``max_bytes`` limits the bytes read from a connection.
    """

    def __init__(
        self,
        network: httpcore2.NetworkBackend,
        addresses: Sequence[IPAddress],
        *,
        deadline: Deadline,
        connect_seconds: float,
        max_bytes: int,
    ) -> None:
        self._network = network
        self._addresses = addresses
        self._deadline = deadline
        self._connect_seconds = connect_seconds
        self._max_bytes = max_bytes

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectError(f"no address for {host}")
        for address in self._addresses:
            seconds = min(self._connect_seconds, self._deadline.left)
            if seconds <= 0:
                raise httpcore2.ConnectTimeout
            try:
                stream = self._network.connect_tcp(str(address), port, seconds, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
                continue
            return _BoundedStream(stream, self._deadline, self._max_bytes)
        raise failure


class _BoundedStream(httpcore2.NetworkStream):
    """A stream with one deadline for all reads and writes, and one limit on the bytes read."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline, max_bytes: int) -> None:
        self._stream = stream
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._read_bytes = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        seconds = self._deadline.left
        if seconds <= 0:
            raise httpcore2.ReadTimeout
        data = self._stream.read(max_bytes, seconds)
        self._read_bytes += len(data)
        if self._read_bytes > self._max_bytes:
            raise TooMuchSent
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        seconds = self._deadline.left
        if seconds <= 0:
            raise httpcore2.WriteTimeout
        self._stream.write(buffer, seconds)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        seconds = self._deadline.left
        if seconds <= 0:
            self.close()
            raise httpcore2.ConnectTimeout
        stream = self._stream.start_tls(ssl_context, server_hostname, seconds)
        return _BoundedStream(stream, self._deadline, self._max_bytes)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


# Look up the IP addresses of host names, with a time limit.


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
