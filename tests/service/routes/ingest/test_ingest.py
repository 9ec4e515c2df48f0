from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pypdf
import pytest
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject
from starlette.testclient import TestClient

from index.library import Library
from service.schemas.jobs import JobFiles, JobResponse
from tests.patience import eventually
from tests.service.http_service import app_of, assert_error, assert_shape, live, served
from tests.service.jobs.zip_files import (
    DEFLATED,
    Member,
    deflated,
    encrypted,
    end,
    end64,
    written,
    zipped,
)

LAMP = b"# Lamps\n\nThe lamp was lit at dusk."
MOST = 200_000


@pytest.fixture
def small(library: Library) -> Iterator[TestClient]:
    """A service with small limits."""
    with served(library, max_upload_bytes=MOST, max_body_bytes=4096, max_files=3) as client:
        yield client


@pytest.fixture
def real(library: Library) -> Iterator[httpx.Client]:
    with live(app_of(library, max_upload_bytes=MOST, max_body_bytes=4096)) as client:
        yield client


def done(client: Any, response: Any) -> dict[str, Any]:
    """The job of an answer, when it is finished."""
    assert response.status_code == 202, response.text
    assert response.headers["location"] == response.json()["links"]["self"]
    assert_shape(JobResponse, response.json())
    address = response.json()["links"]["self"]
    eventually(lambda: client.get(address).json()["finished"])
    job: dict[str, Any] = client.get(address).json()
    assert_shape(JobResponse, job)
    return job


def became(client: Any, job: dict[str, Any]) -> dict[str, str]:
    answer = client.get(job["links"]["files"]).json()
    assert_shape(JobFiles, answer)
    for one in answer["files"]:
        assert (one["state"] == "refused") is bool(one["code"]) is bool(one["message"]), one
        if "document" in one["links"]:
            assert client.get(one["links"]["document"]).status_code == 200, one
    return {one["name"]: one["code"] or one["state"] for one in answer["files"]}


def spooled(library: Library) -> list[Path]:
    return [path for path in (library.data / "spool").rglob("*") if path.is_file()]


def assert_nothing_is_left(client: Any, library: Library) -> None:
    """What was refused has left neither job nor file, and the service answers."""
    assert client.get("/v1/jobs").json()["jobs"] == []
    assert list((library.data / "spool").glob("*")) == []
    assert client.put("/v1/documents/after.md", content=LAMP).status_code == 201


# Forms


def test_a_form_with_several_files_and_a_folder(client: TestClient, library: Library) -> None:
    folder = zipped(
        {
            "x/one.md": "# One\n\nThe oil was spent.",
            "x/one.md.meta.json": '{"title": "Of oil", "metadata": {"year": 1859}}',
            "../evil.md": "x",
            "pic.png": "x",
        }
    )
    files = [
        ("files", ("lamp.md", LAMP)),
        ("files", ("sub/dir/page.html", b"<p>The dog sleeps.</p>")),
        ("files", ("empty.txt", b" ")),
        ("files", ("deep/folder.ZIP", folder)),
    ]
    data = {"metadata": '{"project": "lamps"}'}
    job = done(client, client.post("/v1/ingest?prefix=manuals/", files=files, data=data))
    assert (job["state"], job["problem"]) == ("done", "")
    assert job["files"] == {
        "total": 6,
        "done": 6,
        "added": 3,
        "replaced": 0,
        "unchanged": 0,
        "refused": 3,
        "cancelled": 0,
    }
    assert job["passages"] == {"stored": 3, "embedded": 3}
    assert became(client, job) == {
        "manuals/lamp.md": "added",
        "manuals/sub/dir/page.html": "added",
        "manuals/empty.txt": "empty_document",
        "manuals/deep/x/one.md": "added",
        "manuals/deep/../evil.md": "invalid_document_id",
        "manuals/deep/pic.png": "unsupported_format",
    }
    one = client.get("/v1/documents/manuals/deep/x/one.md").json()
    assert (one["title"], one["metadata"]) == ("Of oil", {"project": "lamps", "year": 1859})
    assert client.get("/v1/documents/manuals/lamp.md").json()["metadata"] == {"project": "lamps"}
    (passage, *_) = client.post("/v1/ask", json={"question": "When was the lamp lit?"}).json()["passages"]
    assert passage["citation"]["document_id"] == "manuals/lamp.md"


