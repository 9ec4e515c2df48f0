from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.faces.pages.assets import asset_path
from service.http.links import OPEN_PATHS
from service.http.openapi import describe
from tests.service.http_service import app_of, assert_error, served

KEY = "correct-horse"
SHOWN = ("/", "/docs", "/view/a@9f2c41aab3de:1-2")
"""What people look at: there the errors are pages, too."""
PAGES = ("/", "/docs", "/view/a@9f2c41aab3de:1-2")


def basic(password: str) -> str:
    return base64.b64encode(f"anyone:{password}".encode()).decode()


@pytest.fixture
def locked(library: Library) -> Iterator[TestClient]:
    with served(library, api_key=KEY) as client:
        yield client


def every_address(library: Library) -> list[tuple[str, str]]:
    """All that the service answers, found from its routes, and one that it does not."""
    paths = describe(app_of(library))["paths"]
    found = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return [
        *found,
        *(("GET", page) for page in PAGES),
        ("GET", "/openapi.json"),
        ("GET", "/nothing"),
        ("OPTIONS", "/v1/ask"),
    ]


def test_without_the_key_nothing_answers_but_the_health_checks(locked: TestClient, library: Library) -> None:
    addresses = every_address(library)
    assert len(addresses) > 12
    for method, path in addresses:
        response = locked.request(method, path)
        if path in OPEN_PATHS:
            assert response.status_code == 200
        else:
            if path in SHOWN and method == "GET":
                assert response.status_code == 401
                assert "Sign in with an API key" in response.text
                assert response.headers["content-type"].startswith("text/html")
            else:
                assert_error(response, 401, "unauthorized")
            assert response.headers["www-authenticate"] == 'Bearer realm="loccit"'


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer wrong"},
        {"authorization": f"Bearer {KEY}x"},
        {"authorization": f"Basic {KEY}"},
        {"authorization": f"Basic {basic('')}"},
        {"authorization": f"Basic {basic('wrong')}"},
        {"authorization": b"Basic \xff"},
        {"authorization": KEY},
        {"authorization": "Bearer"},
        {"authorization": ""},
        {"x-api-key": ""},
        {"x-api-key": "wrong"},
        {"x-api-key": b"\xff\xfe"},
        {"cookie": f"x-api-key={KEY}"},
    ],
)
def test_a_wrong_key_opens_nothing(locked: TestClient, headers: dict[str, str]) -> None:
    assert_error(locked.get("/v1/collections", headers=headers), 401, "unauthorized")


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY}"},
        {"x-api-key": KEY},
        {"x-api-key": "wrong", "authorization": f"Bearer {KEY}"},
    ],
)
def test_the_key_opens_everything(locked: TestClient, library: Library, headers: dict[str, str]) -> None:
    for method, path in every_address(library):
        assert locked.request(method, path, headers=headers).status_code != 401


def test_without_a_key_in_the_settings_none_is_asked_for(client: TestClient) -> None:
    assert client.get("/v1/collections").status_code == 200


def test_a_browser_gives_the_key_as_a_password_and_may_only_read_with_it(locked: TestClient) -> None:
    headers = {"authorization": f"Basic {basic(KEY)}"}
    for path in ("/", "/docs", asset_path("base.css"), "/v1/collections"):
        assert locked.get(path, headers=headers).status_code == 200
    for method in ("PUT", "DELETE", "POST"):
        assert locked.request(method, "/v1/collections/x", headers=headers).status_code == 401
