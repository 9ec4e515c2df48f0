"""Traces of requests and of the stages of questions, as an exporter receives them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from starlette.testclient import TestClient

from index.library import Library
from service.app import create_app
from service.monitoring.tracing import Tracing
from service.settings import Settings
from tests.cli.commands import started
from tests.packaging.test_packaging import run_without
from tests.patience import PATIENCE, eventually

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traced(library: Library, exporter: InMemorySpanExporter, tmp_path: Path) -> Iterator[TestClient]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = create_app(Settings(data=tmp_path), library=library, tracing=Tracing(provider))

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("broken")

    with TestClient(app) as client:
        eventually(lambda: client.get("/readyz").status_code == 200)
        client.put("/v1/documents/secret-name.txt?wait=true", content="Mars has two moons.")
        exporter.clear()
        yield client


def root_and_stages(spans: Sequence[ReadableSpan]) -> tuple[ReadableSpan, list[ReadableSpan]]:
    (root,) = [span for span in spans if span.kind is SpanKind.SERVER]
    assert root.context is not None
    stages = [span for span in spans if span is not root]
    for stage in stages:
        assert stage.parent is not None
        assert stage.parent.span_id == root.context.span_id
    return root, sorted(stages, key=lambda span: span.start_time or 0)


def milliseconds(span: ReadableSpan) -> float:
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.end_time - span.start_time) / 1e6


def test_a_question_has_a_span_for_each_of_its_stages(
    traced: TestClient, exporter: InMemorySpanExporter
) -> None:
    response = traced.post("/v1/ask", json={"question": "Which moons?"}, headers={"traceparent": PARENT})
    told = response.json()["timings_ms"]
    root, stages = root_and_stages(exporter.get_finished_spans())
    assert root.name == "POST /v1/ask"
    assert root.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/ask",
        "http.response.status_code": 200,
        "loccit.request_id": response.headers["x-request-id"],
    }
    assert root.parent is not None
    assert f"{root.parent.trace_id:032x}-{root.parent.span_id:016x}" in PARENT
    del told["total"]
    assert [stage.name for stage in stages][:3] == ["request", "queue", "encode"]
    assert {stage.name: milliseconds(stage) for stage in stages} == pytest.approx(told, abs=0.001)
    assert root.start_time is not None
    assert root.end_time is not None
    # The clocks of both are read one after the other, and a machine may stand still between them.
    apart = PATIENCE * 1e9
    assert all(root.start_time - apart <= (stage.start_time or 0) for stage in stages)
    assert all((stage.end_time or 0) <= root.end_time + apart for stage in stages)


def test_each_question_of_a_batch_has_its_spans(traced: TestClient, exporter: InMemorySpanExporter) -> None:
    traced.post("/v1/ask", json={"questions": ["Which moons?", "Which planet?"]})
    _, stages = root_and_stages(exporter.get_finished_spans())
    names = [stage.name for stage in stages]
    assert names.count("dense") == names.count("json") == 2
    assert names.count("encode") == 1


@pytest.mark.parametrize(
    ("path", "name", "status", "code"),
    [
        ("/v1/documents/nothing.txt", "GET /v1/documents/{document_id:path}", 404, "document_not_found"),
        ("/broken", "GET /broken", 500, "internal_error"),
    ],
)
def test_a_failure_is_told_by_its_code(
    traced: TestClient, exporter: InMemorySpanExporter, path: str, name: str, status: int, code: str
) -> None:
    assert traced.get(path).status_code == status
    root, _ = root_and_stages(exporter.get_finished_spans())
    assert root.name == name
    assert root.attributes is not None
    assert root.attributes["error.type"] == code
    assert (root.status.status_code is StatusCode.ERROR) == (status >= 500)


def test_no_span_has_a_question_or_the_id_of_a_document(
    traced: TestClient, exporter: InMemorySpanExporter
) -> None:
    traced.get("/?q=a secret question")
    traced.post("/v1/ask", json={"question": "a secret question"})
    traced.get("/v1/documents/secret-name.txt")
    traced.get("/view/secret-name.txt@1")
    spans = exporter.get_finished_spans()
    assert len(spans) > 4
    assert not [span for span in spans if "secret" in span.to_json()]


class Collector(ThreadingHTTPServer):
    """Takes what OTLP exporters send over HTTP."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.bodies.append((self.path, body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.processes
def test_the_command_sends_spans_to_the_collector_and_nothing_else(
    tmp_path: Path, collector: Collector
) -> None:
    settings = {
        "LOCCIT_TRACING": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "FASTAPI_OTEL_AUTO_CONFIGURE": "true",  # the framework would send paths and queries
    }
    with started(tmp_path, **settings) as (_, client):
        eventually(lambda: client.get("/readyz").status_code == 200)
        client.put("/v1/documents/secret-name.txt?wait=true", content="Mars has two moons.")
        client.post("/v1/ask", json={"question": "Which moons?"})
        client.get("/?q=a secret question")
    assert {path for path, _ in collector.bodies} == {"/v1/traces"}
    sent = [ExportTraceServiceRequest.FromString(body) for _, body in collector.bodies]
    names = {
        span.name
        for one in sent
        for resource in one.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }
    assert {"POST /v1/ask", "GET /", "second_look"} <= names
    services = {
        attribute.value.string_value
        for one in sent
        for resource in one.resource_spans
        for attribute in resource.resource.attributes
        if attribute.key == "service.name"
    }
    assert services == {"loccit"}
    assert not [body for _, body in collector.bodies if b"secret" in body]


@pytest.mark.processes
def test_tracing_without_its_extra_says_what_to_install(tmp_path: Path) -> None:
    script = """
import os
os.environ.update(LOCCIT_MODEL="words", LOCCIT_TRACING="true", LOCCIT_DATA=sys.argv.pop(1))
from cli.main import main
main()
"""
    for workers in ("1", "2"):
        arguments = (str(tmp_path), "serve", "--port", "0", "--workers", workers)
        done = run_without({"opentelemetry.sdk"}, script, *arguments)
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            "error (invalid_settings): LOCCIT_TRACING needs opentelemetry.sdk. "
            "Run: pip install 'loccit[otel]', or unset it."
        ]