def test_a_password_opens_the_files_of_a_form(client: TestClient, library: Library) -> None:
    folder = written([encrypted("a.md", LAMP, "dusk"), encrypted("b.md", LAMP, "dawn")])
    files = {"files": ("folder.zip", folder)}
    job = done(client, client.post("/v1/ingest", files=files, data={"password": "dusk"}))
    assert became(client, job) == {"a.md": "added", "b.md": "encrypted_document"}
    assert "dusk" not in client.get(job["links"]["files"]).text
    job = done(client, client.post("/v1/ingest", files=files))
    assert became(client, job) == {"a.md": "encrypted_document", "b.md": "encrypted_document"}


def encrypted_pdf(password: str) -> bytes:
    """A page that says when the lamp was lit."""
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(width=300, height=200)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    fonts = DictionaryObject({NameObject("/F1"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    content = DecodedStreamObject()
    content.set_data(b"BT /F1 12 Tf 20 100 Td (The lamp was lit at dusk.) Tj ET")
    page[NameObject("/Contents")] = writer._add_object(content)
    writer.encrypt(password, algorithm="RC4-128")
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def test_a_password_opens_a_pdf_file(client: TestClient, library: Library) -> None:
    files = [("files", ("a.pdf", encrypted_pdf("sesame"))), ("files", ("b.md", LAMP))]
    job = done(client, client.post("/v1/ingest", files=files, data={"password": "simsim"}))
    assert became(client, job) == {"a.pdf": "encrypted_document", "b.md": "added"}
    job = done(client, client.post("/v1/ingest", files=files, data={"password": "sesame"}))
    assert became(client, job) == {"a.pdf": "added", "b.md": "unchanged"}
    assert client.get("/v1/documents/a.pdf/text").text == "The lamp was lit at dusk."
    assert "sesame" not in client.get(job["links"]["files"]).text


def test_the_same_files_again_are_unchanged(client: TestClient) -> None:
    files = {"files": ("lamp.md", LAMP)}
    done(client, client.post("/v1/ingest", files=files))
    job = done(client, client.post("/v1/ingest", files=files))
    assert (job["files"]["unchanged"], job["passages"]["stored"]) == (1, 0)
    other = {"files": ("lamp.md", b"Other words.")}
    job = done(client, client.post("/v1/ingest", files=other))
    assert (job["files"]["replaced"], job["files"]["total"]) == (1, 1)


def test_a_file_goes_where_its_collection_is(client: TestClient) -> None:
    files = {"files": ("lamp.md", LAMP)}
    message = assert_error(
        client.post("/v1/ingest?collection=lamps", files=files), 404, "collection_not_found"
    )
    assert "PUT /v1/collections/lamps" in message
    client.put("/v1/collections/lamps")
    job = done(client, client.post("/v1/ingest?collection=lamps", files=files))
    assert job["collection"] == "lamps"
    assert became(client, job) == {"lamp.md": "added"}
    assert client.get("/v1/documents/lamp.md").status_code == 404


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        ({"metadata": "x"}, "invalid_request", "JSON mapping"),
        ({"metadata": "[1]"}, "invalid_request", "JSON mapping"),
        ({"metadata": '{"a": "\\ud800"}'}, "invalid_request", "JSON mapping"),
        ({"metadata": '{"a": NaN}'}, "invalid_request", "JSON mapping"),
        ({"metadata": "[" * 50_000}, "invalid_request", "JSON mapping"),
        ({"metadata": '{"a": {"b": 1}}'}, "invalid_metadata", "'a'"),
        ({"metadata": '{"title": "x"}'}, "invalid_metadata", "title"),
        ({"passwort": "x"}, "invalid_request", "passwort"),
        ({"metadata": "x" * 2_000_000}, "invalid_request", "1024KB"),
        ({f"f{n}": "x" for n in range(200)}, "invalid_request", "fields"),
    ],
)
def test_a_field_that_is_wrong(
    client: TestClient, library: Library, data: dict[str, str], code: str, words: str
) -> None:
    response = client.post("/v1/ingest", files={"files": ("lamp.md", LAMP)}, data=data)
    assert words in assert_error(response, 422, code)
    assert_nothing_is_left(client, library)


@pytest.mark.parametrize("name", ["../evil.md", "/etc/passwd.md", "a//b.md", "a/./b.md", "x/text", "a" * 600])
def test_a_name_that_cannot_be_an_id(client: TestClient, library: Library, name: str) -> None:
    files = [("files", ("lamp.md", LAMP)), ("files", (name, LAMP))]
    assert_error(client.post("/v1/ingest", files=files), 422, "invalid_document_id")
    assert_nothing_is_left(client, library)


@pytest.mark.parametrize("name", ["grüße/日本語/👩‍🚒.md", "two words.md", "100%25.md", "a#b?.md"])
def test_a_name_with_odd_characters(real: httpx.Client, name: str) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="'
        + name.encode()
        + b'"\r\n\r\nThe lamp.\r\n--x--\r\n'
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    job = done(real, real.post("/v1/ingest", content=body, headers=headers))
    assert became(real, job) == {name: "added"}


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ("filename*=UTF-8''gr%C3%BC%C3%9Fe.md", "grüße.md"),
        ("filename=\"gr__e.md\"; filename*=UTF-8''gr%C3%BC%C3%9Fe.md", "grüße.md"),
        ('filename="a%22b%25.md"', 'a"b%25.md'),
        (r'filename="C:\papers\lamp.md"', "lamp.md"),
        ("filename=two words.md", "two words.md"),
    ],
)
def test_a_name_as_other_clients_write_it(real: httpx.Client, parameters: str, name: str) -> None:
    said = f'--x\r\nContent-Disposition: form-data; name="any"; {parameters}\r\n\r\nThe lamp.\r\n--x--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    job = done(real, real.post("/v1/ingest", content=said.encode(), headers=headers))
    assert became(real, job) == {name: "added"}


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"metadata": ("meta.json", b"{}")}, "metadata: it was sent as a file"),
        ({"files": (None, LAMP)}, "files: there is no such field"),
        ([("metadata", (None, "{}")), ("metadata", (None, '{"year": 1859}'))], "metadata: .*twice"),
        ({"password": (None, "x" * 2000)}, "password: more than 1KB"),
    ],
)
def test_a_part_that_is_wrong(client: TestClient, library: Library, parts: Any, words: str) -> None:
    files = [("files", ("lamp.md", LAMP)), *(parts.items() if isinstance(parts, dict) else parts)]
    message = assert_error(client.post("/v1/ingest", files=files), 422, "invalid_request")
    assert re.search(words, message)
    assert_nothing_is_left(client, library)


