from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.service.http_service import put
from tests.service.routes.documents.versions.lamps import ONE, THREE, TWO


@pytest.fixture
def records(client: TestClient) -> list[dict[str, Any]]:
    """Three versions of one document, in a folder, as they were put."""
    return [put(client, "house/lamps.md", text) for text in (ONE, TWO, THREE)]
