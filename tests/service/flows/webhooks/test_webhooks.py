"""Webhooks: signed messages of what changed, tried again, given up, and listed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from index.collection import Collection
from index.errors import InvalidSource, LoccitError
from index.ingest.preparation import Source as Document
from index.library import Library
from service.flows.webhooks.configured import Webhook, change_webhook, validate_webhook, webhooks_of
from service.flows.webhooks.delivering import ATTEMPTS, Sender, Undeliverable, WebhookWorker, retry
from service.flows.webhooks.messages import signature
from service.settings import Settings
from service.state.jobs import open_job_store
from service.state.jobs.protocols import JobStore
from tests.index.sources.web.standins import Answer, Server, answer, send_for_ever
from tests.service.stores import in_each_store

SECRET = "whsec-of-the-hook"  # noqa: S105
URL = "https://hooks.test/loccit"
pytest_generate_tests = in_each_store


@dataclass
class Listener(httpx.BaseTransport):
    """The program at the address of a webhook."""

    status: int = 200
    got: list[httpx.Request] = field(default_factory=list)
    now: float = 1_800_000_000.0
    on_request: Callable[[], None] = lambda: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.on_request()
        request.read()
        self.got.append(request)
        return httpx.Response(self.status, text="a reply that nobody repeats")

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(one.content) for one in self.got]


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def collection(library: Library) -> Collection:
    return library.open("default", create=True)


@pytest.fixture
def jobs(library: Library) -> Iterator[JobStore]:
    store = open_job_store(library.data, store=library.config.store_url)
    yield store
    store.close()


@pytest.fixture
def worker(
    library: Library, jobs: JobStore, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> WebhookWorker:
    monkeypatch.setenv("LOCCIT_WEBHOOK_SECRET_TEAM", SECRET)
    sender = Sender(Settings(data=library.data), transport=listener, clock=lambda: listener.now)
    return WebhookWorker(library, jobs, sender)


def add(collection: Collection, **given: Any) -> None:
    webhook = validate_webhook(Webhook("team", URL, since=collection.last_change(), **given))
    change_webhook(collection, "team", lambda known: webhook)


def put(collection: Collection, name: str, text: str, **given: Any) -> None:
    collection.put(Document(name, text.encode(), **given))
    collection.refresh()


def one(collection: Collection) -> Webhook:
    (found,) = webhooks_of(collection)
    return found


def test_a_secret_in_base64_signs_as_the_libraries_of_the_standard_do() -> None:
    # The example of https://www.standardwebhooks.com
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_that_is_no_base64_is_told(
    collection: Collection, worker: WebhookWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCCIT_WEBHOOK_SECRET_TEAM", "whsec_???")
    add(collection)
    put(collection, "a.txt", "The lamp was lit.")
    worker.look_at("default")
    assert "is not base64" in one(collection).problem


def test_a_change_is_told_once_and_signed(
    collection: Collection, worker: WebhookWorker, listener: Listener
) -> None:
    put(collection, "before.txt", "It was there before.")
    add(collection)
    put(collection, "a.txt", "The lamp was lit.")
    for _ in range(3):
        worker.look_at("default")
    (told,) = listener.told
    assert [(event["document_id"], event["kind"]) for event in told["documents"]] == [("a.txt", "added")]
    (request,) = listener.got
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode()
    expected = hmac.new(SECRET.encode(), signed + request.content, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"
    collection.editor.retire(["a.txt"])
    worker.look_at("default")
    assert listener.told[-1]["documents"][0]["kind"] == "retired"


def test_many_changes_are_told_in_parts_and_none_is_lost(
    collection: Collection, worker: WebhookWorker, listener: Listener
) -> None:
    add(collection)
    collection.put_many([Document(f"{number:03}.txt", b"A lamp.") for number in range(150)])
    for number in range(150, 260):
        collection.put(Document(f"{number:03}.txt", b"A lamp."))
    worker.look_at("default")  # once: what is left does not wait for the next look
    told = [event["document_id"] for message in listener.told for event in message["documents"]]
    assert told == [f"{number:03}.txt" for number in range(260)]


def test_a_collection_that_fails_does_not_keep_the_next_waiting(
    library: Library,
    collection: Collection,
    worker: WebhookWorker,
    listener: Listener,
    caplog: pytest.LogCaptureFixture,
) -> None:
    last = library.open("later", create=True)
    for each in (collection, last):
        add(each)
        put(each, "a.txt", f"The lamp of {each.name} was lit.")

    def fail_once() -> None:
        listener.on_request = lambda: None
        raise ZeroDivisionError("unexpected")

    listener.on_request = fail_once
    worker.look_around()
    assert [told["collection"] for told in listener.told] == ["later"]
    (logged,) = [one for one in caplog.records if one.exc_info]
    assert "'default'" in logged.getMessage()


def test_a_webhook_that_is_removed_is_told_no_more(
    collection: Collection, worker: WebhookWorker, listener: Listener
) -> None:
    add(collection)
    for number in range(150):
        collection.put(Document(f"{number:03}.txt", b"A lamp."))
    listener.on_request = lambda: change_webhook(collection, "team", lambda known: None)
    worker.look_at("default")
    assert len(listener.told) == 1
    assert webhooks_of(collection) == []


@pytest.mark.parametrize("status", [500, 404, 302, 429])
def test_what_is_not_taken_is_tried_again_later_and_is_the_same_message(
    collection: Collection, worker: WebhookWorker, listener: Listener, status: int
) -> None:
    add(collection)
    put(collection, "a.txt", "The lamp was lit.")
    listener.status = status
    worker.look_at("default")
    worker.look_at("default")  # it is not due yet
    assert len(listener.got) == 1
    assert one(collection).problem == f"The address answered {status}."
    listener.now += 31
    worker.look_at("default")
    listener.now += 61
    listener.status = 200
    worker.look_at("default")
    assert len({request.headers["webhook-id"] for request in listener.got}) == 1
    assert len(listener.got) == 3
    assert (one(collection).failures, one(collection).problem) == (0, "")


def test_what_is_given_up_is_listed_and_can_be_sent_again(
    library: Library, collection: Collection, worker: WebhookWorker, listener: Listener, jobs: JobStore
) -> None:
    add(collection)
    put(collection, "a.txt", "The lamp was lit.")
    listener.status = 500
    pauses = []
    for _ in range(ATTEMPTS):
        worker.look_at("default")
        pauses.append(max(0.0, one(collection).next_try - listener.now))
        listener.now += 4 * 3600
    assert len(listener.got) == ATTEMPTS
    assert pauses[:3] == [30.0, 60.0, 120.0]
    assert max(pauses) <= 3 * 3600
    (lost,) = one(collection).undelivered
    assert lost.problem == "The address answered 500."
    listener.status = 200
    put(collection, "b.txt", "The bell was rung.")
    worker.look_at("default")
    assert [event["document_id"] for event in listener.told[-1]["documents"]] == ["b.txt"]
    sender = worker._sender
    assert retry(collection, "default", one(collection), jobs, sender) == 1
    assert [event["document_id"] for event in listener.told[-1]["documents"]] == ["a.txt"]
    assert one(collection).undelivered == ()


def test_documents_of_groups_are_told_to_those_alone(
    collection: Collection, worker: WebhookWorker, listener: Listener
) -> None:
    add(collection)
    put(collection, "secret.txt", "For the board.", groups=["board"])
    worker.look_at("default")
    assert listener.got == []
    assert one(collection).since == collection.last_change()
    add(collection, groups=("board",))
    put(collection, "secret.txt", "For the board again.", groups=["board"])
    worker.look_at("default")
    assert listener.told[-1]["documents"][0]["document_id"] == "secret.txt"
    add(collection, groups=("*",))
    put(collection, "other.txt", "For the staff.", groups=["staff"])
    worker.look_at("default")
    assert listener.told[-1]["documents"][0]["document_id"] == "other.txt"


def test_a_citation_that_breaks_is_told(
    collection: Collection, worker: WebhookWorker, listener: Listener
) -> None:
    put(collection, "a.txt", "The lamp was lit at dusk. The keeper slept.")
    record = collection.archive.document("a.txt")
    locator = f"a.txt@{record.text_sha256.hex()[:12]}:0-25"
    add(collection, topics=("citations",), citations=(locator,))
    worker.look_at("default")
    assert listener.got == []
    put(collection, "b.txt", "Nothing to do with it.")
    worker.look_at("default")
    assert listener.got == []
    put(collection, "a.txt", "The keeper slept.")
    worker.look_at("default")
    (told,) = listener.told
    assert told["documents"] == []
    assert told["citations"] == [{"locator": locator, "status": "gone", "before": "current"}]


def test_jobs_that_finish_are_told_once(
    collection: Collection, worker: WebhookWorker, listener: Listener, jobs: JobStore
) -> None:
    add(collection, topics=("jobs",))
    for number in range(3):
        name = "default" if number else "other"
        job = jobs.add(f"job-{number}", name, [], kind="sync", details={"source": "a"})
        jobs.begin(job.id)
        jobs.move(job.id, "failed", problem="It has a name of a document in it.")
    for _ in range(3):
        worker.look_at("default")
    told = [one_["job_id"] for message in listener.told for one_ in message["jobs"]]
    assert sorted(told) == ["job-1", "job-2"]
    assert b"name of a document" not in b"".join(request.content for request in listener.got)


def test_the_secret_is_nowhere(
    library: Library, collection: Collection, worker: WebhookWorker, listener: Listener,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    add(collection)
    put(collection, "a.txt", "The lamp was lit.")
    listener.status = 500
    worker.look_at("default")
    assert SECRET not in caplog.text + json.dumps(collection.archive.connections())
    assert all(SECRET.encode() not in path.read_bytes() for path in library.data.rglob("*") if path.is_file())
    monkeypatch.delenv("LOCCIT_WEBHOOK_SECRET_TEAM")
    listener.now += 31
    worker.look_at("default")
    assert "LOCCIT_WEBHOOK_SECRET_TEAM" in one(collection).problem
    assert len(listener.got) == 1


def test_what_one_process_has_no_secret_for_another_sends(
    library: Library,
    collection: Collection,
    worker: WebhookWorker,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add(collection)
    put(collection, "a.txt", "The lamp was lit.")
    monkeypatch.delenv("LOCCIT_WEBHOOK_SECRET_TEAM")
    for _ in range(2 * ATTEMPTS):
        worker.look_at("default")
    assert (one(collection).failures, one(collection).undelivered) == (0, ())
    assert "LOCCIT_WEBHOOK_SECRET_TEAM" in one(collection).problem
    monkeypatch.setenv("LOCCIT_WEBHOOK_SECRET_TEAM", SECRET)
    worker.look_at("default")
    assert [event["document_id"] for event in listener.told[0]["documents"]] == ["a.txt"]
    assert one(collection).problem == ""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"x" * 1_000_000),
        answer(b"no gzip", status="202 Accepted", Content_Encoding="gzip"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n",
        send_for_ever,
        answer(status="204 No Content"),
    ],
    ids=["long", "damaged", "cut off", "endless", "empty"],
)
def test_a_status_of_success_takes_a_message_whatever_follows(
    library: Library,
    collection: Collection,
    jobs: JobStore,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    reply: Answer,
) -> None:
    monkeypatch.setenv("LOCCIT_WEBHOOK_SECRET_TEAM", SECRET)
    server.answers["/"] = reply
    change_webhook(collection, "team", lambda known: Webhook("team", f"http://127.0.0.1:{server.port}/"))
    put(collection, "a.txt", "The lamp was lit.")
    settings = Settings(data=library.data, web_networks="127.0.0.1/32")
    WebhookWorker(library, jobs, Sender(settings)).look_at("default")
    assert (one(collection).problem, one(collection).since) == ("", collection.last_change())
    assert len(server.requests) == 1


def test_an_address_in_this_network_is_refused(
    library: Library,
    collection: Collection,
    jobs: JobStore,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOCCIT_WEBHOOK_SECRET_TEAM", SECRET)
    add(collection)
    change_webhook(
        collection, "team", lambda known: known and replace(known, url=f"http://127.0.0.1:{server.port}/")
    )
    put(collection, "a.txt", "The lamp was lit.")
    WebhookWorker(library, jobs, Sender(Settings(data=library.data))).look_at("default")
    assert "of this host itself" in one(collection).problem
    assert server.requests == []


@pytest.mark.parametrize(
    "webhook",
    [
        Webhook("A B", URL),
        Webhook("a", "ftp://x.test/"),
        Webhook("a", "https://user:secret@x.test/"),
        Webhook("a", URL, topics=("weather",)),
        Webhook("a", URL, citations=("nothing",)),
        Webhook("a", URL, citations=("a.txt@9f2c41aab3de:0-1",) * 1001),
        Webhook("a", URL, groups=("a,b",)),
    ],
    ids=str,
)
def test_a_webhook_that_cannot_be_is_refused(webhook: Webhook) -> None:
    with pytest.raises(LoccitError):
        validate_webhook(webhook)
    assert issubclass(InvalidSource, LoccitError)
    assert Undeliverable("why").args == ("why",)


def test_an_earlier_backup_lets_it_go_on(
    collection: Collection, worker: WebhookWorker, listener: Listener
) -> None:
    add(collection)
    change_webhook(collection, "team", lambda known: known and replace(known, since=1000))
    worker.look_at("default")
    put(collection, "a.txt", "The lamp was lit.")
    worker.look_at("default")
    assert listener.told[-1]["documents"][0]["document_id"] == "a.txt"
