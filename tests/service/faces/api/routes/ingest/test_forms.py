from __future__ import annotations

import re
import socket
from io import BytesIO
from typing import Any

import httpx
import pypdf
import pytest
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject
from starlette.testclient import TestClient

from index.library import Library
from service.flows.ingest.forms import MAX_FILES
from tests.service.faces.api.routes.ingest.multipart import FORM, PART, begun
from tests.service.faces.api.routes.ingest.outcomes import LAMP, assert_nothing_is_left, became, done
from tests.service.http_service import assert_error
from tests.service.state.jobs.zip_files import encrypted, written, zipped


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
        head, _, _ = begun(FORM).partition(b"\r\n\r\n")
        head = head.replace(b"/v1/ingest", b"/v1/ingest?collection=lamps")
        connection.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert b" 404 " in connection.recv(100)
    assert_nothing_is_left(real, library)


def test_more_files_than_a_form_may_have(client: TestClient, library: Library) -> None:
    files = [("files", (f"{n}.md", LAMP)) for n in range(MAX_FILES + 1)]
    message = assert_error(client.post("/v1/ingest", files=files), 422, "invalid_request")
    assert "Too many files" in message
    assert_nothing_is_left(client, library)


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
