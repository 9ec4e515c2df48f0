"""The Python client against a running service: what it sends, and what it makes of the replies."""

import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from loccit_client import AsyncClient, Client, InvalidRequest, JobEvent, NotFound, VerifyOptions, WaitTimeout

from tests.clients.conftest import MARS, NORTH, Service
from tests.patience import PATIENCE

pytestmark = pytest.mark.anyio


@pytest.fixture
async def asynchronous(service: Service) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(service.url) as client:
        yield client


# Questions and citations


def test_a_passage_is_the_part_of_its_document_that_the_citation_names(client: Client) -> None:
    found = client.ask("Who lit the lamp in the north tower?", k=2)
    citation = found.passages[0].citation
    assert (citation.document_id, citation.source) == ("lamps/north.md", "https://lamps.example/")
    text = client.documents.text(citation.document_id, version=citation.version)
    assert text[citation.start : citation.end] == citation.quote == found.passages[0].text
    assert 0 < found.passages[0].probability <= found.answerability <= 1
    assert len(found.passages) == 2
    assert found.raw["passages"][0]["citation"]["quote"] == citation.quote
    for evidence in found.passages[0].evidence:
        assert found.passages[0].sentence(evidence) == text[evidence.start : evidence.end]


def test_passages_are_cut_off_by_their_probability(client: Client) -> None:
    found = client.ask("lamp moons harbour", k=3)
    probabilities = [passage.probability for passage in found.at_least(0.0)]
    assert probabilities == sorted(probabilities, reverse=True)
    assert len(found.at_least(probabilities[0])) < len(probabilities) == 3


def test_options_of_a_question_reach_the_service(client: Client) -> None:
    where = {"type": "eq", "key": "year", "value": 2020}
    (passage,) = client.ask("lamp moons", filter=where).passages
    assert (passage.citation.document_id, passage.metadata) == ("mars.txt", {"year": 2020})
    sentences = client.ask("Who lit the lamp?", extent="sentences", k=1, formats=["plain", "csl_json"])
    assert "whale" not in sentences.passages[0].text
    assert sentences.passages[0].formats.keys() == {"plain", "csl_json"}
    assert client.ask("zebras?", min_answerability=1.0).withheld
    follow_up = client.ask(
        "And what did it burn?",
        turns=[{"role": "user", "text": "Who lit the lamp?"}, {"role": "assistant", "text": "The keeper."}],
    )
    assert follow_up.passages[0].citation.document_id == "lamps/north.md"
    with pytest.raises(NotFound) as raised:
        client.ask("moons", collection="nowhere")
    assert (raised.value.code, raised.value.status) == ("collection_not_found", 404)
    assert raised.value.request_id
    assert raised.value.request_id in str(raised.value)


def test_several_questions_are_asked_at_once(client: Client) -> None:
    lamp, moons = client.ask_many(["Who lit the lamp?", "Which moons has Mars?"], k=1)
    assert lamp.passages[0].citation.document_id == "lamps/north.md"
    assert moons.passages[0].citation.document_id == "mars.txt"


def test_several_collections_are_asked_at_once(client: Client, service: Service) -> None:
    client.collections.create("moons")
    client.documents.put("phobos.txt", "Phobos is a moon of Mars.", collection="moons", wait=True)
    try:
        with Client(service.url, collection="elsewhere") as other:
            found = other.ask("Which moon does Mars have?", collections=["default", "moons"], k=3)
            assert {one.name for one in found.collections} == {"default", "moons"}
            cited = next(one.citation for one in found.passages if one.citation.collection == "moons")
            assert client.cite(cited.locator, collection=cited.collection).quote == cited.quote
            assert len(other.ask_many(["moons?", "lamps?"], collections=["moons"])) == 2
            answered = other.answer("Which moon does Mars have?", collections="*", min_answerability=0)
            assert {"default", "moons"} <= {one.name for one in answered.collections}
            for options in ({"collections": []}, {"collections": ["moons"], "collection": "moons"}):
                with pytest.raises(InvalidRequest):
                    other.ask("moons?", **options)  # type: ignore[arg-type]
    finally:
        client.collections.delete("moons")


def test_a_citation_is_looked_up_and_written_in_other_formats(client: Client) -> None:
    locator = client.ask("harbour master", k=1).passages[0].citation.locator
    found = client.cite(locator, around=10)
    assert (found.locator, found.page, found.standing.status) == (locator, 2, "current")
    assert found.rectangles[0].page == 2
    plain, csl = client.cite_as(locator, "plain"), client.cite_as(locator, "csl_json")
    assert locator in plain
    assert isinstance(csl, dict)
    assert csl["annote"] == found.quote
    assert client.url_of(found.links["view"]).startswith("http://127.0.0.1:")


