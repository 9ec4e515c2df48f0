from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def browser() -> "Iterator[Browser]":
    """One for all tests of this folder, each of which has a context of its own.

    No longer: it keeps a loop of events running in this thread, and tests of other folders run loops there.
    """
    pytest.importorskip("playwright")
    from benchmarks.browser import CHROMIUM, chromium

    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not on this machine")
    with chromium() as started:
        yield started