def test_a_file_for_a_collection_that_is_not_there_is_not_asked_for(
    real: httpx.Client, library: Library
) -> None:
    address = (real.base_url.host, real.base_url.port or 0)
    with socket.create_connection(address) as connection:
        head, _, _ = _begun(FORM).partition(b"\r\n\r\n")
        head = head.replace(b"/v1/ingest", b"/v1/ingest?collection=lamps")
        connection.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert b" 404 " in connection.recv(100)
    assert_nothing_is_left(real, library)


def test_more_files_than_a_form_may_have(small: TestClient, library: Library) -> None:
    files = [("files", (f"{n}.md", LAMP)) for n in range(4)]
    message = assert_error(small.post("/v1/ingest", files=files), 422, "invalid_request")
    assert "Too many files" in message
    assert_nothing_is_left(small, library)
    assert done(small, small.post("/v1/ingest", files=files[:3]))["files"]["added"] == 3


PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\nThe lamp.'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"zzzzz"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n: \r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b""),
    ],
)
def test_a_form_that_is_broken(client: TestClient, library: Library, content_type: str, body: bytes) -> None:
    response = client.post("/v1/ingest", content=body, headers={"content-type": content_type})
    assert_error(response, 422, "invalid_request")
    assert_nothing_is_left(client, library)


