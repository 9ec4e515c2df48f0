"""Kinds of values that several settings have: lists, networks, keys."""

from __future__ import annotations

from ipaddress import ip_network


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
