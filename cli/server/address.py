"""Check the address to listen on before the service starts: that it is free, and not open to strangers."""

import errno
import os
import socket
from ipaddress import ip_address
from typing import Any

from index.errors import LoccitError


class AddressUnavailable(LoccitError):
    """The service cannot listen on the host and port it was given."""


class KeyMissing(LoccitError):
    """The service would listen, without a key, on an address that other machines reach."""


def require_key_for(host: str) -> None:
    """Raise :class:`KeyMissing` unless only this machine reaches the host."""
    if not _is_loopback(host):
        raise KeyMissing(
            f"Other machines may reach {host}, and without an API key whoever does can read, write and "
            "delete everything. Make a key with `loccit keys create`, set LOCCIT_API_KEY, listen on this "
            "machine alone (--host 127.0.0.1), or allow it with --allow-anonymous or "
            "LOCCIT_ALLOW_ANONYMOUS=true."
        )


def _is_loopback(host: str) -> bool:
    """Whether all addresses of a host are of the loopback interface."""
    return all(ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in _resolve(host, 0))


def check_address(host: str, port: int) -> None:
    """Raise :class:`AddressUnavailable` when nothing can listen there; port 0 is any that is free."""
    for family, kind, protocol, _, address in _resolve(host, port):
        try:
            with socket.socket(family, kind, protocol) as probe:
                if os.name == "posix":  # as the server does; elsewhere this would share the port
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            raise AddressUnavailable(_reason(error, host, port)) from None


def _resolve(host: str, port: int) -> list[Any]:
    """Resolve a host with :func:`socket.getaddrinfo`. Raises :class:`AddressUnavailable`."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise AddressUnavailable(
            f"{host!r} is not an address of this machine. Choose another with --host or LOCCIT_HOST."
        ) from None


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is in use by another program. Choose another port with --port or "
            "LOCCIT_PORT; --port 0 takes any that is free."
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"This user may not listen on port {port}. Choose another with --port or LOCCIT_PORT, "
            "for example 8000."
        )
    return (
        f"The service cannot listen on port {port} of {host}: {error.strerror}. Choose another address with "
        "--host or LOCCIT_HOST."
    )
