"""Jobs in the browser: progress, reasons, retry, cancellation and removal by plain forms."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from starlette.testclient import TestClient

from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from service.state.jobs.records import FINISHED
from tests.index.readers.compound_files import compound_file
from tests.patience import eventually
from tests.service.faces.pages.pages import LAMP, page, told, words
from tests.service.http_service import GatedEmbedder, served


def begun(client: TestClient, *files: tuple[str, bytes], **params: Any) -> str:
    sent = client.post("/v1/ingest", files=[("files", one) for one in files], params=params)
    return str(sent.json()["job_id"])


def wait(client: TestClient, job: str) -> None:
    eventually(lambda: client.get(f"/v1/jobs/{job}").json()["state"] in FINISHED)


def test_jobs_are_listed_the_newest_first(client: TestClient) -> None:
    assert "no jobs here" in told(page(client, "/jobs"))
    made = [begun(client, (f"{number}.txt", LAMP.encode())) for number in range(21)]
    for job in made:
        wait(client, job)
    html = page(client, "/jobs")
    links = html.xpath("//table//a/@href")
    (following,) = html.xpath("//a[@rel='next']/@href")
    links += page(client, following).xpath("//table//a/@href")
    assert links == [f"/jobs/{job}" for job in reversed(made)]


def test_a_running_job_has_a_link_to_refresh_it_and_a_script(
    library: Library, embedder: GatedEmbedder
) -> None:
    with served(library) as client:
        embedder.gate.set()
        client.app.state.runtime.job_runner.stop()  # type: ignore[attr-defined]
        job = begun(client, ("a.txt", LAMP.encode()))
        html = page(client, f"/jobs/{job}")
        assert "waiting its turn" in told(html)
        assert html.xpath("//a[@id='refresh']/@href") == [f"/jobs/{job}"]
        assert html.xpath("//script[contains(@src, 'job.js')]")
        cancelled = client.post(f"/jobs/{job}/cancel")
        assert (
            client.get(f"/v1/jobs/{job}").json()["state"] in cancelled.text or "cancelled" in cancelled.text
        )


def test_refused_files_have_reasons_and_can_be_retried(client: TestClient) -> None:
    job = begun(client, ("good.txt", LAMP.encode()), ("<b>bad</b>.pdf", b"%PDF-1.4"))
    wait(client, job)
    html = page(client, f"/jobs/{job}")
    assert "1 added" in told(html)
    assert "The PDF file is damaged" in told(html)
    assert "A retry would refuse them again" in told(html)
    assert not html.xpath("//form[contains(@action, 'retry')]")
    assert html.xpath("//main//a[contains(., 'Ask these documents')]/@href") == ["/"]
    chinese = client.get(f"/jobs/{job}", headers={"accept-language": "zh"}).text
    assert "文件已损坏" in chinese
    assert "The PDF file is damaged" in chinese
    only = page(client, f"/jobs/{job}", state="refused")
    assert [words(one) for one in only.xpath("//tbody//th")] == ["<b>bad</b>.pdf"]
    assert len(page(client, f"/jobs/{job}", state="nonsense").xpath("//tbody/tr")) == 2
    assert client.post(f"/jobs/{job}/retry").status_code == 200
    wait(client, job)
    removed = client.post(f"/jobs/{job}/delete")
    assert removed.status_code == 200
    page(client, f"/jobs/{job}", 404)
    assert client.get("/v1/documents/good.txt").status_code == 200


def test_a_retry_is_offered_where_a_password_can_help(client: TestClient) -> None:
    locked = BytesIO()
    canvas = Canvas(locked, encrypt=StandardEncryption("sesame"))
    canvas.drawString(50, 50, LAMP)
    canvas.save()
    office = compound_file({"EncryptedPackage": b"x"})
    job = begun(client, ("locked.pdf", locked.getvalue()), ("locked.xlsx", office))
    wait(client, job)
    html = page(client, f"/jobs/{job}")
    assert "files of this kind cannot be opened here, whatever the password" in told(html)
    assert "It is tried on each of them." in told(html)
    for password, said in (("wrong", "The password given does not open it"), ("sesame", "1 added")):
        client.post(f"/jobs/{job}/retry", data={"password": password})
        wait(client, job)
        assert said.lower() in told(page(client, f"/jobs/{job}")).lower()
    html = page(client, f"/jobs/{job}")
    assert not html.xpath("//input[@type='password'] | //form[contains(@action, 'retry')]")


def test_a_new_original_of_the_same_text_is_no_new_version(client: TestClient) -> None:
    for end, said in (("\n", "1 added"), ("\r\n", "same text, new original: no new version")):
        job = begun(client, ("a.txt", f"{LAMP}{end}".encode()))
        wait(client, job)
        assert said in told(page(client, f"/jobs/{job}"))
        shown = told(page(client, "/library/document", id="a.txt"))
        assert ("newer than its last version: the text is the same" in shown) == (end == "\r\n")
    assert client.get("/v1/documents/a.txt").json()["versions"] == 1


def test_a_finished_job_cannot_be_retried_with_a_password_that_nothing_needs(client: TestClient) -> None:
    job = begun(client, ("good.txt", LAMP.encode()))
    wait(client, job)
    html = page(client, f"/jobs/{job}")
    assert not html.xpath("//input[@type='password'] | //form[contains(@action, 'retry')]")
    assert client.post(f"/jobs/{job}/retry", data={"password": "x"}).status_code == 422
    assert client.post("/jobs/none/retry").status_code == 404


def test_copies_are_left_out_and_added_when_that_is_wanted(client: TestClient) -> None:
    wait(client, begun(client, ("lamps.txt", LAMP.encode()), ("kept.txt", LAMP.encode())))
    files = (
        ("folder/lamps.txt", LAMP.encode()),
        ("folder/new.txt", b"The keeper slept."),
        ("kept.txt", b"New"),
    )
    job = begun(client, *files, same_bytes="skip")
    wait(client, job)
    html = page(client, f"/jobs/{job}")
    assert "1 file was left out: a document here has the same bytes under another name." in told(html)
    assert "Done: everything can be found." in told(html)
    assert "were refused" not in told(html)
    assert "folder/lamps.txt left out The document kept.txt has the same bytes" in told(html)
    (value,) = html.xpath("//form[contains(@action, '/retry')]//input[@name='same_bytes']/@value")
    kept = [one["document_id"] for one in client.get("/v1/documents").json()["documents"]]
    assert kept == ["folder/new.txt", "kept.txt", "lamps.txt"]
    client.post(f"/jobs/{job}/retry", data={"same_bytes": value})
    wait(client, job)
    assert client.get("/v1/documents/folder/lamps.txt").status_code == 200
    assert "left out" not in told(page(client, f"/jobs/{job}"))


def test_copies_are_added_unless_they_are_to_be_skipped(client: TestClient) -> None:
    for name in ("a.txt", "b.txt"):
        wait(client, begun(client, (name, LAMP.encode())))
    both = begun(client, ("x/a.txt", b"Oil."), ("y/a.txt", b"Oil."), same_bytes="skip")
    wait(client, both)  # of one upload, all are kept
    assert client.get(f"/v1/jobs/{both}").json()["files"]["added"] == 2


def test_a_hidden_document_does_not_tell_that_it_is_there(client: TestClient) -> None:
    wait(client, begun(client, ("secret.txt", LAMP.encode()), groups="keepers"))
    body = {"groups": ["readers"]}
    runtime = client.app.state.runtime  # type: ignore[attr-defined]
    token, key = new_key("writer", Scope.WRITE, KeyOptions(groups=body["groups"]))
    runtime.keyring.add(key)
    headers = {"authorization": f"Bearer {token}"}
    sent = client.post(
        "/v1/ingest",
        files=[("files", ("a.txt", LAMP.encode()))],
        params={"same_bytes": "skip"},
        headers=headers,
    )
    eventually(
        lambda: client.get(f"/v1/jobs/{sent.json()['job_id']}", headers=headers).json()["state"] == "done"
    )
    assert client.get(f"/v1/jobs/{sent.json()['job_id']}", headers=headers).json()["files"]["added"] == 1
