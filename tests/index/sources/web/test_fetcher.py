"""What comes back from a server."""

from __future__ import annotations

import inspect

import httpcore2
import pytest

from index.errors import InvalidInput
from index.sources.web import (
    Fetcher,
    FetchFailed,
    FetchRefused,
    Page,
    UnexpectedStatus,
    WebConfig,
    errors as web_errors,
)
from index.sources.web.fetcher import translate_errors
from index.sources.web.urls import parse_url
from tests.index.sources.web.standins import PAGE, Server, answer, redirect


def test_a_page_has_the_values_of_its_headers(server: Server, fetcher: Fetcher) -> None:
    server.answers["/a?b=c"] = answer(
        PAGE,
        media_type="Text/HTML; Charset=UTF-8",
        X_Robots_Tag="noindex",
    )
    assert fetcher.fetch(server.url("/a?b=c#part")) == Page(
        url=server.url("/a?b=c"),
        data=PAGE,
        media_type="text/html",
        charset="utf-8",
        robots_tag="noindex",
    )


def test_a_request_has_user_agent_and_host(server: Server, fetcher: Fetcher) -> None:
    server.answers["/"] = answer(PAGE)
    fetcher.fetch(server.url("/"))
    head = server.requests[0].lower()
    assert f"\r\nhost: site.test:{server.port}\r\n" in head
    assert f"\r\nuser-agent: {WebConfig().user_agent.lower()}\r\n" in head
    assert WebConfig().user_agent.startswith("Loccit/")
    assert "cookie" not in head


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_redirects_are_followed_and_the_page_has_the_last_address(
    server: Server, fetcher: Fetcher, status: str
) -> None:
    server.answers["/old/a"] = redirect("../new?x=ü", status)
    server.answers["/new?x=%C3%BC"] = answer(PAGE)
    assert fetcher.fetch(server.url("/old/a")).url == server.url("/new?x=%C3%BC")


@pytest.mark.parametrize("status", [204, 206, 301, 304, 401, 404, 410, 429, 500, 503])
def test_other_statuses_are_refused(server: Server, fetcher: Fetcher, status: int) -> None:
    server.answers["/"] = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises(UnexpectedStatus) as caught:
        fetcher.fetch(server.url("/"))
    assert caught.value.status == status
    assert caught.value.message.startswith(server.url("/"))


def test_every_refusal_is_invalid_input_with_its_own_code() -> None:
    classes = [
        cls for cls in vars(web_errors).values() if inspect.isclass(cls) and issubclass(cls, FetchRefused)
    ]
    assert all(issubclass(cls, InvalidInput) for cls in classes)
    assert len({cls.code for cls in classes}) == len(classes) > 10
    drawn = [
        word for line in (web_errors.__doc__ or "").splitlines() for word in line.split() if "──" in line
    ]
    assert [cls.__name__ for cls in classes[1:]] == [word for word in drawn if word.isalpha()]


def test_every_error_of_httpcore2_is_translated() -> None:
    exceptions = [
        exception
        for name in httpcore2.__all__
        if inspect.isclass(exception := getattr(httpcore2, name)) and issubclass(exception, Exception)
    ]
    assert len(exceptions) > 12
    for exception in exceptions:
        with pytest.raises(FetchFailed), translate_errors(parse_url("http://site.test/")):
            raise exception
