"""Sizes of the hostile inputs in tests: a tenth on every run, in full with ``LOCCIT_TESTS_FULL=1``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

FULL = bool(os.environ.get("LOCCIT_TESTS_FULL"))

T = TypeVar("T")


def size(full: int) -> int:
    """Return the full size under ``make test-full``, and a tenth of it otherwise."""
    return full if FULL else full // 10


def examples(full: int) -> int:
    """Return how many examples Hypothesis draws: as for ``size()``, but at least ten."""
    return max(size(full), min(full, 10))


def sample(items: Sequence[T]) -> Sequence[T]:
    """Return all items under ``make test-full``, and every tenth otherwise."""
    return items if FULL else items[::10]
