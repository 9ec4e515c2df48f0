"""Requests of httpx go to checked addresses only, and their replies are bounded."""

from __future__ import annotations

import gzip

import httpx
import pytest

from index.sources.web.errors import AddressRefused, FetchFailed, PageTooLarge
from index.sources.web.transport import PinnedTransport
from tests.index.sources.web.conftest import MakeFetcher
from tests.index.sources.web.standins import (
    NamedHosts,
    Server,
    WatchedNetwork,
    answer,
    redirect,
    send_for_ever,
)


@pytest.fixture
def client(make_fetcher: MakeFetcher) -> httpx.Client:
    return httpx.Client(transport=PinnedTransport(make_fetcher(max_bytes=1000)), follow_redirects=True)


def test_it_sends_what_httpx_sends(client: httpx.Client, server: Server) -> None:
    server.answers["/a?b=%2F"] = answer(b'{"a": 1}', media_type="application/json")
    reply = client.post(server.url("/a?b=%2F"), content=b"body", headers={"X-Key": "k"})
    assert (reply.status_code, reply.json()) == (200, {"a": 1})
    (request,) = server.requests
    assert request.startswith("POST /a?b=%2F HTTP/1.1\r\n")
    assert f"host: site.test:{server.port}" in request.lower()
    assert "x-key: k" in request.lower()


def test_a_redirect_to_an_address_of_this_network_is_refused(
    client: httpx.Client, server: Server, resolver: NamedHosts, network: WatchedNetwork
) -> None:
    for location in (
        "http://10.0.0.8/",
        "http://[::1]/",
        "http://169.254.169.254/latest/",
        "http://localhost/",
    ):
        resolver._hosts["localhost"] = "10.0.0.9"
        server.answers["/go?token=s3cret"] = redirect(location)
        with pytest.raises(AddressRefused) as caught:
            client.get(server.url("/go?token=s3cret"))
        assert "s3cret" not in caught.value.message
    assert {host for host, _ in network.connections} == {"127.0.0.1"}


def test_a_redirect_to_another_host_does_not_have_the_credentials(
    client: httpx.Client, server: Server
) -> None:
    server.answers["/go"] = redirect(server.url("/there", "other.test"))
    server.answers["/there"] = answer(b"here")
    assert client.get(server.url("/go"), headers={"Authorization": "Bearer s3cret"}).text == "here"
    assert ["s3cret" in request for request in server.requests] == [True, False]


@pytest.mark.parametrize(
    "sent",
    [
        answer(b"x" * 1001),
        answer(gzip.compress(b"x" * 10_000_000), Content_Encoding="gzip"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n",
        send_for_ever,
    ],
    ids=["long", "compressed", "10 GiB", "endless"],
)
def test_a_long_reply_is_not_read_to_its_end(client: httpx.Client, server: Server, sent: object) -> None:
    server.answers["/"] = sent  # type: ignore[assignment]
    with pytest.raises(PageTooLarge):
        client.get(server.url("/"))


def test_a_compressed_reply_is_decoded(client: httpx.Client, server: Server) -> None:
    server.answers["/"] = answer(gzip.compress(b"Rivers"), Content_Encoding="gzip")
    assert client.get(server.url("/")).text == "Rivers"
    server.answers["/cut"] = answer(gzip.compress(b"Rivers" * 9)[:-9], Content_Encoding="gzip")
    with pytest.raises(FetchFailed):
        client.get(server.url("/cut"))
