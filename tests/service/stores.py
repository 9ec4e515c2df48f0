"""Tests that have a library, once for each store; those with PostgreSQL are in the second tier."""

from __future__ import annotations

import pytest


def in_each_store(metafunc: pytest.Metafunc) -> None:
    """Run each test that has a library once for each store; for a module's ``pytest_generate_tests``."""
    if "library" in metafunc.fixturenames:
        metafunc.parametrize("library", ["sqlite", "postgresql"], indirect=True)
