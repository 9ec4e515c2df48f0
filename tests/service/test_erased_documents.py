"""Every word of an erased document leaves all files, but those that are documented to stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.library import Library
from tests.patience import eventually
from tests.residue import residue
from tests.service.http_service import served

KEY = {"x-api-key": "correct-horse"}
GONE = ("text", "title", "source", "value", "key", "group", "sidecar", "second", "renamed")
"""Words of the document: each begins with zq, and stands in that part of it."""
STAYS = {"id": "store.sqlite", "alias": "store.sqlite", "question": "unanswered.db"}
"""Words that stay, and the only file that has them, beside the audit log."""


def word(part: str) -> str:
    return f"zq{part}qz"


@pytest.fixture
def service(library: Library) -> Iterator[TestClient]:
    with served(library, api_key=KEY["x-api-key"], keep_unanswered_days=9) as client:
        client.headers.update(KEY)
        yield client


def put(client: TestClient, library: Library, document_id: str) -> None:
    """Put two versions of the document, under a name that is replaced, with every field."""
    for text in (word("second"), word("text")):
        body = {
            "text": f"The {text} lamp was lit at dusk. " * 30,
            "title": f"Of {word('title')}",
            "source": f"https://example.org/{word('source')}",
            "metadata": {word("key"): [word("value"), "lamp"]},
            "groups": [word("group")],
        }
        assert client.put(f"/v1/documents/{word('alias')}?wait=true", json=body).status_code in {200, 201}
    library.open("default").editor.rename(word("alias"), document_id)
    client.patch(f"/v1/documents/{document_id}", json={"groups": [word("group"), word("renamed")]})


def ingest(client: TestClient) -> str:
    """Send a file with a sidecar, as a job; returns the id of its document."""
    sidecar = json.dumps({"title": word("title"), "metadata": {"note": word("sidecar")}})
    name = f"{word('id')}2.md"
    job = client.post(
        "/v1/ingest",
        files=[
            ("files", (name, f"# {word('title')}\n\n{word('text')}")),
            ("files", (f"{name}.meta.json", sidecar)),
        ],
    ).json()
    eventually(lambda: client.get(job["links"]["self"]).json()["state"] == "done")
    return name


def test_nothing_of_an_erased_document_stays_but_what_is_documented(
    service: TestClient, library: Library
) -> None:
    first = f"{word('id')}.txt"
    put(service, library, first)
    names = (first, ingest(service))
    service.put("/v1/documents/kept.txt?wait=true", json={"text": "Kept.", "groups": [word("kept")]})
    service.post("/v1/ask", json={"question": f"What is {word('question')}?"})
    data = library.data
    eventually(lambda: residue(data, [word("question")]) != [])
    for part in (*GONE, *STAYS):
        assert residue(data, [word(part)]), f"{part} was nowhere: nothing would be tested"
    for name in names:
        assert service.delete(f"/v1/documents/{name}?wait=true").json()["purged"] == "done"
    assert files_with(data, *map(word, GONE)) == set()
    for part, file in STAYS.items():
        assert files_with(data, word(part)) - {"audit.jsonl"} == {file}, part
    assert files_with(data, word("kept")) == {"store.sqlite"}


def test_the_end_of_a_document_is_told_to_those_who_could_read_it(
    service: TestClient, library: Library
) -> None:
    put(service, library, "secret.txt")
    before = service.get("/v1/changes").json()["until"]
    service.delete("/v1/documents/secret.txt?wait=true")
    for group, told in ((word("group"), ["secret.txt"]), ("others", []), ("", [])):
        headers = {"x-on-behalf-of": group}
        found = service.get("/v1/changes", params={"since": before}, headers=headers).json()
        assert [one["document_id"] for one in found["documents"]] == told, group


def files_with(data: Path, *words: str) -> set[str]:
    """Names of the files of a folder with one of the words; of SQLite's journals, that of the database."""
    paths = (found.rpartition(" in ")[2] for found in residue(data, words))
    return {Path(path).name.removesuffix("-wal").removesuffix("-shm") for path in paths}
