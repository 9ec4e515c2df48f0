from __future__ import annotations

import pytest

from index.collection import Collection
from tests.index.citations.resolution.lamps import LAMP, TEXT, locator, put


@pytest.fixture
def lamp(collection: Collection) -> str:
    """The locator of a sentence in the middle of a document."""
    put(collection, "lamps.txt", TEXT)
    return locator("lamps.txt", TEXT, LAMP)
