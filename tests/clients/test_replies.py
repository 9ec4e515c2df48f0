"""What the client does with replies that are refused, cut off, newer, or of something else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from loccit_client import (
    NO_RETRIES,
    ApiError,
    AsyncClient,
    Client,
    ConnectionFailed,
    InvalidArgument,
    InvalidReply,
    LoccitError,
    Retries,
    ServerError,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from loccit_client.decoding import decode
from loccit_client.errors import error_of
from loccit_client.models import Event, IndexState, Job, Threshold, Thresholds
from loccit_client.sse import EventParser, ServerEvent

QUICK = Retries(most=3, first=0.0)
ASKED = {
    "question": "Who?",
    "answerability": 0.5,
    "withheld": "",
    "mentioned": [],
    "missing": [],
    "passages": [],
    "index": {"fingerprint": "f", "change": 1, "embedded": 1.0, "degraded": [], "shards": 3},
    "timings_ms": {},
    "from_the_future": {"a": 1},
}
Handler = Callable[[httpx.Request], httpx.Response]


def refusal(status: int, code: str, **headers: str) -> httpx.Response:
    body = {"error": {"code": code, "message": "No.", "request_id": "5f0c"}}
    return httpx.Response(status, json=body, headers=headers)


class Service:
    """Replies with these in turn, the last again and again, and remembers the requests."""

    def __init__(self, *replies: httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self._replies = list(replies)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply.stream, _Broken):
            return reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    def client(self, retries: Retries = QUICK) -> Client:
        http = httpx.Client(base_url="http://loccit.test", transport=httpx.MockTransport(self))
        return Client(http=http, retries=retries)


GOOD = httpx.Response(200, json=ASKED)


@pytest.mark.parametrize(
    "refused",
    [
        refusal(429, "overloaded", **{"Retry-After": "0"}),
        refusal(503, "not_ready"),
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("cut off"),
    ],
    ids=["429", "503", "not connected", "cut off"],
)
def test_a_question_is_asked_again(refused: httpx.Response | Exception) -> None:
    service = Service(refused, refused, GOOD)
    assert service.client().ask("Who?").answerability == 0.5
    assert len(service.requests) == 3
    assert len({request.content for request in service.requests}) == 1


@pytest.mark.parametrize(
    ("refused", "requests"),
    [
        (refusal(429, "overloaded"), 4),
        (httpx.ConnectError("refused"), 4),
        (refusal(503, "not_ready"), 1),
        (httpx.RemoteProtocolError("cut off"), 1),
    ],
    ids=["429", "not connected", "503", "cut off"],
)
def test_what_would_be_done_twice_is_sent_again_only_if_it_was_not_done(
    refused: httpx.Response | Exception, requests: int
) -> None:
    service = Service(refused)
    with pytest.raises(LoccitError):
        service.client().ingest([("a.txt", b"A.")])
    assert len(service.requests) == requests
    assert all(b"A." in request.content for request in service.requests)


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 507])
def test_other_errors_are_raised_at_once(status: int) -> None:
    service = Service(refusal(status, "a_code"))
    with pytest.raises(ApiError) as raised:
        service.client().ask("Who?")
    assert (raised.value.code, raised.value.status, raised.value.request_id) == ("a_code", status, "5f0c")
    assert len(service.requests) == 1


def test_a_slow_reply_is_not_asked_for_again() -> None:
    service = Service(httpx.ReadTimeout("slow"))
    with pytest.raises(ConnectionFailed, match="in time"):
        service.client().ask("Who?")
    assert len(service.requests) == 1


def test_after_the_last_attempt_the_error_is_raised() -> None:
    service = Service(refusal(429, "rate_limited"))
    with pytest.raises(TooManyRequests):
        service.client().ask("Who?")
    assert len(service.requests) == 1 + QUICK.most
    with pytest.raises(TooManyRequests):
        service.client(NO_RETRIES).ask("Who?")
    assert len(service.requests) == 2 + QUICK.most


def test_the_pause_is_that_of_the_service_or_doubles() -> None:
    retries = Retries(most=3, first=1.0, longest=10.0)

    def pause(reply: httpx.Response, attempt: int = 0, *, repeatable: bool = True) -> float | None:
        return retries.pause_after(error_of(reply), attempt, repeatable=repeatable)

    assert pause(refusal(429, "rate_limited", **{"Retry-After": "7"})) == 7.0
    assert pause(refusal(429, "rate_limited", **{"Retry-After": "7"}), repeatable=False) == 7.0
    assert pause(refusal(503, "spool_full", **{"Retry-After": "60"})) is None
    assert pause(refusal(503, "not_ready", **{"Retry-After": "2"}), repeatable=False) is None
    pauses = [pause(refusal(503, "not_ready"), attempt) for attempt in range(4)]
    assert pauses[3] is None
    for attempt, found in enumerate(pauses[:3]):
        assert found is not None
        assert 0.5 * 2**attempt <= found <= 2**attempt


@pytest.mark.anyio
async def test_the_asynchronous_client_asks_again_too() -> None:
    service = Service(refusal(503, "not_ready"), httpx.ConnectError("refused"), GOOD)
    http = httpx.AsyncClient(base_url="http://loccit.test", transport=httpx.MockTransport(service))
    async with AsyncClient(http=http, retries=QUICK) as client:
        assert (await client.ask("Who?")).answerability == 0.5
        assert len(service.requests) == 3
    failing = Service(httpx.ReadError("broken"))
    http = httpx.AsyncClient(base_url="http://loccit.test", transport=httpx.MockTransport(failing))
    with pytest.raises(ConnectionFailed, match="broken"):
        await AsyncClient(http=http, retries=QUICK).ingest([("a.txt", b"A.")])
    assert len(failing.requests) == 1


def test_the_address_may_have_a_path_and_requests_have_the_key() -> None:
    service = Service(GOOD)
    http = httpx.Client(base_url="http://proxy.test/loccit/", transport=httpx.MockTransport(service))
    Client(http=http, collection="lamps").ask("Who?")
    assert str(service.requests[0].url) == "http://proxy.test/loccit/v1/ask?collection=lamps"
    with Client("http://127.0.0.1:1", key="k", on_behalf_of=["staff", "board"], retries=NO_RETRIES) as own:
        with pytest.raises(ConnectionFailed, match="Is the service running"):
            own.ask("Who?")
        sent = own._transport.http.headers
    assert (sent["Authorization"], sent["X-On-Behalf-Of"]) == ("Bearer k", "staff,board")


# Newer and other services


def test_fields_of_a_newer_service_are_kept() -> None:
    found = Service(GOOD).client().ask("Who?")
    assert found.raw["from_the_future"] == {"a": 1}
    assert found.index.raw["shards"] == 3


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (httpx.Response(200, text="<html>Welcome</html>"), "not JSON"),
        (httpx.Response(200, json=[]), "not an object but list"),
        (httpx.Response(200, json={"passages": []}), "no field question"),
        (httpx.Response(200, json={**ASKED, "passages": {}}), "passages is not a list"),
        (httpx.Response(200, json={**ASKED, "passages": [{}]}), r"no field passages\[0\].rank"),
    ],
)
def test_a_reply_of_something_else_is_told(reply: httpx.Response, said: str) -> None:
    with pytest.raises(InvalidReply, match=said):
        Service(reply).client().ask("Who?")


def test_lists_and_times_of_something_else_are_told() -> None:
    with pytest.raises(InvalidReply, match="no list results"):
        Service(httpx.Response(200, json={})).client().ask_many(["Who?"])
    with pytest.raises(InvalidReply, match="created is not a time"):
        decode(
            Event, {"change": 1, "document_id": "a", "kind": "added", "was": "", "version": 1, "created": 3}
        )


def test_the_page_of_a_proxy_is_an_error_with_its_status() -> None:
    with pytest.raises(ServerError) as raised:
        Service(httpx.Response(502, text="<html>Bad gateway</html>")).client().ask("Who?")
    assert (raised.value.code, raised.value.status) == ("http_502", 502)
    assert isinstance(error_of(httpx.Response(503, json=["no"])), Unavailable)
    assert isinstance(error_of(httpx.Response(401, json={"error": "no"})), Unauthorized)


# Events


def test_events_are_parsed_wherever_the_body_is_cut() -> None:
    body = (
        ': a comment\r\n\r\nevent: progress\r\ndata: {"a":\rdata: 1}\r\nid: 7\n\n'
        "data: two\u2028lines 💡\nretry: 3\n\nevent: nothing\n\ndata:x\n\n"
    ).encode()
    expected = [
        ServerEvent("progress", '{"a":\n1}', "7"),
        ServerEvent("message", "two\u2028lines 💡", "7"),
        ServerEvent("message", "x", "7"),
    ]
    for size in range(1, len(body) + 1):
        parser = EventParser()
        pieces: Iterator[bytes] = (body[at : at + size] for at in range(0, len(body), size))
        assert [event for piece in pieces for event in parser.feed(piece)] == expected, size


def test_an_event_that_is_no_job_is_told() -> None:
    service = Service(httpx.Response(200, text="event: progress\ndata: none\n\n"))
    with pytest.raises(InvalidReply, match="not JSON"):
        list(service.client().jobs.events("a"))


def test_an_error_in_a_stream_is_raised() -> None:
    error = {"error": {"code": "writer_failed", "message": "No.", "request_id": "5f0c"}}
    body = f'event: delta\ndata: {{"text": "The"}}\n\nevent: error\ndata: {json.dumps(error)}\n\n'
    service = Service(httpx.Response(200, text=body))
    events = service.client().answer_events("Who?")
    assert next(events).text == "The"
    with pytest.raises(ServerError) as raised:
        next(events)
    assert (raised.value.code, raised.value.request_id) == ("writer_failed", "5f0c")
    broken = Service(httpx.Response(200, text="event: delta\ndata: none\n\n"))
    with pytest.raises(InvalidReply, match="not JSON"):
        list(broken.client().answer_events("Who?"))


class _Broken(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield b"event: progress\n"
        raise httpx.ReadError("broken")


def test_a_stream_that_breaks_is_told() -> None:
    service = Service(httpx.Response(200, stream=_Broken()))
    with pytest.raises(ConnectionFailed, match="broken"):
        list(service.client().jobs.events("a"))


# Uploads


def test_a_file_that_grows_while_it_is_sent_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"x" * 200_000)
    job = {name: None for name in Job.__dataclass_fields__ if name != "raw"}
    job |= {"created": "2030-01-01T00:00:00Z", "links": {}, "files": _zeros("FileCounts")}
    job["passages"] = _zeros("JobPassages")
    service = Service(httpx.Response(202, json=job))
    grown: list[int] = []

    def grow(done: int, total: int) -> None:
        with file.open("ab") as opened:
            opened.write(b"more")
        grown.append(done)

    service.client().ingest([file], on_progress=grow)
    (request,) = service.requests
    assert len(request.content) == int(request.headers["Content-Length"]) == grown[-1]
    assert b"more" not in request.content
    assert len(grown) > 3


def _zeros(name: str) -> dict[str, int]:
    from loccit_client import models

    return {field: 0 for field in getattr(models, name).__dataclass_fields__ if field != "raw"}


def test_raw_is_json_again() -> None:
    state = decode(IndexState, ASKED["index"])
    assert json.loads(json.dumps(state.raw)) == ASKED["index"]
    assert state == decode(IndexState, {**state.raw, "other": 1})


# What no request can carry, and what breaks off


@pytest.mark.parametrize("name", ["../collections/default", "..", ".", "a/../../jobs/5", "a/.", ""])
def test_a_name_that_leads_to_another_address_is_not_sent(name: str) -> None:
    service = Service(httpx.Response(204))
    client = service.client()
    for call in (client.documents.delete, client.collections.delete, client.jobs.delete, client.cite):
        with pytest.raises(InvalidArgument, match="names nothing"):
            call(name)
    assert service.requests == []


def test_names_with_dots_in_them_are_sent() -> None:
    service = Service(GOOD)
    with pytest.raises(InvalidReply):
        service.client().documents.get("a..b/.hidden/c...")
    assert service.requests[0].url.path == "/v1/documents/a..b/.hidden/c..."


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(key: str) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(InvalidArgument) as raised:
            kind(key=key)
        assert key not in str(raised.value)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://", "http://[::1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(InvalidArgument, match="address of the service"):
            kind(url)


def test_a_password_in_the_address_is_shown_nowhere() -> None:
    for client in (
        Client("http://me:secret@loccit.test/docs/"),
        AsyncClient("http://me:secret@loccit.test/docs"),
    ):
        assert "secret" not in repr(client)
        assert client.url_of("/view/a@1:0-1#quote") == "http://loccit.test/docs/view/a@1:0-1#quote"
        assert client.url_of("https://other.test/a") == "https://other.test/a"


def told(*events: tuple[str, str]) -> httpx.Response:
    body = "".join(f"event: {name}\ndata: {data}\n\n" for name, data in events)
    return httpx.Response(200, text=body, headers={"Content-Type": "text/event-stream"})


def test_an_answer_that_is_not_finished_is_an_error() -> None:
    events = Service(told(("delta", '{"text": "It was"}'))).client().answer_events("Who?")
    assert next(events).text == "It was"
    with pytest.raises(ConnectionFailed, match="not finished"):
        next(events)


@pytest.mark.anyio
async def test_an_answer_that_is_not_finished_is_an_error_for_the_asynchronous_client_too() -> None:
    service = Service(told(("delta", '{"text": "It was"}')))
    http = httpx.AsyncClient(base_url="http://loccit.test", transport=httpx.MockTransport(service))
    with pytest.raises(ConnectionFailed, match="not finished"):
        [one async for one in AsyncClient(http=http).answer_events("Who?")]


@pytest.mark.parametrize("data", ["5", "{}", '{"text": 5}', "no"])
def test_an_event_of_another_form_is_told_as_that(data: str) -> None:
    with pytest.raises(InvalidReply):
        list(Service(told(("delta", data))).client().answer_events("Who?"))


def test_an_error_in_a_stream_may_have_any_form() -> None:
    for data in ("{}", '{"error": 5}', '{"error": {"code": "writer_failed"}}'):
        with pytest.raises(ServerError):
            list(Service(told(("error", data))).client().answer_events("Who?"))


def test_the_values_of_a_mapping_are_decoded() -> None:
    level = {
        "supported_from": 0.5,
        "precision": [0.7, 0.6, 0.8],
        "recall": [0.5, 0.4, 0.6],
        "false_supported": [0.1, 0.0, 0.2],
        "balanced_accuracy": 0.7,
    }
    found = decode(Thresholds, {"read_by": "", "read": {"wice": [level]}, "compared": {}})
    assert found.read == {"wice": [Threshold(**level, raw=level)]}
    with pytest.raises(InvalidReply, match="read"):
        decode(Thresholds, {"read_by": "", "read": [], "compared": {}})
