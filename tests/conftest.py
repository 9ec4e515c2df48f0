from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from index.processors import processors
from tests import postgresql, tiers
from tests.mounts import can_mount
from tests.sizes import FULL, examples

pytest.register_assert_rewrite("tests.agreement", "tests.browser.visits", "tests.crash.witness")

SHARED = Path(__file__).parents[2] / "shared"
SKIP_NOTHING = bool(os.environ.get("LOCCIT_TESTS_SKIP_NOTHING"))
"""Set where everything that tests need is installed: a test that would be skipped fails instead."""
_MEMORY = Path("/dev/shm")  # noqa: S108 -- pytest makes folders of the user's own in it
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 4e9:
    # Thousands of databases wait for a disk a third of the time. PYTEST_DEBUG_TEMPROOT=/tmp keeps to that.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
# What is read must not depend on the processor. Tests of reading bring a cross-encoder of their own.
os.environ.setdefault("LOCCIT_CROSS_ENCODER", "off")
tiers.watch()
_MEASURED = os.environ.pop("SLIPCOVER_ENABLED", "") if "PYTEST_XDIST_WORKER" in os.environ else ""
"""Set where SlipCover measures this worker. The runs of pytest that tests start are not measured."""
if _MEASURED:
    # When a line was met 50 times, SlipCover takes the probes of all lines met so far out of all functions.
    # That takes a tenth of a second and more, and happened hundreds of times in each worker.
    from slipcover import pytest_plugin as _slipcover

    assert _slipcover._slipcover_instance is not None
    _slipcover._slipcover_instance.d_miss_threshold = 2000

_FIRST = ("model", "slow")
"""Markers of the tests that are run before all others."""

# No test depends on how fast examples are drawn or tried: beside others that takes as long as it takes.
_AT_ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", _AT_ANY_SPEED, max_examples=examples(100), derandomize=True)
settings.register_profile("explore", _AT_ANY_SPEED, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
"""The same examples each time, so that a change is judged by what it changed; HYPOTHESIS_PROFILE=explore
draws others, and more of them where a test does not say how many."""


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Let SlipCover save what it measured of this worker."""
    if _MEASURED:
        os.environ["SLIPCOVER_ENABLED"] = _MEASURED


@pytest.fixture(autouse=True)
def _level_of_the_log() -> Iterator[None]:
    """Commands that run in this process set it; what later tests find in the log must not depend on that."""
    log = logging.getLogger("loccit")
    level = log.level
    yield
    log.setLevel(level)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real question sets and documents beside the project; it is not part of a clone."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not on this machine")
    return SHARED


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, here and in new processes, even if we were started to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as processors: many tests wait for a server, a disk or another process."""
    return -(-3 * processors() // 2)


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


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Let the garbage collector pass over modules and tests, which live as long as this process.

    Looking through them for garbage while they are collected would take a third of that time.
    """
    gc.disable()
    found = yield
    gc.freeze()
    gc.enable()
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    tiers.forget()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    yield
    tiers.check(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    yield
    tiers.check(item)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return tiers.is_of_the_other_tier(collection_path, config.option.markexpr) or None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests that cannot run here; leave them out where nothing may be skipped."""
    tiers.mark(items)
    # Those of the model first, and so in one process: to load it takes seconds in each. Then the slow ones:
    # if one began last, all processes but its own would wait for it.
    items.sort(key=lambda item: [item.get_closest_marker(one) is None for one in _FIRST])
    if not FULL:
        items[:] = [item for item in items if not item.get_closest_marker("full")]
    mounting = [item for item in items if item.get_closest_marker("mount")]
    if mounting and not can_mount():
        for item in mounting:
            item.add_marker(pytest.mark.skip(reason="no file system can be mounted here"))
        if SKIP_NOTHING:
            items[:] = [item for item in items if item not in mounting]
    if SKIP_NOTHING and not SHARED.is_dir():
        items[:] = [item for item in items if not item.get_closest_marker("shared")]


def pytest_report_header() -> list[str]:
    names = ("torch", "sentence-transformers", "faiss-cpu", "tantivy", "fastapi", "sentencex", "trafilatura")
    lines = ["libraries: " + ", ".join(f"{name} {version(name)}" for name in names)]
    if not FULL:
        lines.append("sizes: a tenth for hostile inputs and drawn examples (all of them: make test-full)")
        lines.append("left out: tests marked 'full', which take minutes (make test-full)")
    if SKIP_NOTHING and not SHARED.is_dir():
        lines.append(f"left out: tests marked 'shared', whose documents are not in {SHARED}")
    if SKIP_NOTHING and not can_mount():
        lines.append("left out: tests marked 'mount', for no file system can be mounted here")
    return lines


@pytest.fixture
def soffice() -> str:
    """The program of LibreOffice."""
    found = shutil.which("soffice")
    if found is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    return found


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """The URL of a new, empty database; skips the test where PostgreSQL is not installed."""
    with postgresql.database() as url:
        yield url
