"""Questions that documents do not answer: kept where an administrator turned that on, grouped, and mended."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.flows.gaps import group_questions
from service.flows.gaps.grouping import LIKENESS
from service.state.databases.postgresql import PostgresqlDatabase
from service.state.identity import KeyOptions, Scope, new_key
from service.state.questions import (
    FILE,
    KEEP_DAYS,
    AskedQuestion,
    GivenAnswer,
    KeptQuestions,
    has_questions,
    open_question_store,
    prepare,
)
from tests.service.faces.pages.pages import LAMP, page, told, words
from tests.service.http_service import put, served

ASKED = "Does the zeppelin of Valparaiso quack?"
MENDED = "The zeppelin of Valparaiso does quack at dawn, says its captain."


@pytest.fixture
def asking(library: Library) -> Iterator[TestClient]:
    with served(library) as client:
        put(client, "a.txt", LAMP)
        yield client


def ask(client: TestClient, question: str = ASKED, **more: Any) -> None:
    assert client.post("/v1/ask", json={"question": question}, **more).status_code == 200


def shown(client: TestClient, **more: Any) -> str:
    response = client.get("/library/gaps", **more)
    assert response.status_code == 200, response.text
    return str(response.text)


def test_nothing_is_kept_before_an_administrator_turns_it_on(asking: TestClient, library: Library) -> None:
    ask(asking)
    html = page(asking, "/library/gaps")
    assert "Questions can hold personal data" in told(html)
    assert asking.post("/v1/feedback", json={"question": ASKED, "verdict": "down"}).json() == {"kept": False}
    assert "It does not answer" not in asking.get("/", params={"q": ASKED}).text
    assert not has_questions(library.data)
    assert not (library.data / FILE).exists()


def test_a_gap_is_seen_and_mended(asking: TestClient, library: Library) -> None:
    (form,) = page(asking, "/library/gaps").xpath("//form[contains(@action, '/keep')]")
    kept = asking.post(form.get("action"))
    assert f"each for {KEEP_DAYS:.0f} days" in kept.text
    assert (library.data / FILE).stat().st_mode & 0o077 == 0
    for question in (ASKED, ASKED, f"{ASKED[:-1]} today?"):
        ask(asking, question)
    ask(asking, "Who lit the lamp in the north tower at dusk?")
    (group,) = page(asking, "/library/gaps").xpath("//ol[@class='gaps']/li")
    assert "asked 3 times" in words(group)
    assert "Not mentioned in the nearest passages: " in words(group)
    assert "Valparaiso" in words(group)
    assert "answered by now" not in words(group)
    put(asking, "zeppelins.txt", MENDED)
    assert "answered by now" in words(page(asking, "/library/gaps").xpath("//ol[@class='gaps']/li")[0])
    assert "There are none" in told(page(asking, "/library/gaps?week=1"))
    asking.post("/library/gaps/stop")
    assert "No questions are kept" in shown(asking)
    ask(asking)
    for path in library.data.glob(f"{FILE}*"):
        assert b"zeppelin" not in path.read_bytes(), path


def test_greetings_are_no_questions(asking: TestClient) -> None:
    (form,) = page(asking, "/library/gaps").xpath("//form[contains(@action, '/keep')]")
    asking.post(form.get("action"))
    ask(asking, "Thank you very much!")
    ask(asking)
    assert "zeppelin" in shown(asking)
    assert "Thank you" not in shown(asking)


def test_a_thumb_with_a_reason_is_kept_and_said_so(asking: TestClient) -> None:
    asking.post("/library/gaps/keep")
    html = page(asking, "/", q=ASKED)
    (form,) = html.xpath("//form[@class='judge']")
    fields = {one.get("name"): one.get("value") for one in form.xpath(".//input[@type='hidden']")}
    said = asking.post(form.get("action"), data={**fields, "verdict": "down", "reason": "Only <b>ducks</b>."})
    assert "Thank you" in said.text
    assert "Only &lt;b&gt;ducks&lt;/b&gt;." in shown(asking)
    assert "1 answer was judged to be bad" in shown(asking)
    for form in ("markdown", "bibtex"):
        assert asking.get("/hand-on", params={"q": ASKED, "form": form}).status_code == 200
    assert "asked once" in shown(asking)
    up = asking.post("/v1/feedback", json={"question": "Who lit the lamp?", "verdict": "up"}).json()
    assert up == {"kept": True}
    assert "Who lit the lamp?" not in shown(asking)
    assert asking.post("/v1/feedback", json={"question": "a", "verdict": "so-so"}).status_code == 422


def test_nobody_reads_questions_of_those_who_may_read_more(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        admin = {"authorization": "Bearer correct-horse"}
        client.headers.update(admin)
        put(client, "a.txt", LAMP)
        client.post("/library/gaps/keep")
        runtime = client.app.state.runtime  # type: ignore[attr-defined]
        for groups in (["keepers"], ["keepers", "guards"], []):
            token, key = new_key("one", Scope.READ, KeyOptions(groups=groups))
            runtime.keyring.add(key)
            ask(
                client,
                f"Do zeppelins of {'-'.join(groups) or 'nobody'} quack?",
                headers={"authorization": f"Bearer {token}"},
            )
        ask(client, "Do zeppelins of everybody quack?")
        assert all(one in shown(client) for one in ("keepers-guards", "nobody", "everybody"))
        seen = shown(client, headers={**admin, "X-On-Behalf-Of": "keepers"})
        assert "of keepers quack" in seen
        assert "of nobody quack" in seen
        assert "keepers-guards" not in seen
        assert "everybody" not in seen
        token, key = new_key("other", Scope.ADMIN, KeyOptions(collections=["other"]))
        runtime.keyring.add(key)
        other = client.get("/library/gaps?collection=default", headers={"authorization": f"Bearer {token}"})
        assert other.status_code == 404


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_old_ones_too_many_and_those_of_deleted_collections_go(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgresql_url") if where == "postgresql" else ""
    now, day = time.time(), 86_400
    old, new = now - (KEEP_DAYS + 1) * day, now - (KEEP_DAYS - 1) * day
    with closing(open_question_store(tmp_path, store=url, most=5)) as store:
        for name in ("default", "gone"):
            store.keep(name)
            store.add([AskedQuestion(asked, name, f"zeppelin {asked}", 0.1) for asked in (old, new)])
            store.count([GivenAnswer(asked, name, "zeppelin.txt") for asked in (old, new, new)])
        assert store.answered("default") == [("zeppelin.txt", 3)]
        assert store.prune(before=now - KEEP_DAYS * day, existing=["default"]) == 3
        assert [one.asked for one in store.asked("default", 0, now)] == [new]
        assert store.asked("gone", 0, now) == store.answered("gone") == []
        assert store.answered("default") == [("zeppelin.txt", 2)]
        assert set(store.kept()) == {"default"}
        groups = (None, frozenset[str](), frozenset({"a", "b"}))
        written = [
            AskedQuestion(now, "default", str(n), 0.2, "down", "No.", one) for n, one in enumerate(groups)
        ]
        store.add([*written, *written])
        store.prune(before=0, existing=["default"])
        assert store.asked("default", 0, now + 1) == [*written, *written][:0:-1]
        assert (store.clear(["other"]), store.clear()) == (0, 5)
        assert store.kept() == {}
    assert has_questions(tmp_path, store=url)
    assert not has_questions(tmp_path / "none")
    for path in tmp_path.glob(f"{FILE}*"):
        assert b"zeppelin" not in path.read_bytes(), path


def test_a_setting_keeps_those_of_all_collections_for_its_days(library: Library) -> None:
    with served(library, keep_unanswered_days=2) as client:
        put(client, "a.txt", LAMP)
        ask(client)
        assert "of all collections, each for 2 days" in shown(client)
        assert "Turn it off" not in shown(client)
        told = client.get("/v1/gaps").json()
        assert (told["kept"], told["since"], told["days"]) == (True, None, 2)
        assert [one["question"] for one in told["gaps"]] == [ASKED]
    kept = KeptQuestions(library.data, store="", keep_days=0, collections=lambda: ["default"])
    assert kept.store() is not None
    kept.close()
    assert not kept.note(AskedQuestion(1, "default", ASKED, 0.1))


def test_a_file_of_the_version_before_is_opened_and_checked_as_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / FILE
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript(
            """
            CREATE TABLE questions (
                number INTEGER PRIMARY KEY AUTOINCREMENT, asked REAL NOT NULL, collection TEXT NOT NULL,
                question TEXT NOT NULL, probability REAL NOT NULL
            );
            CREATE INDEX questions_asked ON questions (asked);
            CREATE INDEX questions_whole ON questions (asked, collection, question, probability);
            INSERT INTO questions VALUES (7, 1.0, 'default', 'Why?', 0.1);
            PRAGMA user_version = 1;
            """
        )
    old.rename(new)
    with closing(open_question_store(tmp_path)) as store:
        assert store.asked("default", 0, 2) == [AskedQuestion(1.0, "default", "Why?", 0.1)]
    with closing(sqlite3.connect(new)) as connection, closing(sqlite3.connect(":memory:")) as other:
        prepare(other, Path(":memory:"))
        shape = (
            "SELECT m.name, group_concat(i.name) FROM sqlite_master m, pragma_index_info(m.name) i GROUP BY 1"
        )
        assert connection.execute(shape).fetchall() == other.execute(shape).fetchall()


FORMER_TABLES = """
    CREATE TABLE gaps (
        number {number} PRIMARY KEY, asked {real} NOT NULL, collection TEXT NOT NULL, question TEXT NOT NULL,
        probability {real} NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL, groups TEXT
    );
    CREATE INDEX gaps_asked ON gaps (collection, asked);
    CREATE TABLE kept (collection TEXT PRIMARY KEY, since {real} NOT NULL);
    INSERT INTO gaps VALUES
        (3, 1.0, 'default', 'Why a zeppelin?', 0.1, '', '', NULL),
        (4, 2.0, 'default', 'And who?', 0.0, 'down', 'No.', '["a"]');
    INSERT INTO kept VALUES ('default', 0.5);
