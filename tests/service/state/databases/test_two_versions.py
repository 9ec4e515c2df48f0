"""Processes of two versions at work: a service waits, and stores go on with tables that have more columns."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import UnknownFormat
from index.ingest import Source
from index.library import Library
from index.postgresql import Compatible, Server, migrate, open_server
from index.store.postgresql.schema import COLLECTION
from service.app.worker import Work
from service.settings import load_settings
from service.state.files import Attachment, StoreLabel, UploadedFile, open_file_store
from service.state.identity import KeyOptions, Scope, new_key, open_key_store
from service.state.jobs import open_job_store
from service.state.jobs.records import NewItem
from service.state.questions import AskedQuestion, open_question_store
from tests.earlier_tables import set_back
from tests.patience import eventually
from tests.postgresql import end_connections
from tests.service.http_service import app_of, assert_error, served

SCHEMA = "collection_1"
EARLIER = COLLECTION[: max(n for n, one in enumerate(COLLECTION) if not isinstance(one, Compatible))]
"""Migrations of the last version whose code cannot work with the tables of this one."""


def opened(folder: Path, url: str) -> Library:
    return Library(folder, embedder=WordEmbedder(), config=LibraryConfig(store=SecretStr(url)))


def test_a_service_waits_for_older_processes_and_is_not_ready_meanwhile(
    tmp_path: Path, postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = f"{postgresql_url}&application_name=loccit%20first"
    with closing(open_server(first)), opened(tmp_path / "first", first) as library:
        library.open("default", create=True).put(Source("mars.txt", b"Mars has two moons."))
    set_back(postgresql_url, SCHEMA, "record", EARLIER)
    with (
        closing(Server(postgresql_url)) as older,
        closing(open_server(postgresql_url)),
        opened(tmp_path / "second", postgresql_url) as library,
    ):
        migrate(older, SCHEMA, "record", EARLIER)
        with TestClient(app_of(library)) as client:
            eventually(lambda: "older version" in client.get("/readyz").text)
            asked = client.post("/v1/ask", json={"question": "Which moons has Mars?"})
            assert_error(asked, 503, "not_ready")
            assert (
                "Processes of an older version that have such tables open, in any schema: 1 (loccit "
                in caplog.text
            )
            older.close()
            eventually(lambda: client.get("/readyz").status_code == 200)
            asked = client.post("/v1/ask", json={"question": "Which moons has Mars?"})
            assert asked.json()["passages"][0]["citation"]["document_id"] == "mars.txt"


def test_stores_go_on_when_a_newer_version_has_added_columns(tmp_path: Path, postgresql_url: str) -> None:
    """Their statements are prepared by then, and must give the same columns as before."""
    with ExitStack() as stack:
        keys, files, jobs, questions = (
            stack.enter_context(closing(opener(tmp_path, store=postgresql_url)))
            for opener in (open_key_store, open_file_store, open_job_store, open_question_store)
        )

        def use(number: int) -> None:
            name = f"{number:02}"
            _, key = new_key(name, Scope.READ, KeyOptions())
            keys.add(key)
            keys.revoke(key.id, 5.0)
            keys.secret(name)
            files.add(UploadedFile(name, "a.txt", "assistants", 18, 7.0, "owner"))
            files.attach([Attachment(name, name, "a.txt", "job", 8.0, {"x": 1})])
            files.set_label(StoreLabel(name, "Mine", "", {}, 9.0))
            jobs.add(name, "default", [NewItem("url", f"https://example.org/{name}")])
            assert jobs.begin(name)
            jobs.retry(jobs.cancel(name).id)
            questions.add([AskedQuestion(1.0, "default", name, 0.1)])
            found = [
                len(keys.all()),
                len(files.files()),
                len(jobs.jobs(limit=99)),
                len(questions.asked("default", 0, 2)),
            ]
            assert found == [number] * 4
            assert (files.label(name), jobs.items(name, limit=9)) is not None

        for number in range(1, 5):
            use(number)
        with psycopg.connect(postgresql_url) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'loccit_service'")
            for (table,) in tables.fetchall():
                connection.execute(
                    psycopg.sql.SQL("ALTER TABLE loccit_service.{} ADD COLUMN later text DEFAULT 'x'").format(
                        psycopg.sql.Identifier(table)
                    )
                )
        for number in range(5, 8):
            use(number)


def test_an_older_process_that_starts_late_is_not_ready_or_ends(tmp_path: Path, postgresql_url: str) -> None:
    newer = f"{postgresql_url}&application_name=loccit%20newer"
    with closing(open_server(newer)), opened(tmp_path / "newer", newer) as library:
        library.open("default", create=True).put(Source("mars.txt", b"Mars has two moons."))
    set_format(postgresql_url, 99)
    known = len(COLLECTION)
    work = Work(load_settings(data=tmp_path / "worker", model="words", store=postgresql_url))
    with pytest.raises(UnknownFormat, match="format 99"):
        work.run(threading.Event())
    with (
        opened(tmp_path / "older", postgresql_url) as library,
        TestClient(app_of(library)) as client,
    ):
        eventually(lambda: "newer" in client.get("/readyz").text)
        assert_error(client.post("/v1/ask", json={"question": "Moons?"}), 503, "not_ready")
        set_format(postgresql_url, known)
        eventually(lambda: client.get("/readyz").status_code == 200)  # as after a backup was restored


def test_a_ready_service_is_not_ready_any_more_once_its_tables_are_of_a_newer_version(
    tmp_path: Path, postgresql_url: str
) -> None:
    known = len(COLLECTION)
    with opened(tmp_path, postgresql_url) as library, served(library) as client:
        put = client.put("/v1/documents/mars.txt?wait=true", json={"text": "Mars has two moons."})
        assert put.status_code == 201, put.text
        # The process was gone for a moment, and a newer one took its chance.
        set_format(postgresql_url, 99)
        end_connections(postgresql_url)
        message = eventually(lambda: (found := client.get("/readyz")).status_code == 503 and found.text)
        assert "newer version" in message
        assert client.get("/healthz").status_code == 200
        set_format(postgresql_url, known)  # as after a backup was restored
        eventually(lambda: client.get("/readyz").status_code == 200)


def set_format(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE collection_1.formats SET (format, oldest) = (%s, %s)", (number, number))
