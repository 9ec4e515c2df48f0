from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.testclient import TestClient

from index.library import Library
from tests.service.faces.api.routes.ingest.outcomes import MOST
from tests.service.http_service import app_of, live, served


@pytest.fixture
def small(library: Library) -> Iterator[TestClient]:
    """A service with small limits."""
    with served(library, max_upload_bytes=MOST, max_body_bytes=4096) as client:
        yield client


@pytest.fixture
def real(library: Library) -> Iterator[httpx.Client]:
    with live(app_of(library, max_upload_bytes=MOST, max_body_bytes=4096)) as client:
        yield client
