"""Test doubles for the web: a server on 127.0.0.1, a resolver with fixed answers, recorded connections."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import httpcore2

from index.sources.web.addresses import IPAddress
from index.sources.web.errors import FetchFailed, FetchTimedOut
from tests.patience import PATIENCE

PAGE = b"<p>Rivers of the north</p>"

Answer = bytes | Callable[[socket.socket], None]


def answer(
    body: bytes = b"", *, status: str = "200 OK", media_type: str = "text/html", **headers: str
) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(status=status, Location=location)


def send_for_ever(connection: socket.socket) -> None:
    """An answer that does not end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    with suppress(OSError):
        while True:
            connection.sendall(b"x" * 65_536)


class Server:
    """Responds to each request with the bytes in ``answers`` for its target, else with 404."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        """The heads of the requests, in order."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._closed = threading.Event()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def targets(self) -> list[str]:
        return [_target(request) for request in self.requests]

    def url(self, target: str, host: str = "site.test") -> str:
        return f"http://{host}:{self.port}{target}"

    def close(self) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._accepting, *self._threads):
            thread.join(PATIENCE)

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        with connection:
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    data = connection.recv(1 << 16)
                    if not data:
                        return
                    head += data
                request = head.decode()
                self.requests.append(request)
                found = self.answers.get(_target(request), answer(status="404 Not Found"))
                if isinstance(found, bytes):
                    connection.sendall(found)
                else:
                    found(connection)
            except OSError:
                return  # the fetcher has hung up


def _target(request: str) -> str:
    return request.split()[1]


class NamedHosts:
    """A resolver with fixed answers; several answers for one name are returned one after the other."""

    def __init__(self, **hosts: str | Sequence[str]) -> None:
        self._hosts = {name.replace("_", "."): addresses for name, addresses in hosts.items()}
        self.lookups: list[str] = []

    def addresses(self, host: str, *, seconds: float) -> Sequence[IPAddress]:
        if seconds <= 0:
            raise FetchTimedOut(f"{host}: no time is left.")
        self.lookups.append(host)
        found = self._hosts.get(host)
        if found is None:
            raise FetchFailed(f"{host}: there is no host of this name.")
        if isinstance(found, str):
            return [ip_address(address) for address in found.split()]
        return [ip_address(found[min(self.lookups.count(host), len(found)) - 1])]


class WatchedNetwork(httpcore2.NetworkBackend):
    """Records connections. It connects to 127.0.0.1 only; other addresses have ``canned`` responses."""

    def __init__(self) -> None:
        self.connections: list[tuple[str, int]] = []
        self.canned: dict[str, bytes] = {}
        self.streams: list[CannedStream] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        assert timeout is not None
        assert timeout > 0
        self.connections.append((host, port))
        if host == "127.0.0.1":
            return httpcore2.SyncBackend().connect_tcp(host, port, timeout, local_address, socket_options)
        if host not in self.canned:
            raise httpcore2.ConnectError(f"{host} is not reached by tests")
        self.streams.append(CannedStream(self.canned[host]))
        return self.streams[-1]


class CannedStream(httpcore2.NetworkStream):
    """An in-memory connection that records what is sent on it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.written = b""
        self.tls_name: str | None = None
        self.tls_context: ssl.SSLContext | None = None
        self.closed = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data, self._data = self._data[:max_bytes], self._data[max_bytes:]
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.written += buffer

    def close(self) -> None:
        self.closed = True

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        self.tls_context, self.tls_name = ssl_context, server_hostname
        return self

    def get_extra_info(self, info: str) -> Any:
        return None
