"""Every interface says that there is nothing to ask, or nothing that the filter admits."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from cli.instances import Question
from cli.instances.folder import Folder
from index.library import Library
from service.settings import Settings
from tests.service.http_service import put

NONE, FILTERED = "no documents that you may read", "no document that the filter admits"
NOBODY = {"type": "eq", "key": "author", "value": "nobody"}


def post(client: TestClient, path: str, **body: Any) -> Any:
    found = client.post(path, json=body)
    assert found.status_code == 200, found.text
    return found.json()


def told_by(client: TestClient, **options: Any) -> dict[str, str]:
    """What the programs' interfaces say to a question."""
    asked = {"question": "Who lit the lamp?", **options}
    messages = [{"role": "user", "content": "Who lit the lamp?"}]
    chat = post(client, "/v1/chat/completions", model="loccit", messages=messages, loccit=options)
    return {
        "ask": post(client, "/v1/ask", **asked)["notes"][0]["message"],
        "answer": post(client, "/v1/answer", **asked)["notes"][0]["message"],
        "mcp": post(client, "/tools/ask", **asked)["notes"][0],
        "chat": chat["choices"][0]["message"]["content"],
    }


@pytest.mark.parametrize("options", [{}, {"filter": NOBODY}])
def test_an_empty_collection_says_so(client: TestClient, options: Any) -> None:
    client.put("/v1/collections/default")
    for face, said in told_by(client, **options).items():
        assert NONE in said, face
        assert "loccit ingest FOLDER --collection default" in said, face


def test_a_filter_that_leaves_nothing_says_so(client: TestClient) -> None:
    put(client, "a.txt", "The keeper lit the lamp.")
    for face, said in told_by(client, filter=NOBODY).items():
        assert FILTERED in said, face
    (note,) = post(
        client, "/v1/ask", question="Who lit it?", filter={**NOBODY, "key": "printed_page", "value": "217"}
    )["notes"]
    assert note["code"] == "filtered_out"


def test_documents_that_share_nothing_with_a_question_were_asked(client: TestClient) -> None:
    put(client, "a.txt", "Sheep graze.")
    assert post(client, "/v1/ask", question="Who lit the lamp?")["notes"] == []


def test_several_collections_say_it_of_all(client: TestClient) -> None:
    for name in ("one", "two"):
        client.put(f"/v1/collections/{name}")
    both = {"question": "Who lit the lamp?", "collections": ["one", "two"]}
    (note,) = post(client, "/v1/ask", **both)["notes"]
    assert note == {"code": "no_documents", "message": note["message"]}
    assert note["message"].startswith("These collections have no documents")
    put(client, "a.txt", "The keeper lit the lamp.", collection="two")
    assert post(client, "/v1/ask", **both)["notes"] == []
    (note,) = post(client, "/v1/ask", **both, filter=NOBODY)["notes"]
    assert note["code"] == "filtered_out"


def test_as_of_a_time_before_all_documents(client: TestClient) -> None:
    put(client, "a.txt", "The keeper lit the lamp.")
    (note,) = post(client, "/v1/ask", question="Who lit the lamp?", as_of=0)["notes"]
    assert note["code"] == "no_documents"


def test_the_command_line_prints_it(library: Library) -> None:
    library.open("default", create=True)
    answer = Folder(library, "default", Settings(data=library.data)).ask(Question("Who lit the lamp?"))
    assert NONE in answer["notes"][0]["message"]