def test_a_form_in_which_no_file_was_chosen(client: TestClient, library: Library) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    empty = PART.replace(b"a.md", b"").replace(b"The lamp.", b"") + b"\r\n"
    response = client.post("/v1/ingest", content=empty + b"--x--\r\n", headers=headers)
    assert "nothing to ingest" in assert_error(response, 422, "invalid_request")
    assert_nothing_is_left(client, library)
    job = done(client, client.post("/v1/ingest", content=empty + PART + b"\r\n--x--\r\n", headers=headers))
    assert became(client, job) == {"a.md": "added"}


def test_a_form_that_ends_within_a_file(client: TestClient, library: Library) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = client.post("/v1/ingest", content=PART, headers=headers)
    assert_error(response, 422, "invalid_request")
    assert_nothing_is_left(client, library)


# ZIP files


@pytest.mark.parametrize(
    "media_type", ["application/zip", "application/x-zip-compressed; a=b", "Application/ZIP"]
)
def test_a_folder_as_the_body(client: TestClient, library: Library, media_type: str) -> None:
    folder = zipped({"a/one.md": "One.", "two.md": "Two."})
    headers = {"content-type": media_type}
    job = done(client, client.post("/v1/ingest?prefix=/p/", content=folder, headers=headers))
    assert became(client, job) == {"p/a/one.md": "added", "p/two.md": "added"}
    eventually(lambda: spooled(library) == [])


def test_a_body_that_is_no_folder_is_told_in_its_job(client: TestClient) -> None:
    headers = {"content-type": "application/zip"}
    job = done(client, client.post("/v1/ingest", content=b"zzz", headers=headers))
    assert became(client, job) == {"the ZIP file": "corrupt_document"}
    assert client.get(job["links"]["files"]).json()["files"][0]["message"].startswith("the ZIP file: ")


