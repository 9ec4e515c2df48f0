"""Jobs in the browser: progress, reasons, retry, cancellation and removal by plain forms."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from index.library import Library
from service.jobs.records import FINISHED
from tests.patience import eventually
from tests.service.browser.pages import LAMP, page, told, words
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
        client.app.state.runtime.jobs.stop()  # type: ignore[attr-defined]
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
    assert "the PDF file is damaged" in told(html)
    only = page(client, f"/jobs/{job}", state="refused")
    assert [words(one) for one in only.xpath("//tbody//th")] == ["<b>bad</b>.pdf"]
    assert len(page(client, f"/jobs/{job}", state="nonsense").xpath("//tbody/tr")) == 2
    assert client.post(f"/jobs/{job}/retry").status_code == 200
    wait(client, job)
    removed = client.post(f"/jobs/{job}/delete")
    assert removed.status_code == 200
    page(client, f"/jobs/{job}", 404)
    assert client.get("/v1/documents/good.txt").status_code == 200


def test_a_finished_job_cannot_be_retried_with_a_password_that_nothing_needs(client: TestClient) -> None:
    job = begun(client, ("good.txt", LAMP.encode()))
    wait(client, job)
    html = page(client, f"/jobs/{job}")
    assert not html.xpath("//input[@type='password'] | //form[contains(@action, 'retry')]")
    assert client.post(f"/jobs/{job}/retry", data={"password": "x"}).status_code == 422
    assert client.post("/jobs/none/retry").status_code == 404