def test_quotes_citations_and_answers_are_verified(client: Client) -> None:
    locator = client.ask("moons of Mars", k=1).passages[0].citation.locator
    found = client.verify(
        citations=[locator, {"locator": locator, "quote": "Mars has three moons, Phobos and Deimos."}],
        quotes=[MARS, {"quote": MARS, "document_id": "lamps/north.md"}],
        answer="Mars has three moons, Phobos and Deimos [1].",
        cited=[locator],
    )
    assert [one.holds for one in found.citations] == [True, False]
    assert [one.status for one in found.quotes] == ["verified", "misattributed"]
    assert found.answer is not None
    verdict = found.answer.sentences[0].verdict
    assert verdict is not None
    assert verdict.status == "contradicted"
    assert (verdict.conflicts[0].claimed, verdict.conflicts[0].stated) == ("three", "two")


def test_claims_are_judged_as_the_caller_asks(client: Client) -> None:
    locator = client.ask("moons of Mars", k=1).passages[0].citation.locator
    asked = {"answer": "Mars has two moons, Phobos and Deimos [1].", "cited": [locator], "read": False}
    statuses = []
    for least in (None, 0.0, 1.0):
        answer = client.verify(**asked, supported_from=least).answer
        assert answer is not None
        verdict = answer.sentences[0].verdict
        assert verdict is not None
        statuses.append(verdict.status)
    assert statuses == ["supported", "supported", "unsupported"]


def test_verdicts_are_followed_while_they_are_made(client: Client) -> None:
    words = "The lamp in the north tower was lit at dusk."
    options: VerifyOptions = {"answer": f"{words} “Mars has two moons.”", "quotes": ["no such words"]}
    events = list(client.verify_events(**options))
    assert [event.name for event in events] == ["sentence", "sentence", "quote", "finished"]
    whole = events[-1].result
    assert whole is not None
    assert whole.answer is not None
    assert whole == client.verify(**options)
    sentences = [event.sentence for event in events if event.sentence]
    assert [one.verdict for one in sentences] == [one.verdict for one in whole.answer.sentences]
    assert [quote for event in events for quote in event.quotes] == whole.answer.quotes
    assert [event.verdict for event in events if event.verdict] == whole.quotes


def test_documents_that_disagree_are_told(client: Client) -> None:
    assert client.conflicts().conflicts == []
    client.documents.put("mars-again.txt", "Mars has three moons, Phobos and Deimos.")
    (one,) = client.conflicts().conflicts
    assert (one.kind, one.newer.words, one.older.words) == ("number", "three", "two")
    again = client.conflicts([one.older.citation.locator])
    assert [each.newer.citation.locator for each in again.conflicts] == [one.newer.citation.locator]
    client.documents.delete("mars-again.txt")


# Answers


def test_an_answer_is_sentences_with_citations(client: Client) -> None:
    found = client.answer("Who lit the lamp in the north tower?", min_answerability=0.0)
    assert (found.mode, found.declined) == ("extractive", False)
    for one in found.sentences:
        assert found.answer[one.start : one.end] == one.text
        assert one.citation is not None
        assert client.cite(one.citation.locator).quote == one.citation.quote
        assert found.sources[one.marks[0] - 1].document_id == one.citation.document_id
    declined = client.answer("Who lit the lamp in the north tower?", min_answerability=1.0)
    assert (declined.declined, declined.finish) == (True, "declined")


def test_an_answer_is_followed_while_it_is_made(client: Client) -> None:
    question = "Who lit the lamp in the north tower?"
    events = list(client.answer_events(question, min_answerability=0.0, k=2))
    assert [events[0].name, events[-1].name] == ["found", "finished"]
    whole = events[-1].answer
    assert whole is not None
    assert "".join(event.text for event in events) == whole.answer
    assert [event.sentence for event in events if event.sentence] == whole.sentences
    assert len(whole.passages) <= 2
    assert whole.answer == client.answer(question, min_answerability=0.0, k=2).answer


# Documents


