"""How much tests do: little on every run, everything with ``LOCCIT_TESTS_FULL=1`` (``make test-full``)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

FULL = bool(os.environ.get("LOCCIT_TESTS_FULL"))

T = TypeVar("T")


def size(full: int) -> int:
    """Return the full size of a hostile input under ``make test-full``, and a tenth of it otherwise."""
    return full if FULL else full // 10


def sizes(*full: int) -> list[int]:
    """Return all sizes under ``make test-full``, and a tenth of the largest otherwise."""
    return list(full) if FULL else [size(max(full))]


def times(full: int) -> int:
    """Return how often something large is repeated: once, but under ``make test-full``."""
    return full if FULL else 1


def examples(full: int, *, few: int = 20) -> int:
    """Return how many examples Hypothesis draws: otherwise as for ``size()``, but ten to ``few``."""
    return full if FULL else min(few, max(size(full), min(full, 10)))


def variants(*items: T) -> list[object]:
    """Return parameters for tests that take long: the first, and the others under ``make test-full``."""
    first, *others = items
    return [first, *(pytest.param(one, marks=pytest.mark.full) for one in others)]


def sample(items: Sequence[T]) -> Sequence[T]:
    """Return all items under ``make test-full``, and every tenth otherwise."""
    return items if FULL else items[::10]
