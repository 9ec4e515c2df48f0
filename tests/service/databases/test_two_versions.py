"""A service starts while a process of an older version has tables open that are to be migrated."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest import Source
from index.library import Library
from index.postgresql import Server, migrate, open_server
from index.store.postgresql.schema import COLLECTION
from tests.earlier_tables import set_back
from tests.patience import eventually
from tests.service.http_service import app_of, assert_error

SCHEMA = "collection_1"


def opened(folder: Path, url: str) -> Library:
    return Library(folder, embedder=WordEmbedder(), config=LibraryConfig(store=SecretStr(url)))


def test_a_service_waits_for_older_processes_and_is_not_ready_meanwhile(
    tmp_path: Path, postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = f"{postgresql_url}&application_name=loccit%20first"
    with closing(open_server(first)), opened(tmp_path / "first", first) as library:
        library.open("default", create=True).put(Source("mars.txt", b"Mars has two moons."))
    set_back(postgresql_url, SCHEMA, "record", COLLECTION[:-1])
    with (
        closing(Server(postgresql_url)) as older,
        closing(open_server(postgresql_url)),
        opened(tmp_path / "second", postgresql_url) as library,
    ):
        migrate(older, SCHEMA, "record", COLLECTION[:-1])
        with TestClient(app_of(library)) as client:
            eventually(lambda: "older version" in client.get("/readyz").text)
            asked = client.post("/v1/ask", json={"question": "Which moons has Mars?"})
            assert_error(asked, 503, "not_ready")
            assert "Processes of an older version that have them open: 1 (loccit " in caplog.text
            older.close()
            eventually(lambda: client.get("/readyz").status_code == 200)
            asked = client.post("/v1/ask", json={"question": "Which moons has Mars?"})
            assert asked.json()["passages"][0]["citation"]["document_id"] == "mars.txt"
