"""Check many cases in one test, and report all that fail."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent


class Cases:
    """The cases of a test that checks many. Failures are collected while the other cases go on."""

    def __init__(self) -> None:
        self._failures: list[str] = []

    @contextmanager
    def __call__(self, name: object) -> Iterator[None]:
        """Check one case. Its name comes with what failed in it."""
        try:
            yield
        except Exception as error:
            what = "".join(traceback.format_exception_only(error)).rstrip()
            self._failures.append(f"{name}: {what}\n{_lines_of_tests(error)}")

    def __str__(self) -> str:
        return "\n".join((f"{len(self._failures)} failed:", *self._failures)) if self._failures else ""


def _lines_of_tests(error: Exception) -> str:
    """The lines of test code that led to an error, the outermost first."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # without that of the case
    return "\n".join(
        f"    {frame.filename}:{frame.lineno}: {frame.line}"
        for frame in frames
        if Path(frame.filename).is_relative_to(_TESTS)
    )


@contextmanager
def all_cases() -> Iterator[Cases]:
    """Collect the failures of cases; fail at the end with all of them."""
    cases = Cases()
    try:
        yield cases
    except BaseException as error:
        error.add_note(str(cases))
        raise
    if failed := str(cases):
        pytest.fail(failed, pytrace=False)
