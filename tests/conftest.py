from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import settings

SHARED = Path(__file__).parents[2] / "shared"
SKIP_NOTHING = bool(os.environ.get("LOCCIT_TESTS_SKIP_NOTHING"))
"""Set where everything that tests may need is there: what would be skipped fails instead."""

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
"""The same examples each time, so that a change is judged by what it changed; HYPOTHESIS_PROFILE=explore
draws others, and more of them where a test does not say how many."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real question sets and documents beside the project; it is not part of a clone."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not on this machine")
    return SHARED


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes that a test makes, such as archives with the time in them, are not the same in every process."""
    return argname if isinstance(val, bytes) and len(val) > 20 else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    # What was logged may hold halves of surrogate pairs, which cannot travel between processes.
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    if SKIP_NOTHING and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: nothing may be skipped here, but it was: {call.excinfo}"
    return report


def pytest_report_header() -> str:
    names = ("torch", "sentence-transformers", "faiss-cpu", "tantivy", "fastapi", "sentencex", "trafilatura")
    return "libraries: " + ", ".join(f"{name} {version(name)}" for name in names)