BOMB = [
    Member(name, deflated(bytes(1_000_000)), method=DEFLATED, size=4_000_000_000) for name in ("a.md", "b.md")
]
HOSTILE = {
    "a bomb": (written(BOMB), {"the ZIP file": "document_too_large"}),
    "a bomb that lies": (
        written([Member("a.md", deflated(bytes(9_000_000)), method=DEFLATED, size=10, crc=0)]),
        {"a.md": "corrupt_document"},
    ),
    "names that lead elsewhere": (
        zipped(dict.fromkeys(("../a.md", "/etc/b.md", "x/../../c.md", "C:\\d.md"), "Evil.")),
        {
            "../a.md": "invalid_document_id",
            "/etc/b.md": "invalid_document_id",
            "x/../../c.md": "invalid_document_id",
            "C:\\d.md": "added",
        },
    ),
    "a list without end": (
        bytes(1000) + end64(1, 2**40, 0, 1000) + end(1, 0xFFFFFFFF, 0xFFFFFFFF),
        {"the ZIP file": "corrupt_document"},
    ),
    "encrypted": (written([encrypted("a.md", LAMP, "dusk")]), {"a.md": "encrypted_document"}),
    "metadata that breaks": (
        zipped({"a.md": "Lit.", "a.md.meta.yaml": "metadata: {n: 0x" + "f" * 9000 + "}"}),
        {"a.md": "invalid_metadata"},
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_folders_are_told_in_their_job(client: TestClient, library: Library, kind: str) -> None:
    data, outcome = HOSTILE[kind]
    response = client.post("/v1/ingest", content=data, headers={"content-type": "application/zip"})
    job = done(client, response)
    assert job["state"] == "done"
    got = became(client, job)
    if kind == "a list without end":  # where it is refused depends on what is looked at first
        assert got.keys() == {"the ZIP file"}
        assert got["the ZIP file"] in ("corrupt_document", "document_too_large")
    else:
        assert got == outcome
    assert not (library.data.parent / "a.md").exists()
    assert client.delete(job["links"]["self"]).status_code == 204
    assert_nothing_is_left(client, library)


@pytest.mark.parametrize("prefix", ["..", "a//b", "a/../b", "x" * 600])
def test_a_prefix_that_cannot_begin_an_id(client: TestClient, library: Library, prefix: str) -> None:
    folder = zipped({"a.md": "Lit."})
    headers = {"content-type": "application/zip"}
    response = client.post("/v1/ingest", params={"prefix": prefix}, content=folder, headers=headers)
    assert_error(response, 422, "invalid_document_id")
    for name in ("folder.zip", "a.md"):
        files = {"files": (name, folder)}
        response = client.post("/v1/ingest", params={"prefix": prefix}, files=files)
        assert_error(response, 422, "invalid_document_id")
    assert_nothing_is_left(client, library)


# JSON


def test_texts_with_all_that_is_known_of_them(client: TestClient) -> None:
    documents = [
        {
            "document_id": "lamp.md",
            "text": "# Lamps\n\nLit.",
            "title": "T",
            "source": "S",
            "metadata": {"y": 1},
        },
        {"document_id": "plain", "text": "Plain words."},
        {"document_id": "page", "text": "<p>Words.</p>", "media_type": "text/html"},
    ]
    job = done(client, client.post("/v1/ingest?prefix=p", json={"documents": documents}))
    assert became(client, job) == {"p/lamp.md": "added", "p/plain": "added", "p/page": "added"}
    lamp = client.get("/v1/documents/p/lamp.md").json()
    assert (lamp["title"], lamp["source"], lamp["metadata"]) == ("T", "S", {"y": 1})
    assert lamp["media_type"] == "text/markdown"
    assert client.get("/v1/documents/p/plain").json()["media_type"] == "text/plain"
    assert client.get("/v1/documents/p/page/text").text == "Words."


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("plan.pdf", "text/plain"),
        ("plan.DOCX", "text/plain"),
        ("mail.eml", "text/plain"),
        ("plan", "text/plain"),
        ("plan.md", "text/markdown"),
        ("page.HTM", "text/html"),
        ("table.csv", "text/csv"),
        ("lamp.py", "text/x-source-code"),
        ("lamp.json", "application/json"),
        ("lamp.jsonl", "application/jsonl"),
        ("lamp.srt", "application/x-subrip"),
    ],
)
def test_a_text_is_no_binary_file_whatever_its_name(client: TestClient, name: str, media_type: str) -> None:
    texts = {
        "application/json": '{"a": "The lamp."}',
        "application/jsonl": '{"a": "The lamp."}\n',
        "application/x-subrip": "1\n00:00:01,000 --> 00:00:02,000\nThe lamp.\n",
        "text/csv": "a,b\nThe lamp.,2\n",
    }
    document = {"document_id": name, "text": texts.get(media_type, "The lamp.")}
    job = done(client, client.post("/v1/ingest", json={"documents": [document]}))
    assert became(client, job) == {name: "added"}
    assert client.get(f"/v1/documents/{name}").json()["media_type"] == media_type
    assert "The lamp." in client.get(f"/v1/documents/{name}/text").text


def test_addresses_of_this_machine_are_not_fetched(client: TestClient) -> None:
    body = {
        "urls": ["http://127.0.0.1/x", "http://127.0.0.1:1/y", "http://127.0.0.1/x"],
        "sitemaps": ["http://[::1]/sitemap.xml"],
        "crawls": [{"url": "http://localhost/"}],
        "metadata": {"y": 1},
    }
    job = done(client, client.post("/v1/ingest", json=body))
    assert became(client, job) == {
        "http://127.0.0.1/x": "address_refused",
        "http://127.0.0.1:1/y": "address_refused",
        "http://[::1]/sitemap.xml": "address_refused",
        "http://localhost/": "address_refused",
    }


def test_the_collection_may_stand_in_the_body(client: TestClient) -> None:
    client.put("/v1/collections/lamps")
    body = {"collection": "lamps", "documents": [{"document_id": "a", "text": "Lit."}]}
    assert done(client, client.post("/v1/ingest", json=body))["collection"] == "lamps"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_request"),
        ({"documents": []}, "invalid_request"),
        ({"documents": [{"text": "x"}]}, "invalid_request"),
        ({"documents": [{"document_id": "a", "text": "x", "titel": "y"}]}, "invalid_request"),
        ({"documents": [{"document_id": "a//b", "text": "x"}]}, "invalid_document_id"),
        ({"documents": [{"document_id": "a", "text": "x", "metadata": {"a": {}}}]}, "invalid_metadata"),
        ({"urls": ["ftp://example.org/"]}, "invalid_url"),
        ({"urls": ["http://user:secret@example.org/"]}, "invalid_url"),
        ({"sitemaps": ["x"]}, "invalid_url"),
        ({"crawls": [{"url": "http://example.org/", "max_pages": 0}]}, "invalid_request"),
        ({"urls": ["http://example.org/"], "metadata": {"title": "x"}}, "invalid_metadata"),
        ({"collection": "No Such"}, "invalid_request"),
        ([], "invalid_request"),
    ],
)
def test_json_that_is_wrong(client: TestClient, library: Library, body: Any, code: str) -> None:
    assert_error(client.post("/v1/ingest", json=body), 422, code)
    assert_nothing_is_left(client, library)