def test_a_document_is_put_changed_compared_and_deleted(client: Client) -> None:
    name = "notes/a b#?%ü.txt"  # each of these means something in an address
    assert client.documents.put(name, "The keeper is old.", title="Notes").status == "added"
    assert client.documents.put(name, "The keeper is young.").status == "replaced"
    assert client.documents.put(name, "The keeper is young.").status == "unchanged"
    assert client.documents.get(name).version == 2
    assert [one.version for one in client.documents.versions(name).versions] == [2, 1]
    (hunk,) = client.documents.diff(name, 1).hunks
    assert [line.kind for line in hunk.lines] == ["delete", "insert"]
    assert client.documents.update(name, metadata={"year": 1860}).metadata == {"year": 1860}
    assert client.documents.update(name, metadata={"year": None}).metadata == {}
    planned = client.documents.prune(keep_versions=1)
    assert (planned.done, [one.document_id for one in planned.versions]) == (False, [name])
    gone = client.documents.delete(name, wait=True)
    assert (gone.versions, gone.passages, gone.purged) == (2, 1, "done")
    with pytest.raises(NotFound, match="document_not_found"):
        client.documents.get(name)


def test_files_are_put_as_they_are(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "words.md"
    file.write_text("# Words\n\nSome words.\n")
    sent: list[tuple[int, int]] = []
    put = client.documents.put(
        "files/words.md", file, title="A title", on_progress=lambda done, total: sent.append((done, total))
    )
    assert (put.title, put.media_type) == ("A title", "text/markdown")
    assert sent[-1] == (file.stat().st_size, file.stat().st_size)
    with pytest.raises(ValueError, match="update"):
        client.documents.put("files/words.md", b"words", metadata={"year": 1})
    client.documents.delete("files/words.md")


def test_a_list_of_documents_is_read_page_by_page(client: Client) -> None:
    ids = [one.document_id for one in client.documents.list(page_size=1)]
    assert ids == ["harbour.pdf", "lamps/north.md", "mars.txt"]
    assert [one.document_id for one in client.documents.list(prefix="lamps/")] == ["lamps/north.md"]


def test_changes_are_listed_and_citations_followed(client: Client) -> None:
    client.documents.put("moving.txt", "A sentence about pelicans.", wait=True)
    locator = client.ask("pelicans", k=1).passages[0].citation.locator
    since = client.changes().until
    client.documents.put("moving.txt", "Another one first. A sentence about pelicans.")
    followed = client.follow([locator], since=since)
    assert [(one.kind, one.document_id) for one in followed.documents] == [("replaced", "moving.txt")]
    assert [one.status for one in followed.citations] == ["moved"]
    # What is embedded is a change, too.
    assert since < client.changes(since=since, limit=1).documents[0].change <= followed.until
    client.documents.delete("moving.txt")


# Collections and jobs


def test_collections_are_made_listed_and_deleted(client: Client, service: Service) -> None:
    assert client.collections.create("planets").documents == 0
    assert {one.name for one in client.collections.list()} == {"default", "planets"}
    with Client(service.url, collection="planets") as planets:
        planets.documents.put("venus.txt", "Venus has no moon.", wait=True)
        assert planets.ask("moon").passages[0].citation.document_id == "venus.txt"
        assert planets.documents.get("venus.txt").links["self"].endswith("collection=planets")
    assert client.collections.get("planets").documents == 1
    assert client.collections.plan_upgrade("planets").changes == []
    assert client.collections.delete("planets").name == "planets"
    with pytest.raises(NotFound):
        client.collections.get("planets")


def test_many_files_are_ingested_and_the_job_is_followed(client: Client, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "saturn.txt").write_text("Saturn has rings of ice.")
    (tmp_path / "deep" / "saturn.txt.meta.json").write_text('{"title": "Saturn"}')
    (tmp_path / ".hidden.txt").write_text("Not this.")
    (tmp_path / "empty.txt").write_text("")
    sent: list[tuple[int, int]] = []
    job = client.ingest(
        [tmp_path, ("uranus.txt", b"Uranus lies on its side.")],
        prefix="planets",
        metadata={"kind": "planet"},
        on_progress=lambda done, total: sent.append((done, total)),
    )
    assert sent[-1][0] == sent[-1][1] > 0
    events = list(client.jobs.events(job.job_id))
    assert all(isinstance(event, JobEvent) for event in events)
    assert (events[-1].name, events[-1].job.state) == ("finished", "done")
    done = client.jobs.wait(job.job_id, timeout=PATIENCE)
    assert (done.files.added, done.files.refused) == (2, 1)
    (refused,) = client.jobs.files(job.job_id, state="refused")
    assert (refused.name, refused.code) == ("planets/empty.txt", "empty_document")
    saturn = client.documents.get("planets/deep/saturn.txt")
    assert (saturn.title, saturn.metadata) == ("Saturn", {"kind": "planet"})
    assert client.jobs.retry(job.job_id).job_id == job.job_id
    client.jobs.wait(job.job_id)
    assert job.job_id in [one.job_id for one in client.jobs.list(collection="default", page_size=1)]
    client.jobs.delete(job.job_id)
    for one in client.documents.list(prefix="planets/"):
        client.documents.delete(one.document_id)


def test_texts_are_ingested_and_a_wait_can_end(client: Client) -> None:
    job = client.ingest_texts([{"document_id": "neptune.txt", "text": "Neptune is blue."}], prefix="far")
    seen: list[str] = []
    done = client.jobs.wait(job.job_id, on_progress=lambda now: seen.append(now.state))
    assert (done.state, seen[-1], done.files.added) == ("done", "done", 1)
    assert client.documents.text("far/neptune.txt") == "Neptune is blue."
    assert client.jobs.cancel(job.job_id).state == "done"
    with pytest.raises(WaitTimeout, match="It goes on"):
        client.jobs.wait(job.job_id, timeout=0)
    client.documents.delete("far/neptune.txt")
    with pytest.raises(InvalidRequest, match="invalid_url"):
        client.ingest_web(["ftp://example.org/"])


def test_a_path_where_nothing_is_sends_nothing(client: Client, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        client.ingest([tmp_path / "nowhere"])


# The asynchronous client


async def test_the_asynchronous_client_does_the_same(asynchronous: AsyncClient, tmp_path: Path) -> None:
    found = await asynchronous.ask("Who lit the lamp in the north tower?", k=1)
    citation = found.passages[0].citation
    text = await asynchronous.documents.text(citation.document_id)
    assert text[citation.start : citation.end] == citation.quote
    assert text.startswith("Lamps")
    ids = [one.document_id async for one in asynchronous.documents.list(page_size=1)]
    assert ids == ["harbour.pdf", "lamps/north.md", "mars.txt"]
    names = [event.name async for event in asynchronous.answer_events("Who lit the lamp?", k=1)]
    assert (names[0], names[-1]) == ("found", "finished")
    assert (await asynchronous.answer("Who lit the lamp?", k=1)).question == "Who lit the lamp?"
    (tmp_path / "io.txt").write_text("Io is a moon of Jupiter.")
    sent: list[int] = []
    job = await asynchronous.ingest([tmp_path], on_progress=lambda done, _: sent.append(done))
    assert sent[-1] > 0
    states = [event.job.state async for event in asynchronous.jobs.events(job.job_id)]
    assert states[-1] == (await asynchronous.jobs.wait(job.job_id)).state == "done"
    put = await asynchronous.documents.put("europa.txt", b"Europa has ice.", on_progress=lambda done, _: None)
    assert put.status == "added"
    for name in ("io.txt", "europa.txt"):
        await asynchronous.documents.delete(name)
    with pytest.raises(NotFound, match="collection_not_found"):
        await asynchronous.ask("moons", collection="nowhere")


def test_both_clients_have_the_same_methods() -> None:
    def public(client: object) -> dict[str, list[str]]:
        groups = {"": client, **{name: one for name, one in vars(client).items() if not name.startswith("_")}}
        return {
            name: sorted(
                f"{method}{list(inspect.signature(found).parameters)}"
                for method, found in inspect.getmembers(group, callable)
                if not method.startswith("_")
            )
            for name, group in groups.items()
        }

    one, other = public(Client()), public(AsyncClient())
    other[""] = [method.replace("aclose", "close") for method in other[""]]
    assert {name: sorted(methods) for name, methods in other.items()} == one
    assert one.keys() == {"", "documents", "collections", "jobs", "sources"}


def test_methods_look_as_if_they_were_written_out() -> None:
    signature = inspect.signature(Client().documents.diff)
    assert list(signature.parameters) == ["document_id", "old", "new", "collection"]
    assert signature.return_annotation == "Diff"
    assert inspect.signature(Client().documents.list).return_annotation == "Iterator[Document]"
    assert "difference" in (Client.diff if hasattr(Client, "diff") else Client().documents.diff).__doc__


def test_a_client_does_not_show_its_key() -> None:
    assert "secret" not in repr(Client("http://127.0.0.1:1", key="secret"))


def test_the_text_of_the_test_has_an_emoji_before_its_quotes() -> None:
    assert not NORTH.isascii()
