"""The original of a document: its bytes, and its pages as pictures."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from starlette.testclient import TestClient

from index.config import IngestConfig, LibraryConfig, ReadingConfig
from index.embedding import WordEmbedder
from index.library import Library
from index.readers import IsolatedReaders
from tests.service.http_service import assert_error, served

HTML = b"<html><body><h1>Lamps</h1><p>Lit at dusk.</p><script>alert(1)</script></body></html>"
WORDS = ("The first lamp was lit.", "The second lamp was not.")
ORIGINAL, PAGE = "/v1/documents/a.pdf/original", "/v1/documents/a.pdf/page.png"


def pdf(*pages: str, encrypt: str | None = None) -> bytes:
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=(400, 300), invariant=1, encrypt=encrypt)
    for words in pages:
        canvas.drawString(50, 200, words)
        canvas.showPage()
    canvas.save()
    return data.getvalue()


FILE = pdf(*WORDS)


def put(client: TestClient, name: str, data: bytes, media_type: str = "") -> None:
    headers = {"content-type": media_type or "application/octet-stream"}
    response = client.put(f"/v1/documents/{name}", content=data, headers=headers)
    assert response.status_code < 300, response.text


@pytest.fixture
def filed(client: TestClient) -> TestClient:
    put(client, "a.pdf", FILE)
    return client


def size_of(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        return image.size


# Bytes


def test_the_bytes_are_those_that_were_put(filed: TestClient) -> None:
    found = filed.get(ORIGINAL)
    assert (found.status_code, found.content) == (200, FILE)
    assert found.headers["etag"] == f'"{hashlib.sha256(FILE).hexdigest()}"'
    assert found.headers["content-type"] == "application/pdf"
    assert found.headers["content-length"] == str(len(FILE))
    assert found.headers["cache-control"] == "private, no-cache"
    known = filed.get(ORIGINAL, headers={"if-none-match": found.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_a_part_is_read_with_a_range(filed: TestClient) -> None:
    part = filed.get(ORIGINAL, headers={"range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, FILE[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{len(FILE)}"
    assert part.headers["content-length"] == "5"
    end = filed.get(ORIGINAL, headers={"range": "bytes=-4"})
    assert end.content == FILE[-4:]
    beyond = filed.get(ORIGINAL, headers={"range": f"bytes={len(FILE)}-"})
    assert_error(beyond, 416, "range_not_satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{len(FILE)}"


def test_earlier_versions_have_their_own_bytes(filed: TestClient) -> None:
    later = pdf("Another lamp.")
    put(filed, "a.pdf", later)
    assert filed.get(ORIGINAL).content == later
    first = filed.get(ORIGINAL, params={"version": 1})
    assert (first.content, first.headers["x-loccit-version"]) == (FILE, "1")
    assert_error(filed.get(ORIGINAL, params={"version": 3}), 404, "version_not_found")


@pytest.mark.parametrize(
    ("name", "media_type", "data", "is_inline"),
    [
        ("a.pdf", "application/pdf", FILE, True),
        ("a.txt", "text/plain", b"Lit at dusk.", True),
        ("a.html", "text/html", HTML, False),
        ("a.xhtml", "application/xhtml+xml", HTML, False),
        ("a.md", "text/markdown", b"# Lamps\n\n<script>alert(1)</script> lit", False),
        ("a.csv", "text/csv", b"lamp,lit\nfirst,dusk\n", False),
    ],
)
def test_only_harmless_files_open_in_a_browser(
    client: TestClient, name: str, media_type: str, data: bytes, is_inline: bool
) -> None:
    put(client, f"folder/{name}", data, media_type)
    found = client.get(f"/v1/documents/folder/{name}/original")
    assert found.content == data
    assert found.headers["x-content-type-options"] == "nosniff"
    kind, _, filename = found.headers["content-disposition"].partition("; ")
    assert kind == ("inline" if is_inline else "attachment")
    assert filename == f"filename*=UTF-8''{name}"
    policy = found.headers.get("content-security-policy", "")
    assert ("sandbox" in policy) == (name != "a.pdf")


def test_a_name_cannot_break_out_of_its_header(client: TestClient) -> None:
    name = 'lämp";filename=x.html'
    put(client, f"{name}.txt", b"Lit at dusk.")
    found = client.get(f"/v1/documents/{name}.txt/original")
    assert found.headers["content-disposition"] == (
        "inline; filename*=UTF-8''l%C3%A4mp%22%3Bfilename%3Dx.html.txt"
    )


def test_where_no_original_is_kept_an_error_says_so(tmp_path: Path) -> None:
    config = LibraryConfig(ingest=IngestConfig(keep_originals=False))
    with Library(tmp_path, embedder=WordEmbedder(), config=config) as library, served(library) as client:
        put(client, "a.pdf", FILE)
        for path in (ORIGINAL, f"{PAGE}?page=1"):
            error = client.get(path)
            assert_error(error, 404, "original_not_found")
            assert "is not kept" in error.json()["error"]["message"]


def test_a_retired_document_is_read_by_its_versions(filed: TestClient) -> None:
    filed.app.state.library.open("default").editor.retire(["a.pdf"])  # type: ignore[attr-defined]
    assert_error(filed.get(ORIGINAL), 410, "document_retired")
    assert_error(filed.get(PAGE, params={"page": 1}), 410, "document_retired")
    assert filed.get(ORIGINAL, params={"version": 1}).content == FILE
    assert filed.get(PAGE, params={"page": 1, "version": 1}).status_code == 200


# Pages


def test_a_page_is_drawn_as_wide_as_is_asked(filed: TestClient) -> None:
    found = filed.get(PAGE, params={"page": 2, "width": 600})
    assert found.headers["content-type"] == "image/png"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert size_of(found.content) == (600, 450)
    assert found.content != filed.get(PAGE, params={"page": 1, "width": 600}).content
    assert size_of(filed.get(PAGE, params={"page": 1}).content)[0] == 1000


def test_a_page_that_is_known_is_not_sent_again(filed: TestClient) -> None:
    tags = {
        filed.get(PAGE, params={"page": page, "width": w}).headers["etag"]
        for page in (1, 2)
        for w in (200, 300)
    }
    assert len(tags) == 4
    first = filed.get(PAGE, params={"page": 1})
    headers = {"if-none-match": first.headers["etag"]}
    assert filed.get(PAGE, params={"page": 1}, headers=headers).status_code == 304
    assert filed.get(PAGE, params={"page": 2}, headers=headers).status_code == 200


@pytest.mark.parametrize("width", [99, 3001, "x", -1])
def test_the_width_of_a_page_is_bounded(filed: TestClient, width: object) -> None:
    assert_error(filed.get(PAGE, params={"page": 1, "width": width}), 422, "invalid_request")  # type: ignore[dict-item]


def test_pages_that_there_are_not(filed: TestClient) -> None:
    put(filed, "b.txt", b"Lit at dusk.")
    assert_error(filed.get(PAGE), 422, "invalid_request")
    assert_error(filed.get(PAGE, params={"page": 0}), 422, "invalid_request")
    assert_error(filed.get(PAGE, params={"page": 3}), 404, "page_not_found")
    no_pdf = filed.get("/v1/documents/b.txt/page.png", params={"page": 1})
    assert_error(no_pdf, 404, "page_not_found")
    assert "PDF" in no_pdf.json()["error"]["message"]


def test_ids_that_are_addresses_of_originals_are_refused(client: TestClient) -> None:
    for tail in ("original", "page.png"):
        refused = client.put(f"/v1/documents/a/{tail}", json={"text": "Lit."})
        assert_error(refused, 422, "invalid_document_id")


def test_a_page_is_drawn_in_a_reader_process_and_kept_in_memory(tmp_path: Path) -> None:
    config = LibraryConfig(reading=ReadingConfig())
    readers = IsolatedReaders(config.reading)
    with (
        Library(tmp_path, embedder=WordEmbedder(), config=config, readers=readers) as library,
        served(library) as client,
    ):
        put(client, "a.pdf", FILE)
        first = client.get(PAGE, params={"page": 1})
        assert size_of(first.content) == (1000, 750)
        readers.close()  # what is kept needs no process
        assert client.get(PAGE, params={"page": 1}).content == first.content
        files = (path for path in tmp_path.rglob("*") if path.is_file())
        assert not any(first.content in path.read_bytes() for path in files)


def test_a_deleted_document_leaves_no_page(filed: TestClient) -> None:
    known = filed.get(PAGE, params={"page": 1})
    drawn = filed.app.state.library.open("default").archive._images._drawn  # type: ignore[attr-defined]
    assert len(drawn._held) == 1
    deleted = filed.delete("/v1/documents/a.pdf", params={"wait": True})
    assert deleted.json()["purged"] == "done"
    assert not drawn._held
    headers = {"if-none-match": known.headers["etag"]}
    assert_error(filed.get(PAGE, params={"page": 1}, headers=headers), 404, "document_not_found")
    assert_error(filed.get(ORIGINAL), 404, "document_not_found")
