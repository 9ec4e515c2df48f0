"""Two tiers of tests: those that run in this process, and those marked ``processes``.

``make test`` runs the first, ``make test-processes`` the second. A test of the first tier that starts a
program or a server fails: it belongs to the second.
"""

from __future__ import annotations

import functools
import multiprocessing.util
import os
import subprocess
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

TESTS = Path(__file__).parent
_PLACES = (
    "browser",
    "index/embedding/test_converted_model.py",
    "index/embedding/test_dynamic_quantization.py",
    "index/embedding/test_nano_e5.py",
    "index/embedding/test_precision.py",
    "index/embedding/test_quantization.py",
    "index/embedding/test_selection.py",
    "index/embedding/test_transformer.py",
    "index/postgresql",
    "index/readers/test_isolation.py",
    "index/search/test_reranking.py",
    "index/store/postgresql",
    "packages/loccit_milvus",
)
"""All tests in these folders and modules are in the second tier. Those of embedding and reranking convert
models or import torch, which takes a fifth of the time of all others."""
_FIXTURES = frozenset({"browser", "interruptible", "postgresql_url", "soffice"})
"""And all that use one of these fixtures."""
_PARAMETERS = frozenset({"bucket", "milvus", "milvus-lite", "postgresql"})
"""And all with one of these among their parameters, the names of implementations."""
_MARKERS = ("browser", "mount", "node", "ocr", "shared")
"""And all with one of these markers: they need what a plain clone lacks."""
_FUNCTIONS = (
    "execv",
    "execve",
    "fork",
    "forkpty",
    "posix_spawn",
    "posix_spawnp",
    "spawnv",
    "spawnve",
    "system",
)
_STARTS: tuple[tuple[Any, str], ...] = (
    (subprocess.Popen, "_execute_child"),
    *((os, name) for name in (*_FUNCTIONS, "system") if hasattr(os, name)),
)
"""The functions by which a process is started, or takes the place of this one.

They are wrapped, and no audit hook is set: while it runs for a thread's trace function, Python 3.11 lets no
other thread have one, and so a test that traces would lose threads of the service.
"""
_READERS = ("multiprocessing.forkserver", "multiprocessing.resource_tracker")
"""The product's reader processes are forked from one server, which a process of tests starts once: that takes
a second, and a file then takes no longer than in this process."""

P = ParamSpec("P")
T = TypeVar("T")
_started: list[str] = []


def is_of_the_other_tier(path: Path, selected: str) -> bool:
    """Whether nothing in a file or folder is in the tier that a marker expression selects.

    What is not collected is not imported: models and servers take seconds in each process of tests.
    """
    return selected == "not processes" and path in {TESTS / one for one in _PLACES}


def mark(items: Sequence[pytest.Item]) -> None:
    """Mark the tests of the second tier that are not marked where they are."""
    places = {TESTS / one for one in _PLACES}
    for item in items:
        if (
            not places.isdisjoint((item.path, *item.path.parents))
            or not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
            or not _PARAMETERS.isdisjoint(_parameters(item))
            or any(item.get_closest_marker(one) for one in _MARKERS)
        ):
            item.add_marker("processes")


def _parameters(item: pytest.Item) -> list[str]:
    """The parameters of a test that are words, or words in a tuple."""
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return []
    values = item.callspec.params.values()
    return [
        word
        for value in values
        for word in (value if isinstance(value, tuple) else (value,))
        if isinstance(word, str)
    ]


def watch() -> None:
    """Note from now on what processes are started."""
    for owner, name in _STARTS:
        setattr(owner, name, _noting(getattr(owner, name)))
    spawn = multiprocessing.util.spawnv_passfds

    def noted(path: bytes, arguments: Sequence[str | bytes], descriptors: Sequence[int]) -> int:
        if not any(name in str(one) for one in arguments for name in _READERS):
            _note("multiprocessing", (arguments,))
        return spawn(path, arguments, descriptors)

    multiprocessing.util.spawnv_passfds = noted  # type: ignore[assignment]


def _noting(start: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(start)
    def noted(*arguments: P.args, **named: P.kwargs) -> T:
        _note(start.__name__, arguments)
        return start(*arguments, **named)

    return noted


def _note(function: str, arguments: tuple[object, ...]) -> None:
    stack = traceback.extract_stack()
    if any(one.filename.endswith(("/ctypes/util.py", "/platform.py")) for one in stack):
        return  # torch looks for libraries of GPUs, and clients tell services what processor this is
    frames = [one for one in stack if os.fspath(TESTS.parent) in one.filename and one.filename != __file__]
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    _started.append(f"{function} {arguments[:2]!r:.200}{where}")


def forget() -> None:
    """Forget what was started before a test: by a worker process when it starts, for instance."""
    _started.clear()


def check(item: pytest.Item) -> None:
    """Fail a test of the first tier if a process was started since the last check."""
    started = list(_started)
    _started.clear()
    if started and not any(item.get_closest_marker(one) for one in ("processes", "end_to_end")):
        pytest.fail(
            "A test without the marker 'processes' starts a process, so `make test` would run it "
            f"(tests/tiers.py): {'; '.join(started)}",
            pytrace=False,
        )
