"""What ``GET /metrics`` tells after requests of every kind."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from starlette.testclient import TestClient

from index.config import ReadingConfig
from index.embedding import WordEmbedder
from index.library import Library
from index.readers import IsolatedReaders
from index.records import RefusedMirror
from index.types import Vectors
from tests.patience import PATIENCE, eventually
from tests.service.http_service import GatedEmbedder, app_of, assert_error, live, served
from tests.service.monitoring.metrics.exposition import samples, value

STAGES = (
    "request queue encode tokens dense lexical fusion second_look passages answerability json total".split()
)


def scrape(client: TestClient | httpx.Client) -> str:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return response.text


def test_questions_are_counted_with_the_time_of_each_stage(client: TestClient) -> None:
    client.put("/v1/documents/mars.txt?wait=true", content="Mars has two moons.")
    told = client.post("/v1/ask", json={"question": "Which moons?"}).json()["timings_ms"]
    assert set(told) == set(STAGES)
    text = scrape(client)
    assert value(text, "questions_total") == 1
    for stage, milliseconds in told.items():
        assert value(text, "question_stage_seconds_count", stage=stage) == 1
        total = value(text, "question_stage_seconds_sum", stage=stage)
        assert total == pytest.approx(milliseconds / 1000)


def test_questions_of_a_batch_and_of_the_page_count_too(client: TestClient) -> None:
    client.put("/v1/documents/mars.txt", content="Mars has two moons.")
    client.post("/v1/ask", json={"questions": ["Which moons?", "Which planet?"]})
    assert client.get("/?q=How many moons").status_code == 200
    text = scrape(client)
    assert value(text, "questions_total") == 3
    assert value(text, "question_stage_seconds_count", stage="total") == 3
    assert value(text, "question_stage_seconds_count", stage="json") == 2


def test_cached_questions_and_batches_of_the_model_are_counted(client: TestClient) -> None:
    client.put("/v1/documents/mars.txt", content="Mars has two moons.")
    before = scrape(client)
    asked = {"questions": ["Which moons?", "Which planet?", "Which moons?"]}
    for _ in range(2):
        assert client.post("/v1/ask", json=asked).status_code == 200
    after = scrape(client)

    def added(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert (added("question_cache_misses_total"), added("question_cache_hits_total")) == (3, 3)
    assert (added("question_batch_size_count"), added("question_batch_size_sum")) == (1, 2)
    assert (added("question_batch_size_bucket", le="1.0"), added("question_batch_size_bucket", le="2.0")) == (
        0,
        1,
    )
    assert added("question_cache_entries") == 2


def test_requests_are_counted_by_route_and_errors_by_code(client: TestClient) -> None:
    client.get("/v1/documents/secret.txt")
    client.get("/view/nothing")
    client.get("/secret")
    client.request("STEAL", "/v1/ask")
    client.post("/v1/ask", json={"question": ""})
    text = scrape(client)

    def requests(method: str, route: str, status: int) -> float:
        return value(text, "http_requests_total", method=method, route=route, status=str(status))

    assert requests("GET", "/v1/documents/{document_id:path}", 404) == 1
    assert requests("GET", "-", 404) == 1
    assert requests("other", "/v1/ask", 405) == 1
    assert value(text, "http_request_seconds_count", method="POST", route="/v1/ask") == 1
    codes = (
        "collection_not_found",
        "invalid_locator",
        "route_not_found",
        "method_not_allowed",
        "empty_question",
    )
    assert [value(text, "errors_total", code=code) for code in codes] == [1] * len(codes)
    for private in ("secret", "STEAL", "nothing"):
        assert private not in text


def test_an_error_of_the_service_itself_is_counted(library: Library) -> None:
    app = app_of(library)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("broken")

    with TestClient(app) as client:
        client.get("/broken")
        text = scrape(client)
    assert value(text, "errors_total", code="internal_error") == 1
    assert value(text, "http_requests_total", method="GET", route="/broken", status="500") == 1


def test_permits_and_refusals_are_told_while_the_model_is_busy(
    library: Library, embedder: GatedEmbedder
) -> None:
    with live(app_of(library, max_queue=2)) as client:
        client.put("/v1/documents/mars.txt?wait=true", content="Mars has two moons.")
        embedder.gate.clear()
        threads = [
            threading.Thread(
                target=client.post, args=("/v1/ask",), kwargs={"json": {"question": f"Moon {n}?"}}
            )
            for n in range(2)
        ]
        for thread in threads:
            thread.start()
        eventually(lambda: value(scrape(client), "permits_taken", kind="questions") == 2)
        assert client.post("/v1/ask", json={"question": "A third?"}).status_code == 429
        text = scrape(client)
        embedder.gate.set()
        for thread in threads:
            thread.join()
        eventually(lambda: value(scrape(client), "permits_taken", kind="questions") == 0)
    assert value(text, "permits_limit", kind="history") == 2
    assert value(text, "requests_refused_total", kind="questions") == 1
    assert value(text, "requests_refused_total", kind="writes") == 0
    assert value(text, "errors_total", code="overloaded") == 1


def test_collections_are_told_with_what_they_hold(client: TestClient, library: Library) -> None:
    client.put("/v1/documents/mars.txt?wait=true", content="Mars has two moons.")
    client.put("/v1/collections/inner")
    client.put("/v1/documents/venus.txt?wait=true&collection=inner", content="Venus has none.")
    text = scrape(client)
    assert value(text, "collections", state="open") == 2
    for name, characters in (("default", 19), ("inner", 15)):
        assert value(text, "collection_documents", collection=name) == 1
        assert value(text, "collection_passages", collection=name) == 1
        assert value(text, "collection_passages_waiting", collection=name) == 0
        assert value(text, "collection_characters", collection=name) == characters
    folder = library.open("default").folder
    # Files may be written meanwhile.
    eventually(
        lambda: value(scrape(client), "collection_disk_bytes", collection="default") == _on_disk(folder) > 0
    )
    assert value(text, "passages_embedded_total") == 2
    assert value(text, "data_free_bytes") > 0


def _on_disk(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            size += path.stat().st_size if path.is_file() else 0
    return size


def test_failed_indexes_and_refused_mirrors_are_told(client: TestClient, library: Library) -> None:
    client.put("/v1/documents/mars.txt?wait=true", content="Mars has two moons.")
    collection = library.open("default")
    text = scrape(client)
    for side in ("dense", "lexical"):
        assert value(text, "collection_index_failed", collection="default", index=side) == 0
    assert value(text, "collection_mirrors_refused", collection="default") == 0
    collection.editor.set_refused_mirrors(lambda _: [RefusedMirror("/notes", "it is empty", 1.0)])
    (segments,) = (collection.folder / "lexical").glob("segments-*")
    shutil.rmtree(segments)
    segments.write_text("in the way")
    client.put("/v1/documents/venus.txt", content="Venus has none.")
    text = scrape(client)
    assert value(text, "collection_index_failed", collection="default", index="lexical") == 1
    assert value(text, "collection_index_failed", collection="default", index="dense") == 0
    assert value(text, "collection_mirrors_refused", collection="default") == 1

    def failed() -> float:
        return value(scrape(client), "collection_index_failed", collection="default", index="lexical")

    eventually(lambda: failed() == 0)


def test_passages_that_wait_for_a_vector_are_told(tmp_path: Path) -> None:
    class Waiting(WordEmbedder):
        gate = threading.Event()

        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            assert self.gate.wait(PATIENCE)
            return super().embed_passages(texts)

    embedder = Waiting()
    with Library(tmp_path, embedder=embedder) as library, served(library) as client:
        client.put("/v1/documents/mars.txt", content="Mars has two moons.")
        text = scrape(client)
        assert value(text, "collection_passages_waiting", collection="default") == 1
        assert value(text, "collection_waiting_seconds", collection="default") > 0
        embedder.gate.set()
        eventually(lambda: value(scrape(client), "collection_passages_waiting", collection="default") == 0)


def test_a_collection_that_cannot_be_opened_is_unavailable(client: TestClient, library: Library) -> None:
    client.put("/v1/collections/whole")
    client.put("/v1/collections/broken")
    folder = library.open("broken").folder
    library.close()
    (folder / "collection.json").write_text("{")
    text = scrape(client)
    assert value(text, "collections", state="unavailable") == 1
    assert value(text, "collections", state="open") == 1
    assert ("loccit_collection_documents", frozenset({("collection", "broken")})) not in samples(text)


def test_jobs_are_told_by_state(client: TestClient) -> None:
    sent = client.post("/v1/ingest", files=[("files", ("mars.txt", b"Mars has two moons."))])
    assert sent.status_code == 202
    eventually(lambda: value(scrape(client), "jobs", state="done") == 1)
    assert value(scrape(client), "jobs", state="queued") == 0


def test_files_are_counted_by_how_reading_them_ended(tmp_path: Path) -> None:
    readers = IsolatedReaders(ReadingConfig(processes=2))
    with Library(tmp_path, embedder=WordEmbedder(), readers=readers) as library, served(library) as client:
        client.put(
            "/v1/documents/mars.md", content="# Mars\n\nTwo moons.", headers={"content-type": "text/markdown"}
        )
        client.put("/v1/documents/empty.md", content="", headers={"content-type": "text/markdown"})
        text = scrape(client)
    assert value(text, "reader_processes_limit") == 4  # as many for small files as for large ones
    assert value(text, "reader_files_total", outcome="read") == 1
    assert value(text, "reader_files_total", outcome="refused") == 1
    assert value(text, "reader_files_total", outcome="crashed") == 0


def test_the_process_and_the_build_are_told(client: TestClient) -> None:
    first = scrape(client)
    assert value(first, "workers_ready") == 1
    assert value(first, "worker_resident_bytes", worker="0") > 1_000_000
    assert value(first, "worker_open_files", worker="0") > 2
    builds = [dict(labels) for name, labels in samples(first) if name == "loccit_build_info"]
    assert [set(build) for build in builds] == [{"version", "python"}]
    assert value(scrape(client), "worker_cpu_seconds_total", worker="0") >= value(
        first, "worker_cpu_seconds_total", worker="0"
    )


def test_open_metrics_are_rendered_for_those_who_ask(client: TestClient) -> None:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    response = client.get("/metrics", headers={"accept": accept})
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert "loccit_questions" in {family.name for family in open_metrics(response.text)}


def test_metrics_need_the_key_where_there_is_one(library: Library) -> None:
    with served(library, api_key="hunter2") as client:
        assert_error(client.get("/metrics"), 401, "unauthorized")
        client.headers["authorization"] = "Bearer hunter2"
        assert value(scrape(client), "errors_total", code="unauthorized") == 1


def test_metrics_are_told_before_the_model_is_loaded(tmp_path: Path) -> None:
    loading, loaded = threading.Event(), threading.Event()

    def embedder() -> WordEmbedder:
        loading.set()
        loaded.wait()
        return WordEmbedder()

    with Library(tmp_path, embedder=embedder) as library:
        library_with_one = Library(tmp_path, embedder=WordEmbedder())
        library_with_one.open("moons", create=True)
        library_with_one.close()
        with TestClient(app_of(library)) as client:
            try:
                assert loading.wait(PATIENCE)
                text = scrape(client)
            finally:
                loaded.set()
            assert value(text, "workers_ready") == 0
            assert ("loccit_collections", frozenset({("state", "open")})) not in samples(text)
            eventually(lambda: value(scrape(client), "collections", state="open") == 1)
