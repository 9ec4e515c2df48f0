"""What is deleted leaves the data folder: documents, collections, and what jobs hold of them."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.errors import LedgerFailed
from index.library import Library
from service.flows.ingest.background.purging import Purger, open_purger
from service.state.jobs import JOBS, open_job_store, open_spool
from service.state.jobs.erasing import JobErasure
from tests.patience import eventually
from tests.residue import residue

SENTENCE = "The zq{}x lamp was lit at dusk by the keeper."


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("_", "."), data)
    return buffer.getvalue()


def ingested(client: TestClient, name: str, data: bytes) -> dict[str, Any]:
    job = client.post("/v1/ingest", files={"files": (name, data)}).json()

    def finished() -> bool:
        return client.get(job["links"]["self"]).json()["state"] in {"done", "failed"}

    eventually(finished)
    return dict(client.get(job["links"]["self"]).json())


def test_erased_sentences_are_in_no_byte_of_the_data_folder(client: TestClient, library: Library) -> None:
    for number in range(12):
        client.put(
            f"/v1/documents/doc{number}.txt",
            content=f"{SENTENCE.format(number)} " + "Words follow. " * number * 40,
        )
    client.put("/v1/documents/kept.txt?wait=true", content=SENTENCE.format("kept"))
    gone = [SENTENCE.format(number) for number in range(10)]
    for number in range(9):
        assert client.delete(f"/v1/documents/doc{number}.txt").json()["purged"] == "pending"
    assert client.get("/v1/collections/default").json()["purged"] == "pending"
    assert client.delete("/v1/documents/doc9.txt?wait=true").json()["purged"] == "done"
    assert client.get("/v1/collections/default").json()["purged"] == "done"
    assert residue(library.data, [*gone, *(f"zq{number}x" for number in range(10))]) == []
    hits = client.post("/v1/ask", json={"question": "Who lit the zqkeptx lamp?"}).json()["passages"]
    assert hits[0]["citation"]["quote"] == SENTENCE.format("kept")


def test_the_service_purges_by_itself(client: TestClient, library: Library) -> None:
    client.put("/v1/documents/a.txt?wait=true", content=SENTENCE.format("a"))
    client.delete("/v1/documents/a.txt")
    eventually(lambda: client.get("/v1/collections/default").json()["purged"] == "done")
    assert residue(library.data, ["zqax"]) == []


def test_uploads_that_are_kept_for_a_retry_do_not_keep_what_was_erased(
    client: TestClient, library: Library
) -> None:
    damaged = b"%PDF-1.7 zqdamagedx is no PDF"
    archive = zipped(
        good_txt=SENTENCE.format("good").encode(),
        bad_pdf=damaged,
        other_txt=SENTENCE.format("other").encode(),
    )
    job = ingested(client, "folder.zip", archive)
    assert job["files"]["refused"] == 1
    assert residue(library.data / "spool", ["zqgoodx"]), "the upload should be kept: nothing would be tested"
    assert client.delete("/v1/documents/good.txt?wait=true").json()["purged"] == "done"
    assert residue(library.data, ["zqgoodx"]) == []
    # What was not erased can still be retried, or found.
    assert residue(library.data / "spool", ["zqdamagedx", "zqotherx"])
    names = [item["name"] for item in client.get(job["links"]["files"]).json()["files"]]
    assert "bad.pdf" in names
    assert "good.txt" not in names


def test_a_refused_file_goes_with_the_document_of_its_name(client: TestClient, library: Library) -> None:
    client.put(
        "/v1/documents/a.pdf?wait=true", content=b"plain words", headers={"content-type": "text/plain"}
    )
    job = ingested(client, "a.pdf", b"%PDF-1.7 zqrefusedx is no PDF")
    assert job["files"]["refused"] == 1
    assert residue(library.data / "spool", ["zqrefusedx"])
    assert client.delete("/v1/documents/a.pdf?wait=true").json()["purged"] == "done"
    assert residue(library.data, ["zqrefusedx"]) == []
    # A retry says that the file is gone.
    client.post(job["links"]["self"] + "/retry")
    eventually(lambda: client.get(job["links"]["self"]).json()["state"] == "done")
    (item,) = client.get(job["links"]["files"]).json()["files"]
    assert (item["state"], item["code"]) == ("refused", "corrupt_document")


def test_a_collection_goes_with_what_jobs_hold_of_it(client: TestClient, library: Library) -> None:
    ingested(client, "folder.zip", zipped(good_txt=b"The zqgoodx.", bad_pdf=b"%PDF-1.7 zqbadx"))
    assert residue(library.data, ["zqbadx"])
    assert client.delete("/v1/collections/default").json() == {"name": "default", "purged": "done"}
    assert residue(library.data, ["zqgoodx", "zqbadx", "good.txt", "bad.pdf"]) == []


def test_a_command_purges_what_jobs_hold(client: TestClient, library: Library) -> None:
    ingested(client, "folder.zip", zipped(good_txt=b"The zqgoodx.", bad_pdf=b"%PDF-1.7 zqbadx"))
    collection = library.open("default")
    collection.editor.delete("good.txt")
    with open_purger(library) as purger:
        assert purger.finish(collection) == "done"
    assert residue(library.data, ["zqgoodx"]) == []


def test_a_purge_waits_for_a_reader_and_says_so(library: Library) -> None:
    from index.ingest import Source

    collection = library.open("default", create=True)
    collection.put(Source("a.txt", b"The zqax words."))
    jobs = open_job_store(library.data)
    purger = Purger(library, JobErasure(jobs, open_spool(library.data, max_bytes=0)))
    with collection.archive.resolution():
        collection.editor.delete("a.txt")
        assert purger.finish(collection, seconds=0.1) == "pending"
    assert purger.finish(collection) == "done"
    jobs.close()


def test_what_jobs_hold_is_purged_at_the_next_try_if_a_reader_was_in_the_way(
    client: TestClient, library: Library
) -> None:
    archive = zipped(good_txt=b"The zqgoodx.", bad_pdf=b"%PDF-1.7 zqbadx")
    ingested(client, "folder.zip", archive)
    with open_purger(library) as purger, closing(sqlite3.connect(library.data / JOBS)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM items").fetchone()
        library.open("default").editor.delete("good.txt")
        assert purger.finish(library.open("default"), seconds=0) == "pending"
        assert _jobs_with("good.txt", library)
        reader.rollback()
        assert purger.finish(library.open("default")) == "done"
        assert _jobs_with("good.txt", library) == []


def _jobs_with(word: str, library: Library) -> list[str]:
    """The files of the record of jobs that have a word; the collection remembers ids of erased documents."""
    return [found for found in residue(library.data, [word]) if f"/{JOBS}" in found]


def test_what_jobs_hold_of_deleted_collections_is_purged_at_the_next_try_if_a_reader_was_in_the_way(
    client: TestClient, library: Library
) -> None:
    ingested(client, "folder.zip", zipped(good_txt=b"The zqgoodx.", bad_pdf=b"%PDF-1.7 zqbadx"))
    with open_purger(library) as purger, closing(sqlite3.connect(library.data / JOBS)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM items").fetchone()
        library.delete("default")
        assert purger.finish_deleted(seconds=0) == "pending"
        assert residue(library.data, ["bad.pdf"])
        reader.rollback()
        assert purger.finish_deleted() == "done"
        assert residue(library.data, ["good.txt", "bad.pdf"]) == []


def test_a_deletion_that_cannot_be_entered_holds_up_no_collection(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    library.ledger.begin_collection(b"\x07" * 16)
    library.ledger.path.unlink()
    library.ledger.path.mkdir()  # nothing can be written to it
    looks: list[bool] = []
    purger = Purger(library, None, on_look=lambda: looks.append(True))
    purger.start()
    eventually(lambda: len(looks) > 1)
    purger.stop()
    assert len([line for line in caplog.messages if "deleted collections wait" in line]) == 1
    with pytest.raises(LedgerFailed):
        purger.finish_deleted()


@pytest.mark.parametrize("members", [{"a_txt": b"The zqax words."}])
def test_an_archive_that_cannot_be_read_any_more_is_removed(
    library: Library, tmp_path: Path, members: dict[str, bytes]
) -> None:
    from service.state.jobs.records import NewItem

    jobs, spool = open_job_store(library.data), open_spool(library.data, max_bytes=0)
    file = spool.create("job", 1)
    file.write(zipped(**members)[:-10])
    file.keep()
    jobs.add("job", "default", [NewItem("member", "a.txt", file.name, 5, {"member": "a.txt"})])
    jobs.move("job", "cancelled")
    erasure = JobErasure(jobs, spool)
    assert erasure.erase_documents("default", {"a.txt": jobs.job("job").created + 1})
    with pytest.raises(FileNotFoundError):
        spool.open("job", file.name)
    jobs.close()
