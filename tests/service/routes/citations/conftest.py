from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.service.http_service import put
from tests.service.routes.citations.lamps import LAMP, TEXT, locator_of, stored_text


@pytest.fixture
def lamp(client: TestClient) -> str:
    """The locator of a sentence in the middle of a document."""
    record = put(client, "lamps.md", TEXT)
    return locator_of(record, stored_text(client, record), LAMP)
