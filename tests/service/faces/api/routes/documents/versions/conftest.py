from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.service.faces.api.routes.documents.versions.lamps import ONE, THREE, TWO
from tests.service.http_service import put


@pytest.fixture
def records(client: TestClient) -> list[dict[str, Any]]:
    """Three versions of one document, in a folder, as they were put."""
    return [put(client, "house/lamps.md", text) for text in (ONE, TWO, THREE)]