@pytest.mark.parametrize("content", [b"", b"{", b'{"documents": [{"document_id": "a", "text": "\\ud800"}]}'])
def test_what_is_no_json(client: TestClient, library: Library, content: bytes) -> None:
    assert_error(client.post("/v1/ingest", content=content), 422, "invalid_request")
    assert_nothing_is_left(client, library)


# Limits


def test_json_may_have_as_many_bytes_as_a_document(small: TestClient, library: Library) -> None:
    body = json.dumps({"documents": [{"document_id": "a", "text": "x" * 5000}]})
    message = assert_error(small.post("/v1/ingest", content=body), 413, "body_too_large")
    assert "4,096" in message
    assert_nothing_is_left(small, library)


def test_one_file_of_many_may_be_too_large(small: TestClient) -> None:
    files = [("files", ("a.txt", b"x" * 5000)), ("files", ("b.txt", b"Lit."))]
    job = done(small, small.post("/v1/ingest", files=files))
    assert became(small, job) == {"a.txt": "document_too_large", "b.txt": "added"}


FORM = "multipart/form-data; boundary=x"


def _begun(content_type: str) -> bytes:
    """A request that says it has more than it has."""
    head = f"POST /v1/ingest HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: 9999"
    return head.encode() + b"\r\n\r\n" + PART


@pytest.mark.parametrize("content_type", [FORM, "application/zip"])
def test_an_upload_that_says_it_is_too_large(real: httpx.Client, library: Library, content_type: str) -> None:
    response = real.post("/v1/ingest", content=PART + b"x" * MOST, headers={"content-type": content_type})
    assert_error(response, 413, "body_too_large")
    assert_nothing_is_left(real, library)


@pytest.mark.parametrize("content_type", [FORM, "application/zip", "application/json"])
def test_an_upload_that_turns_out_too_large(real: httpx.Client, library: Library, content_type: str) -> None:
    def pieces() -> Iterator[bytes]:
        yield PART
        for _ in range(30):
            yield b"x" * 10_000

    response = real.post("/v1/ingest", content=pieces(), headers={"content-type": content_type})
    assert_error(response, 413, "body_too_large")
    assert_nothing_is_left(real, library)


@pytest.mark.parametrize("content_type", [FORM, "application/zip"])
def test_an_upload_whose_sender_hangs_up(
    real: httpx.Client, library: Library, content_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    address = (real.base_url.host, real.base_url.port or 0)
    caplog.set_level("INFO")
    with socket.create_connection(address) as connection:
        connection.sendall(_begun(content_type))
    eventually(lambda: "status=499" in caplog.text)
    assert "Traceback" not in caplog.text
    assert_nothing_is_left(real, library)


def test_an_unfinished_upload_keeps_nobody_out(library: Library) -> None:
    with live(app_of(library, max_queue=1)) as client:
        address = (client.base_url.host, client.base_url.port or 0)
        with socket.create_connection(address) as connection:
            head, _, body = _begun(FORM).partition(b"\r\n\r\n")
            connection.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
            assert b" 100 " in connection.recv(100)  # the body is being read
            connection.sendall(body)
            assert client.post("/v1/ingest", files={"files": ("a.md", LAMP)}).status_code == 202


def test_the_limits_of_other_addresses_stay_as_they_are(small: TestClient) -> None:
    assert_error(small.put("/v1/documents/a.txt", content="x" * 5000), 413, "body_too_large")
    assert_error(small.post("/v1/ingest/", content=b"x" * (MOST // 2)), 413, "body_too_large")