"""
"""Those of a version that kept what administrators had turned on apart from what a setting keeps."""


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_what_a_version_before_kept_apart_is_taken_over_once(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgresql_url") if where == "postgresql" else ""
    former = tmp_path / "gaps.db"
    if url:
        tables = FORMER_TABLES.format(number="bigint", real="double precision")
        PostgresqlDatabase(url, "gaps", (tables,)).close()
    else:
        with closing(sqlite3.connect(former)) as connection:
            connection.executescript(FORMER_TABLES.format(number="INTEGER", real="REAL"))
    assert has_questions(tmp_path, store=url)
    for _ in range(2):
        with closing(open_question_store(tmp_path, store=url)) as store:
            assert store.kept() == {"default": 0.5}
            assert store.asked("default", 0, 9) == [
                AskedQuestion(2.0, "default", "And who?", 0.0, "down", "No.", frozenset({"a"})),
                AskedQuestion(1.0, "default", "Why a zeppelin?", 0.1),
            ]
        assert not list(tmp_path.glob("gaps.db*"))


def test_a_damaged_file_of_a_version_before_is_removed(tmp_path: Path) -> None:
    former = tmp_path / "gaps.db"
    former.write_bytes(b"Why a zeppelin?" * 99)
    with closing(open_question_store(tmp_path)) as store:
        assert store.asked("default", 0, 9) == []
    assert not former.exists()


def test_stale_sources_are_ordered_by_the_answers_that_they_carried(asking: TestClient) -> None:
    asking.post("/library/gaps/keep")
    texts = {
        "old.txt": ("The ferry to Orsk leaves at noon.", {"date": "2001-02-03"}),
        "rules.txt": ("The harbour master of Orsk is Ada Brandt.", {}),
        "rules-2.txt": ("This text replaces the rules of Orsk.", {"supersedes": "rules.txt"}),
        "ended.txt": ("The bridge of Orsk is closed for repairs.", {"valid_to": "2020-01-01"}),
        "new.txt": ("The museum of Orsk shows kites.", {}),
    }
    for name, (text, metadata) in texts.items():
        put(asking, name, text, metadata=metadata)
    questions = {
        "When does the ferry to Orsk leave?": 1,
        "Who is the harbour master of Orsk?": 3,
        "Why is the bridge of Orsk closed?": 2,
        "What does the museum of Orsk show?": 4,
    }
    for question, count in questions.items():
        for _ in range(count):
            ask(asking, question)
    told = asking.get("/v1/gaps").json()["stale"]
    assert [(one["document_id"], one["answers"], one["reason"]) for one in told] == [
        ("rules.txt", 3, "superseded"),
        ("ended.txt", 2, "expired"),
        ("old.txt", 1, "old"),
    ]
    assert (told[0]["superseded_by"], told[2]["day"]) == (["rules-2.txt"], "2001-02-03")
    listed = [words(one) for one in page(asking, "/library/gaps").xpath("//ol[@class='stale']/li")]
    assert [one.split(":")[0] for one in listed] == ["rules.txt", "ended.txt", "old.txt"]
    assert " ".join(listed[0].split()) == "rules.txt: answered 3 questions; superseded by rules-2.txt"


def test_a_renamed_document_keeps_its_answers(asking: TestClient) -> None:
    asking.post("/library/gaps/keep")
    put(asking, "old.txt", "The ferry to Orsk leaves at noon.", metadata={"date": "2001-02-03"})
    ask(asking, "When does the ferry to Orsk leave?")
    asking.get("/v1/gaps")
    assert asking.patch("/v1/documents/old.txt", json={"document_id": "new.txt"}).status_code == 200
    ask(asking, "When does the ferry to Orsk leave?")
    (one,) = asking.get("/v1/gaps").json()["stale"]
    assert (one["document_id"], one["answers"]) == ("new.txt", 2)


def test_groups_do_not_depend_on_the_order_of_questions() -> None:
    vectors = np.array(
        [[1, 0, 0], [0.9, 0.436, 0], [0, 0, 1], [1, 0, 0], [0.05, 0, 0.9987]], dtype=np.float32
    )
    asked = [AskedQuestion(float(at), "a", name, 0.1) for at, name in enumerate("abcad")]
    found = {frozenset(one.question for one in group.questions) for group in group_questions(asked, vectors)}
    assert found == {frozenset("ab"), frozenset("cd")}
    back = group_questions(asked[::-1], vectors[::-1])
    assert {frozenset(one.question for one in group.questions) for group in back} == found
    assert back[0].count == 3
    assert back[0].name == "a"
    assert group_questions([], np.zeros((0, 3), dtype=np.float32)) == []


def test_groups_that_documents_may_answer_come_last_and_below(asking: TestClient) -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 0, 1, 1, 2]]
    asked = [AskedQuestion(1.0, "a", f"{n}", 0.3 if n < 3 else 0.2) for n in range(6)]
    found = group_questions(asked, vectors)
    assert [(one.count, one.is_uncertain) for one in found] == [(2, False), (1, False), (3, True)]
    judged = [AskedQuestion(1.0, "a", "b", 0.1), AskedQuestion(2.0, "a", "b", 0.0, "down")]
    (one,) = group_questions(judged, vectors[:2])
    assert (one.count, one.words, one.disliked) == (1, [("b", 1)], 1)
    asking.post("/library/gaps/keep")
    store = asking.app.state.runtime.answering.kept.store()  # type: ignore[attr-defined]
    for question, probability in ((ASKED, 0.1), ("Is the lamp of Orsk blue?", 0.4)):
        store.add([AskedQuestion(time.time(), "default", question, probability)])
    html = page(asking, "/library/gaps")
    first, second = html.xpath("//ol[@class='gaps']")
    assert ASKED in words(first)
    assert "Is the lamp of Orsk blue?" in words(second)
    assert "Uncertain" in [words(one) for one in html.xpath("//h2")]
    assert [one["uncertain"] for one in asking.get("/v1/gaps").json()["gaps"]] == [False, True]


@pytest.mark.parametrize("seed", range(12))
def test_groups_are_those_of_joining_the_most_alike_again_and_again(seed: int) -> None:
    draw = np.random.default_rng(seed)
    count = int(draw.integers(1, 50))
    vectors = draw.normal(size=(8, 12))[draw.integers(0, 8, count)] + draw.normal(size=(count, 12)) * 0.6
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    wanted, sums = [{n} for n in range(count)], vectors.copy()
    while len(wanted) > 1:
        means = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        cosines = np.where(np.eye(len(wanted), dtype=bool), -1, means @ means.T)
        keep, gone = sorted(divmod(int(cosines.argmax()), len(wanted)))
        if cosines.max() < LIKENESS:
            break
        wanted[keep] |= wanted.pop(gone)
        sums[keep] += sums[gone]
        sums = np.delete(sums, gone, axis=0)
    asked = [AskedQuestion(float(n), "a", str(n), 0.1) for n in range(count)]
    found = [{int(one.question) for one in group.questions} for group in group_questions(asked, vectors)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, wanted))
