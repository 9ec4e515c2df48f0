"""Questions that found no answer: kept only where the operator says so, for a while, and erased for good."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from service.flows.upkeep.backup import back_up
from service.state import unanswered
from service.state.identity import KeyOptions, Scope, new_key
from service.state.unanswered import FILE, UnansweredQuestions, has_unanswered, open_unanswered_store
from tests.patience import eventually
from tests.service.faces.pages.pages import LAMP, page, told
from tests.service.http_service import put, served

ASKED = "Does the zeppelin of Valparaiso quack?"
ANSWERED = "Who lit the lamp in the north tower at dusk?"


def ask(client: TestClient, question: str, **more: object) -> float:
    body = {"question": question, **more}
    return float(client.post("/v1/ask", json=body).json()["answerability"])


def texts(client: TestClient) -> list[str]:
    return [one.question for one in client.app.state.runtime.answering.unanswered.store.newest(limit=100)]  # type: ignore[attr-defined]


def test_by_default_nothing_is_kept(client: TestClient, library: Library) -> None:
    put(client, "a.txt", LAMP)
    ask(client, ASKED)
    assert "No questions are kept" in told(page(client, "/status/unanswered"))
    assert client.post("/status/unanswered/clear").status_code == 200
    assert not (library.data / FILE).exists()


def test_questions_without_an_answer_are_listed_and_erased(library: Library) -> None:
    with served(library, keep_unanswered_days=30) as client:
        put(client, "a.txt", LAMP)
        assert ask(client, ASKED) < unanswered.LEAST
        assert ask(client, ANSWERED) >= unanswered.LEAST
        eventually(lambda: texts(client) == [ASKED])
        html = page(client, "/status/unanswered")
        for said in (ASKED, "erased after 30 days", "default"):
            assert said in told(html)
        assert ANSWERED not in told(html)
        assert (library.data / FILE).stat().st_mode & 0o077 == 0
        assert "There are none" in client.post("/status/unanswered/clear").text
        assert texts(client) == []
    assert_erased(library.data)


def assert_erased(data: Path) -> None:
    for path in data.glob(f"{FILE}*"):
        assert b"zeppelin" not in path.read_bytes(), path


def test_only_administrators_see_them_and_each_those_of_its_collections(library: Library) -> None:
    with served(library, api_key="correct-horse", keep_unanswered_days=1) as client:
        client.headers["authorization"] = "Bearer correct-horse"
        for name in ("default", "notes"):
            client.put(f"/v1/collections/{name}")
            ask(client, f"{ASKED} {name}", collection=name)
        eventually(lambda: len(texts(client)) == 2)

        def as_key(scope: Scope, **options: object) -> dict[str, str]:
            token, key = new_key("a", scope, KeyOptions(**options))  # type: ignore[arg-type]
            client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
            return {"authorization": f"Bearer {token}"}

        assert client.get("/status/unanswered", headers=as_key(Scope.WRITE)).status_code == 403
        some = as_key(Scope.ADMIN, collections=["notes"])
        shown = client.get("/status/unanswered", headers=some).text
        assert f"{ASKED} notes" in shown
        assert f"{ASKED} default" not in shown
        client.post("/status/unanswered/clear", headers=some)
        assert texts(client) == [f"{ASKED} default"]


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_old_ones_too_many_and_those_of_deleted_collections_go(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgresql_url") if where == "postgresql" else ""
    store = open_unanswered_store(tmp_path, store=url, most=3)
    kept = UnansweredQuestions(store, keep_days=1, collections=lambda: ["default"])
    now = time.time()
    store.add([(now - 2 * 86_400, "default", "old zeppelin", 0.1), (now, "gone", "gone zeppelin", 0.1)])
    kept.note("default", "new", 0.1)
    kept.note("default", "answered", 0.2)
    kept.upkeep()
    assert [one.question for one in store.newest(limit=10)] == ["new"]
    for number in range(5):
        kept.note("default", str(number), 0.0)
    kept.upkeep()
    assert [one.question for one in store.newest(limit=10)] == ["4", "3", "2"]
    (_, second, _) = store.newest(limit=10)
    assert [one.question for one in store.newest(limit=10, before=second.number)] == ["2"]
    assert_erased(tmp_path)
    assert has_unanswered(tmp_path, store=url)
    assert not has_unanswered(tmp_path / "none")
    assert store.clear(["other"]) == 0
    assert store.clear() == 3
    store.close()


def test_a_backup_has_none(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Library(data, embedder=WordEmbedder()) as library:
        library.open("default", create=True)
        open_unanswered_store(data).close()
        back_up(data, tmp_path / "backup")
    assert not list((tmp_path / "backup").rglob(f"{FILE}*"))
