"""Ports of the loopback address on which nobody listens."""

from __future__ import annotations

import socket
from contextlib import ExitStack


def free_ports(count: int) -> list[int]:
    """So many different ports, free a moment ago."""
    with ExitStack() as stack:
        return [_bound(stack.enter_context(socket.socket())) for _ in range(count)]


def _bound(free: socket.socket) -> int:
    free.bind(("127.0.0.1", 0))
    return int(free.getsockname()[1])
