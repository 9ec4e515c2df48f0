from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.service.faces.api.routes.citations.lamps import LAMP, TEXT, locator_of, stored_text
from tests.service.http_service import put


@pytest.fixture
def lamp(client: TestClient) -> str:
    """The locator of a sentence in the middle of a document."""
    record = put(client, "lamps.md", TEXT)
    return locator_of(record, stored_text(client, record), LAMP)
