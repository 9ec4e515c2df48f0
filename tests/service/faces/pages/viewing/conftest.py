from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.service.faces.pages.pages import MARKDOWN
from tests.service.http_service import put


@pytest.fixture
def text_and_record(client: TestClient) -> tuple[str, dict[str, Any]]:
    record = put(client, "lamps.md", MARKDOWN, source="https://example.org/lamps")
    return client.get(record["links"]["text"]).text, record
